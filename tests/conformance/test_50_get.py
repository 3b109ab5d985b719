"""basic.get: one message when asked."""

import pytest
from pika import spec

from support.amqp import Collector, closes_channel, get, put, wait_ready


def test_the_answer_tells_how_many_are_left(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a", "b", "c")
    wait_ready(channel, queue, 3)
    method, _, body = channel.basic_get(queue)
    assert (method.message_count, method.redelivered, body) == (2, False, b"a")
    assert (method.exchange, method.routing_key) == ("", queue)


@pytest.mark.rule(52)
def test_an_empty_queue_is_no_error(raw, name):
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Basic.Get(queue=queue))
    client.expect(1, spec.Basic.GetEmpty)


def test_an_absent_queue_is_404(channel, name):
    queue = name()
    with closes_channel(channel, 404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        channel.basic_get(queue)


@pytest.mark.rule(42)
def test_prefetch_does_not_limit_it(channel, name):
    queue = name()
    channel.queue_declare(queue)
    channel.basic_qos(prefetch_count=1)
    put(channel, queue, "a", "b")
    get(channel, queue)
    assert get(channel, queue)[2] == b"b"


@pytest.mark.rule(36)
def test_get_and_deliver_share_one_row_of_tags(channel, name):
    first, second = name("1"), name("2")
    channel.queue_declare(first)
    channel.queue_declare(second)
    put(channel, first, "a", "c")
    put(channel, second, "b")
    assert get(channel, first)[0].delivery_tag == 1
    collector = Collector(channel, second, auto_ack=True)
    assert collector.wait(1)[0][0].delivery_tag == 2
    assert get(channel, first)[0].delivery_tag == 3


def test_a_quorum_queue_with_a_single_active_consumer_has_none(channel, name):
    """Rule 52."""
    queue = name()
    arguments = {"x-queue-type": "quorum", "x-single-active-consumer": True}
    channel.queue_declare(queue, durable=True, arguments=arguments)
    with closes_channel(
        channel,
        405,
        f"RESOURCE_LOCKED - cannot obtain access to locked queue '{queue}' in vhost '/'. basic.get "
        "operations are not supported by quorum queues with single active consumer",
    ):
        channel.basic_get(queue)


def test_a_classic_queue_with_a_single_active_consumer_allows_it(channel, name):
    """Rule 52."""
    queue = name()
    channel.queue_declare(queue, arguments={"x-single-active-consumer": True})
    put(channel, queue, "a")
    assert get(channel, queue)[2] == b"a"
