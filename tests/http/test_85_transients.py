"""Transient messages that memory has no room for: on disk while the broker runs, gone when it starts again."""

import pika
import pytest

from api import Api
from support import broker as brokers
from support import wait

COUNT = 20_000


@pytest.fixture
def roomless(tmp_path):
    """A broker with no memory for transient messages beyond the windows of their queues."""
    broker = brokers.from_environment(tmp_path / "broker")
    broker.variables = {"LEVERET_QUEUES_WINDOW_MESSAGES": "100", "LEVERET_QUEUES_TRANSIENT_BYTES": "0"}
    try:
        yield broker.start()
    finally:
        broker.kill()


def file_of(broker):
    return broker.directory / "data" / "vhost-1.db-transient"


def fill(broker, queue="work", durable=True, every_persistent=10):
    """Publishes numbers, of which every tenth is persistent; returns the connection and its channel."""
    connection = pika.BlockingConnection(pika.URLParameters(broker.url + "?heartbeat=0"))
    channel = connection.channel()
    channel.queue_declare(queue, durable=durable)
    for number in range(COUNT):
        mode = 2 if number % every_persistent == 0 else 1
        channel.basic_publish("", queue, b"%d" % number, pika.BasicProperties(delivery_mode=mode))
    return connection, channel


def take(channel, queue, count):
    """The next `count` bodies as numbers, acknowledged."""
    numbers = []
    for method, _, body in channel.consume(queue, inactivity_timeout=20):
        assert method is not None, f"only {len(numbers)} of {count} came"
        numbers.append(int(body))
        if len(numbers) == count:
            channel.basic_ack(method.delivery_tag, multiple=True)
            channel.cancel()
            return numbers


def test_they_are_paged_out_and_come_back_in_order_among_persistent_ones(roomless):
    connection, channel = fill(roomless)
    assert channel.queue_declare("work", passive=True).method.message_count == COUNT
    api = Api(roomless.host, roomless.http_port)
    api.wait_ready("work", COUNT)
    assert api.queue("work")["messages_paged_out"] > COUNT * 0.9
    assert file_of(roomless).exists()
    assert take(channel, "work", COUNT) == list(range(COUNT))
    assert channel.queue_declare("work", passive=True).method.message_count == 0
    connection.close()


def test_they_are_browsed_where_they_stand(roomless):
    connection, _ = fill(roomless, "browsed", durable=False)
    api = Api(roomless.host, roomless.http_port)
    api.wait_ready("browsed", COUNT)
    page = api.get(("x", "queues", "/", "browsed", "messages"), after=15000, limit=3).json
    assert [message["seq"] for message in page["items"]] == [15001, 15002, 15003]
    connection.close()


@pytest.mark.parametrize("ends", ["stop", "kill"])
def test_a_restart_keeps_the_persistent_ones_only(roomless, ends):
    connection, channel = fill(roomless)
    channel.confirm_delivery()
    channel.basic_publish("", "work", b"0", pika.BasicProperties(delivery_mode=2))
    getattr(roomless, ends)()
    with pytest.raises(pika.exceptions.AMQPError):
        connection.process_data_events(time_limit=20)
    roomless.start()
    wait.until(lambda: not file_of(roomless).exists(), "removal of what was left")
    with pika.BlockingConnection(pika.URLParameters(roomless.url)) as again:
        channel = again.channel()
        count = channel.queue_declare("work", passive=True).method.message_count
        assert take(channel, "work", count) == [*range(0, COUNT, 10), 0]
