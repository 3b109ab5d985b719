"""Where dead letters go: wherever a publish would."""

import pika
import pytest

from support.amqp import get, is_empty, put, take


@pytest.fixture
def dies(channel, name):
    """`dies(exchange, headers)`: a message published with these headers has been rejected."""

    def die(exchange, headers=None, **arguments):
        queue = name("work")
        arguments = {"x-dead-letter-exchange": exchange, **arguments}
        channel.queue_declare(queue, arguments=arguments)
        put(channel, queue, "job", properties=pika.BasicProperties(headers=headers))
        method, _, _ = get(channel, queue)
        channel.basic_reject(method.delivery_tag, requeue=False)
        return queue

    return die


def _bound(channel, name, exchange, key):
    queue = name("dead")
    channel.queue_declare(queue)
    channel.queue_bind(queue, exchange, key)
    return queue


@pytest.mark.rule(73)
def test_every_queue_that_is_bound_gets_it(channel, name, dies):
    exchange = name("dlx")
    channel.exchange_declare(exchange, "fanout")
    queues = [_bound(channel, name, exchange, "") for _ in range(3)]
    dies(exchange)
    assert [take(channel, queue, 1) for queue in queues] == [["job"]] * 3


@pytest.mark.rule(73)
def test_an_alternate_exchange_gets_what_no_queue_wants(channel, name, dies):
    exchange, alternate = name("dlx"), name("alternate")
    channel.exchange_declare(alternate, "fanout")
    channel.exchange_declare(exchange, "direct", arguments={"alternate-exchange": alternate})
    dead = _bound(channel, name, alternate, "")
    dies(exchange)
    assert take(channel, dead, 1) == ["job"]


@pytest.mark.rule(73)
def test_without_a_route_it_is_dropped_in_silence(channel, name, dies):
    exchange = name("dlx")
    channel.exchange_declare(exchange, "direct")
    queue = dies(exchange)
    assert is_empty(channel, queue)


@pytest.mark.rule(72)
def test_a_header_of_that_name_that_is_no_history_is_replaced(channel, name, dies):
    dead = name("dead")
    channel.queue_declare(dead)
    dies("", {"x-death": "none of your business"}, **{"x-dead-letter-routing-key": dead})
    (death,) = get(channel, dead)[1].headers["x-death"]
    assert death["reason"] == "rejected"
