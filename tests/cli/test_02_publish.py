"""leveret publish."""

import re

from support import wait


def test_to_a_queue_confirmed_and_persistent(leveret, queue):
    out = leveret.run("publish", queue.name, '{"user":42}').stdout
    assert re.fullmatch(r"published 1 \(confirmed, [\d.]+ (us|ms|s)\)\n", out)
    [(method, properties, body)] = queue.take_all()
    assert body == b'{"user":42}'
    assert method.exchange == "" and method.routing_key == queue.name
    assert properties.delivery_mode == 2


def test_to_an_exchange(leveret, channel, queue):
    exchange = queue.name + ".x"
    channel.exchange_declare(exchange, "topic", auto_delete=True)
    channel.queue_bind(queue.name, exchange, "email.#")
    leveret.run("publish", "-e", exchange, "-k", "email.welcome", "hi")
    [(method, _, _)] = queue.take_all()
    assert (method.exchange, method.routing_key) == (exchange, "email.welcome")


def test_every_property_and_typed_headers(leveret, queue):
    words = "--type application/json --encoding utf-8 --id order-17 --correlation-id c1"
    words += " --reply-to r1 --expiration 10m --priority 3 --message-type t --app-id app"
    words += " --user-id guest --transient -H tenant=acme -H n:int=3 -H ok:bool=true"
    words += ' -H when:time=1700000000 -H list:json=[1,"a",{"b":null}]'
    leveret.run("publish", queue.name, "x", *words.split())
    [(_, properties, _)] = queue.take_all()
    assert properties.content_type == "application/json"
    assert properties.content_encoding == "utf-8"
    assert properties.message_id == "order-17"
    assert properties.correlation_id == "c1"
    assert properties.reply_to == "r1"
    assert properties.expiration == "600000"
    assert properties.priority == 3
    assert properties.type == "t"
    assert properties.app_id == "app"
    assert properties.user_id == "guest"
    assert properties.delivery_mode == 1
    headers = properties.headers
    assert headers.pop("when").timetuple()[:3] == (2023, 11, 14)
    assert headers == {
        "tenant": "acme",
        "n": 3,
        "ok": True,
        "list": [1, "a", {"b": None}],
    }


def test_body_from_a_file_is_taken_byte_for_byte(leveret, queue, tmp_path):
    body = bytes(range(256)) * 2000
    (tmp_path / "body").write_bytes(body)
    leveret.run("publish", queue.name, "--file", tmp_path / "body")
    assert queue.take_all()[0][2] == body
    assert "cannot open" in leveret.run("publish", queue.name, "-f", "/no/file", status=74).stderr


def test_body_from_standard_input(leveret, queue):
    leveret.run("publish", queue.name, stdin="from a pipe\n")
    assert queue.bodies() == ["from a pipe\n"]


def test_lines(leveret, queue):
    lines = [f"line {i}" for i in range(5000)]
    out = leveret.run("publish", queue.name, "--lines", stdin="\n".join(lines)).stdout
    assert out.startswith("published 5,000 (confirmed 5,000, unroutable 0)")
    assert queue.bodies() == lines


def test_count_and_json(leveret, queue):
    report = leveret.json("publish", queue.name, "x", "--count", "10")
    assert report["published"] == report["confirmed"] == 10
    assert report["unroutable"] == 0 and report["failures"] == []
    assert len(queue.bodies()) == 10


def test_unroutable_is_an_error(leveret, channel, queue):
    done = leveret.run("publish", queue.name + ".none", "x", status=75)
    assert "unroutable: there is no queue" in done.stderr
    assert done.stdout == ""
    done = leveret.run("publish", "-e", "amq.direct", "-k", "nobody", "x", status=75)
    assert 'unroutable: exchange "amq.direct" has no binding for "nobody"' in done.stderr
    report = leveret.json("publish", "-e", "amq.direct", "-k", "nobody", "x", status=75)
    assert report["failures"] == [
        {"id": 1, "reason": "unroutable", "exchange": "amq.direct", "routing_key": "nobody"}
    ]


def test_unroutable_may_be_allowed(leveret):
    leveret.run("publish", "-e", "amq.direct", "-k", "nobody", "x", "--allow-unroutable")


def test_refused_by_a_full_queue(leveret, make_queue):
    full = make_queue({"x-max-length": 1, "x-overflow": "reject-publish"})
    full.put("first")
    done = leveret.run("publish", full.name, "second", status=None)
    if done.returncode == 0:  # The broker drops the head instead: it has no reject-publish.
        assert len(full.bodies()) == 1
        return
    assert done.returncode == 75
    assert "refused by the broker" in done.stderr


def test_missing_exchange(leveret):
    done = leveret.run("publish", "-e", "no-such-exchange", "-k", "k", "x", status=66)
    assert "NOT_FOUND - no exchange 'no-such-exchange' in vhost '/'" in done.stderr


def test_wrong_usage(leveret, queue):
    assert "no target" in leveret.run("publish", status=64).stderr
    assert "not expected: b" in leveret.run("publish", "q", "a", "b", status=64).stderr
    assert "more than one body" in leveret.run("publish", "-k", "q", "a", "b", status=64).stderr
    assert "given twice" in leveret.run("publish", "q", "a", "--lines", status=64).stderr
    assert "not a whole number" in leveret.run("publish", "q", "a", "-H", "n:int=x", status=64).stderr
    assert "unknown unit" in leveret.run("publish", "q", "a", "--rate", "5/min", status=64).stderr
    leveret.run("publish", "q", "a", "--priority", "300", status=64)


def test_body_that_looks_like_an_option(leveret, queue):
    leveret.run("publish", queue.name, "--", "--json")
    assert queue.bodies() == ["--json"]


def test_what_was_not_confirmed_is_published_again(leveret, queue, tmp_path, cut_connections):
    """Nothing is lost when the connection breaks; some may come twice."""
    lines = [str(i) for i in range(600)]
    (tmp_path / "lines").write_text("\n".join(lines))
    words = ["--lines", "-f", tmp_path / "lines", "--rate", "600/s"]
    publisher = leveret.start("publish", queue.name, *words)
    wait.until(lambda: queue.ready() > 10, "first messages")
    cut_connections(publisher.pid)
    out, err = publisher.communicate()
    assert publisher.returncode == 0, err
    assert "confirmed 600" in out
    bodies = queue.bodies()
    assert list(dict.fromkeys(bodies)) == lines
