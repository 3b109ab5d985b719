"""SIGKILL: what was confirmed is there, and says that it may have been seen before."""

import collections

import pytest
from pika import spec

from support.amqp import PERSISTENT, get, put, wait_ready


@pytest.mark.rule(74)
def test_confirmed_messages_survive_in_order(broker, connect, name):
    queue = name()
    channel = connect().channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True)
    bodies = [str(number) for number in range(200)]
    put(channel, queue, *bodies, properties=PERSISTENT)
    broker.kill()
    broker.start()
    channel = connect().channel()
    wait_ready(channel, queue, 200)
    assert [get(channel, queue)[2].decode() for _ in range(200)] == bodies


@pytest.mark.rule(45)
@pytest.mark.leveret_only("redelivered-after-crash")
def test_what_was_delivered_before_is_redelivered(broker, connect, name):
    queue = name()
    channel = connect().channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True)
    put(channel, queue, "0", "1", "2", properties=PERSISTENT)
    wait_ready(channel, queue, 3)
    get(channel, queue)
    get(channel, queue)
    broker.kill()
    broker.start()
    channel = connect().channel()
    came = [get(channel, queue) for _ in range(3)]
    assert [body for _, _, body in came] == [b"0", b"1", b"2"]
    assert [method.redelivered for method, _, _ in came][:2] == [True, True]


def test_topology_survives(broker, connect, name):
    queue, exchange = name(), name("x")
    channel = connect().channel()
    channel.exchange_declare(exchange, "direct", durable=True)
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, exchange, "k")
    broker.kill()
    broker.start()
    channel = connect().channel()
    channel.basic_publish(exchange, "k", b"x")
    assert get(channel, queue)[2] == b"x"


def _drain(channel, queue):
    """How many messages of each transaction are in the queue."""
    found = collections.Counter()
    while (got := channel.basic_get(queue, auto_ack=True))[0]:
        found[got[2]] += 1
    return found


@pytest.mark.rule(28)
@pytest.mark.leveret_only("transactions-are-atomic")
@pytest.mark.parametrize("answered", [1, 7, 19])
def test_a_crash_leaves_all_of_a_transaction_or_nothing(broker, raw, connect, name, answered):
    queues, each = (name("a"), name("b")), 3
    client = raw()
    for queue in queues:
        client.send(1, spec.Queue.Declare(queue=queue, durable=True))
        client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Tx.Select())
    client.expect(1, spec.Tx.SelectOk)
    for number in range(30):
        for queue in queues:
            for _ in range(each):
                client.publish(1, "", queue, str(number).encode(), PERSISTENT)
        client.send(1, spec.Tx.Commit())
    for _ in range(answered):
        client.expect(1, spec.Tx.CommitOk)
    broker.kill()
    broker.start()
    channel = connect().channel()
    first, second = (_drain(channel, queue) for queue in queues)
    assert first == second
    assert set(first.values()) == {each}
    assert {str(number).encode() for number in range(answered)} <= set(first)
