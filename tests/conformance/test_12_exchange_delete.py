"""The end of exchanges: delete, if-unused, auto-delete."""

import pytest

from support import wait
from support.amqp import closes_channel, exchange_exists, is_empty


def test_a_deleted_exchange_is_gone_with_its_bindings(channel, connection, name):
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "fanout")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange)
    channel.exchange_delete(exchange)
    assert not exchange_exists(connection, exchange)
    channel.exchange_declare(exchange, "fanout")
    channel.basic_publish(exchange, "", b"lost")
    assert is_empty(channel, queue)


@pytest.mark.rule(15)
def test_deleting_an_absent_exchange_is_fine(channel, name):
    channel.exchange_delete(name())


@pytest.mark.rule(15)
def test_if_unused_protects_an_exchange_with_bindings(channel, name):
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "fanout")
    channel.queue_declare(queue)
    channel.queue_bind(queue, exchange)
    with closes_channel(
        channel, 406, f"PRECONDITION_FAILED - exchange '{exchange}' in vhost '/' in use"
    ):
        channel.exchange_delete(exchange, if_unused=True)


def test_if_unused_deletes_an_exchange_without_bindings(channel, connection, name):
    exchange = name()
    channel.exchange_declare(exchange, "fanout")
    channel.exchange_delete(exchange, if_unused=True)
    assert not exchange_exists(connection, exchange)


@pytest.mark.rule(66)
def test_an_auto_delete_exchange_goes_with_its_last_binding(channel, connection, name):
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "direct", auto_delete=True)
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "a")
    channel.queue_bind(queue, exchange, "b")
    channel.queue_unbind(queue, exchange, "a")
    assert exchange_exists(connection, exchange)
    channel.queue_unbind(queue, exchange, "b")
    assert not exchange_exists(connection, exchange)


@pytest.mark.rule(66)
def test_an_auto_delete_exchange_goes_with_its_last_queue(channel, connection, name):
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "direct", auto_delete=True)
    channel.queue_declare(queue)
    channel.queue_bind(queue, exchange, "a")
    channel.queue_delete(queue)
    wait.until(lambda: not exchange_exists(connection, exchange), "the exchange's end")


@pytest.mark.rule(66)
def test_an_auto_delete_exchange_never_bound_stays(channel, connection, name):
    exchange = name()
    channel.exchange_declare(exchange, "direct", auto_delete=True)
    connection.channel().close()
    assert exchange_exists(connection, exchange)
