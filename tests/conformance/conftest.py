"""One broker per test process, connections that end with their test, and names of its own."""

import itertools
import os
import pathlib
import re
import signal
import sys

import pika
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import broker as brokers  # noqa: E402
from support import frames  # noqa: E402
from support.policies import Policies  # noqa: E402

TEST_DEADLINE_S = 60
TARGET = os.environ.get("CONFORMANCE_TARGET", "leveret")
README = pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8")


def _explained(row):
    """A deliberate difference must have its row in the table of README.md."""
    assert f"| `{row}` |" in README, f"README.md has no row `{row}` in its table of differences"
    return row


def pytest_collection_modifyitems(items):
    for item in items:
        only = item.get_closest_marker("leveret_only")
        if only:
            reason = f"RabbitMQ 3.10 differs: `{_explained(only.args[0])}` in README.md"
            if TARGET != "leveret":
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def _broker(tmp_path_factory):
    broker = brokers.from_environment(tmp_path_factory.mktemp("broker"))
    try:
        yield broker.start()
    finally:
        broker.stop()


@pytest.fixture
def broker(_broker):
    """The running broker: host, port, url, restart(), kill(), start()."""
    if not _broker.is_running():
        _broker.start()
    yield _broker
    assert _broker.is_running(), "the broker died during this test:\n" + _broker.log_tail()


@pytest.fixture(autouse=True)
def deadline():
    """Ends a test that waits for ever, wherever it waits."""

    def give_up(*_):
        raise TimeoutError(f"the test took more than {TEST_DEADLINE_S} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, TEST_DEADLINE_S, 10)  # Again, for a stuck clean-up.
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.fixture
def connect(broker):
    """Opens pika connections that are closed with the test."""
    opened = []

    def connect(**parameters):
        credentials = pika.PlainCredentials("guest", "guest")
        settings = {"heartbeat": 0, "credentials": credentials, **parameters}
        opened.append(
            pika.BlockingConnection(
                pika.ConnectionParameters(host=broker.host, port=broker.port, **settings)
            )
        )
        return opened[-1]

    yield connect
    for connection in opened:
        try:
            connection.close()
        except (pika.exceptions.AMQPError, OSError):
            pass  # The test ended it, or the broker did.


@pytest.fixture
def connection(connect):
    return connect()


@pytest.fixture
def channel(connection):
    return connection.channel()


@pytest.fixture
def confirming(connection):
    """A channel in confirm mode: publishing returns when the broker has the message."""
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


@pytest.fixture
def raw(broker):
    """Opens raw connections; `raw()` is past the handshake with channel 1 open."""
    opened = []

    def open_raw(handshake=True, channels=1, **options):
        if not handshake:
            opened.append(frames.Client(broker))
            return opened[-1]
        opened.append(frames.Client.open(broker, **options))
        for number in range(1, channels + 1):
            opened[-1].open_channel(number)
        return opened[-1]

    yield open_raw
    for client in opened:
        client.cut()


@pytest.fixture
def policies(broker):
    """Sets policies by the management API; those of the test go with it."""
    policies = Policies(broker)
    yield policies
    policies.delete_all()


_numbers = itertools.count(1)


@pytest.fixture
def name(request):
    """Makes names that no other test uses: `name("jobs")`."""
    test = re.sub(r"\W+", "-", request.node.name)[:60]

    def make(label="q"):
        return f"{test}.{os.getpid()}.{next(_numbers)}.{label}"

    return make


@pytest.fixture
def expect():
    """`expect(leveret=…, rabbitmq=…, row=…)`: a deliberate difference, in README.md's table."""

    def choose(*, leveret, rabbitmq, row):
        _explained(row)
        return leveret if TARGET == "leveret" else rabbitmq

    return choose


@pytest.fixture
def capabilities(connection):
    """What the server says that it can do."""
    return connection._impl.server_capabilities


@pytest.fixture
def needs(capabilities):
    """Skips when the server does not announce the capability."""

    def check(capability):
        if not capabilities.get(capability):
            pytest.skip(f"the server does not announce {capability}")

    return check
