"""What connections, channels, exchanges and queues have been doing of late."""

import datetime
import re

import pika

from support import wait


def test_a_channel_counts_what_it_does(api, connection, queue):
    channel = connection.channel()
    channel.confirm_delivery()
    for _ in range(3):
        channel.basic_publish("", queue, b"x")
    method, _, _ = channel.basic_get(queue)
    channel.basic_ack(method.delivery_tag)
    method, _, _ = channel.basic_get(queue)
    channel.basic_nack(method.delivery_tag)
    method, _, _ = channel.basic_get(queue)
    assert method.redelivered
    channel.basic_get(queue, auto_ack=True)
    channel.basic_get(queue)
    channel.basic_publish("", "no such queue", b"x")
    # The acknowledgement of what came before it: everything has been worked off.
    channel.queue_declare(queue, passive=True)
    (row,) = [c for c in api.get(("channels",)).json if c["number"] == channel.channel_number and c["confirm"]]
    for item in (row, api.get(("channels", row["name"])).json):
        stats = {name: n for name, n in item["message_stats"].items() if not name.endswith("_details")}
        assert stats == {
            "publish": 4,
            "confirm": 4,
            "get": 3,
            "get_no_ack": 1,
            "get_empty": 1,
            "deliver_get": 4,
            "redeliver": 1,
            "ack": 1,
            "drop_unroutable": 1,
        }


def test_connections_channels_and_exchanges_have_rates(api, connection, channel, queue, name):
    exchange = name("exchange")
    api.put(("exchanges", "/", exchange), {"type": "fanout"})
    api.post(("bindings", "/", "e", exchange, "q", queue), {})

    def rates():
        channel.basic_publish(exchange, "", b"x" * 100)
        connection.process_data_events()
        stats = api.get(("exchanges", "/", exchange)).json["message_stats"]
        connections = api.get(("connections",)).json
        channels = [c for c in api.get(("channels",)).json if c["message_stats"].get("publish")]
        return (
            stats["publish_in_details"]["rate"] > 0
            and stats["publish_out_details"]["rate"] > 0
            and any(c["recv_oct_details"]["rate"] > 0 for c in connections)
            and any(c["message_stats"]["publish_details"]["rate"] > 0 for c in channels)
        )

    wait.until(rates, "rates of all of them")
    listed = {e["name"]: e for e in api.get(("exchanges", "/")).json}[exchange]
    assert listed["message_stats"]["publish_in_details"]["rate"] > 0
    api.delete(("exchanges", "/", exchange))


def test_a_queue_tells_its_heads_timestamp_and_its_memory(api, channel, queue):
    item = api.queue(queue)
    assert item["head_message_timestamp"] is None
    empty = item["memory"]
    channel.basic_publish("", queue, b"x" * 10_000, pika.BasicProperties(timestamp=1_700_000_000, headers={"a": 1}))
    api.wait_ready(queue, 1)
    item = api.queue(queue)
    assert item["head_message_timestamp"] == 1_700_000_000
    assert item["memory"] >= empty + 10_000


def test_a_queue_tells_since_when_it_is_idle(api, queue):
    since = wait.until(lambda: api.queue(queue).get("idle_since"), "an idle queue")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", since)
    age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(since)
    assert datetime.timedelta(seconds=-2) < age < datetime.timedelta(minutes=5)


def test_consumers_that_keep_up_have_capacity_and_those_that_do_not_have_none(api, channel, queue):
    assert api.queue(queue)["consumer_capacity"] == 0
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(queue, lambda *_: None)
    wait.until(lambda: api.queue(queue)["consumer_capacity"] > 0.4, "capacity")
    for _ in range(5):
        channel.basic_publish("", queue, b"x")
    high = api.queue(queue)["consumer_capacity"]
    wait.until(lambda: api.queue(queue)["consumer_capacity"] < high / 2, "less capacity")
    item = api.queue(queue)
    assert abs(item["consumer_capacity"] - item["consumer_utilisation"]) < 1e-9
