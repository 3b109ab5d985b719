"""/api/vhosts and /api/vhost-limits"""

import pika
import pytest

from api import Api
from support import broker as brokers
from support import wait


@pytest.fixture
def vhost(api, name):
    """A virtual host's name, made; deleted afterwards."""
    vhost = name("vhost")
    assert api.put(("vhosts", vhost)).status == 201
    yield vhost
    api.delete(("vhosts", vhost))


def connect(broker, vhost):
    credentials = pika.PlainCredentials("guest", "guest")
    return pika.BlockingConnection(
        pika.ConnectionParameters(broker.host, broker.port, vhost, credentials, heartbeat=0)
    )


def files(broker):
    return {path.name for path in (broker.directory / "data").glob("vhost-*")}


def wait_for_removal(broker, api):
    """Until there are files of the virtual hosts there are, and of no others."""
    count = len(api.get(("vhosts",)).json)
    wait.until(
        lambda: len({name.split(".")[0] for name in files(broker)}) == count,
        "the removal of what is gone",
    )


def test_make_look_change_delete(api, name):
    vhost = name("a/b ä,%")
    assert api.put(("vhosts", vhost)).status == 201
    item = api.get(("vhosts", vhost)).json
    assert item["name"] == vhost
    assert (item["description"], item["tags"], item["tracing"]) == ("", [], False)
    assert item["default_queue_type"] == "undefined"
    assert (item["messages"], item["messages_ready"]) == (0, 0)
    assert list(item["cluster_state"].values()) == ["running"]
    body = {"description": "d", "tags": "a,b", "default_queue_type": "quorum", "tracing": False}
    assert api.put(("vhosts", vhost), body).status == 204
    item = api.get(("vhosts", vhost)).json
    assert item["metadata"] == {"description": "d", "tags": ["a", "b"], "default_queue_type": "quorum"}
    assert vhost in [each["name"] for each in api.get(("vhosts",)).json]
    assert api.delete(("vhosts", vhost)).status == 204
    for answer in (api.get(("vhosts", vhost)), api.delete(("vhosts", vhost))):
        answer.refuses(404, "not_found", f"no virtual host '{vhost}'")


def test_who_makes_it_may_do_everything_in_it(api, vhost):
    rights = {"configure": ".*", "write": ".*", "read": ".*"}
    assert api.get(("vhosts", vhost, "permissions")).json == [{"user": "guest", "vhost": vhost, **rights}]


@pytest.mark.parametrize(
    "body, reason",
    [
        ({"default_queue_type": "stream"}, "'default_queue_type' is 'stream': classic, quorum"),
        ({"tags": 5}, "'tags' must be a list of texts"),
        ({"tags": ["a", 5]}, "'tags' must be a list of texts"),
        ({"description": 5}, "'description'"),
        ({"tracing": True}, "'tracing' is not supported"),
    ],
)
def test_what_is_refused(api, name, body, reason):
    vhost = name()
    api.put(("vhosts", vhost), body).refuses(400, "bad_request", reason)
    assert api.get(("vhosts", vhost)).status == 404
    api.put(("vhosts", "x" * 256)).refuses(400, "bad_request", "255 bytes")


def test_each_has_its_own_queues_and_messages(broker, api, vhost, queue):
    connection = connect(broker, vhost)
    channel = connection.channel()
    channel.queue_declare(queue, durable=True)
    channel.confirm_delivery()
    channel.basic_publish("", queue, b"x", pika.BasicProperties(delivery_mode=2))
    assert api.get(("queues", vhost, queue)).json["messages"] == 1
    assert api.get(("queues", "/", queue)).json["messages"] == 0
    assert [q["name"] for q in api.get(("queues", vhost)).json] == [queue]
    assert api.get(("vhosts", vhost)).json["messages"] == 1
    assert {q["vhost"] for q in api.get(("queues",), name=queue).json} == {"/", vhost}
    connection.close()


def test_default_queue_type(broker, api, vhost):
    api.put(("vhosts", vhost), {"default_queue_type": "quorum"})
    connection = connect(broker, vhost)
    channel = connection.channel()
    for _ in range(2):  # the second is equivalent
        channel.queue_declare("q", durable=True)
    channel.queue_declare("transient", exclusive=True)
    assert api.get(("queues", vhost, "q")).json["arguments"] == {"x-queue-type": "quorum"}
    assert api.get(("queues", vhost, "transient")).json["arguments"] == {}
    connection.close()


def test_deleting_closes_the_connections_and_removes_the_files(broker, api, name):
    vhost = name()
    wait_for_removal(broker, api)
    before = files(broker)
    api.put(("vhosts", vhost))
    assert files(broker) > before
    connection = connect(broker, vhost)
    connection.channel().queue_declare("q", durable=True)
    assert api.delete(("vhosts", vhost)).status == 204
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker, match=f"vhost '{vhost}' is deleted"):
        wait.until(lambda: connection.process_data_events(0.05), "the connection's end")
    wait_for_removal(broker, api)
    assert {name.split(".")[0] for name in files(broker)} == {name.split(".")[0] for name in before}
    # Made again it is another one.
    api.put(("vhosts", vhost))
    assert api.get(("queues", vhost)).json == []
    api.delete(("vhosts", vhost))


def test_limits(api, vhost):
    path = ("vhost-limits", vhost)
    assert api.get(path).json == []
    assert api.put((*path, "max-connections"), {"value": 5}).status == 204
    assert api.put((*path, "max-queues"), {"value": -1}).status == 204
    item = {"vhost": vhost, "value": {"max-connections": 5, "max-queues": -1}}
    assert api.get(path).json == [item]
    assert item in api.get(("vhost-limits",)).json
    assert api.delete((*path, "max-connections")).status == 204
    assert api.delete((*path, "max-connections")).status == 204
    assert api.get(path).json == [{"vhost": vhost, "value": {"max-queues": -1}}]


def test_limits_that_are_refused(api, vhost, name):
    path = ("vhost-limits", vhost)
    unknown = 'Validation failed\n\nUnrecognised terms [{<<"max-x">>,5}] in limits\n'
    api.put((*path, "max-x"), {"value": 5}).refuses(400, "bad_request", unknown)
    number = 'Validation failed\n\nmax-queues should be a number, actually was <<"5">>\n'
    api.put((*path, "max-queues"), {"value": "5"}).refuses(400, "bad_request", number)
    api.put((*path, "max-queues"), {}).refuses(400, "bad_request", "'value' is missing")
    for answer in (api.get(("vhost-limits", "no")), api.put(("vhost-limits", "no", "max-queues"), {"value": 1})):
        answer.refuses(404, "not_found", "no virtual host 'no'")


def test_what_was_answered_survives_a_crash(broker, api, name):
    """Users, permissions, limits and virtual hosts; no wait between the answers and SIGKILL."""
    vhost, gone, user = name("vhost"), name("gone"), name("user")
    api.put(("vhosts", vhost), {"description": "kept"})
    api.put(("vhosts", gone))
    api.put(("queues", vhost, "q"), {"durable": True})
    api.put(("users", user), {"password": "secret", "tags": "management"})
    api.put(("permissions", vhost, user), {"configure": "c", "write": "w", "read": "r"})
    api.put(("topic-permissions", vhost, user), {"exchange": "amq.topic", "write": "^a", "read": ""})
    api.put(("vhost-limits", vhost, "max-queues"), {"value": 7})
    api.put(("user-limits", user, "max-channels"), {"value": 9})
    assert api.delete(("vhosts", gone)).status == 204
    broker.kill()
    broker.start()
    api = type(api)(broker.host, broker.http_port)
    assert api.get(("vhosts", vhost)).json["description"] == "kept"
    assert api.get(("vhosts", gone)).status == 404
    assert [q["name"] for q in api.get(("queues", vhost)).json] == ["q"]
    assert api.get(("whoami",), auth=(user, "secret")).json["tags"] == ["management"]
    assert api.get(("permissions", vhost, user)).json["write"] == "w"
    assert api.get(("topic-permissions", vhost, user)).json[0]["write"] == "^a"
    assert api.get(("vhost-limits", vhost)).json[0]["value"] == {"max-queues": 7}
    assert api.get(("user-limits", user)).json[0]["value"] == {"max-channels": 9}
    wait_for_removal(broker, api)
    api.delete(("vhosts", vhost))
    api.delete(("users", user))


def test_a_start_without_the_list_of_vhosts_removes_no_file(tmp_path):
    broker = brokers.from_environment(tmp_path).start()
    assert Api(broker.host, broker.http_port).put(("vhosts", "precious")).status == 201
    broker.stop()
    before = files(broker)
    (broker.directory / "data" / "leveret.db").unlink()
    with pytest.raises(AssertionError, match="belongs to no virtual host that is listed"):
        broker.start()
    assert broker.process.returncode == 74
    assert files(broker) == before
