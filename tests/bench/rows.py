"""What is measured, and what is to be reached: the rows of the comparison with RabbitMQ.

A row runs one scenario of `leveret bench`, or a function of process.py, and has lines; a line is one
figure with, maybe, a goal.
"""

import dataclasses
import typing

US = 1e-6


@dataclasses.dataclass
class Line:
    """One figure of a row, as it stands in the table."""

    what: str
    figure: str  # As `leveret bench --json` names it.
    goal: str = ""
    at_least: float | None = None
    at_most: float | None = None
    # What the goal is about: "ratio" to RabbitMQ, "value", or "over ROW" for a ratio to the same
    # figure of another row.
    of: str = "value"
    # Only of Leveret, where RabbitMQ has nothing to compare.
    is_ours_only: bool = False

    @property
    def is_of_disk(self):
        """Whether the disk has to be measured for it."""
        return "fdatasync" in self.figure or "disk" in self.figure


@dataclasses.dataclass
class Row:
    """One scenario on both brokers. `words` and `quick` are arguments of `leveret bench`."""

    name: str
    title: str
    words: str
    quick: str
    lines: list[Line]
    # A function of process.py instead of a scenario.
    function: str = ""
    # For those that take RabbitMQ long, nearly always without a goal that depends on its figures.
    rabbitmq_rounds: int | None = None
    options: dict[str, typing.Any] = dataclasses.field(default_factory=dict)


def ratio(what, figure, at_least=None, at_most=None):
    """A goal for Leveret over RabbitMQ."""
    goal = f"≥ {at_least:g} ×" if at_least else f"≤ 1/{1 / at_most:g}"
    return Line(what, figure, goal, at_least, at_most, "ratio")


def shown(what, figure, **options):
    """No goal: for the reader."""
    return Line(what, figure, **options)


ROWS = [
    Row(
        "transient",
        "transient, 16 B, no acknowledgements, one publisher, one consumer",
        "transient",
        "transient --messages 20k",
        [ratio("delivered", "deliver rate", at_least=10)],
    ),
    Row(
        "jobs",
        "job queue: durable, persistent, 1 KiB, confirm window 1,000, prefetch 250, single acks",
        "jobs",
        "jobs --messages 5k",
        [
            ratio("jobs done", "deliver rate", at_least=10),
            ratio("server CPU per job", "server cpu per message", at_most=1 / 8),
            shown("confirm p99", "confirm p99"),
        ],
    ),
    Row(
        "jobs-4x4",
        "the same, 4 publishers and 4 workers on one queue",
        "jobs-4x4",
        "jobs-4x4 --messages 5k",
        [ratio("jobs done", "deliver rate", at_least=10)],
    ),
    Row(
        "latency",
        "submit one at a time, no worker",
        "latency",
        "latency --messages 50",
        [
            shown("confirm p50", "confirm p50"),
            shown("one fdatasync, overwriting: p50", "fdatasync of an overwrite p50"),
            shown("one fdatasync, appending: p50", "fdatasync of an append p50"),
            Line(
                "confirm p50 over one fdatasync (overwriting)",
                "confirm p50 / fdatasync of an overwrite",
                "≤ 1.3",
                at_most=1.3,
            ),
            shown("the same, appending", "confirm p50 / fdatasync of an append"),
        ],
    ),
    Row(
        "roundtrip",
        "submit one at a time with an idle worker",
        "roundtrip",
        "roundtrip --messages 50",
        [
            shown("confirm p50", "confirm p50"),
            Line(
                "confirm p50 over one fdatasync (overwriting)",
                "confirm p50 / fdatasync of an overwrite",
                "< 1",
                at_most=1,
            ),
        ],
    ),
    Row(
        "submitters",
        "50 submitters at once, one at a time each, no worker",
        "submitters",
        "submitters --messages 500",
        [
            Line(
                "submitted, and over one submitter's rate",
                "publish rate",
                "≥ 20 ×",
                at_least=20,
                of="over latency",
            )
        ],
    ),
    Row(
        "submit",
        "submitting only: 1 KiB, confirm window 1,000",
        "submit",
        "submit --messages 5k",
        [shown("submitted", "publish rate"), shown("server memory", "server memory")],
    ),
    Row(
        "steady",
        "steady 5,000 jobs a second, a minute long, checkpoints included",
        "steady --duration 60s",
        "steady --duration 1s --rate 500",
        [
            shown("done", "deliver rate"),
            shown("publish to delivery p50", "deliver p50"),
            Line("publish to delivery p99", "deliver p99", "≤ 2 ms", at_most=2000),
            Line("publish to delivery p99.9", "deliver p99.9", "≤ 10 ms", at_most=10000),
            shown("the longest", "deliver max"),
            shown("confirm p99", "confirm p99"),
            shown("confirm p99.9", "confirm p99.9"),
            shown("server CPU, share of a core", "server cpu share of a core"),
        ],
    ),
    Row(
        "fanout",
        "fan-out to 8 queues: durable, persistent, 128 B, confirmed, each acknowledged",
        "fanout",
        "fanout --messages 2k",
        [ratio("delivered", "deliver rate", at_least=6)],
    ),
    Row(
        "fanout-stored",
        "what fan-out to 8 queues stores, 16 KiB, no workers",
        "fanout --consumers 0 --size 16k --messages 20k --keep",
        "fanout --consumers 0 --size 16k --messages 500 --keep",
        [
            Line(
                "disk taken over the bodies' bytes",
                "disk / bodies",
                "body stored once (< 2)",
                at_most=2,
            )
        ],
        function="stored",
        rabbitmq_rounds=1,
        options={"rounds": 1},
    ),
    Row(
        "fanout-transient",
        "fan-out to 8 queues: transient, 128 B, no acknowledgements",
        "fanout-transient",
        "fanout-transient --messages 5k",
        [ratio("delivered", "deliver rate", at_least=6)],
    ),
    Row(
        "topic-1k",
        "topic exchange, 1,000 wildcard bindings",
        "topic --bindings 1k",
        "topic --bindings 100 --messages 5k",
        [ratio("delivered", "deliver rate", at_least=6)],
    ),
    Row(
        "topic-100k",
        "topic exchange, 100,000 wildcard bindings",
        "topic --bindings 100k",
        "topic --bindings 1000 --messages 5k",
        [
            ratio("delivered", "deliver rate", at_least=6),
            Line(
                "the same over that with 1,000",
                "deliver rate",
                "≥ 0.7",
                at_least=0.7,
                of="over topic-1k",
                is_ours_only=True,
            ),
        ],
        rabbitmq_rounds=3,
    ),
    Row(
        "backlog",
        "backlog: 10,000,000 persistent jobs of 256 B, then drained",
        "backlog --messages 10M",
        "backlog --messages 110k",
        [
            Line("server memory at most", "server memory", "≤ 100 MB", at_most=100e6),
            shown("submitted", "publish rate"),
            shown("drained", "deliver rate"),
            Line(
                "publish rate, last tenth over first",
                "publish rate, last tenth / first",
                "does not fall (≥ 0.9)",
                at_least=0.9,
            ),
            Line(
                "drain rate over publish rate",
                "drain rate / publish rate",
                "≥ 0.7",
                at_least=0.7,
            ),
        ],
        rabbitmq_rounds=1,
    ),
    Row(
        "restart",
        "the same backlog after SIGKILL",
        "submit --size 256 --messages 10M --keep",
        "submit --size 256 --messages 20k --keep",
        [
            Line(
                "start to first delivery", "start to first delivery", "≤ 0.5 s", at_most=500e3
            ),
            shown("server memory at the first delivery", "server memory"),
        ],
        function="restart",
        rabbitmq_rounds=1,
        options={"rounds": 5},
    ),
    Row(
        "large",
        "1 MiB bodies, persistent, no worker",
        "large --messages 1k",
        "large --messages 8",
        [
            shown("submitted", "publish bytes"),
            shown("the disk, synced 1 MiB at a time", "disk, synced 1 MiB at a time"),
            Line(
                "submitted over the disk (1 MiB at a time)",
                "publish bytes / disk at 1 MiB",
                "≥ 0.7",
                at_least=0.7,
            ),
            shown("the same, 16 MiB at a time", "publish bytes / disk at 16 MiB"),
        ],
    ),
    Row(
        "idle",
        "idle",
        "20",
        "3",
        [
            Line("start to listening", "start to listening", "≤ 50 ms", at_most=50e3),
            Line("first start, on an empty directory", "first start", "≤ 50 ms", at_most=50e3),
            Line("server memory", "server memory", "≤ 12 MB", at_most=12e6),
        ],
        function="idle",
        rabbitmq_rounds=3,
    ),
    Row(
        "connections",
        "10,000 idle connections with a queue and a consumer each",
        "connections --connections 10k",
        "connections --connections 50 --duration 1s",
        [
            Line(
                "server memory per connection",
                "server memory per connection",
                "≤ 20 KB",
                at_most=20e3,
            ),
            shown("opened", "connections opened"),
            shown("1,000 jobs a second meanwhile, p99", "deliver p99"),
            shown("the same before", "before them: deliver p99"),
            Line(
                "p99 meanwhile over before",
                "deliver p99 / before",
                "no cost (≤ 1.2)",
                at_most=1.2,
            ),
        ],
        rabbitmq_rounds=1,
        options={"fresh": True},
    ),
    Row(
        "many-queues",
        "10,000 queues, one message a second each",
        "many-queues --queues 10k --rate 10k",
        "many-queues --queues 50 --rate 50 --duration 1s",
        [
            shown("delivered", "deliver rate"),
            Line(
                "server CPU, share of a core", "server cpu share of a core", "≤ 15 %", at_most=15
            ),
        ],
        rabbitmq_rounds=1,
    ),
]

# Curves: what is varied, over which values (for RabbitMQ, maybe fewer), and what is looked at.
CURVES = {
    "rate": {
        "words": "steady --rate {x} --duration 5s",
        "full": [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 4e5],
        "quick": [500, 1000],
        "figures": ["deliver rate", "deliver p99", "deliver p50"],
        # Beyond what a broker can do there is only its queue to see.
        "stop_below": 0.9,
    },
    "depth": {
        "words": "backlog --messages {x}",
        "full": [1e3, 1e4, 1e5, 1e6, 1e7],
        "quick": [500, 1000],
        "rabbitmq_max": 1e6,
        "figures": ["server cpu per message", "publish rate", "deliver rate", "server memory"],
    },
    "bindings": {
        "words": "topic --bindings {x} --duration 3s",
        "full": [10, 100, 1e3, 1e4, 1e5],
        "quick": [10, 100],
        "figures": ["server cpu per message", "deliver rate"],
    },
    "connections": {
        "words": "connections --connections {x} --rate 5000",
        "full": [10, 100, 1e3, 3e3, 1e4],
        "quick": [5, 20],
        "figures": ["server cpu per message", "server memory per connection", "deliver p99"],
    },
}
