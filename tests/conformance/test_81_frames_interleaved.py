"""Messages of several channels, frame by frame in between each other."""

import pytest
from pika import spec

from support.amqp import get


@pytest.mark.rule(79)
def test_content_of_two_channels_may_interleave(raw, channel, name):
    first, second = name("1"), name("2")
    channel.queue_declare(first)
    channel.queue_declare(second)
    client = raw(channels=2)
    client.send(1, spec.Basic.Publish(routing_key=first))
    client.send(2, spec.Basic.Publish(routing_key=second))
    client.send_header(2, 6)
    client.send_header(1, 6)
    client.send_body(1, b"aaa")
    client.send_body(2, b"bbb")
    client.send_body(2, b"BBB")
    client.send_body(1, b"AAA")
    assert get(channel, first)[2] == b"aaaAAA"
    assert get(channel, second)[2] == b"bbbBBB"


@pytest.mark.rule(79)
def test_a_method_of_another_channel_may_come_inside_a_message(raw, channel, name):
    queue = name()
    channel.queue_declare(queue)
    client = raw(channels=2)
    client.send(1, spec.Basic.Publish(routing_key=queue))
    client.expect_nothing_before(2)
    client.send_header(1, 2)
    client.send(2, spec.Channel.Close(200, "done", 0, 0))
    client.expect(2, spec.Channel.CloseOk)
    client.send_body(1, b"ok")
    assert get(channel, queue)[2] == b"ok"


@pytest.mark.rule(79)
def test_many_channels_keep_their_messages_apart(raw, channel, name):
    channels = 50
    queue = name()
    channel.queue_declare(queue)
    client = raw(channels=channels)
    for number in range(1, channels + 1):
        client.send(number, spec.Basic.Publish(routing_key=queue))
        client.send_header(number, 8)
    for piece in (b"half", b"%04d"):
        for number in range(1, channels + 1):
            client.send_body(number, piece % number if b"%" in piece else piece)
    for number in range(1, channels + 1):
        client.expect_nothing_before(number)
    bodies = {get(channel, queue, auto_ack=True)[2] for _ in range(channels)}
    assert bodies == {b"half%04d" % number for number in range(1, channels + 1)}


def test_an_unfinished_message_of_a_closed_channel_is_forgotten(raw, channel, name):
    queue = name()
    channel.queue_declare(queue)
    client = raw(channels=2)
    client.send(1, spec.Basic.Publish(routing_key=queue))
    client.send_header(1, 10)
    client.send_body(1, b"half")
    client.cut()
    other = raw()
    other.publish(1, "", queue, b"whole")
    assert get(channel, queue)[2] == b"whole"
