"""Declaring queues: the answer's figures, passive, nowait, names."""

import re

import pytest
from pika import spec

from support.amqp import Collector, closes_channel, exists, get, put, wait_ready


@pytest.mark.rule(13)
def test_the_answer_counts_ready_messages_and_consumers(channel, name):
    queue = name()
    declared = channel.queue_declare(queue).method
    assert (declared.queue, declared.message_count, declared.consumer_count) == (queue, 0, 0)
    put(channel, queue, "a", "b", "c")
    wait_ready(channel, queue, 3)
    get(channel, queue)
    Collector(channel, queue, auto_ack=False)
    declared = channel.queue_declare(queue, passive=True).method
    assert (declared.message_count, declared.consumer_count) == (0, 1)


@pytest.mark.rule(13)
def test_unacked_messages_are_not_counted(confirming, name):
    queue = name()
    confirming.queue_declare(queue)
    put(confirming, queue, "a", "b")
    get(confirming, queue)
    assert confirming.queue_declare(queue).method.message_count == 1


@pytest.mark.rule(13)
def test_passive_declare_of_an_absent_queue_is_404(channel, name):
    queue = name()
    with closes_channel(channel, 404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        channel.queue_declare(queue, passive=True)


@pytest.mark.rule(13)
def test_passive_declare_ignores_the_other_properties(channel, name):
    queue = name()
    channel.queue_declare(queue, durable=False)
    channel.queue_declare(
        queue, passive=True, durable=True, auto_delete=True, arguments={"x-message-ttl": 1}
    )


@pytest.mark.rule(14)
def test_nowait_has_no_answer_but_works(raw, connection, name):
    client = raw()
    queue = name()
    client.send(1, spec.Queue.Declare(queue=queue, nowait=True))
    client.expect_nothing_before(1)
    assert exists(connection, queue)


@pytest.mark.rule(14)
def test_an_error_of_a_nowait_declare_still_closes_the_channel(raw, name):
    client = raw()
    queue = name()
    client.send(1, spec.Queue.Declare(queue=queue, nowait=True))
    client.send(1, spec.Queue.Declare(queue=queue, durable=True, nowait=True))
    client.expect_channel_close(1, 406, re.compile("inequivalent arg 'durable'"))


@pytest.mark.rule(12)
def test_line_breaks_in_names_are_dropped(raw, connection, name):
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue + "\r\n"))
    assert client.expect(1, spec.Queue.DeclareOk).queue == queue
    assert exists(connection, queue)


def test_a_name_of_255_bytes_works(channel):
    queue = "n" * 255
    channel.queue_declare(queue, exclusive=True)
    put(channel, queue, "x")
    assert get(channel, queue)[2] == b"x"
