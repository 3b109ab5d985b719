"""Properties and headers arrive as they were sent."""

import datetime
import decimal
import struct

import pika
import pytest
from pika import spec

from support import frames
from support.amqp import get, put


def test_every_property_arrives(channel, name):
    queue = name()
    channel.queue_declare(queue)
    sent = pika.BasicProperties(
        content_type="application/json",
        content_encoding="utf-8",
        headers={"h": "v"},
        delivery_mode=2,
        priority=7,
        correlation_id="c-1",
        reply_to="answers",
        expiration="600000",
        message_id="m-1",
        timestamp=1700000000,
        type="job",
        user_id="guest",
        app_id="suite",
        cluster_id="cluster",
    )
    put(channel, queue, "x", properties=sent)
    assert get(channel, queue)[1] == sent


def test_absent_properties_stay_absent(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "x")
    assert get(channel, queue)[1] == pika.BasicProperties()


@pytest.mark.rule(88)
def test_every_header_type_of_pika_arrives(channel, name):
    queue = name()
    channel.queue_declare(queue)
    headers = {
        "string": "grün",
        "empty": "",
        "bytes": b"\x00\xff",
        "true": True,
        "false": False,
        "int": -5,
        "long": 1 << 40,
        "decimal": decimal.Decimal("12.34"),
        "time": datetime.datetime(2024, 2, 29, 12, 0, 0),
        "void": None,
        "table": {"deep": {"deeper": [1, "two", None]}},
        "list": [1, "a", {"b": []}],
    }
    put(channel, queue, "x", properties=pika.BasicProperties(headers=headers))
    assert get(channel, queue)[1].headers == headers


@pytest.mark.rule(88)
def test_every_header_type_arrives_byte_for_byte(raw, name):
    """Also the types that pika cannot send, in RabbitMQ's letters."""
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect(1, spec.Queue.DeclareOk)
    headers = frames.table(
        int8=(b"b", struct.pack(">b", -3)),
        uint8=(b"B", struct.pack(">B", 200)),
        int16=(b"s", struct.pack(">h", -300)),
        uint16=(b"u", struct.pack(">H", 60000)),
        int32=(b"I", struct.pack(">i", -70000)),
        uint32=(b"i", struct.pack(">I", 4000000000)),
        int64=(b"l", struct.pack(">q", -(1 << 40))),
        float32=(b"f", struct.pack(">f", 1.5)),
        float64=(b"d", struct.pack(">d", -2.25)),
        decimal=(b"D", struct.pack(">Bi", 2, 1234)),
        text=(b"S", struct.pack(">I", 2) + b"hi"),
        octets=(b"x", struct.pack(">I", 2) + b"\x00\xff"),
        moment=(b"T", struct.pack(">Q", 1700000000)),
        flag=(b"t", b"\x01"),
        void=(b"V", b""),
        list=(b"A", struct.pack(">I", 2) + b"VV"),
        table=(b"F", frames.table(inner=(b"V", b""))),
    )
    client.send(1, spec.Basic.Publish(routing_key=queue))
    client.send_frame(spec.FRAME_HEADER, 1, struct.pack(">HHQH", 60, 0, 0, 1 << 13) + headers)
    client.send(1, spec.Basic.Get(queue=queue, no_ack=True))
    client.expect(1, spec.Basic.GetOk)
    while b"\xce" not in client.received or len(client.received) < len(headers):
        client.received += client.socket.recv(4096)
    assert headers in client.received


def test_a_binary_body_arrives_unchanged(channel, name):
    queue = name()
    channel.queue_declare(queue)
    body = bytes(range(256)) * 8
    channel.basic_publish("", queue, body)
    assert get(channel, queue)[2] == body
