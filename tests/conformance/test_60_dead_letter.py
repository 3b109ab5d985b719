"""Dead-lettering: why, where to, and what x-death then tells."""

import datetime

import pika
import pytest

from support.amqp import get, is_empty, put, take, wait_ready


@pytest.fixture
def dead(channel, name):
    """A dead-letter queue behind a fanout exchange: (exchange, queue)."""
    exchange, queue = name("dlx"), name("dead")
    channel.exchange_declare(exchange, "fanout")
    channel.queue_declare(queue)
    channel.queue_bind(queue, exchange)
    return exchange, queue


def _rejected(channel, queue):
    channel.basic_reject(get(channel, queue)[0].delivery_tag, requeue=False)


@pytest.mark.rule(45, 68)
def test_a_rejected_message_goes_to_the_dead_letter_exchange(channel, name, dead):
    exchange, dead_queue = dead
    queue = name("work")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": exchange})
    put(channel, queue, "job")
    _rejected(channel, queue)
    method, properties, body = get(channel, dead_queue)
    assert body == b"job"
    assert (method.exchange, method.routing_key, method.redelivered) == (exchange, queue, False)
    (death,) = properties.headers["x-death"]
    age = datetime.datetime.utcnow() - death.pop("time")
    assert abs(age) < datetime.timedelta(minutes=5)
    assert death == {
        "count": 1,
        "reason": "rejected",
        "queue": queue,
        "exchange": "",
        "routing-keys": [queue],
    }


@pytest.mark.rule(69)
def test_the_first_death_is_told_in_headers_of_its_own(channel, name, dead):
    exchange, dead_queue = dead
    queue = name("work")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": exchange})
    channel.queue_bind(queue, "amq.topic", "jobs.#")
    channel.basic_publish("amq.topic", "jobs.video", b"job")
    _rejected(channel, queue)
    headers = get(channel, dead_queue)[1].headers
    assert headers["x-first-death-reason"] == "rejected"
    assert headers["x-first-death-queue"] == queue
    assert headers["x-first-death-exchange"] == "amq.topic"


@pytest.mark.rule(69)
def test_the_last_death_is_told_too(channel, name, dead, expect, answer):
    exchange, dead_queue = dead
    queue = name("work")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": exchange})
    put(channel, queue, "job")
    _rejected(channel, queue)
    headers = get(channel, dead_queue)[1].headers
    told = {key: value for key, value in headers.items() if key.startswith("x-last-death-")}
    last = {
        "x-last-death-reason": "rejected",
        "x-last-death-queue": queue,
        "x-last-death-exchange": "",
    }
    assert told == expect(leveret=last, rabbitmq={}, row="last-death-headers")
    answer(", ".join(sorted(told)) or "no headers of the last death")


def test_nack_without_requeue_is_a_rejection_too(channel, name, dead):
    exchange, dead_queue = dead
    queue = name("work")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": exchange})
    put(channel, queue, "a", "b", "c")
    for _ in range(3):
        get(channel, queue)
    channel.basic_nack(0, multiple=True, requeue=False)
    wait_ready(channel, dead_queue, 3)
    assert take(channel, dead_queue, 3) == ["a", "b", "c"]


@pytest.mark.rule(68, 70)
def test_an_expired_message_tells_its_original_expiration(channel, name, dead):
    exchange, dead_queue = dead
    queue = name("work")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": exchange})
    put(channel, queue, "job", properties=pika.BasicProperties(expiration="1"))
    _, properties, _ = get(channel, dead_queue)
    (death,) = properties.headers["x-death"]
    assert (death["reason"], death["original-expiration"]) == ("expired", "1")
    assert properties.expiration is None


@pytest.mark.rule(68)
def test_a_message_expired_by_the_queues_ttl(channel, name, dead):
    exchange, dead_queue = dead
    queue = name("work")
    arguments = {"x-dead-letter-exchange": exchange, "x-message-ttl": 1}
    channel.queue_declare(queue, arguments=arguments)
    put(channel, queue, "job")
    (death,) = get(channel, dead_queue)[1].headers["x-death"]
    assert death["reason"] == "expired"
    assert "original-expiration" not in death


@pytest.mark.rule(61, 68)
def test_a_message_pushed_out_by_the_length_limit(channel, name, dead):
    exchange, dead_queue = dead
    queue = name("work")
    arguments = {"x-dead-letter-exchange": exchange, "x-max-length": 1}
    channel.queue_declare(queue, arguments=arguments)
    put(channel, queue, "old", "new")
    _, properties, body = get(channel, dead_queue)
    assert body == b"old"
    assert properties.headers["x-death"][0]["reason"] == "maxlen"
    assert take(channel, queue, 1) == ["new"]


def test_everything_else_of_the_message_is_kept(channel, name, dead):
    exchange, dead_queue = dead
    queue = name("work")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": exchange})
    sent = pika.BasicProperties(
        content_type="text/plain", delivery_mode=2, message_id="m", headers={"mine": [1, "x"]}
    )
    put(channel, queue, "job", properties=sent)
    _rejected(channel, queue)
    _, properties, _ = get(channel, dead_queue)
    assert properties.headers.pop("x-death")
    assert properties.headers["mine"] == [1, "x"]
    assert (properties.content_type, properties.delivery_mode, properties.message_id) == (
        "text/plain",
        2,
        "m",
    )


@pytest.mark.rule(70)
def test_the_dead_letter_routing_key_replaces_the_original(channel, name):
    dead, queue = name("dead"), name("work")
    channel.queue_declare(dead)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    channel.queue_declare(queue, arguments=arguments)
    put(channel, queue, "job")
    _rejected(channel, queue)
    method, properties, _ = get(channel, dead)
    assert method.routing_key == dead
    assert properties.headers["x-death"][0]["routing-keys"] == [queue]


@pytest.mark.rule(70)
def test_without_it_the_original_key_routes(channel, name):
    exchange, dead, queue = name("dlx"), name("dead"), name("work")
    channel.exchange_declare(exchange, "topic")
    channel.queue_declare(dead)
    channel.queue_bind(dead, exchange, "jobs.video")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": exchange})
    channel.queue_bind(queue, "amq.topic", "jobs.#")
    channel.basic_publish("amq.topic", "jobs.video", b"video")
    channel.basic_publish("amq.topic", "jobs.audio", b"audio")
    _rejected(channel, queue)
    _rejected(channel, queue)
    method, _, body = get(channel, dead, auto_ack=True)
    assert (method.routing_key, body) == ("jobs.video", b"video")
    assert is_empty(channel, dead)


@pytest.mark.rule(16)
def test_a_missing_dead_letter_exchange_drops_the_message(channel, name):
    queue = name("work")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": name("absent")})
    put(channel, queue, "job", "next")
    _rejected(channel, queue)
    assert take(channel, queue, 1) == ["next"]


def test_a_requeued_message_is_not_dead_lettered(channel, name, dead):
    exchange, dead_queue = dead
    queue = name("work")
    channel.queue_declare(queue, arguments={"x-dead-letter-exchange": exchange})
    put(channel, queue, "job")
    channel.basic_reject(get(channel, queue)[0].delivery_tag, requeue=True)
    assert take(channel, queue, 1) == ["job"]
    assert is_empty(channel, dead_queue)


@pytest.fixture
def copied(channel, name):
    """A queue whose dead letters go to a direct exchange, and one queue behind it for the queue's
    name, for "cc" and for "bcc": (work, by_name, by_cc, by_bcc)."""

    def copied(**arguments):
        exchange, work = name("dlx"), name("work")
        channel.exchange_declare(exchange, "direct")
        channel.queue_declare(work, arguments={"x-dead-letter-exchange": exchange, **arguments})
        queues = [name(key) for key in ("by-name", "by-cc", "by-bcc")]
        for queue, key in zip(queues, (work, "cc", "bcc")):
            channel.queue_declare(queue)
            channel.queue_bind(queue, exchange, key)
        return (work, *queues)

    return copied


@pytest.mark.rule(70)
def test_without_a_key_of_its_own_it_goes_by_cc_and_bcc_too(channel, copied):
    """Nobody ever sees the BCC header."""
    work, *queues = copied()
    put(channel, work, "job", properties=pika.BasicProperties(headers={"CC": ["cc"], "BCC": ["bcc"]}))
    _rejected(channel, work)
    for queue in queues:
        method, properties, _ = get(channel, queue, auto_ack=True)
        assert method.routing_key == work
        assert "BCC" not in properties.headers
        assert properties.headers["CC"] == ["cc"]
        assert properties.headers["x-death"][0]["routing-keys"] == [work, "cc"]


@pytest.mark.rule(70)
def test_with_a_key_of_its_own_cc_and_bcc_are_gone(channel, copied):
    work, by_name, by_cc, by_bcc = copied(**{"x-dead-letter-routing-key": "cc"})
    put(channel, work, "job", properties=pika.BasicProperties(headers={"CC": ["x"], "BCC": ["bcc"]}))
    _rejected(channel, work)
    method, properties, _ = get(channel, by_cc, auto_ack=True)
    assert method.routing_key == "cc"
    assert "CC" not in properties.headers
    assert properties.headers["x-death"][0]["routing-keys"] == [work, "x"]
    assert is_empty(channel, by_name)
    assert is_empty(channel, by_bcc)
