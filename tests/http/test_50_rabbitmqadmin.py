"""RabbitMQ's own command-line client against our API. Debian: rabbitmq-server."""

import csv
import io
import shutil
import subprocess

import pytest

ADMIN = shutil.which("rabbitmqadmin")
pytestmark = pytest.mark.skipif(ADMIN is None, reason="rabbitmqadmin is not installed")


@pytest.fixture
def admin(api):
    def run(*arguments, stdin=None):
        command = ["/usr/bin/python3", ADMIN, "-H", api.host, "-P", str(api.port), "-f", "tsv", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def rows(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_declare_list_delete(admin, name):
    queue, exchange = name("queue"), name("exchange")
    admin("declare", "queue", f"name={queue}", "durable=true", 'arguments={"x-max-length": 9}')
    admin("declare", "exchange", f"name={exchange}", "type=topic")
    admin("declare", "binding", f"source={exchange}", f"destination={queue}", "routing_key=a.#")
    assert {"name": queue, "messages": "0"} in rows(admin("list", "queues"))
    assert {"name": exchange, "type": "topic"} in rows(admin("list", "exchanges"))
    row = {"source": exchange, "destination": queue, "routing_key": "a.#"}
    assert row in rows(admin("list", "bindings"))
    assert queue in admin("-V", "/", "list", "queues", "name", "arguments")
    admin("delete", "binding", f"source={exchange}", f"destination={queue}", "destination_type=queue", "properties_key=a.%23")
    assert row not in rows(admin("list", "bindings"))
    admin("delete", "queue", f"name={queue}")
    admin("delete", "exchange", f"name={exchange}")
    assert queue not in admin("list", "queues")


@pytest.mark.parametrize("kind, plural", [("policy", "policies"), ("operator_policy", "operator_policies")])
def test_policies(admin, name, kind, plural):
    policy = name("policy")
    definition = 'definition={"max-length": 9}'
    admin("declare", kind, f"name={policy}", "pattern=^nothing$", definition, "apply-to=queues", "priority=2")
    (row,) = [r for r in rows(admin("list", plural)) if r["name"] == policy]
    assert (row["pattern"], row["apply-to"], row["priority"]) == ("^nothing$", "queues", "2")
    assert row["definition"] == '{"max-length": 9}'
    admin("delete", kind, f"name={policy}")
    admin("declare", kind, f"name={policy}", "pattern=^nothing$", definition)
    admin("delete", kind, f"name={policy}")
    assert policy not in admin("list", plural)


def test_users_and_permissions(admin, api, name):
    user, vhost = name("user"), name("vhost")
    admin("declare", "vhost", f"name={vhost}")
    assert {"name": vhost, "messages": "0"} in rows(admin("list", "vhosts"))
    admin("declare", "user", f"name={user}", "password=secret", "tags=management")
    admin("declare", "permission", f"vhost={vhost}", f"user={user}", "configure=^a", "write=.*", "read=")
    (row,) = [r for r in rows(admin("list", "users")) if r["name"] == user]
    assert row["tags"] in ("management", '["management"]', "['management']")
    (row,) = [r for r in rows(admin("list", "permissions")) if r["user"] == user]
    assert (row["vhost"], row["configure"], row["write"], row["read"]) == (vhost, "^a", ".*", "")
    admin("-u", user, "-p", "secret", "-V", vhost, "declare", "queue", "name=a1")
    admin("declare", "vhost_limit", f"vhost={vhost}", "name=max-queues", "value=3")
    assert api.get(("vhost-limits", vhost)).json[0]["value"] == {"max-queues": 3}
    admin("list", "vhost_limits")
    admin("delete", "vhost_limit", f"vhost={vhost}", "name=max-queues")
    admin("delete", "permission", f"vhost={vhost}", f"user={user}")
    assert user not in admin("list", "permissions")
    admin("delete", "user", f"name={user}")
    admin("delete", "vhost", f"name={vhost}")
    assert user not in admin("list", "users")
    assert vhost not in admin("list", "vhosts")


def test_publish_get_purge(admin, queue):
    admin("publish", f"routing_key={queue}", "payload=hello", 'properties={"content_type": "text/plain"}')
    admin("publish", f"routing_key={queue}", stdin="from stdin")
    got = rows(admin("get", f"queue={queue}", "count=2", "ackmode=ack_requeue_true"))
    assert [row["payload"] for row in got] == ["hello", "from stdin"]
    assert {"name": queue, "messages": "2"} in rows(admin("list", "queues"))
    admin("purge", "queue", f"name={queue}")
    assert {"name": queue, "messages": "0"} in rows(admin("list", "queues"))


@pytest.mark.parametrize("what", ["connections", "channels", "consumers", "vhosts", "nodes"])
def test_lists(admin, what, queue, channel):
    channel.basic_consume(queue, lambda *_: None)
    assert len(rows(admin("list", what))) >= 1


def test_show_overview(admin):
    (row,) = rows(admin("show", "overview"))
    assert row["rabbitmq_version"]


def test_close_a_connection(admin, api, connection, channel):
    port = connection._impl._transport._sock.getsockname()[1]
    (name,) = [c["name"] for c in api.get(("connections",)).json if c["peer_port"] == port]
    admin("close", "connection", f"name={name}")


def test_export_and_import(admin, api, name, tmp_path):
    """The file goes through the client's own hands both ways."""
    queue, exchange = name("queue"), name("exchange")
    admin("declare", "queue", f"name={queue}", "durable=true", 'arguments={"x-max-length": 9}')
    admin("declare", "exchange", f"name={exchange}", "type=topic")
    admin("declare", "binding", f"source={exchange}", f"destination={queue}", "routing_key=a.#")
    file = tmp_path / "definitions.json"
    assert "Exported definitions for" in admin("export", str(file))
    admin("delete", "queue", f"name={queue}")
    admin("delete", "exchange", f"name={exchange}")
    assert "Uploaded definitions from" in admin("import", str(file))
    assert api.queue(queue)["arguments"] == {"x-max-length": 9}
    row = {"source": exchange, "destination": queue, "routing_key": "a.#"}
    assert row in rows(admin("list", "bindings"))
    of_vhost = tmp_path / "vhost.json"
    admin("-V", "/", "export", str(of_vhost))
    admin("delete", "queue", f"name={queue}")
    admin("-V", "/", "import", str(of_vhost))
    assert api.queue(queue)["arguments"] == {"x-max-length": 9}
    admin("delete", "queue", f"name={queue}")
    admin("delete", "exchange", f"name={exchange}")
