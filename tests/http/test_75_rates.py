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


def test_connections_channels_and_exchanges_have_samples(api, connection, channel, queue, name):
    exchange = name("exchange")
    api.put(("exchanges", "/", exchange), {"type": "fanout"})
    api.post(("bindings", "/", "e", exchange, "q", queue), {})
    messages = {"msg_rates_age": 60, "msg_rates_incr": 5}
    octets = {"data_rates_age": 60, "data_rates_incr": 5}
    connection.process_data_events()

    def mine(items):
        return [item for item in items if item.get("connection_details", item)["name"] in names]

    names = [c["name"] for c in api.get(("connections",)).json]
    assert names

    def rising():
        """Of each kind, alone and in a list, whose samples rise from the oldest to the newest."""
        channel.basic_publish(exchange, "", b"x" * 100)
        connection.process_data_events()
        of_exchange = ("exchanges", "/", exchange)
        exchanges = [e for e in api.get(("exchanges", "/"), **messages).json if e["name"] == exchange]
        channels = mine(api.get(("channels",), **messages).json)
        connections = mine(api.get(("connections",), **octets).json)
        details = (
            [e["message_stats"]["publish_in_details"] for e in exchanges],
            [api.get(of_exchange, **messages).json["message_stats"]["publish_out_details"]],
            [c["message_stats"]["publish_details"] for c in channels],
            [api.get(("channels", c["name"]), **messages).json["message_stats"]["publish_details"] for c in channels],
            [c["recv_oct_details"] for c in connections],
            [api.get(("connections", c["name"]), **octets).json["recv_oct_details"] for c in connections],
        )
        return all(any(rises(each) for each in kind) for kind in details)

    def rises(details):
        samples = details.get("samples", [])
        if not samples or samples[0]["sample"] <= samples[-1]["sample"]:
            return False
        assert [a["timestamp"] - b["timestamp"] for a, b in zip(samples, samples[1:])] == [5000] * 12
        assert details["avg"] > 0 and details["avg_rate"] > 0
        return True

    wait.until(rising, "samples of all of them")
    api.delete(("exchanges", "/", exchange))


def test_a_quiet_exchange_has_been_so_all_the_time(api, name):
    exchange = name("exchange")
    api.put(("exchanges", "/", exchange), {"type": "fanout"})
    query = {"msg_rates_age": 15, "msg_rates_incr": 5}

    def samples():
        stats = api.get(("exchanges", "/", exchange), **query).json["message_stats"]
        return stats["publish_in_details"].get("samples")

    assert [s["sample"] for s in wait.until(samples, "samples")] == [0] * 4
    api.delete(("exchanges", "/", exchange))


def test_a_range_that_is_none_is_refused(api):
    for path in (("connections",), ("channels",), ("exchanges",), ("queues",), ("exchanges", "/", "amq.topic")):
        query = {"msg_rates_age": 10_000, "msg_rates_incr": 1}
        assert api.get(path, **query).refuses(400, "bad_request", "Invalid range parameters")


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
