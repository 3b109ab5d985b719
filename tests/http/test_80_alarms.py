"""Short of memory or disk: who is blocked, and where it shows."""

import pika
import pytest

import metrics
from support import alarms, wait


@pytest.fixture(params=["memory", "disk space"])
def alarm(broker, request):
    """One that is on."""
    with alarms.during(broker, request.param):
        yield request.param


def _node(api):
    return api.get("/api/nodes").json[0]


def test_limits_and_alarms_show_in_the_node(api, alarm):
    node = _node(api)
    assert node["mem_alarm"] == (alarm == "memory")
    assert node["disk_free_alarm"] == (alarm == "disk space")
    assert (node["mem_used"] > node["mem_limit"]) == (alarm == "memory")
    assert (node["disk_free"] < node["disk_free_limit"]) == (alarm == "disk space")


def test_health_checks_fail_with_the_reason(api, alarm):
    for check in ("alarms", "local-alarms"):
        answer = api.get(f"/api/health/checks/{check}")
        assert answer.status == 503
        assert answer.json["alarms"] == [{"resource": alarm, "node": _node(api)["name"]}]
    assert api.get("/api/healthchecks/node").status == 503
    assert api.get("/api/aliveness-test/%2F").status == 200


def test_metrics_tell_of_it(api, alarm):
    text, node = api.get("/metrics").body.decode(), _node(api)
    for name, expected in {
        "alarms_memory_used_watermark": alarm == "memory",
        "alarms_free_disk_space_watermark": alarm == "disk space",
        "resident_memory_limit_bytes": node["mem_limit"],
        "disk_space_available_limit_bytes": node["disk_free_limit"],
    }.items():
        assert metrics.value(text, f"rabbitmq_{name}") == expected, name


def _states(api):
    return {each["user_provided_name"]: each["state"] for each in api.get("/api/connections").json}


def test_a_connection_is_blocking_until_it_has_published(broker, api, alarm):
    parameters = pika.URLParameters(broker.url)
    names = ("publisher", "consumer")
    connections = {}
    for name in names:
        parameters.client_properties = {"connection_name": name}
        connections[name] = pika.BlockingConnection(parameters)
    blocked = []
    connections["publisher"].add_on_connection_blocked_callback(
        lambda _, frame: blocked.append(frame.method.reason)
    )
    connections["publisher"].channel().basic_publish("", "nowhere", b"")
    connections["publisher"].process_data_events(time_limit=0)
    wait.until(lambda: _states(api) == {"publisher": "blocked", "consumer": "blocking"}, "states")
    alarms.turn(broker, alarm, False)
    wait.until(lambda: set(_states(api).values()) == {"running"}, "an end of the alarm")
    connections["publisher"].process_data_events(time_limit=5)
    assert blocked == ["low on memory" if alarm == "memory" else "low on disk"]
    for connection in connections.values():
        connection.close()
