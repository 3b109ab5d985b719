"""x-max-length and x-max-length-bytes: the oldest make room."""

import pytest

from support.amqp import get, put, take, wait_ready


@pytest.mark.rule(61)
def test_the_oldest_are_dropped(channel, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-max-length": 3})
    put(channel, queue, "0", "1", "2", "3", "4")
    put(channel, queue, "5")
    wait_ready(channel, queue, 3)
    assert take(channel, queue, 3) == ["3", "4", "5"]


@pytest.mark.rule(61)
def test_bodies_count_for_the_limit_in_bytes(channel, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-max-length-bytes": 10})
    put(channel, queue, "aaaa", "bbbb", "cc")
    wait_ready(channel, queue, 3)
    put(channel, queue, "d")
    wait_ready(channel, queue, 3)
    assert take(channel, queue, 3) == ["bbbb", "cc", "d"]


@pytest.mark.rule(61)
def test_unacked_messages_do_not_count(channel, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-max-length": 2})
    put(channel, queue, "0", "1")
    get(channel, queue)
    get(channel, queue)
    put(channel, queue, "2", "3")
    wait_ready(channel, queue, 2)
    assert take(channel, queue, 2) == ["2", "3"]


@pytest.mark.rule(62)
def test_a_requeue_beyond_the_limit_drops_the_oldest(channel, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-max-length": 2})
    put(channel, queue, "0")
    method = get(channel, queue)[0]
    put(channel, queue, "1", "2")
    channel.basic_nack(method.delivery_tag, requeue=True)
    wait_ready(channel, queue, 2)
    assert take(channel, queue, 2) == ["1", "2"]


@pytest.mark.rule(61)
def test_dropped_messages_are_confirmed(confirming, name):
    queue = name()
    confirming.queue_declare(queue, arguments={"x-max-length": 1})
    put(confirming, queue, "0", "1", "2")
    wait_ready(confirming, queue, 1)
    assert take(confirming, queue, 1) == ["2"]


def test_a_limit_of_zero_keeps_nothing(confirming, name):
    queue = name()
    confirming.queue_declare(queue, arguments={"x-max-length": 0})
    put(confirming, queue, "0")
    wait_ready(confirming, queue, 0)
