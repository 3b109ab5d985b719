"""Routing by headers: all, any, presence, and what does not count."""

import re

import pika
import pytest

from support.amqp import closes_channel, put, take


def _routed(channel, name, binding, *headers):
    """Which of the header tables reach a queue bound with these arguments."""
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "headers")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "", arguments=binding)
    for number, table in enumerate(headers):
        properties = pika.BasicProperties(headers=table)
        channel.basic_publish(exchange, "", str(number).encode(), properties)
    put(channel, queue, "last")
    arrived = []
    while True:
        (body,) = take(channel, queue, 1)
        if body == "last":
            return [headers[int(number)] for number in arrived]
        arrived.append(body)


BOTH, ONE, WRONG, NONE = {"a": 1, "b": 2}, {"a": 1}, {"a": 9, "b": 9}, {}
MORE = {"a": 1, "b": 2, "c": 3}


@pytest.mark.rule(35)
@pytest.mark.parametrize("mode", [{}, {"x-match": "all"}], ids=["absent", "all"])
def test_all_is_the_default(channel, name, mode):
    binding = {"a": 1, "b": 2, **mode}
    assert _routed(channel, name, binding, BOTH, ONE, WRONG, NONE, MORE) == [BOTH, MORE]


@pytest.mark.rule(35)
def test_any_needs_one(channel, name):
    binding = {"x-match": "any", "a": 1, "b": 2}
    assert _routed(channel, name, binding, BOTH, ONE, WRONG, NONE, MORE) == [BOTH, ONE, MORE]


@pytest.mark.rule(35)
def test_a_void_value_asks_for_presence(channel, name):
    binding = {"a": None}
    assert _routed(channel, name, binding, ONE, WRONG, NONE, {"b": 1}) == [ONE, WRONG]


@pytest.mark.rule(35)
def test_values_of_other_types_do_not_match(channel, name):
    binding = {"a": "1"}
    assert _routed(channel, name, binding, ONE, {"a": "1"}, {"a": True}) == [{"a": "1"}]


@pytest.mark.rule(35)
def test_an_empty_binding_matches_everything_under_all(channel, name):
    assert _routed(channel, name, {"x-match": "all"}, ONE, NONE) == [ONE, NONE]


@pytest.mark.rule(35)
def test_an_empty_binding_matches_nothing_under_any(channel, name):
    assert _routed(channel, name, {"x-match": "any"}, ONE, NONE) == []


@pytest.mark.rule(35)
def test_binding_keys_with_x_do_not_count(channel, name):
    binding = {"x-match": "all", "x-tenant": "t", "a": 1}
    assert _routed(channel, name, binding, ONE, {"a": 1, "x-tenant": "other"}, NONE) == [
        ONE,
        {"a": 1, "x-tenant": "other"},
    ]


@pytest.mark.rule(35)
def test_binding_keys_with_x_count_when_asked_for(channel, name):
    with_all = {"x-match": "all-with-x", "x-tenant": "t", "a": 1}
    whole = {"a": 1, "x-tenant": "t"}
    assert _routed(channel, name, with_all, ONE, whole, NONE) == [whole]
    with_any = {"x-match": "any-with-x", "x-tenant": "t", "a": 1}
    assert _routed(channel, name, with_any, {"x-tenant": "t"}, ONE, NONE) == [
        {"x-tenant": "t"},
        ONE,
    ]


@pytest.mark.rule(35)
def test_a_message_without_headers_is_as_one_with_none(channel, name):
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "headers")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "", arguments={"a": 1})
    channel.basic_publish(exchange, "", b"no")
    put(channel, queue, "last")
    assert take(channel, queue, 1) == ["last"]


@pytest.mark.rule(35)
@pytest.mark.parametrize("value", ["some", 1])
def test_another_x_match_is_406(channel, name, value):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    with closes_channel(channel, 406, re.compile("x-match")):
        channel.queue_bind(queue, "amq.headers", "", arguments={"x-match": value})
