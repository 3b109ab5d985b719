"""Declaring exchanges: types, equivalence, passive."""

import re

import pytest
from pika import spec


from support.amqp import closes_channel, closes_connection, exchange_exists


@pytest.mark.rule(7)
@pytest.mark.parametrize("kind", ["direct", "fanout", "topic", "headers"])
def test_declaring_twice_the_same_is_fine(channel, name, kind):
    exchange = name()
    channel.exchange_declare(exchange, kind)
    channel.exchange_declare(exchange, kind)
    channel.exchange_declare(exchange, passive=True)


@pytest.mark.parametrize(
    "exchange, kind",
    [
        ("amq.direct", "direct"),
        ("amq.fanout", "fanout"),
        ("amq.topic", "topic"),
        ("amq.headers", "headers"),
        ("amq.match", "headers"),
    ],
)
def test_the_standard_exchanges_exist_and_are_durable(channel, exchange, kind):
    channel.exchange_declare(exchange, passive=True)
    channel.exchange_declare(exchange, kind, durable=True)


@pytest.mark.rule(7)
def test_another_type_is_406(channel, name):
    exchange = name()
    channel.exchange_declare(exchange, "direct")
    with closes_channel(
        channel,
        406,
        f"PRECONDITION_FAILED - inequivalent arg 'type' for exchange '{exchange}' in vhost '/': "
        "received 'fanout' but current is 'direct'",
    ):
        channel.exchange_declare(exchange, "fanout")


@pytest.mark.rule(7)
@pytest.mark.parametrize("argument", ["durable", "auto_delete", "internal"])
def test_another_flag_is_406(channel, name, argument):
    exchange = name()
    channel.exchange_declare(exchange, "direct")
    with closes_channel(
        channel,
        406,
        f"PRECONDITION_FAILED - inequivalent arg '{argument}' for exchange '{exchange}' "
        "in vhost '/': received 'true' but current is 'false'",
    ):
        channel.exchange_declare(exchange, "direct", **{argument: True})


@pytest.mark.rule(7)
def test_unknown_arguments_are_not_compared(channel, name):
    exchange = name()
    channel.exchange_declare(exchange, "direct", arguments={"x-mine": 1})
    channel.exchange_declare(exchange, "direct", arguments={"x-mine": 2})


@pytest.mark.rule(13)
def test_an_absent_exchange_is_404_when_passive(channel, name):
    exchange = name()
    with closes_channel(channel, 404, f"NOT_FOUND - no exchange '{exchange}' in vhost '/'"):
        channel.exchange_declare(exchange, passive=True)


@pytest.mark.rule(8)
def test_an_unknown_type_is_refused(channel, name, expect):
    closes, code, text = expect(
        leveret=(closes_channel, 406, "PRECONDITION_FAILED - unknown exchange type 'cloud'"),
        rabbitmq=(closes_connection, 503, "COMMAND_INVALID - unknown exchange type 'cloud'"),
        row="unknown-exchange-type",
    )
    with closes(channel, code, text):
        channel.exchange_declare(name(), "cloud")


@pytest.mark.rule(14)
def test_nowait_has_no_answer_but_works(raw, connection, name):
    client = raw()
    exchange = name()
    client.send(1, spec.Exchange.Declare(exchange=exchange, type="fanout", nowait=True))
    client.expect_nothing_before(1)
    assert exchange_exists(connection, exchange)


@pytest.mark.rule(14)
def test_an_error_of_a_nowait_declare_still_closes_the_channel(raw, name):
    client = raw()
    exchange = name()
    client.send(1, spec.Exchange.Declare(exchange=exchange, type="fanout", nowait=True))
    client.send(1, spec.Exchange.Declare(exchange=exchange, type="topic", nowait=True))
    client.expect_channel_close(1, 406, re.compile("inequivalent arg 'type'"))


@pytest.mark.rule(12)
def test_line_breaks_in_names_are_dropped(channel, connection, name):
    exchange = name()
    channel.exchange_declare(exchange + "\r\n", "fanout")
    assert exchange_exists(connection, exchange)
