"""basic.qos: how many unacknowledged messages a consumer, or a channel, may hold."""

import pytest

from support.amqp import Collector, closes_connection, put, wait_ready


def _filled(channel, queue, count):
    channel.queue_declare(queue)
    put(channel, queue, *map(str, range(count)))
    wait_ready(channel, queue, count)


@pytest.mark.rule(40)
@pytest.mark.parametrize("limit", [1, 3])
def test_a_consumer_holds_no_more_than_its_prefetch(channel, name, limit):
    queue = name()
    _filled(channel, queue, 10)
    channel.basic_qos(prefetch_count=limit)
    collector = Collector(channel, queue)
    collector.wait(limit)
    assert len(collector.settle_down()) == limit
    channel.basic_ack(collector.messages[0][0].delivery_tag)
    collector.wait(limit + 1)
    assert len(collector.settle_down()) == limit + 1


@pytest.mark.rule(40)
def test_each_consumer_has_its_own_limit(channel, name):
    queue = name()
    _filled(channel, queue, 10)
    channel.basic_qos(prefetch_count=2)
    first = Collector(channel, queue)
    channel.basic_qos(prefetch_count=3)
    second = Collector(channel, queue)
    first.wait(2)
    second.wait(3)
    first.settle_down()
    assert (len(first.messages), len(second.messages)) == (2, 3)


@pytest.mark.rule(40)
def test_a_running_consumer_keeps_its_limit(channel, name):
    queue = name()
    _filled(channel, queue, 10)
    channel.basic_qos(prefetch_count=2)
    collector = Collector(channel, queue)
    collector.wait(2)
    channel.basic_qos(prefetch_count=5)
    assert len(collector.settle_down()) == 2


@pytest.mark.rule(41)
def test_global_is_shared_by_the_channels_consumers(channel, name):
    queue = name()
    _filled(channel, queue, 10)
    channel.basic_qos(prefetch_count=3, global_qos=True)
    first, second = Collector(channel, queue), Collector(channel, queue)

    def held():
        return len(first.messages) + len(second.messages)

    while held() < 3:
        channel.connection.process_data_events(time_limit=0.02)
    first.settle_down()
    assert held() == 3
    delivered = first.messages or second.messages
    channel.basic_ack(delivered[0][0].delivery_tag)
    while held() < 4:
        channel.connection.process_data_events(time_limit=0.02)
    first.settle_down()
    assert held() == 4


@pytest.mark.rule(41)
def test_global_and_per_consumer_limits_apply_together(channel, name):
    queue = name()
    _filled(channel, queue, 10)
    channel.basic_qos(prefetch_count=4)
    channel.basic_qos(prefetch_count=6, global_qos=True)
    first, second = Collector(channel, queue), Collector(channel, queue)
    while len(first.messages) + len(second.messages) < 6:
        channel.connection.process_data_events(time_limit=0.02)
    first.settle_down()
    assert len(first.messages) + len(second.messages) == 6
    assert max(len(first.messages), len(second.messages)) <= 4


@pytest.mark.rule(42)
def test_zero_is_no_limit(channel, name):
    queue = name()
    _filled(channel, queue, 200)
    channel.basic_qos(prefetch_count=0)
    Collector(channel, queue).wait(200)


def test_auto_ack_ignores_the_limit(channel, name):
    queue = name()
    _filled(channel, queue, 50)
    channel.basic_qos(prefetch_count=1)
    Collector(channel, queue, auto_ack=True).wait(50)


@pytest.mark.rule(42)
def test_a_limit_in_bytes_is_540(channel):
    with closes_connection(channel, 540, "NOT_IMPLEMENTED - prefetch_size!=0 (1024)"):
        channel.basic_qos(prefetch_size=1024)
