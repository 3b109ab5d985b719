"""Which queue arguments are refused."""

import re

import pytest

from support.amqp import closes_channel


@pytest.mark.rule(17)
@pytest.mark.parametrize(
    "key, value",
    [
        ("x-message-ttl", -1),
        ("x-message-ttl", "1000"),
        ("x-expires", 0),
        ("x-expires", -1),
        ("x-expires", "1000"),
        ("x-max-length", -1),
        ("x-max-length", "10"),
        ("x-max-length-bytes", -1),
        ("x-dead-letter-exchange", 1),
        ("x-overflow", "drop-everything"),
        ("x-max-priority", 256),
        ("x-max-priority", -1),
        ("x-queue-type", "lazy"),
        ("x-queue-mode", "eager"),
        ("x-queue-version", 3),
    ],
)
def test_a_bad_value_is_406(channel, name, key, value):
    queue = name()
    with closes_channel(channel, 406, re.compile("^PRECONDITION_FAILED - ")):
        channel.queue_declare(queue, arguments={key: value})


TEN_YEARS_MS = 315_360_000_000


@pytest.mark.rule(17)
@pytest.mark.parametrize("key", ["x-message-ttl", "x-expires"])
def test_a_time_is_ten_years_at_most(channel, name, key):
    channel.queue_declare(name(), arguments={key: TEN_YEARS_MS})
    with closes_channel(channel, 406, re.compile("{value_too_large,315360000001}$")):
        channel.queue_declare(name(), arguments={key: TEN_YEARS_MS + 1})


@pytest.mark.rule(2)
@pytest.mark.parametrize(
    "queue_type, key, value",
    [
        ("quorum", "x-max-priority", 5),
        ("quorum", "x-queue-mode", "lazy"),
        ("classic", "x-dead-letter-strategy", "at-least-once"),
        ("classic", "x-quorum-initial-group-size", 3),
        ("classic", "x-max-age", "1D"),
    ],
)
def test_an_argument_of_another_type_of_queue_is_refused(channel, name, queue_type, key, value):
    queue = name()
    text = f"invalid arg '{key}' for queue '{queue}' in vhost '/' of queue type rabbit_{queue_type}"
    with closes_channel(channel, 406, re.compile(re.escape(text))):
        arguments = {"x-queue-type": queue_type, key: value}
        channel.queue_declare(queue, durable=True, arguments=arguments)


@pytest.mark.rule(17)
@pytest.mark.parametrize(
    "flags, flag",
    [
        ({}, "non-durable"),
        ({"durable": True, "exclusive": True}, "exclusive-owner"),
        ({"durable": True, "auto_delete": True}, "auto-delete"),
    ],
    ids=["transient", "exclusive", "auto-delete"],
)
def test_a_quorum_queue_is_durable_and_nothing_else(channel, name, flags, flag):
    queue = name()
    text = f"PRECONDITION_FAILED - invalid property '{flag}' for queue '{queue}' in vhost '/'"
    with closes_channel(channel, 406, text):
        channel.queue_declare(queue, arguments={"x-queue-type": "quorum"}, **flags)


@pytest.mark.rule(17)
def test_the_refusal_names_the_argument_and_the_queue(channel, name):
    queue = name()
    text = f"PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue '{queue}' in vhost '/'"
    with closes_channel(channel, 406, re.compile("^" + re.escape(text))):
        channel.queue_declare(queue, arguments={"x-message-ttl": -1})


@pytest.mark.rule(16)
def test_a_dead_letter_key_needs_a_dead_letter_exchange(channel, name):
    queue = name()
    with closes_channel(channel, 406, re.compile("x-dead-letter-routing-key")):
        channel.queue_declare(queue, arguments={"x-dead-letter-routing-key": "k"})


@pytest.mark.rule(17)
@pytest.mark.parametrize(
    "arguments",
    [
        {"x-message-ttl": 0},
        {"x-expires": 60000},
        {"x-max-length": 0},
        {"x-max-length": 10, "x-overflow": "drop-head"},
        {"x-dead-letter-exchange": "not-there-yet"},
        {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "k"},
        {"x-queue-mode": "lazy"},
        {"x-anything": {"nested": [1, "two", None]}},
    ],
    ids=str,
)
def test_a_good_value_is_accepted(channel, name, arguments):
    queue = name()
    channel.queue_declare(queue, arguments=arguments)
    channel.queue_declare(queue, arguments=arguments)
