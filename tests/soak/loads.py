"""The load beside the stream of jobs: every feature, in small steps that check what they see.

Each class is one process. A step publishes, takes back, and asserts that all of it came, once, in order and where it
belongs, so that hours of it need no memory. The first step that finds something wrong ends its process.
"""

import itertools
import json
import pathlib
import ssl
import sys
import time

import pika

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[0]))
sys.path.insert(0, str(HERE.parents[0] / "http"))

from api import Api  # noqa: E402
from support import wait  # noqa: E402

PERSISTENT, TRANSIENT = pika.BasicProperties(delivery_mode=2), pika.BasicProperties(delivery_mode=1)
COUNT = 20


class Load:
    """A connection, a channel, the API, and numbers for bodies. `pause_s` lies between two steps."""

    pause_s = 0.1

    def __init__(self, broker, authority):
        self.broker, self.authority = broker, authority
        self.numbers = itertools.count(1)
        self.api = Api(broker.host, broker.http_port)
        self.connection = self.connect()
        self.channel = self.connection.channel()
        self.start()

    def connect(self, **options):
        port = options.pop("port", self.broker.port)
        return pika.BlockingConnection(pika.ConnectionParameters(self.broker.host, port, heartbeat=60, **options))

    def bodies(self, count=COUNT):
        return [str(next(self.numbers)) for _ in range(count)]

    def publish(self, exchange, key, bodies, properties=PERSISTENT):
        for body in bodies:
            self.channel.basic_publish(exchange, key, body.encode(), properties)

    def take(self, queue, count):
        """The next `count` bodies, acknowledged together; there must be no more."""
        taken, tag = [], 0

        def has_come():
            nonlocal tag
            while len(taken) < count:
                method, _, body = self.channel.basic_get(queue)
                if method is None:
                    return False
                taken.append(body.decode())
                tag = method.delivery_tag
            return True

        wait.until(has_come, f"message {len(taken) + 1} of {count} in {queue}", deadline_s=60)
        self.channel.basic_ack(tag, multiple=True)
        assert self.channel.basic_get(queue)[0] is None, f"more than {count} in {queue}"
        return taken

    def start(self):
        pass

    def step(self):
        raise NotImplementedError


class Routing(Load):
    """Topic, headers and fanout exchanges, persistent with confirms and transient in turn."""

    def start(self):
        self.channel.confirm_delivery()
        for kind in ("topic", "headers", "fanout"):
            self.channel.exchange_declare(f"soak.{kind}", kind, durable=True)
        for queue in ("soak.r1", "soak.r2"):
            self.channel.queue_declare(queue, durable=True)
            self.channel.queue_bind(queue, "soak.fanout")
        self.channel.queue_bind("soak.r1", "soak.topic", "a.*.c")
        self.channel.queue_bind("soak.r2", "soak.topic", "#.c")
        self.channel.queue_bind("soak.r1", "soak.headers", arguments={"x-match": "all", "n": 1, "s": "x"})
        self.channel.queue_bind("soak.r2", "soak.headers", arguments={"x-match": "any", "n": 1, "t": "y"})

    def step(self):
        for mode in (1, 2):
            for exchange, key, headers in (
                ("soak.topic", "a.b.c", {}), ("soak.headers", "", {"n": 1, "s": "x"}), ("soak.fanout", "", {}),
            ):  # fmt: skip
                bodies = self.bodies()
                self.publish(exchange, key, bodies, pika.BasicProperties(delivery_mode=mode, headers=headers))
                assert self.take("soak.r1", COUNT) == bodies
                assert self.take("soak.r2", COUNT) == bodies


class Transactions(Load):
    """A rollback leaves everything as it was, a commit does all of it."""

    def start(self):
        self.channel.tx_select()
        for queue in ("soak.tx.in", "soak.tx.out"):
            self.channel.queue_declare(queue, durable=True)

    def step(self):
        bodies = self.bodies()
        self.publish("", "soak.tx.in", self.bodies())
        self.channel.tx_rollback()
        self.publish("", "soak.tx.in", bodies)
        self.channel.tx_commit()
        assert self.take("soak.tx.in", COUNT) == bodies
        self.publish("", "soak.tx.out", bodies)
        self.channel.tx_commit()
        assert self.take("soak.tx.out", COUNT) == bodies
        self.channel.tx_commit()


class Delays(Load):
    """What waits for its time comes out in order; what has a time of its own too."""

    def start(self):
        self.channel.queue_declare("soak.late", durable=True)
        for queue, arguments in (("soak.delay", {"x-message-ttl": 200}), ("soak.own-time", {})):
            arguments |= {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "soak.late"}
            self.channel.queue_declare(queue, durable=True, arguments=arguments)

    def step(self):
        for queue, properties in (
            ("soak.delay", PERSISTENT),
            ("soak.own-time", pika.BasicProperties(delivery_mode=2, expiration="100")),
        ):
            bodies = self.bodies()
            self.publish("", queue, bodies, properties)
            assert self.take("soak.late", COUNT) == bodies


class DeadLetters(Load):
    """Rejected, browsed, replayed to where it came from, rejected again, deleted."""

    pause_s = 0.3

    def start(self):
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "soak.dead"}
        self.channel.queue_declare("soak.source", durable=True, arguments=arguments)
        self.channel.queue_declare("soak.dead", durable=True)

    def _reject_all(self):
        for _ in range(COUNT):
            self.take_one("soak.source")
        self.api.wait_ready("soak.dead", COUNT)

    def take_one(self, queue):
        method = wait.until(lambda: self.channel.basic_get(queue)[0], f"a message in {queue}")
        self.channel.basic_reject(method.delivery_tag, requeue=False)

    def _operate(self, kind):
        page = self.api.get(("x", "queues", "/", "soak.dead", "messages"), limit=COUNT).json
        seqs = [item["seq"] for item in page["items"]]
        operation = self.api.post(("x", "queues", "/", "soak.dead", kind), {"seqs": seqs}).json
        operation = self.api.wait_operation(operation["id"])
        assert (operation["state"], operation["done"]) == ("done", COUNT), operation
        return [item["payload"] for item in page["items"]]

    def step(self):
        bodies = self.bodies()
        self.publish("", "soak.source", bodies)
        self._reject_all()
        assert self._operate("replay") == bodies
        self._reject_all()
        assert self._operate("delete") == bodies
        assert self.api.queue("soak.dead")["messages"] == 0


class Queues(Load):
    """Priorities, a delivery limit, a maximum length, a single active consumer."""

    def start(self):
        for queue, arguments in (
            ("soak.priority", {"x-max-priority": 5}),
            ("soak.limit", {"x-queue-type": "quorum", "x-delivery-limit": 2}),
            ("soak.short", {"x-max-length": COUNT // 2}),
            ("soak.single", {"x-single-active-consumer": True}),
        ):
            self.channel.queue_declare(queue, durable=True, arguments=arguments)

    def step(self):
        bodies = self.bodies(6)
        for priority, body in enumerate(bodies):
            properties = pika.BasicProperties(delivery_mode=1 + priority % 2, priority=priority)
            self.publish("", "soak.priority", [body], properties)
        assert self.take("soak.priority", 6) == bodies[:-3:-1] + bodies[-3::-1]
        bodies = self.bodies()
        self.publish("", "soak.short", bodies)
        assert self.take("soak.short", COUNT // 2) == bodies[COUNT // 2 :]
        self.publish("", "soak.limit", self.bodies(1))
        for _ in range(3):
            method = wait.until(lambda: self.channel.basic_get("soak.limit")[0], "a message in soak.limit")
            self.channel.basic_nack(method.delivery_tag, requeue=True)
        assert self.channel.basic_get("soak.limit")[0] is None
        taken = []
        tag = self.channel.basic_consume("soak.single", lambda c, m, p, b: taken.append(b), auto_ack=True)
        self.publish("", "soak.single", self.bodies())
        while len(taken) < COUNT:
            self.connection.process_data_events(1)
        self.channel.basic_cancel(tag)


class LargeBodies(Load):
    """Bodies that stand in files beside the database, in two queues; one of them is taken a step later."""

    pause_s = 0.5
    SIZES = (64 << 10, 200_000, 1 << 20)

    def start(self):
        self.channel.exchange_declare("soak.large", "fanout", durable=True)
        for queue in ("soak.large.now", "soak.large.later"):
            self.channel.queue_declare(queue, durable=True)
            self.channel.queue_bind(queue, "soak.large")
        self.left = []

    def step(self):
        if self.left:
            assert self.take("soak.large.later", len(self.left)) == self.left
        self.left = [body.ljust(size, "x") for body, size in zip(self.bodies(len(self.SIZES)), self.SIZES)]
        self.publish("soak.large", "", self.left)
        assert self.take("soak.large.now", len(self.left)) == self.left


class Churn(Load):
    """Connections with and without TLS that come, do something and go, some without a word."""

    pause_s = 0.2

    def start(self):
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        self.tls = pika.SSLOptions(context, "localhost")

    def step(self):
        number = next(self.numbers)
        options = {"port": self.broker.tls_port, "ssl_options": self.tls} if number % 2 else {}
        connection = self.connect(**options)
        channels = [connection.channel() for _ in range(3)]
        queue = channels[0].queue_declare("", exclusive=True).method.queue
        channels[1].confirm_delivery()
        channels[1].basic_publish("", queue, b"x" * 10_000, TRANSIENT)
        assert channels[2].basic_get(queue)[2] == b"x" * 10_000
        if number % 3:
            connection.close()
        else:
            connection._impl._transport.abort()  # without a word


class Definitions(Load):
    """Queues, exchanges, bindings, users and policies that come and go."""

    def step(self):
        number = next(self.numbers) % 50
        queue, exchange = f"soak.d.{number}", f"soak.e.{number}"
        self.channel.exchange_declare(exchange, "topic", durable=True)
        self.channel.queue_declare(queue, durable=True, arguments={"x-max-length": number + 1})
        self.channel.queue_bind(queue, exchange, "a.#")
        for target, body in (
            (("users", queue), {"password": "soak", "tags": "monitoring"}),
            (("permissions", "/", queue), {"configure": "", "write": "", "read": ".*"}),
            (("policies", "/", queue), {"pattern": f"^{queue}$", "definition": {"message-ttl": 60_000}}),
        ):
            answer = self.api.put(target, body)
            assert answer.status in (201, 204), answer
        self.publish(exchange, "a.b", self.bodies(1))
        wait.until(lambda: self.api.queue(queue)["messages"] == 1, f"a message in {queue}")
        self.channel.queue_unbind(queue, exchange, "a.#")
        self.channel.queue_delete(queue)
        self.channel.exchange_delete(exchange)
        for target in (("users", queue), ("policies", "/", queue)):
            assert self.api.delete(target).status == 204


class Watchers(Load):
    """What a dashboard and a Prometheus ask for."""

    pause_s = 0.5

    def step(self):
        for target in ("/api/overview", "/api/queues?page=1&page_size=100", "/api/connections", "/api/channels",
                       "/api/exchanges", "/api/x/dead-letters", "/api/x/operations", "/api/definitions", "/metrics",
                       "/api/queues?lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5"):  # fmt: skip
            answer = self.api.get(target)
            assert answer.status == 200, (target, answer)
            assert target == "/metrics" or json.loads(answer.body) is not None


LOADS = [Routing, Transactions, Delays, DeadLetters, Queues, LargeBodies, Churn, Definitions, Watchers]


def run(kind, broker, authority, steps):
    """Until the process is ended from outside; `steps` counts what was done."""
    load = kind(broker, authority)
    while True:
        load.step()
        with steps.get_lock():
            steps.value += 1
        end = time.monotonic() + load.pause_s
        while (left := end - time.monotonic()) > 0:
            load.connection.process_data_events(left)
