"""Exclusive consumers: one and only."""

import pytest

from support.amqp import Collector, closes_channel, get, put


def _refused(queue):
    return f"ACCESS_REFUSED - queue '{queue}' in vhost '/' in exclusive use"


@pytest.mark.rule(50)
def test_nobody_may_join_an_exclusive_consumer(connection, channel, name):
    queue = name()
    channel.queue_declare(queue)
    Collector(channel, queue, exclusive=True)
    other = connection.channel()
    with closes_channel(other, 403, _refused(queue)):
        other.basic_consume(queue, lambda *_: None)


@pytest.mark.rule(50)
def test_nobody_may_become_exclusive_among_others(connection, channel, name):
    queue = name()
    channel.queue_declare(queue)
    Collector(channel, queue)
    other = connection.channel()
    with closes_channel(other, 403, _refused(queue)):
        other.basic_consume(queue, lambda *_: None, exclusive=True)


@pytest.mark.rule(52)
def test_get_is_allowed_beside_it(connection, channel, name):
    queue = name()
    channel.queue_declare(queue)
    channel.basic_qos(prefetch_count=1)
    Collector(channel, queue, exclusive=True)
    put(channel, queue, "a", "b")
    assert get(connection.channel(), queue, auto_ack=True)[2] in (b"a", b"b")


def test_the_queue_is_open_again_after_cancel(connection, channel, name):
    queue = name()
    channel.queue_declare(queue)
    collector = Collector(channel, queue, exclusive=True)
    channel.basic_cancel(collector.tag)
    Collector(connection.channel(), queue)
