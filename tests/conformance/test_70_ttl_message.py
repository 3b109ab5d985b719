"""Messages that expire: by their own time and by the queue's.

Where a test waits for a queue to be empty again, it publishes with confirms, so that the message
has certainly been there: RabbitMQ counts a queue's messages ahead of publishes on their way.
"""

import pika
import pytest

from support.amqp import Collector, get, put, ready, take, wait_ready

SHORT = pika.BasicProperties(expiration="1")
LONG = pika.BasicProperties(expiration="600000")


@pytest.mark.rule(59)
def test_an_expired_message_is_never_delivered(confirming, name):
    queue = name()
    confirming.queue_declare(queue)
    put(confirming, queue, "old", properties=SHORT)
    wait_ready(confirming, queue, 0)
    put(confirming, queue, "new")
    assert take(confirming, queue, 1) == ["new"]


@pytest.mark.rule(59)
def test_the_queues_ttl_applies_to_all(confirming, name):
    queue = name()
    confirming.queue_declare(queue, arguments={"x-message-ttl": 1})
    put(confirming, queue, "a", "b")
    wait_ready(confirming, queue, 0)


@pytest.mark.rule(59)
@pytest.mark.parametrize("ttl, properties", [(600000, SHORT), (1, LONG)], ids=["message", "queue"])
def test_the_lower_of_the_two_wins(confirming, name, ttl, properties):
    queue = name()
    confirming.queue_declare(queue, arguments={"x-message-ttl": ttl})
    put(confirming, queue, "a", properties=properties)
    wait_ready(confirming, queue, 0)


@pytest.mark.rule(59)
def test_an_expired_message_leaves_from_behind_a_long_lived_one(confirming, name, expect, answer):
    """In RabbitMQ it waits until it is at the head."""
    queue, dead = name(), name("dead")
    confirming.queue_declare(dead)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    confirming.queue_declare(queue, arguments=arguments)
    put(confirming, queue, "long", properties=LONG)
    put(confirming, queue, "short", properties=SHORT)
    leaves_at_once = expect(leveret=True, rabbitmq=False, row="expiry-behind-the-head")
    answer(f"an expired message leaves {'at once' if leaves_at_once else 'at the head only'}")
    if leaves_at_once:
        wait_ready(confirming, queue, 1)
        assert get(confirming, dead, auto_ack=True)[2] == b"short"
    method, _, body = get(confirming, queue)
    assert body == b"long"
    if not leaves_at_once:
        assert get(confirming, dead, auto_ack=True)[2] == b"short"
    confirming.basic_ack(method.delivery_tag)


@pytest.mark.rule(60)
def test_zero_delivers_to_a_waiting_consumer(channel, name):
    queue = name()
    channel.queue_declare(queue, arguments={"x-message-ttl": 0})
    collector = Collector(channel, queue, auto_ack=True)
    put(channel, queue, "now")
    collector.wait(1)
    assert collector.bodies == ["now"]


@pytest.mark.rule(60)
def test_zero_expires_at_once_without_one(channel, name):
    queue, dead = name(), name("dead")
    channel.queue_declare(dead)
    arguments = {
        "x-message-ttl": 0,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
    }
    channel.queue_declare(queue, arguments=arguments)
    put(channel, queue, "never")
    assert get(channel, dead)[2] == b"never"
    assert ready(channel, queue) == 0


@pytest.mark.rule(60)
def test_an_unacked_message_stays_but_expires_once_requeued(confirming, name):
    """Requeueing keeps the original time of expiry."""
    queue = name()
    confirming.queue_declare(queue)
    confirming.basic_qos(prefetch_count=1)
    collector = Collector(confirming, queue)
    put(confirming, queue, "a", properties=SHORT)  # Delivered at once: a consumer is waiting.
    method = collector.wait(1)[0][0]
    put(confirming, queue, "b", properties=SHORT)
    wait_ready(confirming, queue, 0)  # "b" has expired, and so would "a" have.
    confirming.basic_nack(method.delivery_tag, requeue=True)
    put(confirming, queue, "c")
    collector.wait(2)
    assert collector.bodies == ["a", "c"]


def test_the_expiration_stays_on_the_delivered_message(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a", properties=LONG)
    assert get(channel, queue)[1].expiration == "600000"
