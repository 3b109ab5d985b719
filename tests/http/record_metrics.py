#!/usr/bin/env python3
"""Writes rabbitmq_metrics.tsv: the families that an installed RabbitMQ's plugin rabbitmq_prometheus
serves, with their types and the names of their labels, by path. For a new version of RabbitMQ:
    tests/http/record_metrics.py
"""

import pathlib
import sys
import tempfile
import urllib.parse
import urllib.request

import pika

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import metrics  # noqa: E402
from support import broker as brokers  # noqa: E402
from support import wait  # noqa: E402

RECORD = pathlib.Path(__file__).parent / "rabbitmq_metrics.tsv"
GROUPS = """connection_churn_metrics node_coarse_metrics node_metrics node_persister_metrics ra_metrics
    auth_attempt_metrics queue_coarse_metrics queue_consumer_count queue_metrics channel_metrics
    channel_exchange_metrics channel_process_metrics channel_queue_metrics connection_coarse_metrics
    connection_metrics channel_queue_exchange_metrics vhost_status exchange_bindings exchange_names""".split()
PATHS = {
    "/metrics": "/metrics",
    "/metrics/per-object": "/metrics/per-object",
    "/metrics/detailed": "/metrics/detailed?" + urllib.parse.urlencode([("family", name) for name in GROUPS]),
}


def use(broker):
    """Traffic that makes every kind of object; the connection stays open."""
    connection = pika.BlockingConnection(pika.URLParameters(broker.url))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare("classic", durable=True)
    channel.queue_declare("quorum", durable=True, arguments={"x-queue-type": "quorum"})
    channel.exchange_declare("exchange")
    channel.queue_bind("classic", "exchange", "key")
    for _ in range(3):
        channel.basic_publish("exchange", "key", b"x", pika.BasicProperties(delivery_mode=2))
        channel.basic_publish("", "quorum", b"x", pika.BasicProperties(delivery_mode=2))
    channel.basic_get("classic")
    channel.basic_get("classic", auto_ack=True)
    channel.basic_consume("quorum", lambda *_: None)
    connection.process_data_events(1)
    return connection


def fetch(broker, path):
    with urllib.request.urlopen(f"http://{broker.host}:{broker.metrics_port}{path}") as answer:
        return answer.read().decode()


def record(broker):
    connection = use(broker)
    try:
        # A quorum queue's numbers come late.
        wait.until(lambda: "queue=\"quorum\"" in fetch(broker, PATHS["/metrics/per-object"]), "all metrics")
        return [
            (path, name, kind, ",".join(labels))
            for path, target in PATHS.items()
            for name, (kind, labels) in sorted(metrics.shapes(fetch(broker, target)).items())
            if name.startswith("rabbitmq_")
        ]
    finally:
        connection.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        rabbitmq = brokers.RabbitMQ(directory)
        try:
            lines = record(rabbitmq.start())
        finally:
            rabbitmq.stop()
    head = "# What RabbitMQ's plugin rabbitmq_prometheus serves (record_metrics.py): path, family, type, labels.\n"
    RECORD.write_text(head + "".join("\t".join(line) + "\n" for line in lines))
