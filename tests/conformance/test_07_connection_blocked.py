"""Publishers are told when the broker is short of disk; all others go on."""

import os
import subprocess

import pytest
from pika import spec

from support import alarms, frames
from support import broker as brokers

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
    else:
        broker.variables["LEVERET_ALARMS_DISK_FREE"] = "none"  # until nothing can be written
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


@pytest.fixture
def short_of_memory(tmp_path):
    broker = brokers.from_environment(tmp_path).start()
    alarms.turn(broker, "memory", True)
    yield broker
    broker.stop()


def _open_with_queue(broker):
    client = frames.Client.open(broker)
    client.open_channel()
    client.send(1, spec.Queue.Declare(queue="q", durable=True))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Confirm.Select())
    client.expect(1, spec.Confirm.SelectOk)
    return client


@pytest.mark.rule(86)
def test_a_connection_is_told_when_it_publishes_and_not_before(short_of_memory, answer):
    broker = short_of_memory
    publisher, consumer = _open_with_queue(broker), _open_with_queue(broker)
    publisher.expect_nothing_before(1)
    publisher.publish(1, "", "q", b"1", PERSISTENT)
    answer(f"connection.blocked: {publisher.expect(0, spec.Connection.Blocked).reason}")
    consumer.expect_nothing_before(1)
    consumer.send(1, spec.Basic.Consume(queue="q"))
    consumer.expect(1, spec.Basic.ConsumeOk)
    alarms.turn(broker, "memory", False)
    publisher.expect(0, spec.Connection.Unblocked)
    publisher.expect(1, spec.Basic.Ack)
    _, _, body = consumer.expect_content(1, spec.Basic.Deliver)
    assert body == b"1"


@pytest.mark.rule(86)
def test_a_second_reason_is_told_with_the_first_and_goes_before_the_block_does(
    short_of_memory, answer
):
    broker = short_of_memory
    alarms.turn(broker, "disk space", True)
    publisher = _open_with_queue(broker)
    publisher.publish(1, "", "q", b"1", PERSISTENT)
    answer(f"connection.blocked: {publisher.expect(0, spec.Connection.Blocked).reason}")
    alarms.turn(broker, "memory", False)
    another = _open_with_queue(broker)
    another.publish(1, "", "q", b"2", PERSISTENT)
    answer(f"then connection.blocked: {another.expect(0, spec.Connection.Blocked).reason}")
    alarms.turn(broker, "disk space", False)
    publisher.expect(0, spec.Connection.Unblocked)
    publisher.expect(1, spec.Basic.Ack)
