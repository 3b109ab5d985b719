"""tx: publishes and acknowledgements take effect with the commit, or not at all."""

import pytest
from pika import spec

from support.amqp import closes_channel, get, put, ready, take, wait_ready


@pytest.mark.rule(28)
def test_publishes_appear_with_the_commit(channel, connection, name):
    queue = name()
    channel.queue_declare(queue)
    channel.tx_select()
    put(channel, queue, "a", "b")
    assert ready(connection.channel(), queue) == 0
    channel.tx_commit()
    assert take(connection.channel(), queue, 2) == ["a", "b"]


@pytest.mark.rule(28)
def test_rollback_forgets_publishes(channel, name):
    queue = name()
    channel.queue_declare(queue)
    channel.tx_select()
    put(channel, queue, "a")
    channel.tx_rollback()
    put(channel, queue, "b")
    channel.tx_commit()
    wait_ready(channel, queue, 1)
    assert get(channel, queue)[2] == b"b"


@pytest.mark.rule(28)
def test_an_ack_takes_effect_with_the_commit(connect, channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a", "b")
    wait_ready(channel, queue, 2)
    worker = connect()
    consumer = worker.channel()
    consumer.tx_select()
    consumer.basic_ack(get(consumer, queue)[0].delivery_tag)
    consumer.tx_commit()
    consumer.basic_ack(get(consumer, queue)[0].delivery_tag)
    worker.close()
    wait_ready(channel, queue, 1)
    assert take(channel, queue, 1) == ["b"]


@pytest.mark.rule(28)
def test_rollback_leaves_messages_unacked(channel, name):
    queue = name()
    channel.queue_declare(queue)
    channel.tx_select()
    put(channel, queue, "a")
    channel.tx_commit()
    tag = get(channel, queue)[0].delivery_tag
    channel.basic_ack(tag)
    channel.tx_rollback()
    assert ready(channel, queue) == 0
    channel.basic_ack(tag)
    channel.tx_commit()
    assert ready(channel, queue) == 0


@pytest.mark.rule(28)
def test_returns_come_with_the_commit(raw, name):
    client = raw()
    client.send(1, spec.Tx.Select())
    client.expect(1, spec.Tx.SelectOk)
    client.publish(1, "", name("nowhere"), b"x", mandatory=True)
    client.expect_nothing_before(1)
    client.send(1, spec.Tx.Commit())
    client.expect_content(1, spec.Basic.Return)
    client.expect(1, spec.Tx.CommitOk)


def test_a_refused_publish_is_refused_at_once(channel, name):
    channel.tx_select()
    exchange = name("absent")
    with closes_channel(channel, 404, f"NOT_FOUND - no exchange '{exchange}' in vhost '/'"):
        channel.basic_publish(exchange, "k", b"x")


@pytest.mark.rule(28)
def test_commit_and_rollback_need_a_select(connection):
    for end in ("tx_commit", "tx_rollback"):
        channel = connection.channel()
        with closes_channel(channel, 406, "PRECONDITION_FAILED - channel is not transactional"):
            getattr(channel, end)()


def test_a_rejection_takes_effect_with_the_commit(channel, connection, name):
    """Rule 28."""
    queue, dead, other = name(), name("dead"), connection.channel()
    other.queue_declare(dead)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
    other.queue_declare(queue, arguments=arguments)
    put(other, queue, "a", "b")
    channel.tx_select()
    first, second = get(channel, queue)[0], get(channel, queue)[0]
    channel.basic_nack(first.delivery_tag, requeue=True)
    channel.basic_reject(second.delivery_tag, requeue=False)
    assert (ready(channel, queue), ready(other, dead)) == (0, 0)
    channel.tx_commit()
    assert take(other, dead, 1) == ["b"]
    assert take(other, queue, 1) == ["a"]


def test_a_tag_settled_in_the_transaction_is_unknown_in_it(channel, name):
    """Rule 37."""
    queue = name()
    channel.queue_declare(queue)
    channel.tx_select()
    put(channel, queue, "a")
    channel.tx_commit()
    tag = get(channel, queue)[0].delivery_tag
    channel.basic_ack(tag)
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - unknown delivery tag {tag}"):
        channel.basic_ack(tag)
