"""The settings of a broker that runs: shown with where they come from, read again, set by hand."""

import json
import signal

import pika
import pytest

from api import Api
from support import broker as brokers
from support import wait

FILE = """
log_level = "info"
[amqp]
heartbeat_s = 60
message_bytes_max = 1000
[queues]
window_messages = 100
"""


@pytest.fixture
def broker(tmp_path):
    broker = brokers.from_environment(tmp_path)
    broker.file = tmp_path / "leveret.toml"
    broker.file.write_text(FILE)
    broker.variables = {"LEVERET_CONFIG": str(broker.file), "LEVERET_STORE_CACHE_BYTES": "2 MiB"}
    try:
        yield broker.start()
    finally:
        broker.stop()


def settings(api):
    return {row["name"]: row for row in api.get("/api/x/config").json}


def log_lines(broker):
    return broker.log_path.read_text().splitlines()


def change(broker, old, new):
    broker.file.write_text(broker.file.read_text().replace(old, new))


def open_connection(broker):
    return pika.BlockingConnection(pika.URLParameters(broker.url + "?heartbeat=300"))


def heartbeat_offered(broker):
    """What the broker proposes in connection.tune."""
    offered = []

    def note(_, value):
        offered.append(value)
        return value

    parameters = pika.ConnectionParameters(broker.host, broker.port, heartbeat=note)
    pika.BlockingConnection(parameters).close()
    return offered[0]


def test_every_setting_is_shown_with_where_it_comes_from(api, broker):
    rows = settings(api)
    assert rows["amqp.heartbeat_s"] == {
        "name": "amqp.heartbeat_s",
        "value": 60,
        "default": 60,
        "origin": f"{broker.file}:4",
        "live": True,
        "waits_for_restart": False,
    }
    assert rows["store.cache_bytes"]["value"] == 2 << 20
    assert rows["store.cache_bytes"]["origin"] == "environment variable LEVERET_STORE_CACHE_BYTES"
    assert rows["bind"]["origin"] == "--bind"
    assert rows["http.tls_port"]["origin"] == "default"


def test_a_reload_says_what_has_changed_and_what_waits(api, broker):
    change(broker, "heartbeat_s = 60", "heartbeat_s = 7")
    change(broker, "window_messages = 100", "window_messages = 200")
    assert api.post("/api/x/config/reload").json == {
        "changed": [{"name": "amqp.heartbeat_s", "from": 60, "to": 7}],
        "waiting": [{"name": "queues.window_messages", "from": 100, "to": 200}],
    }
    assert heartbeat_offered(broker) == 7
    assert settings(api)["queues.window_messages"]["waits_for_restart"] is True
    broker.restart()
    row = settings(Api(broker.host, broker.http_port))["queues.window_messages"]
    assert (row["value"], row["waits_for_restart"]) == (200, False)


def test_sighup_reloads_and_the_log_says_what(broker):
    change(broker, "heartbeat_s = 60", "heartbeat_s = 9")
    broker.process.send_signal(signal.SIGHUP)
    line = "amqp.heartbeat_s is now 9, was 60"
    wait.until(lambda: any(line in each for each in log_lines(broker)), "the reload")
    assert heartbeat_offered(broker) == 9


def test_a_limit_changes_for_connections_that_are_open(api, broker, queue):
    connection = open_connection(broker)
    channel = connection.channel()
    channel.basic_publish("", queue, b"x" * 1000)
    change(broker, "message_bytes_max = 1000", "message_bytes_max = 5000")
    api.post("/api/x/config/reload")
    with open_connection(broker) as fresh:
        fresh.channel().basic_publish("", queue, b"x" * 5000)
    connection.close()
    api.wait_ready(queue, 2)


def test_a_file_that_is_wrong_changes_nothing_and_the_answer_says_where(api, broker):
    change(broker, "heartbeat_s = 60", "heartbeat_s = 7\nhartbeat_s = 8")
    answer = api.post("/api/x/config/reload")
    answer.refuses(400, "bad_request", f"{broker.file}:5: unknown key 'amqp.hartbeat_s'")
    assert settings(api)["amqp.heartbeat_s"]["value"] == 60
    broker.process.send_signal(signal.SIGHUP)
    wait.until(lambda: any("nothing has changed" in each for each in log_lines(broker)), "the log")


def test_the_log_level_is_set_by_hand_and_taken_back(api, broker):
    answer = api.put("/api/x/config/log_level", {"value": "error"})
    assert answer.json["changed"] == [{"name": "log_level", "from": "info", "to": "error"}]
    assert settings(api)["log_level"]["origin"] == "set while running"
    before = len(log_lines(broker))
    open_connection(broker).close()
    assert len(log_lines(broker)) == before, "an opened connection is told of at info"
    assert api.delete("/api/x/config/log_level").status == 200
    open_connection(broker).close()
    assert len(log_lines(broker)) > before


def test_the_log_becomes_json_at_run_time(api, broker):
    api.put("/api/x/config/log_format", {"value": "json"})
    before = len(log_lines(broker))
    open_connection(broker).close()
    wait.until(lambda: len(log_lines(broker)) >= before + 2, "the lines of a connection")
    lines = [json.loads(line) for line in log_lines(broker)[before:]]
    opened = next(line for line in lines if line["message"] == "connection opened")
    assert (opened["level"], opened["user"], opened["vhost"]) == ("info", "guest", "/")
    assert opened["connection"].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    "name, body, status, reason",
    [
        ("log_levle", {"value": "info"}, 404, "did you mean 'log_level'?"),
        ("log_level", {"value": "loud"}, 400, "has to be one of trace, debug"),
        ("log_level", {}, 400, 'the body has to be {"value": ...}'),
        ("log_level", {"value": None}, 400, "a text, a number, a flag or a list"),
        ("amqp.port", {"value": 1}, 400, "cannot change while the broker runs"),
        ("http.hosts", {"value": [1]}, 400, "a list has to be one of texts"),
    ],
)
def test_what_cannot_be_set_is_told_why(api, name, body, status, reason):
    answer = api.put(("x", "config", name), body)
    assert (answer.status, reason in answer.json["reason"]) == (status, True), answer
