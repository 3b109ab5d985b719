"""The broker as a process of its system: who supervises it, how it stops, whose it is, its unit."""

import os
import pwd
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess

import pika
import pytest

from support import broker as brokers
from support import frames, wait
from pika import spec

PERSISTENT = pika.BasicProperties(delivery_mode=2)
UNIT = brokers.REPOSITORY / "conf/leveret.service"


@pytest.fixture
def start(broker, tmp_path):
    """Starts brokers with more of the environment; what has not ended by then is killed."""
    started = []

    def start(**variables):
        one = brokers.Leveret(tmp_path / f"broker{len(started)}", broker.binary)
        one.variables = variables
        started.append(one)
        return one.start()

    yield start
    for one in started:
        one.kill()


class Manager:
    """systemd's end of sd_notify."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(60)

    def next(self):
        """What is told next, but for the watchdog's food."""
        while (told := self.socket.recv(1000)) == b"WATCHDOG=1":
            pass
        return told

    def await_food(self):
        while self.socket.recv(1000) != b"WATCHDOG=1":
            pass


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


def test_a_service_manager_is_told_and_its_watchdog_fed(start, manager):
    broker = start(NOTIFY_SOCKET=str(manager.path), WATCHDOG_USEC="100000")
    assert manager.next() == b"READY=1"
    for _ in range(3):
        manager.await_food()
    broker.process.send_signal(signal.SIGHUP)
    assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", manager.next())
    assert manager.next() == b"READY=1"
    assert broker.stop() == 0
    assert manager.next() == b"STOPPING=1"


def _holder(broker, count):
    """A client that holds `count` messages, of which there is one more."""
    client = frames.Client.open(broker)
    client.open_channel()
    client.send(1, spec.Queue.Declare(queue="q", durable=True))
    client.expect(1, spec.Queue.DeclareOk)
    for number in range(count + 1):
        client.publish(1, "", "q", str(number).encode(), PERSISTENT)
    client.send(1, spec.Basic.Qos(prefetch_count=count))
    client.expect(1, spec.Basic.QosOk)
    client.send(1, spec.Basic.Consume(queue="q"))
    client.expect(1, spec.Basic.ConsumeOk)
    for _ in range(count):
        client.expect_content(1, spec.Basic.Deliver)
    return client


def _await_stop(broker):
    """Until it lets nobody in any more."""

    def is_closed():
        with socket.socket() as probe:
            return probe.connect_ex((broker.host, broker.port)) != 0

    wait.until(is_closed, "the end of accepting")


def _left(broker):
    with pika.BlockingConnection(pika.URLParameters(broker.start().url)) as connection:
        return connection.channel().queue_declare("q", passive=True).method.message_count


def test_consumers_settle_what_they_hold_before_it_stops(start):
    broker = start(LEVERET_SHUTDOWN_DRAIN_MS="60000")
    client = _holder(broker, 2)
    broker.process.send_signal(signal.SIGTERM)
    _await_stop(broker)
    client.send(1, spec.Basic.Ack(1))
    client.send(1, spec.Basic.Ack(2))
    assert client.expect_connection_close(320).reply_text.endswith("'shutdown'")
    assert broker.process.wait(timeout=60) == 0
    assert _left(broker) == 1, "nothing new was handed out, and what was settled is gone"


def test_a_second_signal_waits_for_nobody(start):
    broker = start(LEVERET_SHUTDOWN_DRAIN_MS="3600000", LEVERET_SHUTDOWN_CLIENTS_MS="3600000")
    client = _holder(broker, 1)
    broker.process.send_signal(signal.SIGTERM)
    _await_stop(broker)
    broker.process.send_signal(signal.SIGTERM)
    assert broker.process.wait(timeout=60) == 0
    client.cut()
    assert _left(broker) == 2


def test_the_time_to_settle_ends(start):
    broker = start(LEVERET_SHUTDOWN_DRAIN_MS="1")
    client = _holder(broker, 1)
    broker.process.send_signal(signal.SIGTERM)
    client.expect_connection_close(320)
    assert broker.process.wait(timeout=60) == 0
    assert _left(broker) == 2


def test_only_its_user_can_read_what_it_writes(start):
    broker = start()
    _holder(broker, 1).cut()
    data = broker.directory / "data"
    for path in (data, *data.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_becomes_the_user_that_it_is_told(start, tmp_path):
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == os.geteuid() and directory.name.startswith("pytest"):
            directory.chmod(0o711)
    tmp_path.chmod(0o711)
    broker = start(LEVERET_RUN_AS="nobody")
    nobody = pwd.getpwnam("nobody")
    status = open(f"/proc/{broker.process.pid}/status", encoding="ascii").read()
    assert re.search(r"^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$", status, re.M)[1] == str(nobody.pw_uid)
    assert set(re.search(r"^Uid:\t(.*)$", status, re.M)[1].split()) == {str(nobody.pw_uid)}
    assert set(re.search(r"^Gid:\t(.*)$", status, re.M)[1].split()) == {str(nobody.pw_gid)}
    assert re.search(r"^CapEff:\t0+$", status, re.M)
    assert (broker.directory / "data").stat().st_uid == nobody.pw_uid
    _holder(broker, 1).cut()


def test_a_user_that_there_is_not_is_told(broker, tmp_path):
    done = subprocess.run(
        [broker.binary, "--data-dir", str(tmp_path / "data")],
        env={"LEVERET_RUN_AS": "no-such-user"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert done.stderr == "leveretd: run_as: there is no user 'no-such-user' on this machine\n"
    assert not (tmp_path / "data").exists()


def test_it_lives_with_few_descriptors_and_goes_on_when_there_are_more(start):
    broker = start()
    resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, (64, 64))
    early = frames.Client.open(broker)
    early.open_channel()
    crowd = [socket.create_connection((broker.host, broker.port)) for _ in range(100)]
    wait.until(lambda: "cannot accept connections" in broker.log_tail(), "a pause of accepting")
    early.expect_nothing_before(1)
    for one in crowd:
        one.close()
    late = frames.Client.open(broker)
    late.open_channel()
    late.expect_nothing_before(1)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze")
def test_the_unit_exposes_next_to_nothing():
    """systemd's own measure, from 0 to 100."""
    analyze = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager"]
    done = subprocess.run([*analyze, str(UNIT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
