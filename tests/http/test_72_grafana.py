"""Whatever a dashboard asks for is served: ours, and RabbitMQ-Overview (Grafana's number 10991)."""

import json
import pathlib
import re
import subprocess

import pytest

import metrics
from api import Api

DASHBOARD = pathlib.Path(__file__).resolve().parents[2] / "conf/grafana/leveret.json"
# The metrics in the expressions of RabbitMQ-Overview, of RabbitMQ 3.8 and 4.1.
RABBITMQ_OVERVIEW = """
    rabbitmq_build_info rabbitmq_identity_info rabbitmq_erlang_uptime_seconds
    rabbitmq_connections rabbitmq_channels rabbitmq_consumers rabbitmq_queues
    rabbitmq_connections_opened_total rabbitmq_connections_closed_total
    rabbitmq_channels_opened_total rabbitmq_channels_closed_total
    rabbitmq_queues_declared_total rabbitmq_queues_created_total rabbitmq_queues_deleted_total
    rabbitmq_queue_messages_ready rabbitmq_queue_messages_unacked
    rabbitmq_resident_memory_limit_bytes rabbitmq_process_resident_memory_bytes
    rabbitmq_disk_space_available_bytes rabbitmq_disk_space_available_limit_bytes
    rabbitmq_process_max_fds rabbitmq_process_open_fds
    rabbitmq_process_max_tcp_sockets rabbitmq_process_open_tcp_sockets
    rabbitmq_channel_consumers rabbitmq_queue_messages_published_total
    rabbitmq_channel_messages_published_total rabbitmq_channel_messages_confirmed_total
    rabbitmq_channel_messages_unconfirmed rabbitmq_channel_messages_delivered_total
    rabbitmq_channel_messages_delivered_ack_total rabbitmq_channel_messages_redelivered_total
    rabbitmq_channel_messages_acked_total rabbitmq_channel_messages_unroutable_returned_total
    rabbitmq_channel_messages_unroutable_dropped_total rabbitmq_channel_get_total
    rabbitmq_channel_get_ack_total rabbitmq_channel_get_empty_total
    rabbitmq_global_publishers rabbitmq_global_consumers
    rabbitmq_global_messages_received_total rabbitmq_global_messages_received_confirm_total
    rabbitmq_global_messages_routed_total rabbitmq_global_messages_confirmed_total
    rabbitmq_global_messages_unroutable_dropped_total rabbitmq_global_messages_unroutable_returned_total
    rabbitmq_global_messages_delivered_total rabbitmq_global_messages_delivered_consume_auto_ack_total
    rabbitmq_global_messages_delivered_consume_manual_ack_total
    rabbitmq_global_messages_delivered_get_auto_ack_total
    rabbitmq_global_messages_delivered_get_manual_ack_total rabbitmq_global_messages_get_empty_total
    rabbitmq_global_messages_redelivered_total rabbitmq_global_messages_acknowledged_total
    rabbitmq_message_size_bytes_bucket rabbitmq_message_size_bytes_sum rabbitmq_message_size_bytes_count
""".split()


def expressions():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]


@pytest.fixture(scope="module")
def served(broker):
    """The names of all samples of /metrics, with the labels that each has."""
    text = Api(broker.host, broker.metrics_port).get("/metrics", auth=None).body.decode()
    labels = {}
    for _, samples in metrics.parse(text).values():
        for name, has, _ in samples:
            labels.setdefault(name, set()).update(has)
    return labels


def test_our_dashboard_asks_for_what_there_is(served):
    asked = expressions()
    assert len(asked) > 40
    for title, expression in asked:
        names = re.findall(r"\b(?:rabbitmq|leveret|process)_[a-z0-9_]+", expression)
        assert names, expression
        grouped = {name.strip() for by in re.findall(r"by \(([^)]*)\)", expression) for name in by.split(",")}
        for name in names:
            assert name in served, title
            assert grouped <= served[name], title


def test_our_dashboard_has_no_number_twice_and_nothing_on_top_of_another():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


def test_rabbitmqs_dashboard_asks_for_what_there_is(served):
    assert set(RABBITMQ_OVERVIEW) - served.keys() == set()
    assert {"rabbitmq_node", "rabbitmq_cluster", "rabbitmq_endpoint"} <= served["rabbitmq_identity_info"]
    assert "rabbitmq_version" in served["rabbitmq_build_info"]


def test_prometheus_understands_every_expression(broker, tmp_path):
    """As a rule file, which promtool parses."""
    rules = [
        {"record": f"panel:{number}", "expr": re.sub(r"\$__rate_interval", "1m", expression)}
        for number, (_, expression) in enumerate(expressions())
    ]
    file = tmp_path / "rules.json"  # JSON is YAML.
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    checked = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
