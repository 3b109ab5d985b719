"""Publishing to a queue that is full and refuses: what the publisher hears."""

import pytest
from pika import exceptions, spec

from support.amqp import get, is_empty, put, ready, take, wait_ready


@pytest.fixture
def full(channel, name):
    """A queue with room for one message, which is there."""

    def full(overflow="reject-publish", **arguments):
        queue = name("full")
        arguments = {"x-max-length": 1, "x-overflow": overflow, **arguments}
        channel.queue_declare(queue, arguments=arguments)
        put(channel, queue, "first")
        wait_ready(channel, queue, 1)
        return queue

    return full


@pytest.mark.rule(25)
def test_a_refused_message_is_nacked(confirming, full):
    queue = full()
    with pytest.raises(exceptions.NackError):
        confirming.basic_publish("", queue, b"second")
    assert take(confirming, queue, 1) == ["first"]
    assert is_empty(confirming, queue)
    confirming.basic_publish("", queue, b"third")
    assert take(confirming, queue, 1) == ["third"]


@pytest.mark.rule(25)
def test_one_refusing_queue_of_several_makes_one_nack(raw, channel, full, name):
    """The other queue keeps the message, and there is no ack beside the nack."""
    queue, other, exchange = full(), name("other"), name("e")
    channel.exchange_declare(exchange, "fanout")
    channel.queue_declare(other)
    for each in (queue, other):
        channel.queue_bind(each, exchange)
    client = raw()
    client.send(1, spec.Confirm.Select())
    client.expect(1, spec.Confirm.SelectOk)
    client.publish(1, exchange, "", b"second")
    nack = client.expect(1, spec.Basic.Nack)
    assert nack.delivery_tag == 1
    client.expect_nothing_before(1)
    assert take(channel, other, 1) == ["second"]
    assert take(channel, queue, 1) == ["first"]


@pytest.mark.rule(22)
def test_a_refused_mandatory_message_is_nacked_and_not_returned(raw, full):
    client = raw()
    client.send(1, spec.Confirm.Select())
    client.expect(1, spec.Confirm.SelectOk)
    client.publish(1, "", full(), b"second", mandatory=True)
    client.expect(1, spec.Basic.Nack)
    client.expect_nothing_before(1)


@pytest.mark.rule(61)
def test_without_confirms_a_refused_message_is_lost_in_silence(channel, full):
    queue = full()
    put(channel, queue, "second")
    assert ready(channel, queue) == 1
    assert take(channel, queue, 1) == ["first"]
    assert is_empty(channel, queue)


@pytest.mark.rule(61)
def test_a_refused_message_may_be_dead_lettered(confirming, full, name):
    """By reject-publish-dlx; it is nacked all the same."""
    dead = name("dead")
    confirming.queue_declare(dead)
    queue = full(
        "reject-publish-dlx",
        **{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead},
    )
    with pytest.raises(exceptions.NackError):
        confirming.basic_publish("", queue, b"second")
    _, properties, body = get(confirming, dead, auto_ack=True)
    assert body == b"second"
    assert properties.headers["x-death"][0]["reason"] == "maxlen"
    assert take(confirming, queue, 1) == ["first"]


@pytest.mark.rule(26)
def test_a_queue_deleted_right_after_the_publish_confirms_it(raw, name):
    client = raw()
    queue = name()
    client.send(1, spec.Queue.Declare(queue=queue, durable=True))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Confirm.Select())
    client.expect(1, spec.Confirm.SelectOk)
    client.publish(1, "", queue, b"x", spec.BasicProperties(delivery_mode=2))
    client.send(1, spec.Queue.Delete(queue=queue))
    answers = [client.receive().method for _ in range(2)]
    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds == ["Ack", "DeleteOk"]
