"""A polite stop and a new start: what survives it."""

import pika
import pytest
from pika import exceptions, spec

from support.amqp import PERSISTENT, exchange_exists, exists, get, put, take, wait_ready


@pytest.mark.rule(74)
def test_durable_things_survive_and_transient_ones_do_not(broker, connect, name):
    durable, transient, emptied = name("durable"), name("transient"), name("emptied")
    exchange, gone_exchange = name("x"), name("gone-x")
    channel = connect().channel()
    channel.confirm_delivery()
    channel.exchange_declare(exchange, "topic", durable=True)
    channel.exchange_declare(gone_exchange, "topic")
    arguments = {"x-max-length": 1000}
    channel.queue_declare(durable, durable=True, arguments=arguments)
    channel.queue_declare(transient)
    channel.queue_declare(emptied, durable=True)
    channel.queue_bind(durable, exchange, "jobs.#")
    put(channel, durable, "p1", "p2", "p3", properties=PERSISTENT)
    put(channel, durable, "t1")
    put(channel, transient, "p", properties=PERSISTENT)
    put(channel, emptied, "x", properties=PERSISTENT)
    assert take(channel, emptied, 1) == ["x"]

    broker.restart()

    connection = connect()
    channel = connection.channel()
    assert not exists(connection, transient)
    assert not exchange_exists(connection, gone_exchange)
    channel.exchange_declare(exchange, "topic", durable=True)
    channel.queue_declare(durable, durable=True, arguments=arguments)
    wait_ready(channel, durable, 3)
    channel.basic_publish(exchange, "jobs.video", b"routed", PERSISTENT)
    assert take(channel, durable, 4) == ["p1", "p2", "p3", "routed"]
    wait_ready(channel, emptied, 0)


def test_clients_are_told_with_320(broker, raw, connect):
    connection = connect()
    client = raw()
    broker.restart()
    assert client.expect(0, spec.Connection.Close).reply_code == 320
    try:
        connection.process_data_events()
        raise AssertionError("the connection outlived the broker")
    except exceptions.ConnectionClosedByBroker as closed:
        assert closed.reply_code == 320


def test_unacked_messages_are_back_in_order_and_redelivered(broker, connect, name):
    queue = name()
    channel = connect().channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True)
    put(channel, queue, "0", "1", "2", properties=PERSISTENT)
    wait_ready(channel, queue, 3)
    get(channel, queue)
    get(channel, queue)
    broker.restart()
    channel = connect().channel()
    came = [get(channel, queue) for _ in range(3)]
    assert [body for _, _, body in came] == [b"0", b"1", b"2"]
    assert [method.redelivered for method, _, _ in came] == [True, True, False]


def test_properties_and_headers_survive(broker, connect, name):
    queue = name()
    channel = connect().channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True)
    sent = pika.BasicProperties(
        delivery_mode=2, message_id="m", headers={"a": 1, "deep": {"list": [1, "x", None]}}
    )
    put(channel, queue, "x", properties=sent)
    broker.restart()
    assert get(connect().channel(), queue)[1] == sent


def test_the_standard_exchanges_still_work(broker, connect, name):
    broker.restart()
    channel = connect().channel()
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, "amq.topic", "a.*")
    channel.basic_publish("amq.topic", "a.b", b"x")
    assert get(channel, queue)[2] == b"x"
