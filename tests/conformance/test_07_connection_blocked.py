"""Publishers are told when the broker is short of disk; all others go on."""

import os
import subprocess

import pytest
from pika import spec

from support import broker as brokers
from support import frames

PERSISTENT = spec.BasicProperties(delivery_mode=2)


class RabbitMQShortOfDisk(brokers.RabbitMQ):
    """It takes the disk for full below a petabyte."""

    def _environment(self):
        environment = super()._environment()
        environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] += f" -rabbit disk_free_limit {10**15}"
        return environment


@pytest.fixture
def disk(tmp_path):
    """A file system of 16 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    directory = tmp_path / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(directory)]
    if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield directory
    subprocess.run(["umount", str(directory)], check=True)


@pytest.fixture
def short_of_disk(disk):
    """A broker on that disk, and what makes room again."""
    broker = brokers.from_environment(disk)
    if isinstance(broker, brokers.RabbitMQ):
        broker = RabbitMQShortOfDisk(disk)
    broker.start()
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
        file.write(bytes(max(free - (1 << 20), 0)))
    yield broker, filler.unlink
    filler.unlink(missing_ok=True)
    broker.stop()


def _publish_until_blocked(client, queue):
    client.send(1, spec.Confirm.Select())
    client.expect(1, spec.Confirm.SelectOk)
    confirmed = 0
    while True:
        client.publish(1, "", queue, bytes(100_000), PERSISTENT)
        method = client.receive().method
        if isinstance(method, spec.Connection.Blocked):
            return method.reason, confirmed
        assert isinstance(method, spec.Basic.Ack), method
        confirmed += 1


@pytest.mark.rule(86)
def test_a_publisher_is_told_and_others_go_on(short_of_disk, answer):
    broker, make_room = short_of_disk
    publisher, other = frames.Client.open(broker), frames.Client.open(broker)
    for client in (publisher, other):
        client.open_channel()
    other.send(1, spec.Queue.Declare(queue="q", durable=True))
    other.expect(1, spec.Queue.DeclareOk)
    reason, confirmed = _publish_until_blocked(publisher, "q")
    answer(f"connection.blocked: {reason}")
    other.expect_nothing_before(1)
    if isinstance(broker, brokers.Leveret):
        make_room()
        publisher.expect(0, spec.Connection.Unblocked)
        publisher.expect(1, spec.Basic.Ack)
        other.send(1, spec.Queue.Declare(queue="q", passive=True))
        assert other.expect(1, spec.Queue.DeclareOk).message_count == confirmed + 1
