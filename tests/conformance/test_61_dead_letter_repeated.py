"""Messages that die more than once: counts, order of the deaths, cycles."""

import pytest

from support.amqp import get, is_empty, put, take


def _pair(channel, name, retry_arguments=None):
    """Two queues that dead-letter to each other: (work, retry)."""
    work, retry = name("work"), name("retry")
    for queue, other, more in ((work, retry, {}), (retry, work, retry_arguments or {})):
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": other, **more}
        channel.queue_declare(queue, arguments=arguments)
    return work, retry


def _reject(channel, queue):
    method, properties, _ = get(channel, queue)
    channel.basic_reject(method.delivery_tag, requeue=False)
    return properties


def _deaths(properties):
    return [
        (death["queue"], death["reason"], death["count"]) for death in properties.headers["x-death"]
    ]


@pytest.mark.rule(68)
def test_another_death_in_the_same_queue_counts_up(channel, name):
    work, retry = _pair(channel, name)
    put(channel, work, "job")
    _reject(channel, work)
    assert _deaths(_reject(channel, retry)) == [(work, "rejected", 1)]
    assert _deaths(_reject(channel, work)) == [(retry, "rejected", 1), (work, "rejected", 1)]
    assert _deaths(_reject(channel, retry)) == [(work, "rejected", 2), (retry, "rejected", 1)]
    properties = get(channel, work)[1]
    assert _deaths(properties) == [(retry, "rejected", 2), (work, "rejected", 2)]
    assert properties.headers["x-first-death-queue"] == work
    assert properties.headers["x-first-death-reason"] == "rejected"


@pytest.mark.rule(68)
def test_the_time_stays_that_of_the_first_death(channel, name):
    work, retry = _pair(channel, name)
    put(channel, work, "job")
    _reject(channel, work)
    (first,) = _reject(channel, retry).headers["x-death"]
    _reject(channel, work)
    again = _reject(channel, retry).headers["x-death"][0]
    assert (again["count"], again["time"]) == (2, first["time"])


@pytest.mark.rule(68)
def test_other_reasons_are_counted_apart(channel, name):
    """The retry queue of every tutorial: rejected, then waiting out a TTL, and back."""
    work, retry = _pair(channel, name, {"x-message-ttl": 1})
    put(channel, work, "job")
    for attempt in range(1, 4):
        _reject(channel, work)
        method, properties, _ = get(channel, work)
        assert _deaths(properties) == [(retry, "expired", attempt), (work, "rejected", attempt)]
        channel.basic_reject(method.delivery_tag, requeue=True)
    assert take(channel, work, 1) == ["job"]


@pytest.mark.rule(71)
def test_a_cycle_without_a_rejection_ends_in_a_drop(channel, name):
    """Nobody would ever see the message again: it is dropped instead of going round for ever."""
    first, second, seen, exchange = name("1"), name("2"), name("seen"), name("x")
    channel.exchange_declare(exchange, "fanout")
    for queue in (first, seen):
        channel.queue_declare(
            queue,
            arguments={
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": second,
                **({"x-message-ttl": 1} if queue == first else {}),
            },
        )
        channel.queue_bind(queue, exchange)
    arguments = {"x-dead-letter-exchange": exchange, "x-message-ttl": 1}
    channel.queue_declare(second, arguments=arguments)
    put(channel, first, "job")
    # From `second` the fanout leads back to `first`, which is skipped, and to `seen`, which is not.
    _, properties, _ = get(channel, seen, auto_ack=True)
    assert _deaths(properties) == [(second, "expired", 1), (first, "expired", 1)]
    for queue in (first, second, seen):
        assert is_empty(channel, queue)


@pytest.mark.rule(71)
def test_a_queue_that_dead_letters_to_itself(channel, name):
    """By rejection that goes round; by expiry it is dropped."""
    queue = name()
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}
    channel.queue_declare(queue, arguments=arguments)
    put(channel, queue, "job")
    for _ in range(3):
        properties = _reject(channel, queue)
    assert _deaths(properties) == [(queue, "rejected", 2)]
    assert take(channel, queue, 1) == ["job"]


@pytest.mark.rule(72)
def test_a_history_that_is_published_again_counts_on(channel, name):
    """Programs that retry by publishing again rely on it; RabbitMQ 4 starts anew."""
    dead, work = name("dead"), name("work")
    channel.queue_declare(dead)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    channel.queue_declare(work, arguments=arguments)
    put(channel, work, "job")
    _reject(channel, work)
    for attempt in range(1, 4):
        _, properties, body = get(channel, dead, auto_ack=True)
        assert _deaths(properties) == [(work, "rejected", attempt)]
        channel.basic_publish("", work, body, properties)
        assert _deaths(_reject(channel, work)) == [(work, "rejected", attempt)]


@pytest.mark.rule(69)
def test_the_first_death_is_never_rewritten(channel, name):
    work, retry = _pair(channel, name, {"x-message-ttl": 1})
    put(channel, work, "job")
    for _ in range(2):
        _reject(channel, work)
    headers = get(channel, work)[1].headers
    assert (headers["x-first-death-queue"], headers["x-first-death-reason"]) == (work, "rejected")
    assert headers["x-first-death-exchange"] == ""
