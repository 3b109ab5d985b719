"""Exclusive queues: one connection's own, and gone with it."""

import pytest
from pika import exceptions, spec

from support import wait
from support.amqp import Collector, closes_channel, exists, get, put


def _locked(queue):
    return (
        f"RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '{queue}' "
        "in vhost '/'. It could be originally declared on another connection or the exclusive "
        "property value does not match that of the original declaration."
    )


@pytest.mark.rule(5)
@pytest.mark.parametrize(
    "use",
    [
        lambda channel, queue: channel.queue_declare(queue, passive=True),
        lambda channel, queue: channel.queue_declare(queue, exclusive=True),
        lambda channel, queue: channel.queue_declare(queue),
        lambda channel, queue: channel.queue_bind(queue, "amq.direct", "k"),
        lambda channel, queue: channel.queue_purge(queue),
        lambda channel, queue: channel.queue_delete(queue),
        lambda channel, queue: channel.basic_get(queue),
        lambda channel, queue: channel.basic_consume(queue, lambda *_: None),
    ],
    ids=["passive", "declare-exclusive", "declare", "bind", "purge", "delete", "get", "consume"],
)
def test_another_connection_is_refused_with_405(connect, name, use):
    queue = name()
    connect().channel().queue_declare(queue, exclusive=True)
    other = connect().channel()
    with closes_channel(other, 405, _locked(queue)):
        use(other, queue)


def test_another_connection_may_publish_to_it(connect, name):
    queue = name()
    owner = connect().channel()
    owner.queue_declare(queue, exclusive=True)
    put(connect().channel(), queue, "hello")
    assert get(owner, queue)[2] == b"hello"


@pytest.mark.rule(67)
def test_all_channels_of_the_owner_may_use_it(connection, name):
    queue = name()
    connection.channel().queue_declare(queue, exclusive=True)
    Collector(connection.channel(), queue)


@pytest.mark.rule(5)
@pytest.mark.parametrize("first, second", [(False, True), (True, False)])
def test_the_exclusive_flag_must_not_change(channel, name, first, second):
    queue = name()
    channel.queue_declare(queue, exclusive=first)
    with closes_channel(channel, 405, _locked(queue)):
        channel.queue_declare(queue, exclusive=second)


@pytest.mark.rule(67)
def test_it_outlives_its_channel_but_not_its_connection(connect, connection, name):
    queue = name()
    owner = connect()
    channel = owner.channel()
    channel.queue_declare(queue, exclusive=True)
    channel.close()
    owner.channel().queue_declare(queue, passive=True)
    owner.close()
    wait.until(lambda: not exists(connection, queue), "the queue's end")


@pytest.mark.rule(67)
def test_it_goes_when_the_socket_breaks(raw, connect, name):
    queue = name()
    client = raw()
    client.send(1, spec.Queue.Declare(queue=queue, exclusive=True))
    client.expect(1, spec.Queue.DeclareOk)
    client.cut()
    wait.until(lambda: _declares(connect(), queue), "freedom of the queue's name")


def _declares(connection, queue):
    try:
        connection.channel().queue_declare(queue, exclusive=True)
    except exceptions.ChannelClosedByBroker as closed:
        assert closed.reply_code == 405
        return False
    return True
