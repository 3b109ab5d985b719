"""One broker per test process, connections that end with their test, and names of its own."""

import itertools
import json
import os
import pathlib
import re
import signal
import sys
import tomllib

import pika
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import answers  # noqa: E402
from support import broker as brokers  # noqa: E402
from support import frames  # noqa: E402
from support.certificates import Authority  # noqa: E402
from support.policies import Policies  # noqa: E402

TEST_DEADLINE_S = 60
TARGET = os.environ.get("CONFORMANCE_TARGET", "leveret")
HERE = pathlib.Path(__file__).parent
DECISIONS = tomllib.loads((HERE / "decisions.toml").read_text(encoding="utf-8"))


def _explained(decision):
    """A deliberate difference must have its reason in decisions.toml."""
    assert decision in DECISIONS, f"decisions.toml does not explain `{decision}`"
    return decision


def pytest_addoption(parser):
    parser.addoption("--answers", metavar="FILE", help="write what the broker answered, by rule")


def pytest_collection_modifyitems(items):
    for item in items:
        only = item.get_closest_marker("leveret_only")
        if only:
            reason = f"RabbitMQ 3.10 differs: `{_explained(only.args[0])}` in decisions.toml"
            if TARGET != "leveret":
                item.add_marker(pytest.mark.skip(reason=reason))


_answers = {}  # Rule: {scenario: [answer, …]}


def pytest_runtest_logreport(report):
    """Gathers what the scenarios of each rule have noted; with -n, from all processes."""
    if report.when != "call" or not report.passed:
        return
    scenario = re.sub(r"\[.*", "", report.nodeid.rpartition("/")[2], flags=re.DOTALL)
    for rule, heard in report.user_properties:
        known = _answers.setdefault(rule, {}).setdefault(scenario, [])
        known += [answer for answer in heard if answer not in known]


def pytest_sessionfinish(session):
    path = session.config.getoption("--answers")
    if path and not hasattr(session.config, "workerinput"):
        text = json.dumps(_answers, indent=1, ensure_ascii=False, sort_keys=True)
        pathlib.Path(path).write_text(text + "\n", encoding="utf-8")


@pytest.fixture(autouse=True)
def answer(request):
    """`answer("…")`: notes what the broker did, for the rule's row of the table in README.md.

    Closes and returns are noted without being asked for.
    """
    heard = answers.listen()
    for marker in request.node.iter_markers("rule"):
        request.node.user_properties += [(str(rule), heard) for rule in marker.args]
    return answers.note


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


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Signs certificates."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def tls_broker(tmp_path_factory, authority):
    """A broker that speaks TLS too; it asks for client certificates, and does not insist."""
    with brokers.running_with_tls(tmp_path_factory.mktemp("tls"), authority) as broker:
        yield broker


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
def name():
    """Makes names that no other test uses: `name("jobs")`."""
    return lambda label="q": f"{os.getpid()}.{next(_numbers)}.{label}"


@pytest.fixture
def expect():
    """`expect(leveret=…, rabbitmq=…, row=…)`: a deliberate difference, explained in decisions.toml."""

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
