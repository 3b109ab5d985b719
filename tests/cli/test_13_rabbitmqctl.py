"""rabbitmqctl's commands in their own spelling."""

import itertools
import json

import pika
import pytest

_numbers = itertools.count(1)


@pytest.fixture
def name(api):
    return lambda label: f"ctl.{label}.{next(_numbers)}"


@pytest.fixture
def vhost(leveret, name):
    made = name("vhost")
    leveret.run("add_vhost", made, "--description", "for tests", "--tags", "a,b")
    yield made
    leveret.run("delete_vhost", made)


def connect(broker, user, password, vhost):
    parameters = pika.URLParameters(broker.url)
    parameters.credentials = pika.PlainCredentials(user, password)
    parameters.virtual_host = vhost
    return pika.BlockingConnection(parameters)


def rows(leveret, *words):
    """Cells of what a script gets."""
    return [line.split("\t") for line in leveret.run(*words, "-s").stdout.splitlines()]


def test_help_lists_them_and_no_other_help_does(leveret):
    listed = leveret.run("help", "rabbitmqctl").stdout
    for command in ("list_queues", "add_user", "set_permissions", "export_definitions", "set_policy", "purge_queue"):
        assert f"  {command}" in listed
    assert "leveret users add" in listed
    assert "list_queues" not in leveret.run("--help").stdout
    assert "list_queues" not in leveret.run().stdout
    assert "rabbitmqctl" in leveret.run().stdout
    assert "Usage" in leveret.run("help", "publish").stdout
    assert "no command 'nonsense'" in leveret.run("help", "nonsense", status=64).stderr


def test_every_command_of_the_list_is_there(leveret):
    for line in leveret.run("help", "rabbitmqctl").stdout.splitlines():
        if line.startswith("  "):
            assert "Usage" in leveret.run(line.split()[0], "--help").stdout


def test_a_user_from_added_to_deleted(leveret, broker, vhost, name):
    user = name("user")
    assert "no password" in leveret.run("add_user", user, status=64).stderr
    refused = leveret.run("add_user", user, "on-the-line", status=64)
    assert "can be read by everybody" in refused.stderr and "on-the-line" not in refused.stderr
    leveret.run("add_user", user, stdin="first\n")
    assert "already exists" in leveret.run("add_user", user, stdin="first\n", status=70).stderr
    leveret.run("authenticate_user", user, stdin="wrong\n", status=77)
    leveret.run("set_user_tags", user, "management", "team")
    assert [user, "[management, team]"] in rows(leveret, "list_users")
    leveret.run("authenticate_user", user, stdin="first\n")
    leveret.run("change_password", user, stdin="second\n")
    leveret.run("authenticate_user", user, stdin="second\n")
    assert [user, "[management, team]"] in rows(leveret, "list_users"), "the tags stay"

    leveret.run("set_permissions", "-p", vhost, user, "^mine", ".*", "")
    assert rows(leveret, "list_user_permissions", user) == [[vhost, "^mine", ".*", ""]]
    assert [user, "^mine", ".*", ""] in rows(leveret, "list_permissions", "-p", vhost)
    connect(broker, user, "second", vhost).close()
    leveret.run("set_topic_permissions", "-p", vhost, user, "amq.topic", "^a", "^b")
    assert rows(leveret, "list_user_topic_permissions", user) == [[vhost, "amq.topic", "^a", "^b"]]
    leveret.run("clear_topic_permissions", "-p", vhost, user)
    assert rows(leveret, "list_topic_permissions", "-p", vhost) == []
    leveret.run("set_user_limits", user, '{"max-connections": 5}')
    assert [user, '{"max-connections":5}'] in rows(leveret, "list_user_limits")
    leveret.run("clear_user_limits", user, "all")
    assert user not in leveret.run("list_user_limits").stdout
    leveret.run("clear_permissions", "-p", vhost, user)
    assert rows(leveret, "list_user_permissions", user) == []
    leveret.run("clear_password", user)
    leveret.run("authenticate_user", user, stdin="second\n", status=77)
    leveret.run("delete_user", user)
    leveret.run("delete_user", user, status=66)


def test_lists_have_the_columns_that_were_asked_for(leveret, broker, vhost):
    connection = connect(broker, "guest", "guest", vhost)
    channel = connection.channel()
    channel.queue_declare("ctl.jobs", durable=True, arguments={"x-max-length": 7})
    channel.confirm_delivery()
    channel.basic_publish("", "ctl.jobs", b"job")
    channel.basic_publish("", "ctl.jobs", b"job")
    channel.queue_bind("ctl.jobs", "amq.topic", "a.*")
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume("ctl.jobs", lambda *_: None, consumer_tag="ctl-tag")

    done = leveret.run("list_queues", "-p", vhost)
    assert done.stdout == "name\tmessages\nctl.jobs\t2\n"
    assert f"Listing queues for vhost {vhost}" in done.stderr
    quiet = leveret.run("list_queues", "-p", vhost, "-q")
    assert quiet.stderr == "" and quiet.stdout.startswith("name\t")
    assert rows(leveret, "list_queues", "-p", vhost, "name", "durable", "arguments", "consumers") == [
        ["ctl.jobs", "true", '{"x-max-length":7}', "1"]
    ]
    as_json = leveret.run("list_queues", "-p", vhost, "name", "messages", "--formatter", "json").stdout
    assert json.loads(as_json) == [{"name": "ctl.jobs", "messages": 2}]
    assert leveret.run("list_queues", "-p", vhost, "name", "arguments", "--formatter", "csv").stdout == (
        'name,arguments\nctl.jobs,"{""x-max-length"":7}"\n'
    )
    assert ["amq.topic", "topic"] in rows(leveret, "list_exchanges", "-p", vhost)
    bindings = rows(leveret, "list_bindings", "-p", vhost)
    assert ["amq.topic", "exchange", "ctl.jobs", "queue", "a.*", "{}"] in bindings
    (consumer,) = rows(leveret, "list_consumers", "-p", vhost, "queue_name", "consumer_tag", "prefetch_count")
    assert consumer == ["ctl.jobs", "ctl-tag", "1"]
    assert ["guest", vhost] in rows(leveret, "list_connections", "user", "vhost")
    assert any(row[1:] == ["guest", "1"] for row in rows(leveret, "list_channels", "pid", "user", "consumer_count"))
    assert [vhost] in rows(leveret, "list_vhosts")
    assert [vhost, "for tests", "[a, b]"] in rows(leveret, "list_vhosts", "name", "description", "tags")

    (mine,) = [row[0] for row in rows(leveret, "list_connections", "name", "vhost") if row[1] == vhost]
    leveret.run("close_connection", mine, "maintenance\r\nX-Forged: yes")
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker) as closed:
        connection.process_data_events(time_limit=60)
        channel.basic_publish("", "x", b"")
        connection.process_data_events(time_limit=60)
    assert "maintenance\\x0d\\x0aX-Forged: yes" in closed.value.reply_text
    leveret.run("purge_queue", "-p", vhost, "ctl.jobs")
    assert rows(leveret, "list_queues", "-p", vhost) == [["ctl.jobs", "0"]]
    leveret.run("delete_queue", "-p", vhost, "ctl.jobs")
    assert rows(leveret, "list_queues", "-p", vhost) == []
    leveret.run("purge_queue", "-p", vhost, "ctl.jobs", status=66)


def test_names_cannot_forge_a_row(leveret, broker, vhost):
    connection = connect(broker, "guest", "guest", vhost)
    connection.channel().queue_declare("a\tb\x1b[2K\tforged")
    connection.close()
    assert rows(leveret, "list_queues", "-p", vhost) == [["a\\x09b\\x1b[2K\\x09forged", "0"]]


def test_policies_parameters_and_limits(leveret, vhost):
    leveret.run("set_policy", "-p", vhost, "--priority", "3", "--apply-to", "queues", "short", "^q", '{"max-length": 9}')
    assert rows(leveret, "list_policies", "-p", vhost) == [[vhost, "short", "^q", "queues", '{"max-length":9}', "3"]]
    assert "is not JSON" in leveret.run("set_policy", "-p", vhost, "x", "^q", "{", status=65).stderr
    leveret.run("clear_policy", "-p", vhost, "short")
    assert rows(leveret, "list_policies", "-p", vhost) == []
    leveret.run("set_operator_policy", "-p", vhost, "bound", ".*", '{"expires": 1000000}', "--apply-to", "queues")
    assert rows(leveret, "list_operator_policies", "-p", vhost)[0][1] == "bound"
    leveret.run("clear_operator_policy", "-p", vhost, "bound")
    leveret.run("set_global_parameter", "ctl.parameter", '{"a": 1}')
    assert ["ctl.parameter", '{"a":1}'] in rows(leveret, "list_global_parameters")
    leveret.run("clear_global_parameter", "ctl.parameter")
    leveret.run("set_vhost_limits", "-p", vhost, '{"max-queues": 3, "max-connections": 4}')
    (limits,) = rows(leveret, "list_vhost_limits", "-p", vhost)
    assert json.loads(limits[1]) == {"max-queues": 3, "max-connections": 4}
    leveret.run("clear_vhost_limits", "-p", vhost)
    assert rows(leveret, "list_vhost_limits", "-p", vhost) == []


def test_definitions_go_out_and_in(leveret, tmp_path):
    file = tmp_path / "definitions.json"
    leveret.run("export_definitions", file)
    assert "users" in json.loads(file.read_text())
    assert "unchanged" in leveret.run("import_definitions", file).stderr


def test_status_ping_and_environment(leveret):
    leveret.run("ping")
    assert "mem_used\t" in leveret.run("status").stdout
    assert "log_level" in leveret.run("environment").stdout


def test_wrong_use_says_what_is_right(leveret):
    assert "set_permissions takes <username> <configure> <write> <read>, not 2 words" in (
        leveret.run("set_permissions", "guest", ".*", status=64).stderr
    )
    assert "leveret help rabbitmqctl" in leveret.run("join_cluster", "rabbit@other", status=64).stderr
    assert "did you mean: leveret list_queues" in leveret.run("list_queue", status=64).stderr
