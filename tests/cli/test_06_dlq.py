"""leveret dlq: list, show, replay."""

import json

import pika
import pytest
from support import wait


@pytest.fixture
def dead(queue, api, channel):
    """A queue whose five jobs were rejected."""
    for i in range(5):
        queue.put(json.dumps({"order": i}), message_id=f"m{i}", headers={"x-error": "boom"})
        method, _, _ = queue.channel.basic_get(queue.name)
        queue.channel.basic_reject(method.delivery_tag, requeue=False)
    wait.until(lambda: queue.ready(queue.dlq) == 5, "five dead letters")
    return queue


def seqs(leveret, queue):
    return [item["seq"] for item in leveret.json("dlq", "list", queue.dlq)]


def test_lists_dead_letter_queues(leveret, dead):
    for words in (["dlq"], ["dlq", "list"]):
        out = leveret.run(*words).stdout
        [line] = [line for line in out.splitlines() if line.startswith(dead.dlq + " ")]
        assert line.split()[1] == "5"
        assert "rejected" in line and dead.name in line and "boom" in line


def test_lists_messages_without_touching_them(leveret, dead):
    out = leveret.run("dlq", "list", dead.dlq).stdout.splitlines()
    assert out[0].split()[0] == "SEQ"
    assert len(out) == 6
    for line in out[1:]:
        assert "rejected" in line and dead.name in line and "boom" in line
    assert not any(method.redelivered for method, _, _ in dead.take_all(dead.dlq))


def test_limit(leveret, dead):
    done = leveret.run("dlq", "list", dead.dlq, "--limit", "2")
    assert len(done.stdout.splitlines()) == 3
    assert "shown 2 of 5" in done.stderr


def test_shows_one(leveret, dead):
    seq = seqs(leveret, dead)[3]
    out = leveret.run("dlq", "show", dead.dlq, seq).stdout
    for text in ("reason: rejected", f"from queue: {dead.name}", "error: boom", '"order": 3'):
        assert text in out
    assert leveret.run("dlq", "show", dead.dlq, seq, "--body").stdout == '{"order": 3}'
    assert leveret.json("dlq", "show", dead.dlq, seq)["properties"]["message_id"] == "m3"


def test_replays_some(leveret, dead):
    chosen = seqs(leveret, dead)[1:3]
    out = leveret.run("dlq", "replay", dead.dlq, *chosen).stdout
    assert out == "replayed 2 to the queues they came from\n"
    assert dead.bodies() == ['{"order": 1}', '{"order": 2}']
    assert dead.ready(dead.dlq) == 3


def test_replays_all_where_they_came_from(leveret, dead):
    operation = leveret.json("dlq", "replay", dead.dlq, "--all", "--yes", "--expect", "5")
    assert (operation["state"], operation["done"], operation["total"]) == ("done", 5, 5)
    assert len(dead.bodies()) == 5
    assert dead.ready(dead.dlq) == 0


def test_replays_to_another_queue(leveret, dead, make_queue):
    other = make_queue()
    leveret.run("dlq", "replay", dead.dlq, "--all", "--yes", "--to", other.name)
    assert len(other.bodies()) == 5
    assert dead.ready() == dead.ready(dead.dlq) == 0


def test_what_is_watched_is_of_its_own_virtual_host(leveret, dead, broker):
    """Operations are numbered anew in each virtual host."""
    leveret.run("dlq", "replay", dead.dlq, seqs(leveret, dead)[0])
    leveret.run("vhosts", "add", "~replays")
    try:
        url = broker.url.removesuffix("%2F") + "~replays"
        connection = pika.BlockingConnection(pika.URLParameters(url))
        channel = connection.channel()
        channel.confirm_delivery()
        for queue in ("from", "to"):
            channel.queue_declare(queue, durable=True)
        for _ in range(7):
            channel.basic_publish("", "from", b"job")
        connection.close()
        words = ("dlq", "replay", "from", "--all", "--yes", "--to", "to")
        operation = leveret.json(*words, LEVERET_URL=url)
        assert (operation["vhost"], operation["state"], operation["done"]) == ("~replays", "done", 7)
    finally:
        leveret.run("vhosts", "delete", "~replays", "--yes")


def test_asks_before_replaying_all(leveret, dead):
    assert "say --yes" in leveret.run("dlq", "replay", dead.dlq, "--all", status=64).stderr
    assert "(dry run)" in leveret.run("dlq", "replay", dead.dlq, "--all", "--dry-run").stdout
    leveret.run("dlq", "replay", dead.dlq, "--all", "--yes", "--expect", "4", status=75)
    assert dead.ready(dead.dlq) == 5


def test_wrong_usage(leveret, dead):
    leveret.run("dlq", "replay", dead.dlq, status=64)
    leveret.run("dlq", "replay", dead.dlq, "1", "--all", status=64)
    leveret.run("dlq", "show", dead.dlq, status=64)


def test_what_does_not_exist(leveret, dead):
    leveret.run("dlq", "list", "no-such-queue", status=66)
    leveret.run("dlq", "show", dead.dlq, "999999999", status=66)


def test_a_message_that_went_meanwhile_is_skipped(leveret, dead):
    chosen = seqs(leveret, dead)
    leveret.run("dlq", "replay", dead.dlq, chosen[0])
    operation = leveret.json("dlq", "replay", dead.dlq, *chosen[:2], status=None)
    assert (operation["done"], operation["skipped"]) == (1, 1)
    assert len(dead.bodies()) == 2
