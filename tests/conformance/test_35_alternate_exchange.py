"""Alternate exchanges: where an exchange sends what it cannot route."""

import pytest
from pika import exceptions

from support.amqp import closes_channel, is_empty, put, take, wait_ready


@pytest.fixture
def rest(channel, name):
    """A fanout exchange with a queue behind it: (exchange, queue)."""
    exchange, queue = name("rest"), name("rest-queue")
    channel.exchange_declare(exchange, "fanout")
    channel.queue_declare(queue)
    channel.queue_bind(queue, exchange)
    return exchange, queue


def test_it_takes_what_is_not_routed_and_nothing_else(channel, name, rest):
    exchange, queue = name("e"), name("q")
    channel.exchange_declare(exchange, "direct", arguments={"alternate-exchange": rest[0]})
    channel.queue_declare(queue)
    channel.queue_bind(queue, exchange, "known")
    channel.basic_publish(exchange, "known", b"routed")
    channel.basic_publish(exchange, "other", b"rest")
    assert take(channel, rest[1], 1) == ["rest"]
    assert take(channel, queue, 1) == ["routed"]
    assert is_empty(channel, rest[1])


@pytest.mark.rule(22)
def test_what_it_routes_is_not_returned(confirming, name, rest):
    exchange = name("e")
    confirming.exchange_declare(exchange, "direct", arguments={"alternate-exchange": rest[0]})
    confirming.basic_publish(exchange, "k", b"x", mandatory=True)
    assert take(confirming, rest[1], 1) == ["x"]


@pytest.mark.rule(22)
def test_what_it_cannot_route_either_is_returned(confirming, name):
    exchange, empty = name("e"), name("empty")
    confirming.exchange_declare(empty, "fanout")
    confirming.exchange_declare(exchange, "direct", arguments={"alternate-exchange": empty})
    with pytest.raises(exceptions.UnroutableError):
        confirming.basic_publish(exchange, "k", b"x", mandatory=True)


def test_it_may_have_an_alternate_exchange_of_its_own(channel, name, rest):
    first, second = name("first"), name("second")
    channel.exchange_declare(second, "topic", arguments={"alternate-exchange": rest[0]})
    channel.exchange_declare(first, "direct", arguments={"alternate-exchange": second})
    channel.basic_publish(first, "k", b"x")
    assert take(channel, rest[1], 1) == ["x"]


def test_exchanges_in_a_circle_end_nowhere(confirming, name):
    first, second = name("first"), name("second")
    confirming.exchange_declare(first, "direct", arguments={"alternate-exchange": second})
    confirming.exchange_declare(second, "direct", arguments={"alternate-exchange": first})
    with pytest.raises(exceptions.UnroutableError):
        confirming.basic_publish(first, "k", b"x", mandatory=True)


def test_one_that_does_not_exist_is_as_none(confirming, name):
    exchange = name("e")
    confirming.exchange_declare(exchange, "direct", arguments={"alternate-exchange": name("no")})
    with pytest.raises(exceptions.UnroutableError):
        confirming.basic_publish(exchange, "k", b"x", mandatory=True)


@pytest.mark.rule(7)
def test_another_one_in_a_second_declare_is_406(channel, name, rest):
    exchange = name("e")
    channel.exchange_declare(exchange, "direct", arguments={"alternate-exchange": rest[0]})
    with closes_channel(
        channel,
        406,
        f"PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '{exchange}' "
        f"in vhost '/': received none but current is the value '{rest[0]}' of type 'longstr'",
    ):
        channel.exchange_declare(exchange, "direct")


@pytest.mark.rule(19)
def test_an_internal_exchange_can_be_one(channel, name):
    """Clients cannot publish to it, exchanges can."""
    internal, exchange, queue = name("internal"), name("e"), name("q")
    channel.exchange_declare(internal, "fanout", internal=True)
    channel.exchange_declare(exchange, "direct", arguments={"alternate-exchange": internal})
    channel.queue_declare(queue)
    channel.queue_bind(queue, internal)
    channel.basic_publish(exchange, "k", b"x")
    put(channel, queue, "last")
    wait_ready(channel, queue, 2)
    assert take(channel, queue, 2) == ["x", "last"]
