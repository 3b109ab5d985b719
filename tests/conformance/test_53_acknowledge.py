"""ack, nack, reject: which tags they take, and which not."""

import pytest
from pika import spec

from support.amqp import closes_channel, get, is_empty, put, ready, synchronise, take, wait_ready


def _unknown(tag):
    return f"PRECONDITION_FAILED - unknown delivery tag {tag}"


def _got(channel, queue, count):
    """Publishes and gets `count` messages; they are unacked, with tags from 1."""
    channel.queue_declare(queue)
    put(channel, queue, *map(str, range(count)))
    return [get(channel, queue)[0].delivery_tag for _ in range(count)]


def test_an_acknowledged_message_is_gone(connect, channel, name):
    queue = name()
    other = connect()
    consumer = other.channel()
    (tag,) = _got(consumer, queue, 1)
    consumer.basic_ack(tag)
    other.close()
    assert is_empty(channel, queue)


@pytest.mark.rule(37)
@pytest.mark.parametrize("settle", ["basic_ack", "basic_nack", "basic_reject"])
@pytest.mark.parametrize("tag", [1, 99])
def test_an_unknown_tag_is_406(channel, settle, tag):
    with closes_channel(channel, 406, _unknown(tag)):
        getattr(channel, settle)(tag)


@pytest.mark.rule(37)
@pytest.mark.parametrize("settle", ["basic_ack", "basic_nack", "basic_reject"])
def test_settling_twice_is_406(channel, name, settle):
    (tag,) = _got(channel, name(), 1)
    channel.basic_ack(tag)
    with closes_channel(channel, 406, _unknown(tag)):
        getattr(channel, settle)(tag)


@pytest.mark.rule(37)
def test_another_channels_tag_is_406(connection, channel, name):
    (tag,) = _got(channel, name(), 1)
    other = connection.channel()
    with closes_channel(other, 406, _unknown(tag)):
        other.basic_ack(tag)


@pytest.mark.rule(37)
def test_an_auto_acked_tag_is_406(channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a")
    tag = get(channel, queue, auto_ack=True)[0].delivery_tag
    with closes_channel(channel, 406, _unknown(tag)):
        channel.basic_ack(tag)


@pytest.mark.rule(89)
def test_the_close_names_the_method(raw):
    client = raw()
    client.send(1, spec.Basic.Ack(delivery_tag=5))
    close = client.expect_channel_close(1, 406, _unknown(5))
    assert (close.class_id, close.method_id) == (60, 80)


@pytest.mark.rule(38)
def test_multiple_settles_all_up_to_the_tag(channel, connection, name):
    queue = name()
    _got(channel, queue, 5)
    channel.basic_ack(3, multiple=True)
    channel.close()
    other = connection.channel()
    wait_ready(other, queue, 2)
    assert take(other, queue, 2) == ["3", "4"]


@pytest.mark.rule(38)
def test_multiple_with_zero_settles_everything(channel, connection, name):
    queue = name()
    _got(channel, queue, 5)
    channel.basic_ack(0, multiple=True)
    channel.close()
    assert ready(connection.channel(), queue) == 0


@pytest.mark.rule(38)
def test_multiple_with_zero_is_fine_with_nothing_outstanding(channel):
    channel.basic_ack(0, multiple=True)
    channel.basic_nack(0, multiple=True)
    synchronise(channel)


@pytest.mark.rule(39)
def test_zero_without_multiple_is_406(channel, name):
    _got(channel, name(), 1)
    with closes_channel(channel, 406, _unknown(0)):
        channel.basic_ack(0)


@pytest.mark.rule(38)
@pytest.mark.parametrize("tag", [2, 9], ids=["settled", "future"])
def test_multiple_needs_a_tag_that_is_outstanding(channel, name, tag):
    _got(channel, name(), 4)
    channel.basic_ack(2)
    with closes_channel(channel, 406, _unknown(tag)):
        channel.basic_ack(tag, multiple=True)


def test_nack_multiple_requeues_all_up_to_the_tag(channel, name):
    queue = name()
    _got(channel, queue, 5)
    channel.basic_nack(3, multiple=True, requeue=True)
    wait_ready(channel, queue, 3)
    assert take(channel, queue, 3) == ["0", "1", "2"]


def test_nack_multiple_without_requeue_drops_them(channel, name):
    queue = name()
    _got(channel, queue, 5)
    channel.basic_nack(0, multiple=True, requeue=False)
    synchronise(channel)
    assert is_empty(channel, queue)


def test_a_rejected_message_without_requeue_is_dropped(channel, name):
    queue = name()
    (tag,) = _got(channel, queue, 1)
    channel.basic_reject(tag, requeue=False)
    put(channel, queue, "last")
    assert take(channel, queue, 1) == ["last"]


def test_tags_may_be_settled_in_any_order(channel, connection, name):
    queue = name()
    _got(channel, queue, 5)
    for tag in (4, 1, 5, 2):
        channel.basic_ack(tag)
    channel.close()
    other = connection.channel()
    wait_ready(other, queue, 1)
    assert take(other, queue, 1) == ["2"]


def test_a_message_may_be_acked_after_its_queue_is_gone(channel, name):
    queue = name()
    (tag,) = _got(channel, queue, 1)
    channel.queue_delete(queue)
    channel.basic_ack(tag)
    synchronise(channel)
