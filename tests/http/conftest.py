"""One broker per test process, a client for its HTTP API, and names of each test's own."""

import itertools
import pathlib
import re
import signal
import sys

import pika
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from api import Api  # noqa: E402
from support import broker as brokers  # noqa: E402

TEST_DEADLINE_S = 300


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """The running broker: host, port (AMQP), http_port."""
    broker = brokers.from_environment(tmp_path_factory.mktemp("broker"))
    try:
        yield broker.start()
    finally:
        broker.stop()


@pytest.fixture(autouse=True)
def deadline(broker):
    """Ends a test that waits for ever, wherever it waits, and checks that the broker lives."""

    def give_up(*_):
        raise TimeoutError(f"the test took more than {TEST_DEADLINE_S} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, TEST_DEADLINE_S, 10)  # Again, for a stuck clean-up.
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert broker.is_running(), "the broker died during this test:\n" + broker.log_tail()


@pytest.fixture
def api(broker):
    return Api(broker.host, broker.http_port)


@pytest.fixture
def name(request):
    """Makes names that no other test uses: name("jobs")."""
    prefix = re.sub(r"\W", "", request.node.name)
    numbers = itertools.count(1)
    return lambda what="name": f"{prefix}.{what}.{next(numbers)}"


@pytest.fixture
def connection(broker):
    """A pika connection that ends with the test."""
    parameters = pika.ConnectionParameters(
        broker.host, broker.port, credentials=pika.PlainCredentials("guest", "guest"), heartbeat=0
    )
    connection = pika.BlockingConnection(parameters)
    yield connection
    try:
        connection.close()
    except (pika.exceptions.AMQPError, OSError):
        pass  # The test ended it.


@pytest.fixture
def channel(connection):
    return connection.channel()


@pytest.fixture
def queue(api, name):
    """A queue's name, declared; deleted afterwards."""
    queue = name("queue")
    assert api.put(("queues", "/", queue), {"durable": True}).status == 201
    yield queue
    api.delete(("queues", "/", queue))


@pytest.fixture
def dead(api, name, connection):
    """A queue and its dead-letter queue, by name; `dead.kill(n)` rejects n messages into it."""
    source, target = name("emails"), name("dead")
    api.put(("queues", "/", target), {"durable": True})
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": target}
    api.put(("queues", "/", source), {"durable": True, "arguments": arguments})
    yield DeadLetters(api, connection.channel(), source, target)
    api.delete(("queues", "/", source))
    api.delete(("queues", "/", target))


class DeadLetters:
    def __init__(self, api, channel, source, target):
        self.api = api
        self.channel = channel
        self.source = source
        self.target = target

    def kill(self, count, headers=None):
        for number in range(count):
            properties = pika.BasicProperties(delivery_mode=2, headers=dict(headers or {}))
            self.channel.basic_publish("", self.source, f"job {number}".encode(), properties)
        for _ in range(count):
            self.api.wait_ready(self.source, 1, at_least=True)
            method, _, _ = self.channel.basic_get(self.source)
            self.channel.basic_reject(method.delivery_tag, requeue=False)
        self.api.wait_ready(self.target, count, at_least=True)

    def browse(self, **parameters):
        return self.api.get(("x", "queues", "/", self.target, "messages"), **parameters).json
