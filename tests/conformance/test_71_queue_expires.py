"""x-expires: queues that go when nobody uses them."""

import time

import pytest

from support import wait
from support.amqp import Collector, exists, get, put


def _wait_gone(connection, queue, expires_s):
    """Looks less often than the queue expires, since looking at it might count as use."""
    wait.until(lambda: not exists(connection, queue), "the queue's end", every_s=3 * expires_s)


@pytest.mark.rule(63)
def test_an_unused_queue_goes(channel, connection, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-expires": 50})
    _wait_gone(connection, queue, 0.05)


@pytest.mark.rule(63)
def test_its_messages_are_not_dead_lettered(channel, connection, name):
    queue, dead = name(), name("dead")
    channel.queue_declare(dead)
    arguments = {
        "x-expires": 50,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
    }
    channel.queue_declare(queue, arguments=arguments)
    put(channel, queue, "gone")
    _wait_gone(connection, queue, 0.05)
    put(channel, dead, "last")
    assert get(channel, dead)[2] == b"last"


@pytest.mark.rule(63)
def test_a_consumer_keeps_it(channel, connection, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-expires": 200})
    collector = Collector(channel, queue)
    time.sleep(0.6)  # Three lives of an unused queue.
    assert exists(connection, queue)
    channel.basic_cancel(collector.tag)
    _wait_gone(connection, queue, 0.2)


@pytest.mark.rule(63)
@pytest.mark.parametrize("use", ["basic_get", "queue_declare"])
def test_using_it_renews_it(channel, connection, name, use):
    for expires_s in (0.5, 2, 8):  # Again with more patience when this machine was too slow.
        queue = name()
        arguments = {"x-expires": int(expires_s * 1000)}
        channel.queue_declare(queue, arguments=arguments)
        begin = last = time.monotonic()
        longest_pause = 0
        while last - begin < 2 * expires_s:
            if use == "basic_get":
                channel.basic_get(queue)
            else:
                channel.queue_declare(queue, arguments=arguments)
            now = time.monotonic()
            longest_pause, last = max(longest_pause, now - last), now
            time.sleep(0.02)
        if longest_pause < expires_s / 2:
            break
    _wait_gone(connection, queue, expires_s)
