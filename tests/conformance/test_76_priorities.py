"""Message priorities: `x-max-priority` on classic queues."""

import re

import pika
import pytest

from support.amqp import Collector, closes_channel, get, put, ready, take


def with_priority(priority, **properties):
    return pika.BasicProperties(priority=priority, **properties)


@pytest.fixture
def queue(confirming, name):
    queue = name()
    confirming.queue_declare(queue, durable=True, arguments={"x-max-priority": 5})
    return queue


@pytest.mark.rule(57)
def test_the_highest_priority_is_delivered_first_and_each_in_order(confirming, queue):
    for body, priority in (("a", 0), ("b", 1), ("c", 5), ("d", 1), ("e", 0)):
        put(confirming, queue, body, properties=with_priority(priority))
    assert take(confirming, queue, 5) == ["c", "b", "d", "a", "e"]


@pytest.mark.rule(57)
def test_a_message_without_priority_has_the_lowest(confirming, queue):
    put(confirming, queue, "none")
    put(confirming, queue, "one", properties=with_priority(1))
    put(confirming, queue, "zero", properties=with_priority(0))
    assert take(confirming, queue, 3) == ["one", "none", "zero"]


@pytest.mark.rule(57)
def test_a_priority_above_the_maximum_counts_as_the_maximum(confirming, queue):
    put(confirming, queue, "five", properties=with_priority(5))
    put(confirming, queue, "255", properties=with_priority(255))
    assert take(confirming, queue, 2) == ["five", "255"]


def test_a_high_priority_does_not_overtake_what_a_consumer_already_has(confirming, queue):
    confirming.basic_qos(prefetch_count=1)
    put(confirming, queue, "low", properties=with_priority(0))
    collector = Collector(confirming, queue)
    first = collector.wait(1)[0][0]
    put(confirming, queue, "lower", properties=with_priority(0))
    put(confirming, queue, "high", properties=with_priority(5))
    confirming.basic_ack(first.delivery_tag)
    second = collector.wait(2)[1][0]
    confirming.basic_ack(second.delivery_tag)
    collector.wait(3)
    assert collector.bodies == ["low", "high", "lower"]


def test_a_requeued_message_keeps_its_priority(confirming, queue):
    put(confirming, queue, "low", properties=with_priority(1))
    put(confirming, queue, "high", properties=with_priority(4))
    method, _, body = get(confirming, queue)
    assert body == b"high"
    put(confirming, queue, "higher", properties=with_priority(5))
    confirming.basic_nack(method.delivery_tag, requeue=True)
    assert take(confirming, queue, 3) == ["higher", "high", "low"]


def test_the_length_limit_drops_the_head_whatever_its_priority(confirming, name):
    """As documented for RabbitMQ: a higher priority may be dropped to make way for a lower one."""
    queue = name()
    confirming.queue_declare(queue, arguments={"x-max-priority": 5, "x-max-length": 2})
    put(confirming, queue, "low")
    put(confirming, queue, "high", properties=with_priority(5))
    put(confirming, queue, "low too")
    assert take(confirming, queue, 2) == ["low", "low too"]


def test_priorities_are_counted_together_and_purged_together(confirming, queue):
    for priority in range(6):
        put(confirming, queue, str(priority), properties=with_priority(priority))
    assert ready(confirming, queue) == 6
    assert confirming.queue_purge(queue).method.message_count == 6


def test_priorities_survive_a_restart(broker, connect, name):
    queue = name()
    channel = connect().channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True, arguments={"x-max-priority": 3})
    for number in range(20):
        put(channel, queue, str(number), properties=with_priority(number % 4, delivery_mode=2))
    broker.restart()
    channel = connect().channel()
    wanted = [str(number) for level in (3, 2, 1, 0) for number in range(20) if number % 4 == level]
    assert take(channel, queue, 20) == wanted


@pytest.mark.rule(57)
@pytest.mark.parametrize("value", [256, -1, "5"])
def test_the_maximum_is_a_number_from_zero_to_255(channel, name, value):
    with closes_channel(channel, 406, re.compile("x-max-priority")):
        channel.queue_declare(name(), arguments={"x-max-priority": value})
