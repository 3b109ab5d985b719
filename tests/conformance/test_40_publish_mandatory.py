"""Mandatory messages: returned when nobody wants them, before their confirm."""

import pika
import pytest
from pika import exceptions, spec


@pytest.mark.rule(21)
def test_an_unroutable_message_comes_back_whole(raw, name):
    client, key = raw(), name("nowhere")
    properties = spec.BasicProperties(message_id="m-1", headers={"a": 1})
    client.publish(1, "amq.direct", key, b"body", properties, mandatory=True)
    returned, properties, body = client.expect_content(1, spec.Basic.Return)
    assert (returned.reply_code, returned.reply_text) == (312, "NO_ROUTE")
    assert (returned.exchange, returned.routing_key) == ("amq.direct", key)
    assert (properties.message_id, properties.headers, body) == ("m-1", {"a": 1}, b"body")


def test_an_empty_unroutable_message_comes_back_too(raw, name):
    client = raw()
    client.publish(1, "", name("nowhere"), b"", mandatory=True)
    returned, _, body = client.expect_content(1, spec.Basic.Return)
    assert (returned.reply_code, body) == (312, b"")


@pytest.mark.rule(21)
def test_the_return_precedes_the_ack(raw, name):
    client = raw()
    client.send(1, spec.Confirm.Select())
    client.expect(1, spec.Confirm.SelectOk)
    client.publish(1, "amq.direct", name("nowhere"), b"x", mandatory=True)
    client.expect_content(1, spec.Basic.Return)
    ack = client.expect(1, spec.Basic.Ack)
    assert ack.delivery_tag == 1


@pytest.mark.rule(21)
def test_without_mandatory_an_unroutable_message_is_dropped_and_acked(raw, name):
    client = raw()
    client.send(1, spec.Confirm.Select())
    client.expect(1, spec.Confirm.SelectOk)
    client.publish(1, "amq.direct", name("nowhere"), b"x")
    client.expect(1, spec.Basic.Ack)


@pytest.mark.rule(21)
def test_a_routed_mandatory_message_does_not_come_back(raw, name):
    client, queue = raw(), name()
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect(1, spec.Queue.DeclareOk)
    client.publish(1, "", queue, b"x", mandatory=True)
    client.expect_nothing_before(1)


def test_pika_sees_it_as_unroutable(confirming, name):
    with pytest.raises(exceptions.UnroutableError) as info:
        confirming.basic_publish(
            "", name("nowhere"), b"x", pika.BasicProperties(message_id="m"), mandatory=True
        )
    assert info.value.messages[0].properties.message_id == "m"
