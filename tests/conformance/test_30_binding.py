"""Bindings from exchanges to queues."""

import pytest

from support.amqp import closes_channel, get, is_empty, put, take


def test_binding_twice_is_one_binding(channel, name):
    queue, exchange = name(), name("x")
    channel.exchange_declare(exchange, "direct")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "k")
    channel.queue_bind(queue, exchange, "k")
    channel.basic_publish(exchange, "k", b"once")
    assert get(channel, queue, auto_ack=True)[2] == b"once"
    assert is_empty(channel, queue)
    channel.queue_unbind(queue, exchange, "k")
    channel.basic_publish(exchange, "k", b"lost")
    assert is_empty(channel, queue)


def test_bindings_with_other_arguments_are_others(channel, name):
    queue, exchange = name(), name("x")
    channel.exchange_declare(exchange, "direct")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "k", arguments={"a": 1})
    channel.queue_bind(queue, exchange, "k", arguments={"a": 2})
    channel.queue_unbind(queue, exchange, "k", arguments={"a": 1})
    channel.basic_publish(exchange, "k", b"still")
    assert get(channel, queue, auto_ack=True)[2] == b"still"


@pytest.mark.rule(15)
def test_binding_to_an_absent_exchange_is_404(channel, name):
    queue, exchange = name(), name("x")
    channel.queue_declare(queue, exclusive=True)
    with closes_channel(channel, 404, f"NOT_FOUND - no exchange '{exchange}' in vhost '/'"):
        channel.queue_bind(queue, exchange, "k")


@pytest.mark.rule(15)
def test_binding_an_absent_queue_is_404(channel, name):
    queue = name()
    with closes_channel(channel, 404, f"NOT_FOUND - no queue '{queue}' in vhost '/'"):
        channel.queue_bind(queue, "amq.direct", "k")


@pytest.mark.rule(15)
def test_unbinding_what_is_not_bound_is_fine(channel, name):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    channel.queue_unbind(queue, "amq.direct", "never")


@pytest.mark.rule(15)
def test_unbinding_from_or_to_what_does_not_exist_is_fine(channel, name):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    channel.queue_unbind(queue, name("absent"), "k")
    channel.queue_unbind(name("absent"), "amq.direct", "k")
    channel.exchange_unbind("amq.fanout", name("absent"), "k")
    channel.exchange_unbind(name("absent"), "amq.fanout", "k")


@pytest.mark.rule(15)
def test_binding_an_absent_exchange_to_an_exchange_is_404(connection, name, needs):
    needs("exchange_exchange_bindings")
    absent = name("absent")
    for target, source in ((absent, "amq.fanout"), ("amq.fanout", absent)):
        channel = connection.channel()
        with closes_channel(channel, 404, f"NOT_FOUND - no exchange '{absent}' in vhost '/'"):
            channel.exchange_bind(target, source, "k")


@pytest.mark.rule(33)
def test_a_queue_gets_one_copy_however_many_exchanges_lead_to_it(channel, name, needs):
    """Exchanges bound in a circle are asked once each."""
    needs("exchange_exchange_bindings")
    first, second, queue = name("first"), name("second"), name()
    for exchange in (first, second):
        channel.exchange_declare(exchange, "fanout")
    channel.queue_declare(queue, exclusive=True)
    for exchange in (first, second):
        channel.queue_bind(queue, exchange)
    channel.exchange_bind(first, second)
    channel.exchange_bind(second, first)
    channel.basic_publish(first, "", b"once")
    put(channel, queue, "last")
    assert take(channel, queue, 2) == ["once", "last"]


@pytest.mark.rule(10)
def test_every_queue_is_bound_to_the_default_exchange_by_its_name(channel, name):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    put(channel, queue, "x")
    method, _, body = get(channel, queue, auto_ack=True)
    assert (method.exchange, method.routing_key, body) == ("", queue, b"x")


@pytest.mark.rule(87)
def test_an_exchange_can_be_bound_to_an_exchange(channel, name, needs):
    needs("exchange_exchange_bindings")
    source, target, queue = name("source"), name("target"), name()
    channel.exchange_declare(source, "topic")
    channel.exchange_declare(target, "fanout")
    channel.queue_declare(queue, exclusive=True)
    channel.exchange_bind(target, source, "jobs.#")
    channel.queue_bind(queue, target)
    channel.basic_publish(source, "jobs.video", b"yes")
    channel.basic_publish(source, "mail.video", b"no")
    channel.exchange_unbind(target, source, "jobs.#")
    channel.basic_publish(source, "jobs.video", b"no")
    put(channel, queue, "last")
    assert take(channel, queue, 2) == ["yes", "last"]
