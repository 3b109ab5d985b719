"""Publish, get, browse."""

import base64

import pika
import pytest

PROPERTIES = {
    "content_type": "application/json",
    "content_encoding": "utf-8",
    "delivery_mode": 2,
    "priority": 3,
    "correlation_id": "c",
    "reply_to": "r",
    "expiration": "600000",
    "message_id": "m",
    "timestamp": 1700000000,
    "type": "t",
    "user_id": "guest",
    "app_id": "a",
    "headers": {"i": 1, "f": 1.5, "b": True, "s": "ä", "t": {"x": ["y", 2]}, "n": None},
}


def browse(api, queue, **query):
    answer = api.get(("x", "queues", "/", queue, "messages"), **query)
    assert answer.status == 200, answer
    return answer.json


def test_publish_tells_whether_a_queue_got_it(api, queue):
    assert api.publish(queue, "x").json == {"routed": True}
    assert api.publish("nowhere", "x").json == {"routed": False}


def test_properties_arrive_at_an_amqp_client(api, queue, channel):
    api.publish(queue, "hällo", PROPERTIES)
    _, properties, body = channel.basic_get(queue, auto_ack=True)
    assert body == "hällo".encode()
    for key in ("content_type", "priority", "correlation_id", "expiration", "timestamp", "user_id"):
        assert getattr(properties, key) == PROPERTIES[key]
    headers = properties.headers
    headers.pop("f")  # pika 1.2 reads a double as a whole number.
    assert headers == {k: v for k, v in PROPERTIES["headers"].items() if k != "f"}


def test_get_gives_back_what_was_published(api, queue):
    api.publish(queue, "one", PROPERTIES)
    api.publish(queue, "two")
    first, second = api.take(queue, 10)
    assert first == {
        "payload": "one",
        "payload_bytes": 3,
        "payload_encoding": "string",
        "redelivered": False,
        "exchange": "",
        "routing_key": queue,
        "message_count": 1,
        "properties": PROPERTIES,
    }
    assert (second["payload"], second["message_count"], second["properties"]) == ("two", 0, {})
    assert api.take(queue, 10) == []


def test_bytes_come_as_base64(api, queue):
    text = base64.b64encode(bytes(range(256))).decode()
    api.publish(queue, text, payload_encoding="base64")
    (message,) = api.take(queue, ackmode="ack_requeue_true")
    assert (message["payload"], message["payload_encoding"], message["payload_bytes"]) == (text, "base64", 256)


def test_text_comes_as_base64_when_asked_for(api, queue):
    api.publish(queue, "hi")
    assert api.take(queue, encoding="base64")[0]["payload"] == "aGk="


def test_get_truncates(api, queue):
    api.publish(queue, "a€b")
    (message,) = api.take(queue, truncate=3)
    assert (message["payload"], message["payload_bytes"]) == ("a", 5)


def test_ackmodes(api, queue, name):
    dead = name("dead")
    api.put(("queues", "/", dead))
    api.publish(queue, "x")
    assert api.take(queue, ackmode="ack_requeue_true")[0]["redelivered"] is False
    assert api.take(queue, ackmode="reject_requeue_true")[0]["redelivered"] is True
    assert len(api.take(queue, ackmode="reject_requeue_false")) == 1
    assert api.take(queue) == []
    api.delete(("queues", "/", dead))


@pytest.mark.parametrize(
    "body,reason",
    [
        ({"count": 1}, "'ackmode' is missing"),
        ({"count": 1, "ackmode": "wrong"}, "ack_requeue_true"),
        ({"count": "x", "ackmode": "ack_requeue_true"}, "'count' is of type string"),
        ({"count": -1, "ackmode": "ack_requeue_true"}, "'count'"),
        ({"count": 1, "ackmode": "ack_requeue_true", "encoding": "rot13"}, "auto or base64"),
    ],
)
def test_a_wrong_get_takes_nothing(api, queue, body, reason):
    api.publish(queue, "x")
    api.post(("queues", "/", queue, "get"), body).refuses(400, "bad_request", reason)
    assert api.queue(queue)["messages_ready"] == 1


@pytest.mark.parametrize(
    "body,reason",
    [
        ({"payload": "x"}, "'routing_key' is missing"),
        ({"routing_key": "k"}, "'payload' is missing"),
        ({"routing_key": "k", "payload": "%%", "payload_encoding": "base64"}, "not base64"),
        ({"routing_key": "k", "payload": "x", "payload_encoding": "x"}, "'base64' is expected"),
        ({"routing_key": "k", "payload": "x", "properties": {"delivery_mode": "2"}}, "delivery_mode"),
        ({"routing_key": "k", "payload": "x", "properties": {"headers": []}, "x": 1}, None),
        ({"routing_key": "k", "payload": "x", "properties": {"expiration": "abc"}}, "PRECONDITION_FAILED - invalid expiration"),
        ({"routing_key": "k", "payload": "x", "properties": {"user_id": "other"}}, "user_id property set to 'other'"),
        ({"routing_key": "k" * 256, "payload": "x"}, "255"),
    ],
)
def test_a_wrong_publish(api, body, reason):
    answer = api.post(("exchanges", "/", "amq.default", "publish"), body)
    if reason is None:
        assert answer.json == {"routed": False}
    else:
        answer.refuses(400, "bad_request", reason)


def test_publish_to_no_exchange(api):
    answer = api.post(("exchanges", "/", "missing", "publish"), {"routing_key": "k", "payload": "x"})
    answer.refuses(404, "not_found", "no exchange 'missing' in vhost '/'")


def test_a_large_message_passes(api, queue):
    payload = "x" * (12 * 1024 * 1024)
    assert api.publish(queue, payload).json == {"routed": True}
    (item,) = browse(api, queue)["items"]
    assert (item["truncated"], item["payload_bytes"], len(item["payload"])) == (True, len(payload), 50000)
    whole = api.get(("x", "queues", "/", queue, "messages", item["seq"])).json
    assert (whole["truncated"], whole["payload"] == payload) == (False, True)


def test_browsing_changes_nothing(api, queue, channel):
    for number in range(5):
        api.publish(queue, f"job {number}")
    before = api.queue(queue)
    for _ in range(3):
        page = browse(api, queue)
        assert [item["payload"] for item in page["items"]] == [f"job {n}" for n in range(5)]
    after = api.queue(queue)
    assert after["message_stats"] == before["message_stats"]
    assert after["messages_ready"] == 5
    method, _, body = channel.basic_get(queue)
    assert (body, method.redelivered) == (b"job 0", False)


def test_pages_follow_each_other(api, queue):
    for number in range(7):
        api.publish(queue, str(number))
    seen = []
    after = 0
    while after is not None:
        page = browse(api, queue, after=after, limit=3)
        assert page["messages_ready"] == 7
        seen += [item["payload"] for item in page["items"]]
        after = page["next"]
    assert seen == [str(number) for number in range(7)]
    assert page["snapshot_seq"] == page["items"][-1]["seq"]


def test_a_page_ends_when_its_bodies_are_many_bytes(api, queue):
    for number in range(3):
        api.publish(queue, str(number) * 100)
    assert api.put(("x", "config", "http.browse_bytes_max"), {"value": "250"}).status == 200
    page = browse(api, queue)
    assert [len(browse(api, queue, after=after)["items"]) for after in (0, page["next"])] == [2, 1]
    assert api.delete(("x", "config", "http.browse_bytes_max")).status == 200
    assert len(browse(api, queue)["items"]) == 3


def test_a_browsed_message(api, queue):
    api.publish(queue, "hällo", PROPERTIES)
    (item,) = browse(api, queue)["items"]
    assert item["state"] == "ready"
    assert item["redelivered"] is False
    assert item["delivery_count"] == 0
    assert (item["exchange"], item["routing_key"]) == ("", queue)
    assert item["published_at"] > 1_600_000_000_000
    assert (item["payload"], item["payload_bytes"], item["payload_encoding"]) == ("hällo", 6, "string")
    assert item["properties"] == PROPERTIES
    assert (item["death"], item["error"], item["truncated"]) == (None, None, False)
    assert api.get(("x", "queues", "/", queue, "messages", item["seq"])).json == item


def test_unacked_messages_are_shown_as_such(api, queue, channel):
    api.publish(queue, "x")
    channel.basic_get(queue)
    (item,) = browse(api, queue)["items"]
    assert item["state"] == "unacked"


def test_the_payload_is_truncated_between_characters(api, queue):
    api.publish(queue, "a€b")
    (item,) = browse(api, queue, truncate=3)["items"]
    assert (item["payload"], item["truncated"], item["payload_encoding"]) == ("a", True, "string")


def test_headers_with_bytes_and_odd_types(api, queue, channel):
    headers = {"bytes": b"\xff\xfe", "many": [1, {"deep": [True]}], "text": "t"}
    channel.basic_publish("", queue, b"x", pika.BasicProperties(headers=headers))
    api.wait_ready(queue, 1)
    (item,) = browse(api, queue)["items"]
    shown = item["properties"]["headers"]
    assert shown["many"] == [1, {"deep": [True]}]
    assert shown["bytes"] == {"$base64": "//4="}


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 501}, {"limit": "x"}, {"after": -1}, {"truncate": "1e9"}])
def test_wrong_parameters(api, queue, query):
    api.get(("x", "queues", "/", queue, "messages"), **query).refuses(400, "bad_request", next(iter(query)))


@pytest.mark.parametrize("seq", ["0", "999999"])
def test_a_message_that_is_not_there(api, queue, seq):
    api.get(("x", "queues", "/", queue, "messages", seq)).refuses(404, "not_found")
    api.get(("x", "queues", "/", queue, "messages", "x")).refuses(400, "bad_request")
