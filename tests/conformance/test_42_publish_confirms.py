"""Publisher confirms: numbers, order, what they wait for."""

import pytest
from pika import spec

from support.amqp import PERSISTENT, closes_channel, put, take, wait_ready


def _select(client, channel=1):
    client.send(channel, spec.Confirm.Select())
    client.expect(channel, spec.Confirm.SelectOk)


def _confirmed(client, count, channel=1):
    """The tags that were acknowledged, in the order in which that became known."""
    tags = []
    while len(tags) < count:
        ack = client.expect(channel, spec.Basic.Ack)
        if ack.multiple:
            tags += [tag for tag in range(1, ack.delivery_tag + 1) if tag not in tags]
        else:
            assert ack.delivery_tag not in tags
            tags.append(ack.delivery_tag)
    return tags


@pytest.mark.rule(23)
def test_numbers_start_with_the_first_publish_after_select(raw, name):
    client, queue = raw(), name()
    client.publish(1, "", queue, b"before")
    _select(client)
    client.publish(1, "", queue, b"one")
    assert _confirmed(client, 1) == [1]


@pytest.mark.rule(23)
def test_a_second_select_does_not_restart_them(raw, name):
    client, queue = raw(), name()
    _select(client)
    client.publish(1, "", queue, b"one")
    assert _confirmed(client, 1) == [1]
    _select(client)
    client.publish(1, "", queue, b"two")
    assert client.expect(1, spec.Basic.Ack).delivery_tag == 2


def test_channels_count_by_themselves(raw, name):
    client, queue = raw(channels=2), name()
    _select(client, 1)
    _select(client, 2)
    client.publish(1, "", queue, b"one")
    assert client.expect(1, spec.Basic.Ack).delivery_tag == 1
    client.publish(2, "", queue, b"one")
    assert client.expect(2, spec.Basic.Ack).delivery_tag == 1


@pytest.mark.rule(24)
@pytest.mark.parametrize("durable", [False, True], ids=["transient", "persistent"])
def test_each_of_many_is_confirmed_once(raw, name, durable):
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue, durable=durable))
    client.expect(1, spec.Queue.DeclareOk)
    _select(client)
    for number in range(500):
        client.publish(1, "", queue, b"%d" % number, PERSISTENT if durable else None)
    assert sorted(_confirmed(client, 500)) == list(range(1, 501))
    client.expect_nothing_before(1)


@pytest.mark.rule(25)
def test_a_message_for_several_queues_is_confirmed_once(raw, name):
    client, exchange = raw(), name("x")
    client.send(1, spec.Exchange.Declare(exchange=exchange, type="fanout"))
    client.expect(1, spec.Exchange.DeclareOk)
    for number in range(3):
        queue = name()
        client.send(1, spec.Queue.Declare(queue=queue, durable=number % 2 == 0))
        client.expect(1, spec.Queue.DeclareOk)
        client.send(1, spec.Queue.Bind(queue=queue, exchange=exchange))
        client.expect(1, spec.Queue.BindOk)
    _select(client)
    client.publish(1, exchange, "", b"x", PERSISTENT)
    assert _confirmed(client, 1) == [1]
    client.expect_nothing_before(1)


def test_nowait_select_has_no_answer_but_works(raw, name):
    client = raw()
    client.send(1, spec.Confirm.Select(nowait=True))
    client.expect_nothing_before(1)
    client.publish(1, "", name(), b"x")
    assert _confirmed(client, 1) == [1]


def test_a_persistent_message_consumed_at_once_is_confirmed(raw, name):
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue, durable=True))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Basic.Consume(queue=queue, no_ack=True))
    client.expect(1, spec.Basic.ConsumeOk)
    _select(client)
    client.publish(1, "", queue, b"x", PERSISTENT)
    kinds = set()
    while len(kinds) < 2:
        method = client.receive()
        if hasattr(method, "method"):
            kinds.add(method.method.NAME)
    assert kinds == {"Basic.Deliver", "Basic.Ack"}


def test_a_confirmed_message_is_in_the_queue(confirming, name):
    queue = name()
    confirming.queue_declare(queue)
    put(confirming, queue, "a", "b")
    wait_ready(confirming, queue, 2)
    assert take(confirming, queue, 2) == ["a", "b"]


@pytest.mark.rule(27)
def test_confirms_and_transactions_exclude_each_other(connection):
    channel = connection.channel()
    channel.tx_select()
    with closes_channel(
        channel, 406, "PRECONDITION_FAILED - cannot switch from tx to confirm mode"
    ):
        channel.confirm_delivery()
    channel = connection.channel()
    channel.confirm_delivery()
    with closes_channel(
        channel, 406, "PRECONDITION_FAILED - cannot switch from confirm to tx mode"
    ):
        channel.tx_select()
