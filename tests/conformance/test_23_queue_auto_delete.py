"""Auto-delete queues: gone with their last consumer, if they ever had one."""

import pytest

from support import wait
from support.amqp import Collector, exists, get, put


@pytest.mark.rule(65)
def test_it_stays_until_it_has_had_a_consumer(channel, connection, name):
    queue = name()
    channel.queue_declare(queue, auto_delete=True)
    put(channel, queue, "x")
    get(channel, queue)
    channel.close()
    assert exists(connection, queue)


@pytest.mark.rule(65)
def test_it_goes_with_the_last_cancel(channel, connection, name):
    queue = name()
    channel.queue_declare(queue, auto_delete=True)
    first, second = Collector(channel, queue), Collector(channel, queue)
    channel.basic_cancel(first.tag)
    assert exists(connection, queue)
    channel.basic_cancel(second.tag)
    wait.until(lambda: not exists(connection, queue), "the queue's end")


@pytest.mark.rule(65)
def test_it_goes_with_the_last_channel(connection, name):
    queue = name()
    channel = connection.channel()
    channel.queue_declare(queue, auto_delete=True)
    Collector(channel, queue)
    channel.close()
    wait.until(lambda: not exists(connection, queue), "the queue's end")


@pytest.mark.rule(65)
def test_it_goes_with_the_last_connection(connect, connection, name):
    queue = name()
    consumer = connect()
    channel = consumer.channel()
    channel.queue_declare(queue, auto_delete=True)
    Collector(channel, queue)
    consumer.close()
    wait.until(lambda: not exists(connection, queue), "the queue's end")
