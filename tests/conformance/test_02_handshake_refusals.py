"""What ends a connection before it has begun."""

import re

import pytest
from pika import spec

from support.frames import PROTOCOL_HEADER

SUPPORTED = b"AMQP\x00\x00\x09\x01"


@pytest.mark.rule(75)
@pytest.mark.parametrize(
    "header",
    [
        b"AMQP\x00\x01\x00\x00",
        b"AMQP\x00\x00\x08\x00",
        b"GET / HT",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ],
    ids=["amqp-1.0", "amqp-0-8", "http", "tls"],
)
def test_a_wrong_protocol_header_is_answered_with_the_right_one(raw, header):
    client = raw(handshake=False)
    client.send_bytes(header)
    assert client.read_to_end() == SUPPORTED


@pytest.mark.rule(75)
def test_the_header_of_0_9_with_the_old_layout_is_accepted(raw):
    client = raw(handshake=False)
    client.send_bytes(b"AMQP\x01\x01\x00\x09")
    client.expect(0, spec.Connection.Start)


@pytest.mark.rule(82)
@pytest.mark.parametrize("mechanism", ["PLAIN", "AMQPLAIN"])
def test_a_wrong_password_is_refused_with_403_when_the_client_understands(raw, mechanism):
    responses = {
        "PLAIN": "\0guest\0wrong",
        "AMQPLAIN": "\x05LOGINS\0\0\0\x05guest\x08PASSWORDS\0\0\0\x05wrong",
    }
    client = raw(handshake=False)
    client.log_in(mechanism, responses[mechanism])
    close = client.expect_connection_close(
        403,
        f"ACCESS_REFUSED - Login was refused using authentication mechanism {mechanism}. "
        "For details see the broker logfile.",
    )
    assert (close.class_id, close.method_id) == (0, 0)


@pytest.mark.rule(82)
def test_an_unknown_user_gets_the_same_answer(raw):
    client = raw(handshake=False)
    client.log_in(response="\0nobody\0guest")
    client.expect_connection_close(403, re.compile("^ACCESS_REFUSED - Login was refused"))


@pytest.mark.rule(82)
def test_a_wrong_password_just_ends_the_socket_otherwise(raw):
    client = raw(handshake=False)
    client.log_in(response="\0guest\0wrong", capabilities={})
    client.expect_end()


@pytest.mark.rule(83)
def test_an_unknown_vhost_is_refused_with_530(raw):
    client = raw(handshake=False)
    client.log_in()
    client.accept_tune()
    client.send(0, spec.Connection.Open("nowhere"))
    close = client.expect_connection_close(530, "NOT_ALLOWED - vhost nowhere not found")
    assert (close.class_id, close.method_id) == (10, 40)


@pytest.mark.rule(76)
@pytest.mark.parametrize(
    "limit, value, text",
    [
        ("frame_max", 131073, "frame_max = 131073 is higher than the maximum"),
        ("frame_max", 0, "frame_max = no limit is higher than the maximum"),
        ("frame_max", 4095, "frame_max = 4095 is lower than the minimum"),
        ("channel_max", 2048, "channel_max = 2048 is higher than the maximum"),
        ("channel_max", 0, "channel_max = no limit is higher than the maximum"),
    ],
)
def test_limits_beyond_the_servers_are_refused_with_530(raw, expect, limit, value, text):
    client = raw(handshake=False)
    client.log_in()
    client.accept_tune(**{limit: value})
    if expect(leveret=False, rabbitmq=True, row="tune-refusal-is-silent"):
        client.expect_end()
        return
    close = client.expect_connection_close(530)
    assert close.reply_text.startswith(f"NOT_ALLOWED - negotiated {text}")
    assert (close.class_id, close.method_id) == (10, 31)


def test_a_method_out_of_turn_ends_the_connection(raw):
    client = raw(handshake=False)
    client.send_bytes(PROTOCOL_HEADER)
    client.expect(0, spec.Connection.Start)
    client.send(0, spec.Connection.Open("/"))
    received = client.receive()
    assert received is None or isinstance(received.method, spec.Connection.Close)


@pytest.mark.parametrize("mechanism", ["MAGIC", "EXTERNAL"])
def test_a_mechanism_that_is_not_offered_is_refused(raw, mechanism):
    """EXTERNAL needs a TLS client certificate; without one it is not offered."""
    client = raw(handshake=False)
    client.log_in(mechanism=mechanism)
    assert mechanism.encode() not in client.start.mechanisms.split()
    received = client.receive()
    assert received is None or isinstance(received.method, spec.Connection.Close)
