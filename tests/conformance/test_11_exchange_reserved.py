"""Names and exchanges that belong to the server."""

import pytest

from support.amqp import closes_channel

DEFAULT = "ACCESS_REFUSED - operation not permitted on the default exchange"


@pytest.mark.rule(9)
def test_the_amq_prefix_is_reserved_for_exchanges(channel):
    with closes_channel(
        channel,
        403,
        "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'",
    ):
        channel.exchange_declare("amq.mine", "direct")


@pytest.mark.rule(9)
def test_the_amq_prefix_is_reserved_for_queues(channel):
    with closes_channel(
        channel, 403, "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'"
    ):
        channel.queue_declare("amq.mine")


@pytest.mark.rule(9)
def test_an_absent_reserved_name_is_404_when_passive(channel):
    with closes_channel(channel, 404):
        channel.queue_declare("amq.mine", passive=True)


@pytest.mark.rule(10)
@pytest.mark.parametrize("exchange", ["amq.direct", "amq.topic"])
def test_a_standard_exchange_cannot_be_deleted(channel, exchange):
    with closes_channel(
        channel,
        403,
        f"ACCESS_REFUSED - deletion of system exchange '{exchange}' in vhost '/' not allowed",
    ):
        channel.exchange_delete(exchange)


@pytest.mark.rule(10)
def test_the_default_exchange_cannot_be_declared(channel):
    with closes_channel(channel, 403, DEFAULT):
        channel.exchange_declare("", "direct", durable=True)


@pytest.mark.rule(10)
def test_the_default_exchange_cannot_be_deleted(channel):
    with closes_channel(channel, 403, DEFAULT):
        channel.exchange_delete("")


@pytest.mark.rule(10)
def test_nothing_can_be_bound_to_the_default_exchange(channel, name):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    with closes_channel(channel, 403, DEFAULT):
        channel.queue_bind(queue, "", "key")


@pytest.mark.rule(10)
def test_nothing_can_be_unbound_from_the_default_exchange(channel, name):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    with closes_channel(channel, 403, DEFAULT):
        channel.queue_unbind(queue, "", queue)
