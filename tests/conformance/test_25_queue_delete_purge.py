"""The end of queues and of their messages."""

import pytest

from support.amqp import Collector, closes_channel, exists, get, is_empty, put, wait_ready


def test_delete_counts_the_ready_messages(channel, connection, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a", "b", "c")
    wait_ready(channel, queue, 3)
    assert channel.queue_delete(queue).method.message_count == 3
    assert not exists(connection, queue)


@pytest.mark.rule(15)
def test_deleting_an_absent_queue_is_fine(channel, name):
    assert channel.queue_delete(name()).method.message_count == 0


@pytest.mark.rule(15)
def test_if_unused_protects_a_queue_with_consumers(channel, name):
    queue = name()
    channel.queue_declare(queue)
    Collector(channel, queue)
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' in use"):
        channel.queue_delete(queue, if_unused=True)


@pytest.mark.rule(15)
def test_if_empty_protects_a_queue_with_messages(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a")
    wait_ready(channel, queue, 1)
    with closes_channel(
        channel, 406, f"PRECONDITION_FAILED - queue '{queue}' in vhost '/' not empty"
    ):
        channel.queue_delete(queue, if_empty=True)


def test_if_unused_and_if_empty_let_an_idle_queue_go(channel, connection, name):
    queue = name()
    channel.queue_declare(queue)
    channel.queue_delete(queue, if_unused=True, if_empty=True)
    assert not exists(connection, queue)


@pytest.mark.rule(64)
def test_purge_removes_the_ready_and_leaves_the_unacked(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a", "b", "c")
    wait_ready(channel, queue, 3)
    unacked = get(channel, queue)[0]
    assert channel.queue_purge(queue).method.message_count == 2
    channel.basic_nack(unacked.delivery_tag, requeue=True)
    assert get(channel, queue, auto_ack=True)[2] == b"a"
    assert is_empty(channel, queue)


def test_purging_an_absent_queue_is_404(channel, name):
    queue = name()
    with closes_channel(channel, 404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        channel.queue_purge(queue)


@pytest.mark.rule(64)
def test_neither_purge_nor_delete_dead_letters(channel, name):
    dead, queue = name("dead"), name()
    channel.queue_declare(dead)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    channel.queue_declare(queue, arguments=arguments)
    put(channel, queue, "a")
    wait_ready(channel, queue, 1)
    channel.queue_purge(queue)
    put(channel, queue, "b")
    wait_ready(channel, queue, 1)
    channel.queue_delete(queue)
    put(channel, dead, "last")
    assert get(channel, dead, auto_ack=True)[2] == b"last"
