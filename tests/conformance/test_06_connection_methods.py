"""What a whole connection can do: all its channels, small frames, a new secret."""

import struct

import pytest
from pika import spec

from support import wait
from support.amqp import exists

CHANNEL_MAX = 2047
UPDATE_SECRET = struct.pack(">HH", 10, 70)
UPDATE_SECRET_OK = struct.pack(">HH", 10, 71)


def _update_secret(secret, reason=b"renewed"):
    fields = struct.pack(">I", len(secret)) + secret + bytes([len(reason)]) + reason
    return UPDATE_SECRET + fields


def _receive_bytes(client, count):
    """Bytes that pika's codec does not know."""
    received = client.received
    while len(received) < count:
        data = client.socket.recv(count - len(received))
        assert data, "the connection ended"
        received += data
    client.received = received[count:]
    return received[:count]


def _expect_on_each(client, numbers, method_class):
    """One such method on each channel, in any order."""
    left = set(numbers)
    while left:
        received = client.receive()
        assert isinstance(received.method, method_class), received
        left.remove(received.channel_number)


@pytest.mark.rule(90)
@pytest.mark.parametrize("secret", [b"guest", b"something else", b""])
def test_a_new_secret_is_accepted(raw, secret):
    """A password does not expire: RabbitMQ's own users keep theirs whatever is sent."""
    client = raw()
    client.send_frame(spec.FRAME_METHOD, 0, _update_secret(secret))
    answer = struct.pack(">BHI", spec.FRAME_METHOD, 0, 4) + UPDATE_SECRET_OK + b"\xce"
    assert _receive_bytes(client, len(answer)) == answer
    client.expect_nothing_before(1)


@pytest.mark.rule(85)
def test_all_channels_of_a_connection_work_at_once(raw, name):
    """2,047 of them: opened, used, closed, and opened again."""
    client = raw(channels=0)
    queue = name()
    numbers = range(1, CHANNEL_MAX + 1)
    for number in numbers:
        client.send(number, spec.Channel.Open())
    _expect_on_each(client, numbers, spec.Channel.OpenOk)
    client.send(1, spec.Queue.Declare(queue=queue, exclusive=True))
    client.expect(1, spec.Queue.DeclareOk)
    for number in numbers:
        client.publish(number, "", queue, str(number).encode())
    for number in numbers:
        client.send(number, spec.Basic.Get(queue=queue, no_ack=False))
        method, _, _ = client.expect_content(number, spec.Basic.GetOk)
        assert method.delivery_tag == 1
        client.send(number, spec.Basic.Ack(delivery_tag=1))
    client.send(CHANNEL_MAX, spec.Queue.Declare(queue=queue, passive=True))
    assert client.expect(CHANNEL_MAX, spec.Queue.DeclareOk).message_count == 0
    for number in numbers:
        client.send(number, spec.Channel.Close(200, "done", 0, 0))
    _expect_on_each(client, numbers, spec.Channel.CloseOk)
    for number in (1, CHANNEL_MAX):
        client.open_channel(number)
        client.expect_nothing_before(number)


@pytest.mark.rule(85)
def test_one_channel_more_than_the_servers_limit_is_530(raw):
    client = raw(channels=0)
    numbers = range(1, CHANNEL_MAX + 1)
    for number in numbers:
        client.send(number, spec.Channel.Open())
    _expect_on_each(client, numbers, spec.Channel.OpenOk)
    client.send(CHANNEL_MAX + 1, spec.Channel.Open())
    client.expect_connection_close(
        530,
        f"NOT_ALLOWED - number of channels opened ({CHANNEL_MAX}) has reached the negotiated "
        f"channel_max ({CHANNEL_MAX})",
    )


@pytest.mark.rule(76)
def test_frames_may_be_as_small_as_4096_bytes(raw, name):
    client = raw(handshake=False)
    client.log_in()
    client.accept_tune(frame_max=4096)
    client.send(0, spec.Connection.Open("/"))
    client.expect(0, spec.Connection.OpenOk)
    client.open_channel()
    queue = name()
    client.send(1, spec.Queue.Declare(queue=queue, exclusive=True))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Basic.Publish(routing_key=queue))
    client.send_header(1, 5000)
    client.send_body(1, b"x" * 4088)
    client.send_body(1, b"y" * 912)
    client.send(1, spec.Basic.Get(queue=queue, no_ack=True))
    _, _, body = client.expect_content(1, spec.Basic.GetOk)
    assert body == b"x" * 4088 + b"y" * 912


@pytest.mark.rule(67)
def test_an_exclusive_queue_goes_when_the_client_closes(raw, connection, name):
    client = raw()
    queue = name()
    client.send(1, spec.Queue.Declare(queue=queue, exclusive=True))
    client.expect(1, spec.Queue.DeclareOk)
    assert exists(connection, queue)
    client.close()
    wait.until(lambda: not exists(connection, queue), "the end of the exclusive queue")
