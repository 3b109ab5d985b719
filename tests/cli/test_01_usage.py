"""Help, usage errors, and errors that say what, why and what to do."""

import re


def test_alone_it_shows_the_five_commands_people_start_with(leveret):
    out = leveret.run().stdout
    for command in ("publish", "work", "queues", "dlq list", "dlq replay"):
        assert f"leveret {command}" in out
    assert len(out.splitlines()) <= 24


def test_version(leveret):
    assert re.match(r"leveret \d+\.\d+\.\d+\n", leveret.run("--version").stdout)


def test_every_command_has_help_with_the_common_options(leveret):
    for words in (["publish"], ["get"], ["queues"], ["work"], ["bench"], ["dlq", "list"]):
        out = leveret.run(*words, "--help").stdout
        for option in ("--url", "--api", "--json"):
            assert option in out, words


def test_unknown_command_is_guessed(leveret):
    done = leveret.run("pubish", status=64)
    assert done.stdout == ""
    assert "unknown command 'pubish'" in done.stderr
    assert "did you mean: leveret publish" in done.stderr
    assert "did you mean: leveret dlq replay" in leveret.run("dlq", "reply", status=64).stderr


def test_unknown_option_and_missing_argument(leveret):
    assert "--frob" in leveret.run("publish", "q", "--frob", "x", status=64).stderr
    assert "queue is required" in leveret.run("get", status=64).stderr


def test_unreachable_broker(leveret):
    done = leveret.run("get", "q", "--url", "amqp://u:hunter2@127.0.0.1:1/", status=69)
    assert "cannot reach 127.0.0.1:1: Connection refused" in done.stderr
    assert "is the server running?" in done.stderr
    assert "hunter2" not in done.stderr


def test_unreachable_api(leveret):
    done = leveret.run("queues", "--api", "http://u:hunter2@127.0.0.1:1", status=69)
    assert "cannot reach the HTTP API at 127.0.0.1:1" in done.stderr
    assert "hunter2" not in done.stderr


def test_bad_addresses(leveret):
    done = leveret.run("get", "q", "--url", "amqps://u:hunter2@host/?verify=x", status=64)
    assert "verify_peer or verify_none" in done.stderr and "hunter2" not in done.stderr
    assert "--url" in leveret.run("get", "q", "--url", "host:5672", status=64).stderr
    assert "LEVERET_URL" in leveret.run("get", "q", status=78, LEVERET_URL="host").stderr
    leveret.run("queues", "--api", "ftp://h", status=64)


def test_wrong_password(leveret, broker):
    port = re.search(r":(\d+)(/|$)", broker.url)[1]
    url = f"amqp://guest:hunter2@127.0.0.1:{port}/"
    done = leveret.run("get", "q", "--url", url, status=77)
    assert "ACCESS_REFUSED" in done.stderr and "hunter2" not in done.stderr


def test_unknown_virtual_host(leveret, broker):
    port = re.search(r":(\d+)(/|$)", broker.url)[1]
    url = f"amqp://guest:guest@127.0.0.1:{port}/nowhere"
    assert "nowhere" in leveret.run("get", "q", "--url", url, status=66).stderr


def test_options_may_stand_anywhere(leveret, broker, queue):
    leveret.run("--url", broker.url, "publish", queue.name, "a", LEVERET_URL="amqp://127.0.0.1:1")
    leveret.run("publish", "--url", broker.url, queue.name, "b", LEVERET_URL="amqp://127.0.0.1:1")
    leveret.run("publish", queue.name, "c", "--url", broker.url, LEVERET_URL="amqp://127.0.0.1:1")
    assert queue.bodies() == ["a", "b", "c"]


def test_a_word_that_is_also_a_command_is_a_word_behind_another(leveret):
    assert "Usage: leveret publish" in leveret.run("help", "publish").stdout
    assert "no queue 'work'" in leveret.run("get", "work", status=66).stderr
