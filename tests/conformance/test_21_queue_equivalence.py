"""Declaring an existing queue: what must be equal, and how the refusal reads."""

import struct

import pytest
from pika import spec

from support import frames
from support.amqp import closes_channel


@pytest.mark.rule(1)
@pytest.mark.parametrize("flag", ["durable", "auto_delete"])
def test_another_flag_is_406(channel, name, flag):
    queue = name()
    channel.queue_declare(queue)
    with closes_channel(
        channel,
        406,
        f"PRECONDITION_FAILED - inequivalent arg '{flag}' for queue '{queue}' in vhost '/': "
        "received 'true' but current is 'false'",
    ):
        channel.queue_declare(queue, **{flag: True})


@pytest.mark.rule(1)
@pytest.mark.parametrize(
    "current, received, text",
    [
        (
            {},
            {"x-message-ttl": 1},
            "received the value '1' of type 'signedint' but current is none",
        ),
        (
            {"x-message-ttl": 1},
            {},
            "received none but current is the value '1' of type 'signedint'",
        ),
        (
            {"x-message-ttl": 1000},
            {"x-message-ttl": 2000},
            "received '2000' but current is '1000'",
        ),
        (
            {"x-message-ttl": 1000},
            {"x-message-ttl": 5000000000},
            None,
        ),
    ],
    ids=["added", "missing", "changed", "out-of-range"],
)
def test_another_ttl_is_406(channel, name, current, received, text):
    queue = name()
    channel.queue_declare(queue, arguments=current)
    with closes_channel(
        channel,
        406,
        text
        and f"PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue '{queue}' "
        f"in vhost '/': {text}",
    ):
        channel.queue_declare(queue, arguments=received)


@pytest.mark.rule(1)
@pytest.mark.parametrize(
    "key, value, other",
    [
        ("x-expires", 100000, 200000),
        ("x-max-length", 10, 20),
        ("x-max-length-bytes", 10, 20),
    ],
)
def test_another_limit_is_406(channel, name, key, value, other):
    queue = name()
    channel.queue_declare(queue, arguments={key: value})
    with closes_channel(
        channel,
        406,
        f"PRECONDITION_FAILED - inequivalent arg '{key}' for queue '{queue}' in vhost '/': "
        f"received '{other}' but current is '{value}'",
    ):
        channel.queue_declare(queue, arguments={key: other})


@pytest.mark.rule(1)
def test_another_dead_letter_exchange_is_406(channel, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": "a"})
    with closes_channel(
        channel,
        406,
        f"PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue '{queue}' "
        "in vhost '/': received 'b' but current is 'a'",
    ):
        channel.queue_declare(queue, arguments={"x-dead-letter-exchange": "b"})


@pytest.mark.rule(2)
def test_unknown_arguments_are_not_compared(channel, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-mine": "a"})
    channel.queue_declare(queue, arguments={"x-mine": "b"})
    channel.queue_declare(queue)


@pytest.mark.rule(4)
def test_a_missing_type_equals_classic(channel, name):
    queue = name()
    channel.queue_declare(queue)
    channel.queue_declare(queue, arguments={"x-queue-type": "classic"})


@pytest.mark.rule(3)
@pytest.mark.parametrize(
    "letter, packing",
    [(b"b", ">b"), (b"B", ">B"), (b"s", ">h"), (b"u", ">H"), (b"i", ">I"), (b"l", ">q")],
    ids=["int8", "uint8", "int16", "uint16", "uint32", "int64"],
)
def test_integers_of_any_width_compare_by_value(raw, channel, name, letter, packing):
    queue = name()
    channel.queue_declare(queue, arguments={"x-max-length": 100})
    arguments = frames.table(**{"x-max-length": (letter, struct.pack(packing, 100))})
    method = spec.Queue.Declare(queue=queue)
    payload = struct.pack(">I", method.INDEX) + b"".join(method.encode())
    assert payload.endswith(b"\0\0\0\0"), "the empty arguments table comes last"
    client = raw()
    client.send_frame(spec.FRAME_METHOD, 1, payload[:-4] + arguments)
    client.expect(1, spec.Queue.DeclareOk)


@pytest.mark.rule(3)
def test_a_string_does_not_equal_an_integer(channel, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-max-length": 100})
    with closes_channel(channel, 406):
        channel.queue_declare(queue, arguments={"x-max-length": "100"})


@pytest.mark.rule(6)
def test_an_exclusive_queue_compares_as_not_durable(channel, name):
    queue = name()
    channel.queue_declare(queue, durable=True, exclusive=True)
    channel.queue_declare(queue, durable=False, exclusive=True)
