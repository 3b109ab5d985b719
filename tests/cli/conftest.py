"""The real `leveret` command against a real broker.

LEVERET names the command (build/release/leveret by default). The broker is AMQP_URL and API_URL
when they are given, else LEVERETD (build/release/leveretd) on free ports and a directory of its own.
"""

import ctypes
import itertools
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

import pika
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import broker as brokers  # noqa: E402

TEST_DEADLINE_S = 120
PIDFD_GETFD = 438  # The system call's number on x86-64 and ARM64.
LEVERET = os.environ.get("LEVERET", str(brokers.REPOSITORY / "build/release/leveret"))


class Given:
    """A broker that somebody else runs."""

    def __init__(self, url, api):
        self.url, self.api = url, api


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """The broker under test: `.url` and `.api` (None when it has no HTTP API of ours)."""
    if "AMQP_URL" in os.environ:
        yield Given(os.environ["AMQP_URL"], os.environ.get("API_URL"))
        return
    binary = os.environ.get("LEVERETD", str(brokers.REPOSITORY / "build/release/leveretd"))
    assert os.access(binary, os.X_OK), f"no broker at {binary}: build it, or set LEVERETD"
    started = brokers.Leveret(tmp_path_factory.mktemp("broker"), binary)
    try:
        started.start()
        started.api = f"http://guest:guest@127.0.0.1:{started.http_port}"
        yield started
    finally:
        started.stop()


@pytest.fixture(autouse=True)
def deadline():
    """Ends a test that waits for ever, wherever it waits."""

    def give_up(*_):
        raise TimeoutError(f"the test took more than {TEST_DEADLINE_S} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TEST_DEADLINE_S)
    yield
    signal.alarm(0)


class Leveret:
    """Runs the command with the broker's addresses in its environment."""

    def __init__(self, broker):
        assert os.access(LEVERET, os.X_OK), f"no command at {LEVERET}: build it, or set LEVERET"
        self.environment = {**os.environ, "LEVERET_URL": broker.url}
        self.environment.pop("LEVERET_API", None)
        if broker.api:
            self.environment["LEVERET_API"] = broker.api
        self.started = []

    def run(self, *words, stdin=None, status=0, **environment):
        """Runs to the end; checks the exit status and returns the finished process, as text."""
        done = subprocess.run(
            [LEVERET, *map(str, words)],
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            env={**self.environment, **environment},
            timeout=60,
        )
        if status is not None:
            assert done.returncode == status, (
                f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
        return done

    def json(self, *words, **options):
        """The JSON document that the command prints."""
        return json.loads(self.run(*words, "--json", **options).stdout)

    def start(self, *words):
        """Starts it and lets it run; it is killed with the test."""
        process = subprocess.Popen(
            [LEVERET, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        )
        self.started.append(process)
        return process


@pytest.fixture
def leveret(broker):
    command = Leveret(broker)
    yield command
    for process in command.started:
        process.kill()
        process.communicate()


@pytest.fixture
def channel(broker):
    connection = pika.BlockingConnection(pika.URLParameters(broker.url))
    opened = connection.channel()
    opened.confirm_delivery()  # What was published has arrived.
    yield opened
    connection.close()


_numbers = itertools.count(1)


class Queue:
    """A durable queue with a dead-letter queue, looked at through pika."""

    def __init__(self, channel, name, arguments):
        self.channel, self.name, self.dlq = channel, name, f"{name}.dlq"
        channel.queue_declare(self.dlq, durable=True)
        channel.queue_declare(
            name,
            durable=True,
            arguments={
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": self.dlq,
                **arguments,
            },
        )

    def put(self, *bodies, **properties):
        for body in bodies:
            body = body if isinstance(body, bytes) else str(body).encode()
            self.channel.basic_publish("", self.name, body, pika.BasicProperties(**properties))

    def ready(self, name=None):
        return self.channel.queue_declare(name or self.name, passive=True).method.message_count

    def take_all(self, name=None):
        """Everything that is ready, as (method, properties, body)."""
        taken = []
        while True:
            got = self.channel.basic_get(name or self.name, auto_ack=True)
            if got[0] is None:
                return taken
            taken.append(got)

    def bodies(self, name=None):
        return [body.decode() for _, _, body in self.take_all(name)]


@pytest.fixture
def make_queue(channel):
    """Makes queues that nobody else uses: `make_queue({"x-max-length": 3})`."""
    made = []

    def make(arguments=None):
        name = f"cli.{os.getpid()}.{next(_numbers)}"
        made.append(Queue(channel, name, arguments or {}))
        return made[-1]

    yield make
    for queue in made:
        if channel.is_open:
            channel.queue_delete(queue.name)
            channel.queue_delete(queue.dlq)


@pytest.fixture
def queue(make_queue):
    return make_queue()


@pytest.fixture
def api(broker):
    """Skips where the broker has no HTTP API."""
    if not broker.api:
        pytest.skip("API_URL is not given")
    return broker.api


@pytest.fixture
def cut_connections():
    """`cut_connections(pid)` ends a process's TCP connections, as a failing network would."""

    def cut(pid):
        libc = ctypes.CDLL(None, use_errno=True)
        pidfd = os.pidfd_open(pid)
        try:
            for number in os.listdir(f"/proc/{pid}/fd"):
                if not os.readlink(f"/proc/{pid}/fd/{number}").startswith("socket:"):
                    continue
                copy = libc.syscall(PIDFD_GETFD, pidfd, int(number), 0)
                if copy < 0:
                    pytest.skip("this system does not let us reach into a child process")
                with socket.socket(fileno=copy) as taken:
                    if taken.family in (socket.AF_INET, socket.AF_INET6):
                        taken.shutdown(socket.SHUT_RDWR)
        finally:
            os.close(pidfd)

    return cut
