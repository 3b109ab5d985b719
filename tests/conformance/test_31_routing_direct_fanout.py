"""Routing by equality, and to everyone."""

import pytest

from support.amqp import is_empty, put, take


def test_direct_compares_the_whole_key(channel, name):
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "direct")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "a.b")
    for key in ("a", "a.b.c", "A.b", "a.#", ""):
        channel.basic_publish(exchange, key, b"no")
    channel.basic_publish(exchange, "a.b", b"yes")
    assert take(channel, queue, 1) == ["yes"]
    assert is_empty(channel, queue)


def test_direct_serves_every_queue_bound_with_the_key(channel, name):
    exchange, queues = name("x"), [name() for _ in range(3)]
    channel.exchange_declare(exchange, "direct")
    for queue in queues:
        channel.queue_declare(queue, exclusive=True)
        channel.queue_bind(queue, exchange, "k")
    channel.basic_publish(exchange, "k", b"copy")
    for queue in queues:
        assert take(channel, queue, 1) == ["copy"]


def test_fanout_ignores_the_key(channel, name):
    exchange, queues = name("x"), [name() for _ in range(3)]
    channel.exchange_declare(exchange, "fanout")
    for number, queue in enumerate(queues):
        channel.queue_declare(queue, exclusive=True)
        channel.queue_bind(queue, exchange, f"key-{number}")
    channel.basic_publish(exchange, "anything", b"copy")
    for queue in queues:
        assert take(channel, queue, 1) == ["copy"]


@pytest.mark.rule(33)
def test_several_bindings_of_one_queue_give_it_one_copy(channel, name):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    for exchange, kind, keys in (
        (name("fanout"), "fanout", ["a", "b"]),
        (name("topic"), "topic", ["#", "*", "a"]),
        (name("headers"), "headers", ["a", "b"]),
    ):
        channel.exchange_declare(exchange, kind)
        for key in keys:
            channel.queue_bind(queue, exchange, key)
        channel.basic_publish(exchange, "a", kind.encode())
        put(channel, queue, "last")
        assert take(channel, queue, 2) == [kind, "last"]
        assert is_empty(channel, queue)


def test_a_changed_copy_of_one_queue_is_not_seen_in_another(channel, name):
    """Queues share a message; what dead-lettering adds must stay in one of them."""
    first, second, dead, exchange = name("1"), name("2"), name("dead"), name("x")
    channel.exchange_declare(exchange, "fanout")
    channel.queue_declare(dead, exclusive=True)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    channel.queue_declare(first, exclusive=True, arguments=arguments)
    channel.queue_declare(second, exclusive=True)
    channel.queue_bind(first, exchange)
    channel.queue_bind(second, exchange)
    channel.basic_publish(exchange, "", b"x")
    method = next(iter(channel.consume(first)))[0]
    channel.basic_reject(method.delivery_tag, requeue=False)
    channel.cancel()
    assert take(channel, dead, 1) == ["x"]
    _, properties, _ = channel.basic_get(second, auto_ack=True)
    assert properties.headers is None
