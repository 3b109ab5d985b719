"""CC and BCC: more routing keys in the headers."""

import re

import pika
import pytest

from support.amqp import closes_channel, get, is_empty, put


@pytest.mark.rule(31)
def test_cc_and_bcc_add_routing_keys_and_bcc_is_not_seen(channel, name):
    to, cc, bcc = name("to"), name("cc"), name("bcc")
    for queue in (to, cc, bcc):
        channel.queue_declare(queue, exclusive=True)
    properties = pika.BasicProperties(headers={"CC": [cc], "BCC": [bcc], "other": 1})
    put(channel, to, "x", properties=properties)
    for queue in (to, cc, bcc):
        method, properties, _ = get(channel, queue, auto_ack=True)
        assert method.routing_key == to
        assert properties.headers == {"CC": [cc], "other": 1}
        assert is_empty(channel, queue)


@pytest.mark.rule(31)
@pytest.mark.parametrize("header", ["CC", "BCC"])
def test_another_type_than_an_array_is_406(channel, name, header):
    with closes_channel(channel, 406, re.compile("PRECONDITION_FAILED")):
        put(channel, name(), "x", properties=pika.BasicProperties(headers={header: "one"}))


@pytest.mark.rule(31)
def test_a_returned_message_has_no_bcc(raw, name):
    client = raw()
    properties = pika.BasicProperties(headers={"CC": [name()], "BCC": [name()]})
    client.publish(1, "", name("absent"), b"x", properties, mandatory=True)
    _, returned, _ = client.expect_content(1, pika.spec.Basic.Return)
    assert list(returned.headers) == ["CC"]


@pytest.mark.rule(31)
def test_what_is_no_string_in_the_array_is_no_key(channel, name):
    to, cc = name("to"), name("cc")
    for queue in (to, cc):
        channel.queue_declare(queue)
    put(channel, to, "x", properties=pika.BasicProperties(headers={"CC": [1, cc, True]}))
    assert [get(channel, queue)[2] for queue in (to, cc)] == [b"x", b"x"]
