"""Bodies of every size, cut into frames on both ways."""

import hashlib

import pytest
from pika import frame, spec

from support.amqp import get, synchronise

FRAME_MAX = 131072


@pytest.mark.rule(78)
@pytest.mark.parametrize(
    "size",
    [0, 1, FRAME_MAX - 8, FRAME_MAX - 7, 2 * (FRAME_MAX - 8), 1 << 20, 5_000_001],
)
def test_a_body_arrives_whole(channel, name, size):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    body = (hashlib.sha256(str(size).encode()).digest() * (size // 32 + 1))[:size]
    channel.basic_publish("", queue, body)
    assert get(channel, queue)[2] == body


def _get(client, queue):
    """The body frames' sizes of the next message."""
    client.send(1, spec.Basic.Get(queue=queue, no_ack=True))
    client.expect(1, spec.Basic.GetOk)
    left = client.receive().body_size
    sizes = []
    while left:
        body = client.receive()
        assert isinstance(body, frame.Body)
        sizes.append(len(body.fragment))
        left -= sizes[-1]
    return sizes


@pytest.mark.rule(77, 78)
@pytest.mark.parametrize(
    "size, frames",
    [
        (0, []),
        (FRAME_MAX - 8, [FRAME_MAX - 8]),
        (FRAME_MAX - 7, [FRAME_MAX - 8, 1]),
    ],
)
def test_frames_are_filled_to_the_limit(raw, channel, name, size, frames):
    queue = name()
    channel.queue_declare(queue)
    channel.basic_publish("", queue, bytes(size))
    client = raw()
    synchronise(channel)
    assert _get(client, queue) == frames


@pytest.mark.rule(77)
def test_a_client_with_small_frames_gets_small_frames(connect, raw, channel, name):
    queue = name()
    channel.queue_declare(queue)
    channel.basic_publish("", queue, bytes(20000))
    synchronise(channel)
    client = raw(handshake=False)
    client.log_in()
    client.accept_tune(frame_max=8192)
    client.send(0, spec.Connection.Open("/"))
    client.expect(0, spec.Connection.OpenOk)
    client.open_channel()
    assert _get(client, queue) == [8184, 8184, 20000 - 2 * 8184]


@pytest.mark.rule(78)
def test_a_body_in_uneven_pieces_arrives_whole(raw, channel, name):
    queue = name()
    channel.queue_declare(queue)
    client = raw()
    client.send(1, spec.Basic.Publish(routing_key=queue))
    client.send_header(1, 10)
    for piece in (b"a", b"", b"bcd", b"efghij"):
        client.send_body(1, piece)
    client.expect_nothing_before(1)
    assert get(channel, queue)[2] == b"abcdefghij"


def test_a_session_sent_byte_by_byte_is_understood(broker, raw, channel, name):
    queue = name()
    channel.queue_declare(queue)
    client = raw()
    sent = []
    send_now, client.send_bytes = client.send_bytes, sent.append
    client.publish(1, "", queue, b"slow")
    for byte in b"".join(sent):
        send_now(bytes([byte]))
    assert get(channel, queue)[2] == b"slow"


@pytest.mark.rule(32)
def test_a_message_of_more_than_128_MiB_closes_its_channel(raw, name):
    """The largest size is a setting of both; that is what both begin with."""
    client, queue = raw(timeout_s=50), name()
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Basic.Publish(routing_key=queue))
    largest = 128 << 20
    client.send_header(1, largest + 1)
    piece = bytes(FRAME_MAX - 8)
    for sent in range(0, largest + 1, len(piece)):
        client.send_body(1, piece[: largest + 1 - sent])
    text = f"PRECONDITION_FAILED - message size {largest + 1} is larger than configured max size "
    client.expect_channel_close(1, 406, text + str(largest))
