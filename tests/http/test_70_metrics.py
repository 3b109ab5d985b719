"""What /metrics says: RabbitMQ's names, right numbers, on the port of its own and on the HTTP port."""

import re
import shutil
import socket
import subprocess
import urllib.parse

import pika
import pytest

import metrics
import record_metrics
from api import Api
from support import wait

# What RabbitMQ has and we do not, since there is nothing here that it could be true of.
LEFT_OUT = {
    "Erlang's own": r"erlang_(?!uptime_seconds)|process_reductions|process_memory_bytes|prometheus_",
    "Raft and Mnesia": r"raft_|schema_db_",
    "the message store's files, read and written in SQLite here": r"io_(read|write)_(ops|time)|io_seek|io_reopen"
    r"|msg_store_read|queue_index_|queue_disk_",
    "counted by nobody here": r"queue_consumer_(capacity|utilisation)|queue_messages_persistent"
    r"|(ram|paged_out)_bytes|head_message_timestamp|connection_pending_|auth_attempts_detailed",
    "at-least-once dead-lettering of quorum queues: here every dead-lettering is one transaction": r"dead_lettered_confirmed",
}
# What of a family's labels is another here: a channel has a name and not an Erlang process, channels do
# not count what they do, and the product is another one.
LABELS = {
    "build_info": ["product_name", "product_version", "rabbitmq_version"],
    "identity_info": [
        "rabbitmq_cluster", "rabbitmq_cluster_permanent_id", "rabbitmq_endpoint", "rabbitmq_node",
    ],
    **{
        f"connection_{name}": ["connection"]
        for name in """channels incoming_bytes_total outgoing_bytes_total incoming_packets_total
            outgoing_packets_total""".split()
    },
    "queue_messages_published_total": ["queue", "queue_vhost"],
    **{
        f"channel_{name}": ["vhost"]
        for name in """messages_published_total messages_confirmed_total messages_unroutable_returned_total
            messages_unroutable_dropped_total get_ack_total get_total messages_delivered_ack_total
            messages_delivered_total messages_redelivered_total messages_acked_total get_empty_total""".split()
    },
}  # fmt: skip
# What only RabbitMQ 4 has.
ADDED = re.compile(
    "rabbitmq_message_size_bytes|rabbitmq_exchange_messages_published_total"
    "|rabbitmq_queue_(get_ack|get|get_empty|messages_(delivered_ack|delivered|redelivered|acked))_total"
)
RECORD = {}
for line in record_metrics.RECORD.read_text().splitlines():
    if not line.startswith("#"):
        path, name, kind, labels = line.split("\t")
        RECORD.setdefault(path, {})[name] = (kind, [label for label in labels.split(",") if label])


@pytest.fixture
def scrape(broker):
    """scrape(path) as Prometheus does it: without a login, from the port for metrics."""

    def scrape(target="/metrics", **headers):
        answer = Api(broker.host, broker.metrics_port).get(target, headers=headers, auth=None)
        assert answer.status == 200, answer
        return answer.body.decode()

    return scrape


@pytest.mark.parametrize("path", record_metrics.PATHS)
def test_names_types_and_labels_are_rabbitmqs(broker, scrape, path):
    connection = record_metrics.use(broker)
    try:
        ours = metrics.shapes(scrape(record_metrics.PATHS[path]))
    finally:
        connection.channel().queue_delete("classic")
        connection.channel().queue_delete("quorum")
        connection.channel().exchange_delete("exchange")
        connection.close()
    theirs = RECORD[path]

    def is_left_out(family):
        return any(re.search(pattern, family) for pattern in LEFT_OUT.values())

    assert not [family for family in theirs.keys() - ours.keys() if not is_left_out(family)]
    for name, (kind, labels) in ours.items():
        if not name.startswith("rabbitmq_") or ADDED.fullmatch(name):
            continue
        assert name in theirs, "RabbitMQ does not serve it"
        wanted_kind, wanted = theirs[name]
        if wanted:
            wanted = LABELS.get(re.sub("^rabbitmq_(detailed_)?", "", name), wanted)
        assert (kind, labels) == (wanted_kind, wanted), name


def test_only_who_may_monitor_reads_them_at_the_http_port(api, name):
    for role, status in (("management", 403), ("monitoring", 200), ("administrator", 200)):
        user = name(role)
        api.put(("users", user), {"password": "secret", "tags": role})
        assert api.get("/metrics", auth=(user, "secret")).status == status
        api.delete(("users", user))
    assert api.get("/metrics", auth=None).status == 401


def test_the_port_for_metrics_has_nothing_else(broker):
    port = Api(broker.host, broker.metrics_port)
    for path in ("/", "/api/overview", "/api/auth", "/index.html"):
        port.get(path, auth=None).refuses(404, "not_found", "this port has metrics only")
    port.get("/metrics/nonsense", auth=None).refuses(404, "not_found")
    assert port.request("POST", "/metrics", auth=None).status == 405
    head = port.request("HEAD", "/metrics", auth=None)
    assert head.status == 200 and head.body == b""
    evil = port.get("/metrics", headers={"Host": "evil.example"}, auth=None)
    evil.refuses(403, "forbidden")


def test_the_overview_names_the_port(api, broker):
    listeners = {(one["protocol"], one["port"]) for one in api.get(("overview",)).json["listeners"]}
    assert ("http/prometheus", broker.metrics_port) in listeners


def test_they_come_as_text_or_as_open_metrics(broker):
    port = Api(broker.host, broker.metrics_port)
    text = port.get("/metrics", auth=None)
    assert text.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    answer = port.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"}, auth=None)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.body.endswith(b"\n# EOF\n")
    assert b"# TYPE rabbitmq_connections_opened counter\n" in answer.body


@pytest.mark.parametrize("path", record_metrics.PATHS.values())
def test_promtool_finds_nothing_wrong(scrape, channel, path):
    assert shutil.which("promtool"), "promtool is in the Debian package prometheus"
    checked = subprocess.run(["promtool", "check", "metrics"], input=scrape(path), text=True, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_numbers_are_right_after_known_traffic(api, scrape, channel, name):
    first, second, exchange = name("first"), name("second"), name("exchange")
    before = scrape()
    channel.confirm_delivery()
    channel.exchange_declare(exchange, "fanout")
    for queue in (first, second, first):
        channel.queue_declare(queue, durable=True)
        channel.queue_bind(queue, exchange)
    for _ in range(5):
        channel.basic_publish(exchange, "", b"x" * 150, pika.BasicProperties(delivery_mode=2))
    with pytest.raises(pika.exceptions.UnroutableError):
        channel.basic_publish("", "nowhere", b"x", mandatory=True)
    channel.basic_get(first)
    channel.basic_get(first, auto_ack=True)
    for _ in range(6):
        method, _, _ = channel.basic_get(second)
        if method:
            channel.basic_ack(method.delivery_tag)
    wait.until(lambda: api.queue(second)["messages"] == 0, "all acknowledgements")
    after = scrape()

    def rise(metric, **labels):
        return metrics.value(after, metric, **labels) - metrics.value(before, metric, **labels)

    assert rise("rabbitmq_global_messages_received_total") == 6
    assert rise("rabbitmq_global_messages_received_confirm_total") == 6
    assert rise("rabbitmq_global_messages_confirmed_total") == 6
    assert rise("rabbitmq_global_messages_routed_total") == 10
    assert rise("rabbitmq_global_messages_unroutable_returned_total") == 1
    classic = {"queue_type": "rabbit_classic_queue"}
    assert rise("rabbitmq_global_messages_delivered_get_manual_ack_total", **classic) == 6
    assert rise("rabbitmq_global_messages_delivered_get_auto_ack_total", **classic) == 1
    assert rise("rabbitmq_global_messages_delivered_total", **classic) == 7
    assert rise("rabbitmq_global_messages_get_empty_total", **classic) == 1
    assert rise("rabbitmq_global_messages_acknowledged_total", **classic) == 5
    assert rise("rabbitmq_queues_declared_total") == 3
    assert rise("rabbitmq_queues_created_total") == 2
    assert rise("rabbitmq_queues") == 2
    assert rise("rabbitmq_queue_messages_ready") == 3
    assert rise("rabbitmq_queue_messages_unacked") == 1
    assert rise("rabbitmq_queue_messages_ready_bytes") == 450
    assert rise("rabbitmq_message_size_bytes_bucket", le="100") == 1
    assert rise("rabbitmq_message_size_bytes_bucket", le="1000") == 6
    assert rise("rabbitmq_message_size_bytes_sum") == 751
    assert rise("leveret_store_messages_recorded_total") == 10
    assert rise("leveret_store_commit_seconds_count") >= 1
    assert rise("leveret_store_batch_messages_sum") + rise("leveret_store_messages_settled_unwritten_total") == 10

    objects = scrape("/metrics/per-object")
    assert metrics.value(objects, "rabbitmq_queue_messages_ready", queue=first, vhost="/") == 3
    assert metrics.value(objects, "rabbitmq_queue_messages_acked_total", queue=second) == 5
    assert metrics.value(objects, "rabbitmq_exchange_messages_published_total", exchange=exchange) == 5
    for queue in (first, second):
        channel.queue_delete(queue)


def test_dropped_and_dead_messages_are_counted_by_reason(api, scrape, channel, name):
    before = scrape()
    queue, dead, short = name("queue"), name("dead"), name("short")
    channel.queue_declare(dead)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead, "x-message-ttl": 1}
    channel.queue_declare(queue, arguments=arguments)
    channel.queue_declare(short, arguments={"x-max-length": 1})
    channel.basic_publish("", queue, b"x")
    for _ in range(3):
        channel.basic_publish("", short, b"x")
    wait.until(lambda: api.queue(dead)["messages"] == 1, "the dead letter")
    wait.until(lambda: api.queue(short)["message_stats"]["publish"] == 3, "three messages")
    after = scrape()

    def rise(metric, **labels):
        return metrics.value(after, metric, **labels) - metrics.value(before, metric, **labels)

    assert rise("leveret_messages_dropped_total", reason="maxlen") == 2
    assert rise("leveret_messages_dead_lettered_total", reason="expired") == 1
    assert rise("rabbitmq_global_messages_dead_lettered_expired_total", dead_letter_strategy="at_most_once") == 1
    assert rise("rabbitmq_global_messages_dead_lettered_maxlen_total", dead_letter_strategy="disabled") == 2
    objects = scrape("/metrics/per-object")
    assert metrics.value(objects, "leveret_queue_messages_dropped_total", queue=short, reason="maxlen") == 2


def test_nothing_that_is_counted_falls_when_its_object_goes(api, broker, scrape, name):
    vhost, queue = name("vhost"), name("queue")
    api.put(("vhosts", vhost))
    api.put(("permissions", vhost, "guest"), {"configure": ".*", "write": ".*", "read": ".*"})
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(broker.host, broker.port, vhost, pika.PlainCredentials("guest", "guest"))
    )
    channel = connection.channel()
    channel.queue_declare(queue, durable=True)
    channel.confirm_delivery()
    for _ in range(3):
        channel.basic_publish("", queue, b"x", pika.BasicProperties(delivery_mode=2))
    channel.basic_get(queue, auto_ack=True)
    seen = [scrape()]
    channel.queue_delete(queue)
    seen.append(scrape())
    connection.close()
    seen.append(scrape())
    assert api.delete(("vhosts", vhost)).status == 204
    seen.append(scrape())
    api.put(("vhosts", vhost))
    seen.append(scrape())
    api.delete(("vhosts", vhost))
    for before, after in zip(seen, seen[1:]):
        earlier, later = metrics.parse(before), metrics.parse(after)
        for family, (kind, samples) in earlier.items():
            if kind in ("counter", "histogram"):
                for sample, now in zip(samples, later[family][1]):
                    assert now[:2] == sample[:2] and now[2] >= sample[2], family


def test_any_name_is_told(api, scrape):
    names = ['quote"d', "back\\slash", "line\nbreak", "Grüße 🐇", "{a=\"b\"} 1", ","]
    for name in names:
        assert api.put(("queues", "/", name)).status in (201, 204)
    objects = metrics.parse(scrape("/metrics/per-object"))
    told = {labels["queue"] for _, labels, _ in objects["rabbitmq_queue_messages"][1]}
    # A line break is no part of a queue's name, in RabbitMQ neither.
    assert {name.replace("\n", "") for name in names} <= {name.replace("\n", "") for name in told}
    for name in told & (set(names) | {"linebreak"}):
        api.delete(("queues", "/", name))


def test_detailed_metrics_are_of_the_families_and_virtual_hosts_that_are_asked_for(api, scrape, name):
    vhost = name("vhost")
    api.put(("vhosts", vhost))
    api.put(("permissions", vhost, "guest"), {"configure": ".*", "write": ".*", "read": ".*"})
    for where in ("/", vhost):
        api.put(("queues", where, "detailed"))
    identity = {"rabbitmq_build_info", "rabbitmq_identity_info"}
    assert metrics.parse(scrape("/metrics/detailed")).keys() == identity
    assert metrics.parse(scrape("/metrics/detailed?family=nonsense")).keys() == identity
    both = metrics.parse(scrape("/metrics/detailed?family=queue_coarse_metrics&family=vhost_status"))
    coarse = {"rabbitmq_detailed_queue_" + what for what in ("messages_ready", "messages_unacked", "messages")}
    assert both.keys() == identity | coarse | {"rabbitmq_cluster_vhost_status"}
    query = urllib.parse.urlencode({"family": "queue_consumer_count", "vhost": vhost})
    one = metrics.parse(scrape("/metrics/detailed?" + query))["rabbitmq_detailed_queue_consumers"][1]
    assert one == [("rabbitmq_detailed_queue_consumers", {"vhost": vhost, "queue": "detailed"}, 0)]
    none = metrics.parse(scrape("/metrics/detailed?family=queue_consumer_count&vhost=nonsense"))
    assert none.keys() == identity
    api.delete(("vhosts", vhost))
    api.delete(("queues", "/", "detailed"))


def test_thousands_of_queues_come_whole_and_a_slow_reader_holds_nobody_up(broker, scrape, api, connection, name):
    count, prefix = 3000, name("many")
    channel = connection.channel()
    for number in range(count):
        channel.queue_declare(f"{prefix}.{number}", passive=False)
    with socket.create_connection((broker.host, broker.metrics_port)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(b"GET /metrics/per-object HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert slow.recv(100).startswith(b"HTTP/1.1 200 OK")
        for _ in range(3):
            objects = metrics.parse(scrape("/metrics/per-object"))
            told = [labels["queue"] for _, labels, _ in objects["rabbitmq_queue_messages_ready"][1]]
            assert len([queue for queue in told if queue.startswith(prefix + ".")]) == count
            assert len(told) == len(set(told))
            channel.basic_publish("", f"{prefix}.0", b"x")
            assert channel.basic_get(f"{prefix}.0", auto_ack=True)[0]
    for number in range(count):
        channel.queue_delete(f"{prefix}.{number}")
