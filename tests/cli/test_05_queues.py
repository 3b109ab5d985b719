"""leveret queues."""

import pika

from support import wait


def test_lists_depths(leveret, queue, api):
    queue.put("a", "b")

    def line():
        out = leveret.run("queues", queue.name).stdout.splitlines()
        rows = [row.split() for row in out[1:]]
        return next((row for row in rows if row[0] == queue.name and row[1] == "2"), None)

    row = wait.until(line, "the queue with two messages in the list")
    assert row[-1] == queue.dlq


def test_json_and_its_other_spellings(leveret, queue, api):
    for words in (["queues"], ["queue", "list"]):
        names = [item["name"] for item in leveret.json(*words, queue.name)]
        assert sorted(names) == [queue.name, queue.dlq]


def test_nothing_matches(leveret, queue, api):
    assert "queues match 'zzz'" in leveret.run("queues", "zzz").stderr


def test_wrong_password(leveret, api):
    bad = api.replace("guest:guest", "guest:hunter2")
    done = leveret.run("queues", "--api", bad, status=77)
    assert "hunter2" not in done.stderr


def test_lists_more_queues_than_a_page_has(leveret, broker, api):
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        channel = connection.channel()
        names = [f"many.{n:04}" for n in range(1100)]
        for name in names:
            channel.queue_declare(name, exclusive=True)
        assert [item["name"] for item in leveret.json("queues", "many.")] == names
        rows = leveret.run("queues", "many.").stdout.splitlines()[1:]
        assert [row.split()[0] for row in rows] == names
        assert leveret.json("queues", "Many.") == []
