"""The whole at a glance."""

from support import wait


def test_overview(api, broker, connection, channel, queue):
    channel.basic_consume(queue, lambda *_: None)
    api.publish(queue, "x")
    overview = api.get(("overview",)).json
    assert overview["product_name"] == "Leveret"
    assert overview["rabbitmq_version"] == overview["management_version"]
    assert overview["cluster_name"] and overview["node"].startswith("leveret@")
    assert overview["object_totals"]["connections"] >= 1
    assert overview["object_totals"]["channels"] >= 1
    assert overview["object_totals"]["consumers"] >= 1
    assert overview["object_totals"]["queues"] >= 1
    assert overview["object_totals"]["exchanges"] >= 6
    totals = overview["queue_totals"]
    assert totals["messages"] == totals["messages_ready"] + totals["messages_unacknowledged"]
    assert overview["message_stats"]["publish"] >= 1
    assert overview["message_stats"]["publish_details"]["rate"] >= 0
    listeners = {(one["protocol"], one["port"]) for one in overview["listeners"]}
    assert {("amqp", broker.port), ("http", broker.http_port)} <= listeners
    assert overview["uptime"] >= 0


def test_rates_appear_and_fade(api, queue):
    def publish_and_look():
        api.publish(queue, "x")
        return api.queue(queue)["message_stats"]["publish_details"]["rate"] > 0

    wait.until(publish_and_look, "a publish rate")
    wait.until(lambda: api.queue(queue)["message_stats"]["publish_details"]["rate"] == 0, "rest")
    assert api.get(("overview",)).json["message_stats"]["publish"] >= 1


def test_vhosts(api):
    (vhost,) = [v for v in api.get(("vhosts",)).json if v["name"] == "/"]
    assert vhost["messages"] >= 0
    assert api.get(("vhosts", "/")).json["name"] == "/"
    api.get(("vhosts", "nothing")).refuses(404, "not_found")


def test_nodes(api):
    (node,) = api.get(("nodes",)).json
    assert node["running"] is True
    assert node["mem_used"] > 0
    assert api.get(("nodes", node["name"])).json["os_pid"] == node["os_pid"]
    api.get(("nodes", "nothing")).refuses(404, "not_found")
