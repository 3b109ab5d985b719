"""leveret users, vhosts, permissions."""

import itertools
import re

import pika
import pytest

_numbers = itertools.count(1)


@pytest.fixture
def name():
    return lambda label: f"admin.{label}.{next(_numbers)}"


def names(leveret, *words):
    return [item["name"] for item in leveret.json(*words)]


def test_a_user_is_made_let_in_and_deleted(leveret, broker, api, name):
    user = name("user")
    leveret.run("users", "add", user, "--tags", "management,x", stdin="secret\n")
    (item,) = [item for item in leveret.json("users") if item["name"] == user]
    assert item["tags"] == ["management", "x"]
    assert user in leveret.run("users", "list").stdout
    leveret.run("permissions", "set", user, "--configure", "^mine", "--read", "")
    (item,) = [item for item in leveret.json("permissions") if item["user"] == user]
    assert (item["configure"], item["write"], item["read"]) == ("^mine", ".*", "")
    parameters = pika.URLParameters(broker.url)
    parameters.credentials = pika.PlainCredentials(user, "secret")
    pika.BlockingConnection(parameters).close()
    leveret.run("permissions", "clear", user)
    assert user not in leveret.run("permissions").stdout
    leveret.run("users", "delete", user)
    assert user not in names(leveret, "users")
    assert user in leveret.run("users", "delete", user, status=66).stderr


def test_the_password_comes_from_standard_input(leveret, api, name):
    assert "no password on standard input" in leveret.run("users", "add", name("user"), stdin="", status=64).stderr


def test_a_vhost_is_made_and_deleted_on_request(leveret, api, name):
    vhost = name("vhost")
    leveret.run("vhosts", "add", vhost, "--description", "for tests", "--default-queue-type", "quorum")
    (item,) = [item for item in leveret.json("vhosts") if item["name"] == vhost]
    assert (item["description"], item["default_queue_type"]) == ("for tests", "quorum")
    assert "--yes" in leveret.run("vhosts", "delete", vhost, stdin="", status=64).stderr
    assert vhost in names(leveret, "vhosts")
    leveret.run("vhosts", "delete", vhost, "--yes")
    assert vhost not in names(leveret, "vhosts")


def test_what_the_server_refuses_is_told(leveret, api, name):
    done = leveret.run("permissions", "set", "nobody", status=65)
    assert "there is no user 'nobody'" in done.stderr
    assert "did you mean: leveret users add" in leveret.run("users", "ad", "x", status=64).stderr


def test_a_token_is_made_used_and_taken_back(leveret, broker):
    token = leveret.run("tokens", "add", "nightly import", "--expires", "12h").stdout.strip()
    port = re.search(r":(\d+)(/|$)", broker.url)[1]
    as_script = {"LEVERET_URL": f"amqp://guest:{token}@127.0.0.1:{port}/"}
    leveret.run("queues", LEVERET_API=f"http://guest:{token}@127.0.0.1:{broker.http_port}")
    leveret.run("get", "nothing-there", status=66, **as_script)
    line = next(x for x in leveret.run("tokens").stdout.splitlines() if "nightly import" in x)
    assert token.rsplit("_", 1)[1] not in line
    leveret.run("tokens", "delete", line.split()[0])
    leveret.run("get", "nothing-there", status=77, **as_script)
    assert "such as 12h" in leveret.run("tokens", "add", "x", "--expires", "soon", status=64).stderr
