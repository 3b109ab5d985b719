"""Frames that break the rules: the connection ends with the right code, and nobody else's."""

import struct

import pytest
from pika import spec

FRAME_MAX = 131072


def _method(class_id, method_id, arguments=b""):
    return struct.pack(">HH", class_id, method_id) + arguments


@pytest.fixture
def refused(expect):
    """The server says why it closes; RabbitMQ 3.10 just hangs up on what it cannot parse."""

    def check(client, codes):
        if expect(leveret=False, rabbitmq=True, row="unreadable-method-is-answered"):
            received = client.receive()
            assert received is None or received.method.reply_code in codes
        else:
            close = client.expect(0, spec.Connection.Close)
            assert close.reply_code in codes, close.reply_text

    return check


def test_a_wrong_frame_end_is_501(raw):
    client = raw()
    client.send_frame(spec.FRAME_METHOD, 1, _method(20, 20, b"\x01"), end=b"\x00")
    assert client.expect_connection_close(501).reply_text.startswith("FRAME_ERROR - ")


@pytest.mark.rule(77)
def test_a_frame_beyond_frame_max_is_501(raw):
    client = raw()
    client.send_bytes(struct.pack(">BHI", spec.FRAME_BODY, 1, FRAME_MAX + 8))
    client.send_bytes(bytes(1024))
    assert client.expect_connection_close(501).reply_text.startswith("FRAME_ERROR - ")


@pytest.mark.rule(77)
@pytest.mark.parametrize("size", [0x7FFFFFFF, 0xFFFFFFFF])
def test_a_frame_that_claims_gigabytes_is_501(raw, size):
    client = raw()
    client.send_bytes(struct.pack(">BHI", spec.FRAME_METHOD, 1, size))
    assert client.expect_connection_close(501).reply_text.startswith("FRAME_ERROR - ")


@pytest.mark.parametrize("kind", [0, 4, 5, 7, 255])
def test_an_unknown_frame_type_ends_the_connection(raw, kind):
    client = raw()
    client.send_frame(kind, 1, b"")
    assert client.expect(0, spec.Connection.Close).reply_code in (501, 505)


@pytest.mark.rule(90)
def test_an_unknown_method_ends_the_connection(raw, refused):
    client = raw()
    client.send_frame(spec.FRAME_METHOD, 1, _method(50, 99))
    refused(client, (502, 503, 540))


@pytest.mark.rule(90)
def test_an_unknown_class_ends_the_connection(raw, refused):
    client = raw()
    client.send_frame(spec.FRAME_METHOD, 1, _method(999, 10))
    refused(client, (502, 503, 540))


@pytest.mark.rule(88)
@pytest.mark.parametrize(
    "arguments",
    [
        b"",
        b"\0\0",
        b"\0\0\x05ab",
        b"\0\0\x01q\0\xff\xff\xff\xff",
        b"\0\0\x01q\0\0\0\0\x03\x01aZ",
        b"\0\0\x01q\0\0\0\0\x07\x01aS\0\0\0\xff",
    ],
    ids=["nothing", "no-name", "short-name", "long-table", "unknown-type", "long-string"],
)
def test_a_method_that_cannot_be_read_is_502(raw, refused, arguments):
    client = raw()
    client.send_frame(spec.FRAME_METHOD, 1, _method(50, 10, arguments))
    refused(client, (501, 502))


def _publish(client, body_size):
    client.send(1, spec.Basic.Publish(routing_key="nowhere"))
    client.send_header(1, body_size)


@pytest.mark.rule(78)
@pytest.mark.leveret_only("overlong-body")
def test_a_body_longer_than_announced_ends_the_connection(raw):
    client = raw()
    _publish(client, 3)
    client.send_body(1, b"four")
    assert client.expect(0, spec.Connection.Close).reply_code in (501, 505)


@pytest.mark.rule(78)
def test_a_method_inside_a_message_is_505(raw):
    client = raw()
    _publish(client, 3)
    client.send(1, spec.Basic.Qos(0, 1, False))
    assert client.expect_connection_close(505).reply_text.startswith("UNEXPECTED_FRAME - ")


def test_a_method_instead_of_a_header_is_505(raw):
    client = raw()
    client.send(1, spec.Basic.Publish(routing_key="nowhere"))
    client.send(1, spec.Basic.Qos(0, 1, False))
    client.expect_connection_close(505)


def test_a_header_out_of_nowhere_is_505(raw):
    client = raw()
    client.send_header(1, 3)
    client.expect_connection_close(505)


def test_a_body_out_of_nowhere_is_505(raw):
    client = raw()
    client.send_body(1, b"abc")
    client.expect_connection_close(505)


def test_a_body_instead_of_a_header_is_505(raw):
    client = raw()
    client.send(1, spec.Basic.Publish(routing_key="nowhere"))
    client.send_body(1, b"abc")
    client.expect_connection_close(505)


def test_a_header_of_another_class_ends_the_connection(raw):
    client = raw()
    client.send(1, spec.Basic.Publish(routing_key="nowhere"))
    client.send_frame(spec.FRAME_HEADER, 1, struct.pack(">HHQH", 50, 0, 0, 0))
    assert client.expect(0, spec.Connection.Close).reply_code in (501, 502, 505)


def test_content_on_channel_zero_ends_the_connection(raw):
    client = raw()
    client.send_frame(spec.FRAME_HEADER, 0, struct.pack(">HHQH", 60, 0, 0, 0))
    assert client.expect(0, spec.Connection.Close).reply_code in (501, 503, 505)


def test_a_channel_method_on_channel_zero_ends_the_connection(raw):
    client = raw()
    client.send(0, spec.Queue.Declare(queue="q"))
    assert client.expect(0, spec.Connection.Close).reply_code in (501, 503, 504, 505)


def test_a_method_that_only_servers_send_ends_the_connection(raw):
    client = raw()
    client.send(1, spec.Queue.DeclareOk("q", 0, 0))
    assert client.expect(0, spec.Connection.Close).reply_code in (503, 540, 541)


def test_others_do_not_notice(raw):
    healthy, broken = raw(), raw()
    broken.send_frame(spec.FRAME_METHOD, 1, b"\xff\xff\xff\xff", end=b"\x00")
    broken.expect_connection_close(501)
    healthy.expect_nothing_before(1)
    healthy.close()


def test_a_frame_of_exactly_frame_max_is_fine(raw, name):
    """Rule 77: frame_max counts the header and the end byte."""
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue, exclusive=True))
    client.expect(1, spec.Queue.DeclareOk)
    _publish_to(client, queue, FRAME_MAX - 8)
    client.send(1, spec.Basic.Get(queue=queue, no_ack=True))
    _, _, body = client.expect_content(1, spec.Basic.GetOk)
    assert len(body) == FRAME_MAX - 8


def _publish_to(client, queue, body_size):
    client.send(1, spec.Basic.Publish(routing_key=queue))
    client.send_header(1, body_size)
    client.send_body(1, b"x" * body_size)
