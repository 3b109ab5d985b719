"""What comes back to a queue: its place, and its redelivered flag."""

import pytest
from pika import spec

from support.amqp import Collector, get, put, take, wait_ready


def _got(channel, queue, count, taken):
    """`count` messages in the queue, the first `taken` of them got with tags from 1."""
    channel.queue_declare(queue)
    put(channel, queue, *map(str, range(count)))
    wait_ready(channel, queue, count)
    for _ in range(taken):
        get(channel, queue)


@pytest.mark.rule(43)
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)], ids=str)
def test_requeued_messages_take_their_old_places(channel, name, order):
    queue = name()
    _got(channel, queue, 6, taken=3)
    for tag in order:
        channel.basic_reject(tag, requeue=True)
    wait_ready(channel, queue, 6)
    assert take(channel, queue, 6) == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.rule(43)
def test_a_requeued_message_goes_between_those_before_and_after_it(channel, name):
    queue = name()
    _got(channel, queue, 5, taken=4)
    channel.basic_nack(2, requeue=True)
    wait_ready(channel, queue, 2)
    assert take(channel, queue, 2) == ["1", "4"]
    channel.basic_nack(0, multiple=True, requeue=True)
    wait_ready(channel, queue, 3)
    assert take(channel, queue, 3) == ["0", "2", "3"]


@pytest.mark.rule(45)
def test_only_what_came_back_is_redelivered(channel, name):
    queue = name()
    _got(channel, queue, 3, taken=1)
    channel.basic_nack(1, requeue=True)
    wait_ready(channel, queue, 3)
    flags = [get(channel, queue)[0].redelivered for _ in range(3)]
    assert flags == [True, False, False]


@pytest.mark.rule(44)
def test_a_closed_channel_gives_everything_back_in_order(channel, connection, name):
    queue = name()
    _got(channel, queue, 5, taken=3)
    channel.basic_ack(2)
    channel.close()
    other = connection.channel()
    wait_ready(other, queue, 4)
    came = [get(other, queue) for _ in range(4)]
    assert [body for _, _, body in came] == [b"0", b"2", b"3", b"4"]
    assert [method.redelivered for method, _, _ in came] == [True, True, False, False]


@pytest.mark.rule(44)
def test_a_broken_connection_gives_everything_back(raw, channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "0", "1", "2")
    wait_ready(channel, queue, 3)
    client = raw()
    client.send(1, spec.Basic.Consume(queue=queue))
    client.expect(1, spec.Basic.ConsumeOk)
    for _ in range(3):
        client.expect_content(1, spec.Basic.Deliver)
    client.cut()
    wait_ready(channel, queue, 3)
    came = [get(channel, queue) for _ in range(3)]
    assert [(body, method.redelivered) for method, _, body in came] == [
        (b"0", True),
        (b"1", True),
        (b"2", True),
    ]


def test_a_rejecting_consumer_gets_the_message_again(channel, name):
    queue = name()
    channel.queue_declare(queue)
    channel.basic_qos(prefetch_count=1)
    collector = Collector(channel, queue)
    put(channel, queue, "a")
    for attempt in range(1, 6):
        method, _, body = collector.wait(attempt)[-1]
        assert (body, method.redelivered) == (b"a", attempt > 1)
        channel.basic_nack(method.delivery_tag, requeue=True)


def test_a_requeued_message_goes_to_another_waiting_consumer(connect, channel, name):
    queue = name()
    channel.queue_declare(queue)
    first = connect().channel()
    first.basic_qos(prefetch_count=1)
    busy = Collector(first, queue)
    put(channel, queue, "job")
    busy.wait(1)
    second = connect().channel()
    idle = Collector(second, queue)
    first.connection.close()
    method, _, body = idle.wait(1)[0]
    assert (body, method.redelivered) == (b"job", True)
