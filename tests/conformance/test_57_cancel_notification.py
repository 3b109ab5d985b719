"""The server's cancel when a queue goes, for clients that announced that they understand it."""

import pytest
from pika import spec

from support import frames


def _consume(client, channel, queue, tag):
    client.send(channel, spec.Basic.Consume(queue=queue, consumer_tag=tag))
    client.expect(channel, spec.Basic.ConsumeOk)


@pytest.mark.rule(51)
def test_deleting_a_queue_cancels_its_consumers(raw, channel, name):
    client, queue = raw(), name()
    channel.queue_declare(queue)
    _consume(client, 1, queue, "t")
    channel.queue_delete(queue)
    cancel = client.expect(1, spec.Basic.Cancel)
    assert (cancel.consumer_tag, cancel.nowait) == ("t", True)
    client.expect_nothing_before(1)


@pytest.mark.rule(51)
def test_the_tag_is_free_afterwards(raw, channel, name):
    client, queue = raw(), name()
    channel.queue_declare(queue)
    _consume(client, 1, queue, "t")
    channel.queue_delete(queue)
    client.expect(1, spec.Basic.Cancel)
    channel.queue_declare(queue)
    _consume(client, 1, queue, "t")


@pytest.mark.rule(51)
def test_a_client_that_did_not_announce_it_hears_nothing(raw, channel, name):
    silent = {key: on for key, on in frames.CAPABILITIES.items() if key != "consumer_cancel_notify"}
    client, queue = raw(capabilities=silent), name()
    channel.queue_declare(queue)
    _consume(client, 1, queue, "t")
    channel.queue_delete(queue)
    client.expect_nothing_before(1)


def test_pika_calls_back(channel, connection, name):
    queue = name()
    cancelled = []
    channel.queue_declare(queue)
    channel.add_on_cancel_callback(cancelled.append)
    tag = channel.basic_consume(queue, lambda *_: None)
    connection.channel().queue_delete(queue)
    while not cancelled:
        connection.process_data_events(time_limit=0.02)
    assert cancelled[0].method.consumer_tag == tag
