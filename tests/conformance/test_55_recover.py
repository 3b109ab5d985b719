"""basic.recover."""

import pytest
from pika import spec

from support.amqp import Collector, closes_connection, get, put, take, wait_ready


@pytest.mark.rule(47)
def test_recover_requeues_all_of_the_channels_unacked(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a", "b", "c")
    for _ in range(3):
        get(channel, queue)
    channel.basic_ack(2)
    channel.basic_recover(requeue=True)
    wait_ready(channel, queue, 2)
    assert take(channel, queue, 2) == ["a", "c"]


@pytest.mark.rule(47)
def test_recovered_messages_are_redelivered_to_the_consumer(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a", "b")
    collector = Collector(channel, queue)
    collector.wait(2)
    channel.basic_recover(requeue=True)
    collector.wait(4)
    assert collector.bodies == ["a", "b", "a", "b"]
    assert [method.redelivered for method, _, _ in collector.messages] == [False, False, True, True]
    assert [method.delivery_tag for method, _, _ in collector.messages] == [1, 2, 3, 4]


@pytest.mark.rule(47)
def test_the_asynchronous_form_has_no_answer(raw, name):
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect(1, spec.Queue.DeclareOk)
    client.publish(1, "", queue, b"a")
    client.send(1, spec.Basic.Consume(queue=queue))
    client.expect(1, spec.Basic.ConsumeOk)
    client.expect_content(1, spec.Basic.Deliver)
    client.send(1, spec.Basic.RecoverAsync(requeue=True))
    assert client.expect_content(1, spec.Basic.Deliver)[0].redelivered is True


@pytest.mark.rule(47)
def test_recover_without_requeue_is_540(channel):
    with closes_connection(channel, 540, "NOT_IMPLEMENTED - requeue=false"):
        channel.basic_recover(requeue=False)
