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
    ],
)
def test_a_bad_value_is_406(channel, name, key, value):
    queue = name()
    with closes_channel(channel, 406, re.compile("^PRECONDITION_FAILED - ")):
        channel.queue_declare(queue, arguments={key: value})


@pytest.mark.rule(17)
def test_a_ttl_of_decades(channel, name, expect, answer):
    arguments = {"x-message-ttl": 1 << 40}
    if expect(leveret=True, rabbitmq=False, row="any-time-is-accepted"):
        channel.queue_declare(name(), arguments=arguments)
        answer("accepted")
    else:
        with closes_channel(channel, 406, re.compile("value_too_large")):
            channel.queue_declare(name(), arguments=arguments)


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
