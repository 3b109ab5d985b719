"""What may not be published."""

import re

import pika
import pytest
from pika import spec

from support.amqp import closes_channel, get, put


@pytest.mark.rule(19)
def test_to_an_absent_exchange_is_404(channel, name):
    exchange = name()
    with closes_channel(channel, 404, f"NOT_FOUND - no exchange '{exchange}' in vhost '/'"):
        channel.basic_publish(exchange, "k", b"x")


@pytest.mark.rule(19)
def test_to_an_internal_exchange_is_403(channel, name):
    exchange = name()
    channel.exchange_declare(exchange, "fanout", internal=True)
    with closes_channel(
        channel,
        403,
        f"ACCESS_REFUSED - cannot publish to internal exchange '{exchange}' in vhost '/'",
    ):
        channel.basic_publish(exchange, "k", b"x")


@pytest.mark.rule(20)
def test_immediate_is_540(raw, name):
    client = raw()
    client.send(1, spec.Basic.Publish(routing_key=name(), immediate=True))
    client.send_header(1, 0)
    client.expect_connection_close(540, "NOT_IMPLEMENTED - immediate=true")


@pytest.mark.rule(29)
@pytest.mark.parametrize("expiration", ["soon", "-1", "1.5", "", "10 ", "99999999999999"])
def test_an_expiration_that_is_no_number_of_ms_is_406(channel, name, expiration):
    queue = name()
    channel.queue_declare(queue)
    with closes_channel(channel, 406, re.compile("^PRECONDITION_FAILED - invalid expiration")):
        put(channel, queue, "x", properties=pika.BasicProperties(expiration=expiration))


@pytest.mark.rule(30)
def test_the_user_id_must_be_the_publishers(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "mine", properties=pika.BasicProperties(user_id="guest"))
    assert get(channel, queue, auto_ack=True)[1].user_id == "guest"
    with closes_channel(
        channel,
        406,
        "PRECONDITION_FAILED - user_id property set to 'admin' but authenticated user was 'guest'",
    ):
        put(channel, queue, "x", properties=pika.BasicProperties(user_id="admin"))


def test_what_was_published_before_the_refusal_is_kept(channel, connection, name):
    queue = name()
    channel.queue_declare(queue)
    with closes_channel(channel, 404):
        put(channel, queue, "kept")
        channel.basic_publish(name("absent"), "k", b"x")
        put(channel, queue, "ignored")
    other = connection.channel()
    assert get(other, queue, auto_ack=True)[2] == b"kept"
    put(other, queue, "last")
    assert get(other, queue, auto_ack=True)[2] == b"last"
