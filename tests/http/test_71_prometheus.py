"""Debian's Prometheus scrapes the broker: what is on its side of the wire is right."""

import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pika
import pytest

import metrics
from support import broker as brokers
from support import wait


class Prometheus:
    """A Prometheus server that scrapes the port for metrics, and the HTTP port with a login."""

    CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: leveret
    static_configs: [{{targets: ["{host}:{metrics_port}"], labels: {{namespace: ""}}}}]
  - job_name: objects
    metrics_path: /metrics/per-object
    static_configs: [{{targets: ["{host}:{metrics_port}"]}}]
  - job_name: detailed
    metrics_path: /metrics/detailed
    params: {{family: [queue_coarse_metrics, vhost_status]}}
    basic_auth: {{username: guest, password: guest}}
    static_configs: [{{targets: ["{host}:{http_port}"]}}]
"""

    def __init__(self, directory, broker):
        assert shutil.which("prometheus"), "prometheus is not installed: apt-get install prometheus"
        self.port = brokers.free_ports(1)[0]
        config = directory / "prometheus.yml"
        config.write_text(self.CONFIG.format(**vars(broker)))
        self.log = directory / "prometheus.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=brokers.end_with_parent,
            )  # fmt: skip

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # It is still starting.
                raise
            raise AssertionError(error.read().decode()) from error

    def is_up(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            targets = self.get("targets")["activeTargets"]
        except OSError:
            return False
        assert not any(target["lastError"] for target in targets), targets
        return len(targets) == 3 and all(target["health"] == "up" for target in targets)

    def value(self, expression):
        """The number that an expression comes to, nothing while there is none."""
        result = self.get("query", query=expression)["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def becomes(self, expression, number):
        wait.until(lambda: self.value(expression) == number, f"{expression} = {number}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def prometheus(broker, tmp_path_factory):
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), broker)
    try:
        wait.until(server.is_up, "three targets that are up")
        yield server
    finally:
        server.stop()


def test_every_target_is_up(prometheus):
    prometheus.becomes("sum(up)", 3)


def test_queries_give_the_right_numbers(prometheus, api, queue, channel):
    # Prometheus may not have seen yet what others have just published.
    _, samples = metrics.parse(api.get("/metrics").body.decode())["rabbitmq_global_messages_received_total"]
    received = sum(number for _, _, number in samples)
    for _ in range(5):
        channel.basic_publish("", queue, b"x")
    api.wait_ready(queue, 5)
    channel.basic_get(queue)
    prometheus.becomes('sum(rabbitmq_global_messages_received_total{job="leveret"})', received + 5)
    prometheus.becomes(f'rabbitmq_queue_messages_ready{{queue="{queue}",job="objects"}}', 4)
    prometheus.becomes(f'rabbitmq_queue_messages_unacked{{queue="{queue}",job="objects"}}', 1)
    prometheus.becomes(f'rabbitmq_detailed_queue_messages{{queue="{queue}",job="detailed"}}', 5)
    prometheus.becomes('rabbitmq_cluster_vhost_status{vhost="/"}', 1)


def test_the_dashboards_way_of_asking_finds_the_cluster(prometheus, api, queue):
    """As RabbitMQ-Overview joins everything with the identity of the node."""
    cluster = prometheus.get("query", query='rabbitmq_identity_info{job="leveret"}')["result"][0]["metric"]
    join = (
        f' * on(instance, job) group_left(rabbitmq_cluster, rabbitmq_node) rabbitmq_identity_info{{'
        f'rabbitmq_cluster="{cluster["rabbitmq_cluster"]}", namespace="", rabbitmq_endpoint="aggregated"}}'
    )
    queues = api.get(("overview",)).json["object_totals"]["queues"]
    prometheus.becomes(f"sum(rabbitmq_queues{join})", queues)
    uptime = f"rabbitmq_erlang_uptime_seconds *on(instance,job) group_left(rabbitmq_version, erlang_version) rabbitmq_build_info{join}"
    assert prometheus.value(uptime) > 0


def test_quantiles_come_from_the_histograms(prometheus, channel, queue):
    channel.confirm_delivery()
    channel.basic_publish("", queue, b"x", pika.BasicProperties(delivery_mode=2))
    quantile = "histogram_quantile(0.99, sum by (le) (leveret_store_commit_seconds_bucket))"
    wait.until(lambda: (prometheus.value(quantile) or 0) > 0, "a quantile of the time of a commit")
    wait.until(
        lambda: (prometheus.value('leveret_loop_lag_seconds_count{loop="core",job="leveret"}') or 0) >= 2,
        "the core's lag",
    )
