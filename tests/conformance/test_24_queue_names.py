"""Names that the server makes or remembers."""

import re

import pytest

from support.amqp import closes_channel, get, is_empty, put

NO_QUEUE = "NOT_FOUND - no previously declared queue"


@pytest.mark.rule(11)
def test_an_empty_name_is_filled_by_the_server(channel):
    first = channel.queue_declare("", exclusive=True).method.queue
    second = channel.queue_declare("", exclusive=True).method.queue
    assert re.fullmatch(r"amq\.gen-[A-Za-z0-9_-]{22}", first)
    assert first != second


@pytest.mark.rule(11)
def test_an_empty_name_means_the_queue_declared_last_on_the_channel(channel, name):
    channel.queue_declare(name("first"), exclusive=True)
    last = name("last")
    channel.queue_declare(last, exclusive=True)
    put(channel, last, "x", "y")
    assert get(channel, "", auto_ack=True)[2] == b"x"
    assert channel.queue_purge("").method.message_count == 1
    channel.basic_consume("", lambda *_: None)
    channel.queue_delete("")
    with closes_channel(channel, 404, f"NOT_FOUND - no queue '{last}' in vhost '/'"):
        channel.queue_declare(last, passive=True)


@pytest.mark.rule(11)
def test_a_passive_declare_is_remembered_too(channel, connection, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "x")
    other = connection.channel()
    other.queue_declare(queue, passive=True)
    assert get(other, "", auto_ack=True)[2] == b"x"


@pytest.mark.rule(11)
def test_binding_an_empty_name_with_an_empty_key_uses_the_name_as_key(channel, name):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind("", "amq.direct", "")
    channel.basic_publish("amq.direct", queue, b"x")
    assert get(channel, queue)[2] == b"x"


@pytest.mark.rule(11)
def test_binding_a_given_name_with_an_empty_key_keeps_the_empty_key(channel, name):
    queue, exchange = name(), name("x")
    channel.exchange_declare(exchange, "direct")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "")
    channel.basic_publish(exchange, queue, b"lost")
    channel.basic_publish(exchange, "", b"x")
    assert get(channel, queue, auto_ack=True)[2] == b"x"
    assert is_empty(channel, queue)


@pytest.mark.rule(11)
def test_get_without_a_declared_queue_is_404(channel):
    with closes_channel(channel, 404, NO_QUEUE):
        channel.basic_get("")


@pytest.mark.rule(11)
def test_bind_without_a_declared_queue_is_404(channel):
    with closes_channel(channel, 404, NO_QUEUE):
        channel.queue_bind("", "amq.direct", "k")


@pytest.mark.rule(11)
def test_consume_without_a_declared_queue_is_404(channel):
    with closes_channel(channel, 404, NO_QUEUE):
        channel.basic_consume("", lambda *_: None)
