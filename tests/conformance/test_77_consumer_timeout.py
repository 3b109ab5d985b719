"""A consumer that holds a message for too long, as RabbitMQ 4.3 treats it (rule 53).

RabbitMQ 3.10 closes the channel, and only when the whole broker is set so: there is no argument.
"""

import re

import pytest
from pika import spec

from support import wait
from support.amqp import get, put, ready, synchronise

pytestmark = pytest.mark.leveret_only("consumer-timeout")

TIMEOUT = {"x-consumer-timeout": 50}


@pytest.fixture
def cancelled(channel):
    """The tags of consumers that the server has cancelled."""
    tags = []
    channel.add_on_cancel_callback(lambda method: tags.append(method.method.consumer_tag))
    return tags


def wait_cancelled(channel, cancelled, tag):
    def is_cancelled():
        channel.connection.process_data_events(0.01)
        return tag in cancelled

    wait.until(is_cancelled, f"cancellation of {tag}")


@pytest.mark.rule(53)
def test_the_message_goes_back_the_consumer_is_cancelled_and_the_channel_lives(
    channel, cancelled, name
):
    queue = name()
    channel.queue_declare(queue, arguments=TIMEOUT)
    put(channel, queue, "slow")
    tag = channel.basic_consume(queue, lambda *_: None)
    wait_cancelled(channel, cancelled, tag)
    assert channel.is_open
    method, _, body = get(channel, queue)
    assert (method.redelivered, body) == (True, b"slow")


@pytest.mark.rule(53)
def test_settling_it_late_is_ignored(channel, cancelled, name):
    queue = name()
    channel.queue_declare(queue, arguments=TIMEOUT)
    put(channel, queue, "slow")
    tags = []
    tag = channel.basic_consume(queue, lambda _, method, *__: tags.append(method.delivery_tag))
    wait_cancelled(channel, cancelled, tag)
    channel.basic_ack(tags[0])
    synchronise(channel)
    assert ready(channel, queue) == 1


@pytest.mark.rule(53)
def test_the_consumers_own_argument_goes_first(channel, cancelled, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "slow")
    tag = channel.basic_consume(queue, lambda *_: None, arguments=TIMEOUT)
    wait_cancelled(channel, cancelled, tag)
    assert ready(channel, queue) == 1


@pytest.mark.rule(53)
def test_other_consumers_of_the_channel_go_on(channel, cancelled, name):
    slow, quick = name("slow"), name("quick")
    channel.queue_declare(slow, arguments=TIMEOUT)
    channel.queue_declare(quick)
    put(channel, slow, "1")
    bodies = []

    def work(_, method, __, body):
        bodies.append(body)
        channel.basic_ack(method.delivery_tag)

    late = channel.basic_consume(slow, lambda *_: None)
    channel.basic_consume(quick, work)
    wait_cancelled(channel, cancelled, late)
    put(channel, quick, "2")
    wait.until(lambda: channel.connection.process_data_events(0.01) or bodies == [b"2"], "the other")


@pytest.mark.rule(53)
def test_a_client_that_cannot_be_told_has_its_channel_closed(raw, name):
    """As RabbitMQ 4.3.7."""
    queue = name()
    client = raw(capabilities={})
    client.send(1, spec.Queue.Declare(queue=queue, arguments=TIMEOUT))
    client.expect(1, spec.Queue.DeclareOk)
    client.publish(1, "", queue, b"slow")
    client.send(1, spec.Basic.Consume(queue=queue))
    client.expect(1, spec.Basic.ConsumeOk)
    client.expect_content(1, spec.Basic.Deliver)
    text = re.compile("delivery acknowledgement on channel 1 timed out. Timeout value used: 50 ms")
    client.expect_channel_close(1, 406, text)
