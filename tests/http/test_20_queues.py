"""/api/queues"""

import pytest


def test_declare_look_delete(api, name):
    queue = name("a/b #ä")
    arguments = {"x-max-length": 10, "x-message-ttl": 60000}
    body = {"durable": True, "auto_delete": False, "arguments": arguments}
    assert api.put(("queues", "/", queue), body).status == 201
    assert api.put(("queues", "/", queue), body).status == 204
    item = api.queue(queue)
    assert item["name"] == queue
    assert item["vhost"] == "/"
    assert item["type"] == "classic"
    assert item["state"] == "running"
    assert (item["durable"], item["auto_delete"], item["exclusive"]) == (True, False, False)
    assert item["arguments"] == arguments
    assert (item["messages"], item["messages_ready"], item["messages_unacknowledged"]) == (0, 0, 0)
    assert item["consumers"] == 0
    assert item["consumer_details"] == []
    assert item["policy"] is None
    assert item["x"]["dropped"] == {"rejected": 0, "expired": 0, "maxlen": 0, "delivery_limit": 0}
    assert api.delete(("queues", "/", queue)).status == 204
    api.get(("queues", "/", queue)).refuses(404, "not_found", f"no queue '{queue}' in vhost '/'")


def test_an_empty_body_declares_with_defaults(api, name):
    queue = name()
    assert api.request("PUT", ("queues", "/", queue)).status == 201
    assert api.queue(queue)["durable"] is False
    api.delete(("queues", "/", queue))


def test_what_is_not_there(api):
    missing = ("queues", "/", "missing")
    for answer in (
        api.get(missing),
        api.delete(missing),
        api.delete((*missing, "contents")),
        api.get((*missing, "bindings")),
        api.post((*missing, "get"), {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}),
        api.get(("x", *missing, "messages")),
        api.get(("x", *missing, "groups")),
        api.post(("x", *missing, "replay"), {"seqs": [1]}),
        api.post(("x", *missing, "delete"), {"seqs": [1]}),
    ):
        answer.refuses(404, "not_found", "no queue 'missing' in vhost '/'")
    for answer in (api.get(("queues", "nowhere")), api.put(("queues", "nowhere", "q")), api.get(("exchanges", "nowhere"))):
        answer.refuses(404, "not_found", "nowhere")


def test_other_properties_are_refused_as_on_a_channel(api, queue):
    answer = api.put(("queues", "/", queue), {"durable": False})
    answer.refuses(
        400,
        "bad_request",
        f"PRECONDITION_FAILED - inequivalent arg 'durable' for queue '{queue}' in vhost '/': "
        "received 'false' but current is 'true'",
    )


@pytest.mark.parametrize(
    "body,reason",
    [
        ({"arguments": {"x-max-length": "abc"}}, "x-max-length"),
        ({"arguments": 5}, "'arguments' is of type number"),
        ({"durable": "maybe"}, "'durable' is of type string"),
        ({"arguments": {"x": 18446744073709551615}}, "64-bit"),
    ],
)
def test_wrong_values_are_refused(api, name, body, reason):
    api.put(("queues", "/", name()), body).refuses(400, "bad_request", reason)


def test_reserved_names_are_refused(api):
    api.put(("queues", "/", "amq.mine")).refuses(400, "bad_request", "ACCESS_REFUSED")


def test_another_connections_exclusive_queue(api, name, channel):
    queue = name()
    channel.queue_declare(queue, exclusive=True)
    item = api.queue(queue)
    assert item["exclusive"] is True
    assert item["owner_pid_details"]["name"]
    api.delete(("queues", "/", queue)).refuses(400, "bad_request", "RESOURCE_LOCKED")


def test_conditions_of_a_deletion(api, queue, channel):
    api.publish(queue, "x")
    target = api.request("DELETE", f"/api/queues/%2F/{queue}?if-empty=true")
    target.refuses(400, "bad_request", "not empty")
    channel.basic_consume(queue, lambda *_: None)
    api.request("DELETE", f"/api/queues/%2F/{queue}?if-unused=true").refuses(400, "bad_request", "in use")


def test_purge(api, queue):
    for _ in range(3):
        api.publish(queue, "x")
    assert api.queue(queue)["messages"] == 3
    assert api.delete(("queues", "/", queue, "contents")).status == 204
    assert api.queue(queue)["messages"] == 0


def test_consumers_are_told(api, queue, channel):
    channel.basic_qos(prefetch_count=7)
    tag = channel.basic_consume(queue, lambda *_: None)
    (consumer,) = api.queue(queue)["consumer_details"]
    assert consumer["consumer_tag"] == tag
    assert consumer["prefetch_count"] == 7
    assert consumer["ack_required"] is True
    assert consumer["queue"] == {"name": queue, "vhost": "/"}
    assert consumer["channel_details"]["user"] == "guest"
    assert consumer["channel_details"]["peer_host"] == "127.0.0.1"
    assert api.queue(queue)["consumers"] == 1


def test_list_parameters(api, name):
    prefix = name("list")
    for letter, messages in (("b", 2), ("a", 0), ("c", 1)):
        api.put(("queues", "/", f"{prefix}.{letter}"))
        for _ in range(messages):
            api.publish(f"{prefix}.{letter}", "x")

    def names(**query):
        items = api.get(("queues", "/"), name=prefix, page=1, **query).json["items"]
        return "".join(item["name"][-1] for item in items)

    assert names() == "abc"
    assert names(sort="name", sort_reverse="true") == "cba"
    assert names(sort="messages") == "acb"
    assert names(sort="messages", sort_reverse="true") == "bca"
    assert names(sort="arguments") == "abc"
    page = api.get(("queues",), name=prefix, page=2, page_size=2, columns="name,messages").json
    assert page["items"] == [{"name": f"{prefix}.c", "messages": 1}]
    assert (page["page_count"], page["filtered_count"], page["item_count"]) == (2, 3, 1)
    assert page["total_count"] >= 3
    api.get(("queues",), page=99).refuses(400, "page_out_of_range")
    api.get(("queues",), page=0).refuses(400, "invalid_pagination_parameters")
    api.get(("queues",), page=1, use_regex="true", name="(a+").refuses(400, "bad_request")
    found = api.get(("queues",), page=1, use_regex="true", name=f"{prefix.upper()}.[ab]$", columns="name").json
    assert [item["name"][-1] for item in found["items"]] == ["a", "b"]
    for letter in "abc":
        api.delete(("queues", "/", f"{prefix}.{letter}"))


def test_a_list_is_an_array(api, queue):
    items = api.get(("queues",)).json
    assert queue in [item["name"] for item in items]
    assert items == sorted(items, key=lambda item: item["name"])
