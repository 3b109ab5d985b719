"""The node, its health, and what RabbitMQ's tools ask a broker beyond its queues."""

import time

import pytest


def test_a_node_tells_what_autoscalers_and_exporters_read(api):
    (node,) = api.get(("nodes",)).json
    assert node == {**api.get(("nodes", node["name"])).json, **{k: node[k] for k in node if isinstance(node[k], (int, dict))}}
    for used, limit in (("mem_used", "mem_limit"), ("fd_used", "fd_total"), ("proc_used", "proc_total")):
        assert 0 < node[used] < node[limit], (used, node)
    assert node["disk_free"] > 0
    assert (node["disk_free_alarm"], node["mem_alarm"], node["running"]) == (False, False, True)
    memory = api.get(("nodes", node["name"], "memory")).json["memory"]
    assert 0 < memory["anonymous"] < memory["total"]["rss"]
    api.get(("nodes", "nothing@nowhere")).refuses(404, "not_found", "nothing@nowhere")


def test_a_connection_counts_as_a_socket(api, connection):
    (node,) = api.get(("nodes",)).json
    assert node["sockets_used"] >= 1


def test_health_checks(api, broker):
    checks = ["alarms", "local-alarms", "virtual-hosts", "node-is-mirror-sync-critical", "node-is-quorum-critical"]
    checks += ["ready-to-serve-clients", "is-in-service", "below-node-connection-limit"]
    checks += [f"port-listener/{broker.port}", "protocol-listener/amqp", "certificate-expiration/2/weeks"]
    for check in checks:
        answer = api.get(f"/api/health/checks/{check}")
        assert (answer.status, answer.json["status"]) == (200, "ok"), check
    for check in ("port-listener/1", "protocol-listener/mqtt"):
        answer = api.get(f"/api/health/checks/{check}")
        assert (answer.status, answer.json["status"]) == (503, "failed"), check


def test_the_aliveness_test_publishes_and_takes(api):
    before = api.get("/api/overview").json["message_stats"]
    assert api.get(("aliveness-test", "/")).json == {"status": "ok"}
    after = api.get("/api/overview").json["message_stats"]
    assert after["publish"] == before["publish"] + 1
    assert after["deliver_get"] == before["deliver_get"] + 1
    assert api.queue("aliveness-test")["messages"] == 0
    api.delete(("queues", "/", "aliveness-test"))


def test_a_hashed_password_is_one_that_a_user_may_have(api, name):
    user = name("user")
    hashed = api.get(("auth", "hash_password", "se/cret")).json["ok"]
    api.put(("users", user), {"password_hash": hashed, "tags": "management"})
    assert api.get(("whoami",), auth=(user, "se/cret")).status == 200
    api.delete(("users", user))


def test_all_connections_of_a_user_are_closed(api, broker, name):
    import pika

    user = name("user")
    api.put(("users", user), {"password": "secret", "tags": ""})
    api.put(("permissions", "/", user), {"configure": "", "write": "", "read": ""})
    parameters = pika.ConnectionParameters(broker.host, broker.port, credentials=pika.PlainCredentials(user, "secret"))
    clients = [pika.BlockingConnection(parameters) for _ in range(2)]
    assert len(api.get(("connections", "username", user)).json) == 2
    assert api.delete(("connections", "username", user), headers={"X-Reason": "too many"}).status == 204
    for client in clients:
        with pytest.raises(pika.exceptions.ConnectionClosedByBroker) as closed:
            client.process_data_events(10)
        assert "too many" in closed.value.reply_text
    assert api.get(("connections", "username", user)).json == []
    api.delete(("users", user))


def test_a_channel_is_shown_with_its_consumers(api, channel, queue):
    channel.basic_consume(queue, lambda *_: None, consumer_tag="mine")
    port = channel.connection._impl._transport._sock.getsockname()[1]
    (item,) = [c for c in api.get(("channels",)).json if c["connection_details"]["peer_port"] == port]
    detail = api.get(("channels", item["name"])).json
    assert [c["consumer_tag"] for c in detail["consumer_details"]] == ["mine"]
    assert api.get(("channels", item["name"]), columns="number").json == {"number": 1}


def test_a_connection_counts_its_octets(api, channel, queue):
    port = channel.connection._impl._transport._sock.getsockname()[1]

    def traffic():
        (item,) = [c for c in api.get(("connections",)).json if c["peer_port"] == port]
        return item["recv_oct"], item["send_oct"]

    received, sent = traffic()
    channel.basic_publish("", queue, b"x" * 10_000)
    api.wait_ready(queue, 1)
    assert channel.basic_get(queue, auto_ack=True)[2] == b"x" * 10_000
    assert traffic()[0] - received in range(10_000, 11_000)
    assert traffic()[1] - sent in range(10_000, 11_000)


@pytest.mark.parametrize("key", ["", "a b/c~d", "100%", "a+b", "~", "é", "k*#!()"])
@pytest.mark.parametrize("arguments", [{}, {"n": 1}])
def test_a_binding_is_reached_by_its_properties_key(api, queue, key, arguments):
    base = ("bindings", "/", "e", "amq.direct", "q", queue)
    made = api.post(base, {"routing_key": key, "arguments": arguments})
    (binding,) = api.get(base).json
    assert made.headers["Location"].endswith(binding["properties_key"].replace("%", "%25").replace("+", "%2B")), made
    assert api.get((*base, binding["properties_key"])).json == binding
    assert api.delete((*base, binding["properties_key"])).status == 204
    assert api.get(base).json == []


def test_samples_show_what_was(api, queue):
    api.publish(queue, "x")
    deadline = time.monotonic() + 60
    while True:
        item = api.get(("queues", "/", queue), lengths_age=60, lengths_incr=5, msg_rates_age=60, msg_rates_incr=5).json
        details = item["messages_details"]
        if details.get("samples", [{}])[0].get("sample") == 1:
            break
        assert time.monotonic() < deadline, item
        time.sleep(0.2)
    assert len(details["samples"]) == 13
    steps = {a["timestamp"] - b["timestamp"] for a, b in zip(details["samples"], details["samples"][1:])}
    assert steps == {5000}
    assert {"avg", "avg_rate"} <= set(details)


@pytest.mark.parametrize(
    "query",
    [
        "lengths_age=1000000000000000000&lengths_incr=1",
        "msg_rates_age=-60&msg_rates_incr=5",
        "lengths_age=60&lengths_incr=0",
        "lengths_age=1e18&lengths_incr=5",
    ],
)
def test_absurd_ranges_are_refused(api, queue, query):
    for path in (f"/api/queues/%2F/{queue}", "/api/overview"):
        api.get(f"{path}?{query}").refuses(400, "bad_request")


def test_a_pattern_from_outside_does_not_hold_the_server(api, queue):
    for pattern in ("(a*)*" * 40 + "b", "^(" + "x+" * 50 + ")+$"):
        assert api.get(("queues",), page=1, use_regex="true", name=pattern).status == 200


def test_a_feature_that_is_not_there_cannot_be_enabled(api):
    names = {flag["name"] for flag in api.get(("feature-flags",)).json}
    assert "quorum_queue" in names and "stream_queue" not in names
    api.put(("feature-flags", "stream_queue", "enable")).refuses(400, "bad_request")


def test_statistics_are_forgotten_and_counters_go_on(api, queue):
    api.publish(queue, "x")
    assert api.delete(("reset",)).status == 204
    assert api.queue(queue)["message_stats"]["publish"] == 1
