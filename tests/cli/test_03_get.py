"""leveret get."""


def test_looking_leaves_everything_where_it_was(leveret, queue):
    queue.put("a", "b", "c")
    assert leveret.run("get", queue.name, "-n", "2").stdout == "a\nb\n"
    got = queue.take_all()
    assert [body for _, _, body in got] == [b"a", b"b", b"c"]
    assert [method.redelivered for method, _, _ in got] == [True, True, False]


def test_ack_takes(leveret, queue):
    queue.put("a", "b")
    assert leveret.run("get", queue.name, "--ack").stdout == "a\n"
    assert queue.bodies() == ["b"]


def test_raw_prints_bytes_and_nothing_else(leveret, queue):
    queue.put("a", "b")
    assert leveret.run("get", queue.name, "-n", "9", "--raw").stdout == "ab"


def test_json(leveret, queue):
    queue.put(b"\xff\x00", headers={"n": 1}, message_id="m1")
    queue.put("text")
    assert leveret.json("get", queue.name, "-n", "5") == [
        {
            "exchange": "",
            "routing_key": queue.name,
            "redelivered": False,
            "properties": {"message_id": "m1", "headers": {"n": 1}},
            "payload_bytes": 2,
            "payload_encoding": "base64",
            "payload": "/wA=",
        },
        {
            "exchange": "",
            "routing_key": queue.name,
            "redelivered": False,
            "properties": {},
            "payload_bytes": 4,
            "payload_encoding": "string",
            "payload": "text",
        },
    ]


def test_empty_queue(leveret, queue):
    done = leveret.run("get", queue.name, status=75)
    assert done.stdout == "" and "no message ready" in done.stderr
    assert leveret.json("get", queue.name, status=75) == []


def test_missing_queue(leveret):
    done = leveret.run("get", "no-such-queue", status=66)
    assert "NOT_FOUND - no queue 'no-such-queue' in vhost '/'" in done.stderr
