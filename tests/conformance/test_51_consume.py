"""Consuming: deliveries, order, no-ack, no-local."""

import pytest
from pika import spec

from support.amqp import Collector, closes_channel, put, ready, wait_ready


def test_a_delivery_carries_where_it_came_from(channel, name):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, "amq.topic", "jobs.#")
    collector = Collector(channel, queue)
    channel.basic_publish("amq.topic", "jobs.video", b"x")
    method, _, body = collector.wait(1)[0]
    assert (method.exchange, method.routing_key, body) == ("amq.topic", "jobs.video", b"x")
    assert (method.consumer_tag, method.delivery_tag) == (collector.tag, 1)
    assert method.redelivered is False


def test_messages_come_in_the_order_of_publishing(channel, name):
    queue = name()
    channel.queue_declare(queue)
    bodies = [str(number) for number in range(1000)]
    put(channel, queue, *bodies[:500])
    collector = Collector(channel, queue, auto_ack=True)
    put(channel, queue, *bodies[500:])
    collector.wait(1000)
    assert collector.bodies == bodies
    assert [method.delivery_tag for method, _, _ in collector.messages] == list(range(1, 1001))


def test_without_acks_a_message_is_gone_when_sent(connect, channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a")
    consumer = connect()
    Collector(consumer.channel(), queue, auto_ack=True).wait(1)
    consumer.close()
    assert ready(channel, queue) == 0


def test_consuming_an_absent_queue_is_404(channel, name):
    queue = name()
    with closes_channel(channel, 404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        channel.basic_consume(queue, lambda *_: None)


@pytest.mark.rule(54)
def test_no_local_is_accepted_and_ignored(raw, name):
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Basic.Consume(queue=queue, no_local=True))
    client.expect(1, spec.Basic.ConsumeOk)
    client.publish(1, "", queue, b"mine")
    assert client.expect_content(1, spec.Basic.Deliver)[2] == b"mine"


def test_nowait_has_no_answer_but_delivers(raw, name):
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Basic.Consume(queue=queue, consumer_tag="t", nowait=True))
    client.publish(1, "", queue, b"x")
    assert client.expect_content(1, spec.Basic.Deliver)[0].consumer_tag == "t"


def test_consumers_of_a_closed_connection_are_gone(connect, channel, name):
    queue = name()
    channel.queue_declare(queue)
    consumer = connect()
    Collector(consumer.channel(), queue)
    assert channel.queue_declare(queue, passive=True).method.consumer_count == 1
    consumer.close()
    put(channel, queue, "x")
    wait_ready(channel, queue, 1)
    assert channel.queue_declare(queue, passive=True).method.consumer_count == 0
