"""leveret migrate: from Debian's RabbitMQ to a broker of the test's own."""

import json
import subprocess
import urllib.parse

import pika
import pytest

from conftest import LEVERET
from support import broker as brokers
from support import management, wait

MESSAGES = 100_000
VHOST = "shop/ä"


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory):
    rabbit = brokers.RabbitMQ(tmp_path_factory.mktemp("rabbit"))
    try:
        yield rabbit.start()
    finally:
        rabbit.stop()


@pytest.fixture
def target(broker, tmp_path):
    """A fresh Leveret."""
    target = brokers.Leveret(tmp_path / "target", broker.binary)
    try:
        yield target.start()
    finally:
        target.kill()


def connect(broker, vhost="/"):
    parameters = pika.ConnectionParameters(broker.host, broker.port, vhost, heartbeat=0)
    return pika.BlockingConnection(parameters)


@pytest.fixture
def migrate(leveret, rabbit, target, tmp_path):
    words = ["migrate", rabbit.url, "--from-api", f"http://guest:guest@{rabbit.host}:{rabbit.http_port}"]
    words += ["--to", target.url, "--api", f"http://guest:guest@{target.host}:{target.http_port}"]
    words += ["--state", str(tmp_path / "state.json")]

    def run(*more, status=0):
        return leveret.run(*words, *more, status=status)

    run.words = words
    run.state = tmp_path / "state.json"
    return run


@pytest.fixture
def source(rabbit):
    """A virtual host with queues; empty again after the test."""
    vhost = urllib.parse.quote(VHOST, safe="")
    assert management.request(rabbit, "PUT", f"/api/vhosts/{vhost}", {"description": "a shop"})[0] == 201
    connection = connect(rabbit, VHOST)
    yield connection.channel()
    connection.close()
    management.request(rabbit, "DELETE", f"/api/vhosts/{vhost}")
    assert management.get(rabbit, "/api/queues") == []


def publish(channel, queue, first, count, **properties):
    for n in range(first, first + count):
        given = pika.BasicProperties(message_id=str(n), delivery_mode=2, **properties)
        channel.basic_publish("", queue, b"body %d" % n, given)


def take_all(broker, queue, vhost=VHOST):
    """All messages of a queue, as (method, properties, body)."""
    connection = connect(broker, vhost)
    channel = connection.channel()
    count = channel.queue_declare(queue, passive=True).method.message_count
    taken = []
    if count:
        channel.basic_qos(prefetch_count=2000)
        for method, properties, body in channel.consume(queue):
            taken.append((method, properties, body))
            channel.basic_ack(method.delivery_tag)
            if len(taken) == count:
                break
    connection.close()
    return taken


def ready(broker, queue, vhost=VHOST):
    if isinstance(broker, brokers.RabbitMQ):  # Its management API is seconds behind.
        connection = connect(broker, vhost)
        count = connection.channel().queue_declare(queue, passive=True).method.message_count
        connection.close()
        return count
    path = "/".join(urllib.parse.quote(each, safe="") for each in (vhost, queue))
    status, answer = management.request(broker, "GET", f"/api/queues/{path}")
    return answer.get("messages_ready", 0) if status == 200 else 0


def test_killed_in_the_middle_and_run_again_nothing_is_lost_and_nothing_comes_twice(source, rabbit, target, migrate):
    source.queue_declare("orders", durable=True)
    source.queue_declare("mails", durable=True, arguments={"x-queue-type": "quorum"})
    publish(source, "orders", 0, MESSAGES - 1000)
    publish(source, "mails", 0, 1000)
    source.connection.process_data_events()
    wait.until(lambda: ready(rabbit, "orders") == MESSAGES - 1000, "the messages in RabbitMQ")
    process = subprocess.Popen([LEVERET, *migrate.words])
    wait.until(lambda: ready(target, "orders") > MESSAGES // 4, "a part of the messages at the target")
    process.kill()
    process.wait()
    moved = ready(target, "orders")
    assert moved < MESSAGES - 1000, "it was done before it could be killed"
    assert migrate.state.exists()
    done = migrate()
    assert "going on with what an earlier run has begun" in done.stderr
    assert f"{MESSAGES:,} messages before" in done.stdout and " 0 left" in done.stdout
    assert f"{MESSAGES:,} came to the target" in done.stdout, done.stdout
    assert not migrate.state.exists()
    for queue, count in (("orders", MESSAGES - 1000), ("mails", 1000)):
        bodies = [body for _, _, body in take_all(target, queue)]
        assert bodies == [b"body %d" % n for n in range(count)], queue
        assert ready(rabbit, queue) == 0
    users = [each["name"] for each in management.get(target, "/api/users")]
    assert "leveret.migrate" not in users
    exchanges = [each["name"] for each in management.get(target, "/api/exchanges")]
    assert "leveret.migrate" not in exchanges


def test_a_message_stays_what_it_is(source, rabbit, target, migrate):
    source.queue_declare("jobs", durable=True, arguments={"x-max-priority": 5})
    source.queue_declare("copies", durable=True)
    source.exchange_declare("events", "topic", durable=True)
    source.queue_bind("jobs", "events", "job.#")
    source.queue_bind("copies", "events", "copies")
    properties = pika.BasicProperties(
        content_type="application/json",
        content_encoding="utf-8",
        headers={
            "n": 7,
            "deep": {"list": [1, "two", True, {"three": 3}]},
            "CC": ["copies"],
            "x-death": [{"queue": "old", "reason": "rejected", "count": 3, "exchange": "e", "routing-keys": ["k"]}],
        },
        delivery_mode=1,
        priority=3,
        correlation_id="c",
        reply_to="answers",
        expiration="3600000",
        message_id="m",
        timestamp=1700000000,
        type="t",
        user_id="guest",
        app_id="a",
    )
    body = bytes(range(256)) * 1000
    source.basic_publish("events", "job.mail", body, properties)
    source.basic_publish("", "jobs", b"", pika.BasicProperties())
    wait.until(lambda: ready(rabbit, "jobs") == 2 and ready(rabbit, "copies") == 1, "the messages in RabbitMQ")
    wanted = take_and_put_back(rabbit, "jobs")
    migrate()
    found = take_all(target, "jobs")
    assert [(each.__dict__, text) for _, each, text in found] == [(each.__dict__, text) for _, each, text in wanted]
    assert [method.routing_key for method, _, _ in found] == ["job.mail", "jobs"]
    assert len(take_all(target, "copies")) == 1


def take_and_put_back(broker, queue):
    connection = connect(broker, VHOST)
    channel = connection.channel()
    taken = []
    while True:
        method, properties, body = channel.basic_get(queue)
        if method is None:
            break
        taken.append((method, properties, body))
    connection.close()
    return taken


def test_a_dry_run_tells_and_changes_nothing(source, rabbit, target, migrate):
    source.queue_declare("orders", durable=True)
    source.queue_declare("log", durable=True, arguments={"x-queue-type": "stream"})
    source.queue_declare("mine", exclusive=True)
    source.queue_bind("log", "amq.fanout")
    publish(source, "orders", 0, 10)
    before = management.get(target, "/api/definitions")
    wait.until(lambda: ready(rabbit, "orders") == 10, "the messages in RabbitMQ")
    done = migrate("--dry-run")
    assert "10 messages in 1 queues would be moved" in done.stdout
    assert f"queue 'log' of '{VHOST}' is a stream: left out" in done.stderr
    assert f"queue 'mine' of '{VHOST}' is exclusive" in done.stderr
    assert "definitions: 3 added" in done.stderr  # a virtual host, a permission, a queue
    assert management.get(target, "/api/definitions") == before
    assert ready(rabbit, "orders") == 10 and not migrate.state.exists()
    queues = json.loads(migrate("--dry-run", "--json").stdout)["queues"]
    assert queues == [{"vhost": VHOST, "queue": "orders", "messages": 10, "consumers": 0}]


def test_only_some_queues_and_past_those_that_fail(source, rabbit, target, migrate):
    for queue in ("a.1", "a.2", "b"):
        source.queue_declare(queue, durable=True)
        publish(source, queue, 0, 5)
    # Full at the target: it refuses what is beyond.
    source.queue_declare("a.0", durable=True, arguments={"x-max-length": 5, "x-overflow": "reject-publish"})
    publish(source, "a.0", 0, 5)
    wait.until(lambda: ready(rabbit, "a.0") == 5, "the messages in RabbitMQ")
    migrate("--queues", "none")
    channel = connect(target, VHOST).channel()
    for n in range(3):
        channel.basic_publish("", "a.0", b"of the target")
    wait.until(lambda: ready(target, "a.0") == 3, "the messages at the target")
    done = migrate("--queues", "a.*", "--keep-going", "--json", status=1)
    outcomes = {each["queue"]: each for each in json.loads(done.stdout)["queues"]}
    assert set(outcomes) == {"a.0", "a.1", "a.2"}
    assert "the target refuses a message" in outcomes["a.0"]["error"]
    assert outcomes["a.1"]["moved"] == outcomes["a.2"]["moved"] == 5
    assert ready(target, "b") == 0 and ready(rabbit, "b") == 5
    assert [body for _, _, body in take_all(target, "a.1")] == [b"body %d" % n for n in range(5)]
    assert ready(rabbit, "a.0") + ready(target, "a.0") >= 8, "a message is in neither"


def test_what_cannot_be_reached_is_told(leveret, rabbit, target, migrate):
    assert "bad address of the source" in leveret.run("migrate", "http://x", status=64).stderr
    done = leveret.run("migrate", "amqp://guest:guest@127.0.0.1:1/", "--from-api", "http://127.0.0.1:1", status=69)
    assert "cannot reach the HTTP API at 127.0.0.1:1" in done.stderr
    api = f"http://guest:wrong@{rabbit.host}:{rabbit.http_port}"
    assert leveret.run("migrate", rabbit.url, "--from-api", api, status=77).stderr
