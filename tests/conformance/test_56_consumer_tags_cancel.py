"""Consumer tags, and cancelling by the client."""

import re

import pytest
from pika import spec

from support.amqp import put, take, wait_ready


def _consuming(client, queue, tag="t"):
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Basic.Consume(queue=queue, consumer_tag=tag))
    return client.expect(1, spec.Basic.ConsumeOk).consumer_tag


@pytest.mark.rule(48)
def test_a_tag_in_use_on_the_channel_is_530(raw, name):
    client, queue = raw(), name()
    _consuming(client, queue)
    client.send(1, spec.Basic.Consume(queue=queue, consumer_tag="t"))
    client.expect_connection_close(530, "NOT_ALLOWED - attempt to reuse consumer tag 't'")


@pytest.mark.rule(48)
def test_the_same_tag_on_another_channel_is_fine(raw, name):
    client, queue = raw(channels=2), name()
    _consuming(client, queue)
    client.send(2, spec.Basic.Consume(queue=queue, consumer_tag="t"))
    assert client.expect(2, spec.Basic.ConsumeOk).consumer_tag == "t"


def test_a_cancelled_tag_is_free_again(raw, name):
    client, queue = raw(), name()
    for _ in range(2):
        _consuming(client, queue)
        client.send(1, spec.Basic.Cancel("t"))
        assert client.expect(1, spec.Basic.CancelOk).consumer_tag == "t"


@pytest.mark.rule(48)
def test_an_empty_tag_is_filled_by_the_server(raw, name):
    assert re.fullmatch(r"amq\.ctag-[A-Za-z0-9_-]{22}", _consuming(raw(), name(), tag=""))


@pytest.mark.rule(49)
def test_cancelling_an_unknown_tag_is_answered(raw):
    client = raw()
    client.send(1, spec.Basic.Cancel("unknown"))
    assert client.expect(1, spec.Basic.CancelOk).consumer_tag == "unknown"


@pytest.mark.rule(49)
def test_nothing_is_delivered_after_cancel_ok(raw, channel, name):
    client, queue = raw(), name()
    _consuming(client, queue)
    client.send(1, spec.Basic.Cancel("t"))
    client.expect(1, spec.Basic.CancelOk)
    put(channel, queue, "x")
    wait_ready(channel, queue, 1)
    client.expect_nothing_before(1)


@pytest.mark.rule(49)
def test_unacked_messages_stay_with_the_channel_after_cancel(raw, channel, name):
    client, queue = raw(), name()
    _consuming(client, queue)
    client.publish(1, "", queue, b"x")
    tag = client.expect_content(1, spec.Basic.Deliver)[0].delivery_tag
    client.send(1, spec.Basic.Cancel("t"))
    client.expect(1, spec.Basic.CancelOk)
    assert channel.queue_declare(queue, passive=True).method.message_count == 0
    client.send(1, spec.Basic.Reject(delivery_tag=tag, requeue=True))
    wait_ready(channel, queue, 1)
    assert take(channel, queue, 1) == ["x"]
