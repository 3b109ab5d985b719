"""x-delivery-limit on a classic queue: a job that came back too often is dead-lettered."""

import pytest

from support.amqp import PERSISTENT, Collector, closes_channel, get, is_empty, put, take, wait_ready


def _declared(channel, name, limit, dead=None):
    queue = name("work")
    arguments = {"x-delivery-limit": limit}
    if dead:
        channel.queue_declare(dead)
        arguments |= {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    channel.queue_declare(queue, arguments=arguments)
    return queue


def _fail(channel, queue):
    method, properties, _ = get(channel, queue)
    channel.basic_nack(method.delivery_tag, requeue=True)
    return (properties.headers or {}).get("x-delivery-count")


@pytest.mark.rule(46)
def test_a_classic_queue_may_have_a_limit(channel, name, expect, answer):
    if not expect(leveret=True, rabbitmq=False, row="delivery-limit"):
        with closes_channel(channel, 406):
            _declared(channel, name, 1)
        return
    queue = _declared(channel, name, 1)
    put(channel, queue, "job")
    assert [_fail(channel, queue) for _ in range(2)] == [None, 1]
    answer("x-delivery-count is absent, then 1, then the message is dropped")


@pytest.mark.rule(46)
@pytest.mark.leveret_only("delivery-limit")
def test_it_is_delivered_limit_times_again_and_then_dead_lettered(channel, name):
    dead = name("dead")
    queue = _declared(channel, name, 2, dead)
    put(channel, queue, "job")
    assert [_fail(channel, queue) for _ in range(3)] == [None, 1, 2]
    _, properties, body = get(channel, dead)
    assert body == b"job"
    (death,) = properties.headers["x-death"]
    assert (death["reason"], death["queue"], death["count"]) == ("delivery_limit", queue, 1)
    assert properties.headers["x-first-death-reason"] == "delivery_limit"
    assert is_empty(channel, queue)


@pytest.mark.rule(46)
@pytest.mark.leveret_only("delivery-limit")
def test_a_lost_worker_counts_as_a_failure(connect, channel, name):
    dead = name("dead")
    queue = _declared(channel, name, 1, dead)
    put(channel, queue, "job")
    for _ in range(2):
        worker = connect()
        Collector(worker.channel(), queue).wait(1)
        worker.close()
    assert get(channel, dead)[2] == b"job"


@pytest.mark.rule(46)
@pytest.mark.leveret_only("delivery-limit")
def test_without_a_dead_letter_exchange_it_is_dropped(channel, name):
    queue = _declared(channel, name, 1)
    put(channel, queue, "job", "next")
    wait_ready(channel, queue, 2)
    _fail(channel, queue)
    _fail(channel, queue)
    assert take(channel, queue, 1) == ["next"]
    assert is_empty(channel, queue)


@pytest.mark.leveret_only("delivery-limit")
def test_the_count_survives_a_crash(broker, connect, name):
    queue, dead = name("work"), name("dead")
    channel = connect().channel()
    channel.confirm_delivery()
    channel.queue_declare(dead, durable=True)
    arguments = {
        "x-delivery-limit": 3,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
    }
    channel.queue_declare(queue, durable=True, arguments=arguments)
    put(channel, queue, "job", properties=PERSISTENT)
    _fail(channel, queue)
    _fail(channel, queue)
    put(channel, dead, "marker", properties=PERSISTENT)  # Confirmed: what precedes it is on disk.
    broker.kill()
    broker.start()
    channel = connect().channel()
    count = get(channel, queue)[1].headers["x-delivery-count"]
    assert count >= 2, "failures before the crash are not forgotten"
