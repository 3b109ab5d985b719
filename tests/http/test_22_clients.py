"""/api/connections, /api/channels, /api/consumers"""

import pika
import pytest

from support import wait


def own(api, port):
    """The item of the connection from this local port."""

    def find():
        return [c for c in api.get(("connections",)).json if c["peer_port"] == port]

    return wait.until(find, "the connection in the list")[0]


def local_port(connection):
    return connection._impl._transport._sock.getsockname()[1]


def test_a_connection_is_listed(api, broker, connection, channel):
    item = own(api, local_port(connection))
    assert item["user"] == "guest"
    assert item["vhost"] == "/"
    assert item["state"] == "running"
    assert item["channels"] == 1
    assert item["protocol"] == "AMQP 0-9-1"
    assert item["peer_host"] == "127.0.0.1"
    assert item["port"] == broker.port
    assert item["client_properties"]["product"] == "Pika Python Client Library"
    assert item["client_properties"]["capabilities"]["basic.nack"] is True
    assert item["connected_at"] > 1_600_000_000_000
    assert api.get(("connections", item["name"])).json["name"] == item["name"]
    (channel_item,) = api.get(("connections", item["name"], "channels")).json
    assert channel_item["number"] == 1
    assert channel_item["name"] == f"{item['name']} (1)"
    assert channel_item["connection_details"]["name"] == item["name"]
    assert channel_item["name"] in [c["name"] for c in api.get(("channels",)).json]


def test_consumers_are_listed(api, queue, channel):
    tag = channel.basic_consume(queue, lambda *_: None, auto_ack=True)
    for target in (("consumers",), ("consumers", "/")):
        (item,) = [c for c in api.get(target).json if c["consumer_tag"] == tag]
        assert item["queue"] == {"name": queue, "vhost": "/"}
        assert item["ack_required"] is False
    api.get(("consumers", "nowhere")).refuses(404, "not_found")


def test_a_connection_can_be_closed(api, connection, channel):
    item = own(api, local_port(connection))
    answer = api.delete(("connections", item["name"]), headers={"X-Reason": "maintenance"})
    assert answer.status == 204
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker) as closed:
        while True:
            connection.process_data_events(time_limit=1)
    assert closed.value.reply_code == 320
    assert closed.value.reply_text == "CONNECTION_FORCED - maintenance"
    wait.until(lambda: api.get(("connections", item["name"])).status == 404, "its end")


def test_what_is_not_there(api):
    api.get(("connections", "missing")).refuses(404, "not_found", "missing")
    api.delete(("connections", "missing")).refuses(404, "not_found")
