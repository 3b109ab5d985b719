"""Direct reply-to: answers without a queue."""

import re

import pika
import pytest

from support.amqp import Collector, closes_channel, get, put

REPLY = "amq.rabbitmq.reply-to"


@pytest.fixture(autouse=True)
def announced(needs):
    needs("direct_reply_to")


@pytest.mark.rule(58)
def test_a_question_is_answered(connect, name):
    queue = name()
    client, server = connect().channel(), connect().channel()
    server.queue_declare(queue)
    answers = Collector(client, REPLY, auto_ack=True)
    put(client, queue, "ping", properties=pika.BasicProperties(reply_to=REPLY, correlation_id="1"))
    _, question, body = get(server, queue, auto_ack=True)
    assert question.reply_to.startswith(REPLY + ".")
    properties = pika.BasicProperties(correlation_id=question.correlation_id)
    put(server, question.reply_to, body.decode() + "-pong", properties=properties)
    _, properties, body = answers.wait(1)[0]
    assert (properties.correlation_id, body) == ("1", b"ping-pong")


@pytest.mark.rule(58)
def test_replies_cannot_be_acknowledged(channel):
    with closes_channel(channel, 406, "PRECONDITION_FAILED - reply consumer cannot acknowledge"):
        channel.basic_consume(REPLY, lambda *_: None, auto_ack=False)


@pytest.mark.rule(58)
def test_asking_needs_a_reply_consumer(channel, name):
    with closes_channel(channel, 406, "PRECONDITION_FAILED - fast reply consumer does not exist"):
        put(channel, name(), "x", properties=pika.BasicProperties(reply_to=REPLY))


def test_there_is_one_reply_consumer_a_channel(channel):
    Collector(channel, REPLY, auto_ack=True)
    with closes_channel(channel, 406, re.compile("reply consumer already set")):
        channel.basic_consume(REPLY, lambda *_: None, auto_ack=True)


def test_the_reply_consumer_is_the_channels_own(connection, name):
    """Rule 58: asking on one channel and waiting on another does not work."""
    asking, waiting = connection.channel(), connection.channel()
    Collector(waiting, REPLY, auto_ack=True)
    with closes_channel(asking, 406, "PRECONDITION_FAILED - fast reply consumer does not exist"):
        put(asking, name(), "x", properties=pika.BasicProperties(reply_to=REPLY))


def test_an_answer_to_nobody_is_unroutable(confirming):
    """Rule 58: a mandatory one comes back."""
    with pytest.raises(pika.exceptions.UnroutableError):
        confirming.basic_publish("", REPLY + ".gone", b"late", mandatory=True)
