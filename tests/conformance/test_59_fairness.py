"""Who gets the next message: consumers take turns."""

import pytest

from support.amqp import Collector, put, wait_ready


def _all(collectors, count):
    channel = collectors[0].channel
    while sum(len(collector.messages) for collector in collectors) < count:
        channel.connection.process_data_events(time_limit=0.02)


@pytest.mark.rule(56)
def test_consumers_take_turns(channel, name):
    queue = name()
    channel.queue_declare(queue)
    collectors = [Collector(channel, queue, auto_ack=True) for _ in range(3)]
    put(channel, queue, *map(str, range(9)))
    _all(collectors, 9)
    assert sorted(collector.bodies for collector in collectors) == [
        ["0", "3", "6"],
        ["1", "4", "7"],
        ["2", "5", "8"],
    ]


@pytest.mark.rule(56)
def test_a_full_consumer_is_passed_over(channel, name):
    queue = name()
    channel.queue_declare(queue)
    channel.basic_qos(prefetch_count=1)
    full = Collector(channel, queue)
    channel.basic_qos(prefetch_count=0)
    free = Collector(channel, queue)
    put(channel, queue, *map(str, range(10)))
    _all([full, free], 10)
    assert (len(full.messages), len(free.messages)) == (1, 9)


@pytest.mark.rule(56)
def test_a_consumer_of_higher_priority_comes_first(channel, name, needs):
    needs("consumer_priorities")
    queue = name()
    channel.queue_declare(queue)
    channel.basic_qos(prefetch_count=2)
    low = Collector(channel, queue)
    high = Collector(channel, queue, arguments={"x-priority": 10})
    put(channel, queue, *map(str, range(5)))
    _all([low, high], 4)
    wait_ready(channel, queue, 1)
    assert (high.bodies, low.bodies) == (["0", "1"], ["2", "3"])
