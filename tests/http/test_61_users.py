"""/api/users, /api/user-limits, /api/permissions, /api/topic-permissions"""

import pika
import pytest

from support import wait

# "test12", from RabbitMQ's documentation.
RABBIT_HASH = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


@pytest.fixture
def user(api, name):
    """A user's name, made with the password "secret"; deleted afterwards."""
    user = name("user")
    assert api.put(("users", user), {"password": "secret", "tags": "management"}).status == 201
    yield user
    api.delete(("users", user))


def test_make_look_change_delete(api, name):
    user = name("a/b ä")
    assert api.put(("users", user), {"password": "secret", "tags": "management,x"}).status == 201
    item = api.get(("users", user)).json
    assert set(item) == {"name", "password_hash", "hashing_algorithm", "tags", "limits"}
    assert (item["name"], item["tags"], item["limits"]) == (user, ["management", "x"], {})
    assert "secret" not in str(item)
    assert api.get(("whoami",), auth=(user, "secret")).json == {"name": user, "tags": ["management", "x"]}
    assert api.put(("users", user), {"password": "other", "tags": ["management"]}).status == 204
    api.get(("whoami",), auth=(user, "secret")).refuses(401, "not_authorised")
    assert api.get(("whoami",), auth=(user, "other")).json["tags"] == ["management"]
    assert user in [each["name"] for each in api.get(("users",)).json]
    assert api.delete(("users", user)).status == 204
    for answer in (api.get(("users", user)), api.delete(("users", user))):
        answer.refuses(404, "not_found", f"no user '{user}'")
    api.get(("whoami",), auth=(user, "other")).refuses(401, "not_authorised")


def test_a_change_of_tags_keeps_the_password(api, user):
    assert api.put(("users", user), {"tags": "monitoring"}).status == 204
    assert api.get(("whoami",), auth=(user, "secret")).json["tags"] == ["monitoring"]


def test_a_hash_from_rabbitmq_is_taken_and_replaced_at_the_first_login(api, name):
    user = name()
    body = {"password_hash": RABBIT_HASH, "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": "management"}
    assert api.put(("users", user), body).status == 201
    item = api.get(("users", user)).json
    assert (item["password_hash"], item["hashing_algorithm"]) == (RABBIT_HASH, body["hashing_algorithm"])
    api.get(("whoami",), auth=(user, "test13")).refuses(401, "not_authorised")
    assert api.get(("whoami",), auth=(user, "test12")).status == 200
    item = api.get(("users", user)).json
    assert item["hashing_algorithm"] == "leveret_password_hashing_pbkdf2_sha256"
    # What is shown can be given back.
    api.put(("users", name("copy")), {**item, "tags": "management"})
    assert api.get(("whoami",), auth=(user, "test12")).status == 200


def test_without_a_password_there_is_no_login(api, name):
    for body in ({"tags": ""}, {"password_hash": "", "tags": ""}, {"password": "", "tags": "management"}):
        user = name()
        assert api.put(("users", user), body).status == 201
        api.get(("whoami",), auth=(user, "")).refuses(401, "not_authorised")
        assert api.get(("users", user)).json["password_hash"] == ""


@pytest.mark.parametrize(
    "body, reason",
    [
        ({}, "tags_not_present"),
        ({"password": "x"}, "tags_not_present"),
        ({"password": "x", "password_hash": RABBIT_HASH, "tags": ""}, "both_password_and_password_hash_are_provided"),
        ({"password_hash": "zz", "tags": ""}, "'password_hash' is not what 'rabbit_password_hashing_sha256' makes"),
        ({"password_hash": RABBIT_HASH, "hashing_algorithm": "x", "tags": ""}, "known are rabbit_password_hashing_sha256"),
        ({"password": 5, "tags": ""}, "'password'"),
        ({"password": "x", "tags": 5}, "'tags' must be a list of texts"),
    ],
)
def test_what_is_refused(api, name, body, reason):
    user = name()
    api.put(("users", user), body).refuses(400, "bad_request", reason)
    assert api.get(("users", user)).status == 404


def test_bulk_delete_is_all_or_nothing(api, name):
    first, second = name(), name()
    for user in (first, second):
        api.put(("users", user), {"tags": ""})
    answer = api.post(("users", "bulk-delete"), {"users": [first, "nobody"]})
    answer.refuses(400, "bad_request", "no_such_user")
    assert api.get(("users", first)).status == 200
    assert api.post(("users", "bulk-delete"), {"users": [first, second]}).status == 204
    assert api.get(("users", first)).status == api.get(("users", second)).status == 404
    api.post(("users", "bulk-delete"), {}).refuses(400, "bad_request", "'users' is missing")


def test_permissions(api, user):
    path = ("permissions", "/", user)
    rights = {"configure": "^a", "write": ".*", "read": ""}
    item = {"user": user, "vhost": "/", **rights}
    assert user in [each["name"] for each in api.get(("users", "without-permissions")).json]
    assert api.put(path, rights).status == 201
    assert api.put(path, rights).status == 204
    assert api.get(path).json == item
    assert user not in [each["name"] for each in api.get(("users", "without-permissions")).json]
    assert item in api.get(("permissions",)).json
    assert item in api.get(("vhosts", "/", "permissions")).json
    assert api.get(("users", user, "permissions")).json == [item]
    assert api.delete(path).status == 204
    for answer in (api.get(path), api.delete(path)):
        answer.refuses(404, "not_found", f"user '{user}' has no permissions in vhost '/'")
    assert api.get(("users", user, "permissions")).json == []


def test_permissions_that_are_refused(api, user):
    rights = {"configure": "", "write": "", "read": ""}
    for path in (("permissions", "no", user), ("permissions", "/", "nobody")):
        api.put(path, rights).refuses(400, "bad_request", "vhost_or_user_not_found")
    path = ("permissions", "/", user)
    api.put(path, {"configure": "", "write": ""}).refuses(400, "bad_request", "'read' is missing")
    api.put(path, {**rights, "read": "("}).refuses(400, "bad_request", "invalid_regexp: 'read' is '(': missing )")
    api.get(("users", "nobody", "permissions")).refuses(404, "not_found")
    api.get(("vhosts", "no", "permissions")).refuses(404, "not_found")


def test_topic_permissions(api, user):
    path = ("topic-permissions", "/", user)
    api.get(path).refuses(404, "not_found", "no topic permissions")
    for number, exchange in enumerate(("amq.topic", "logs")):
        body = {"exchange": exchange, "write": "^a", "read": ".*"}
        assert api.put(path, body).status == (204 if number else 201)
    items = [{"user": user, "vhost": "/", "exchange": e, "write": "^a", "read": ".*"} for e in ("amq.topic", "logs")]
    assert api.get(path).json == items
    assert api.get(("users", user, "topic-permissions")).json == items
    assert items[0] in api.get(("topic-permissions",)).json
    assert items[1] in api.get(("vhosts", "/", "topic-permissions")).json
    assert api.delete((*path, "logs")).status == 204
    assert api.get(path).json == items[:1]
    assert api.delete(path).status == 204
    api.delete(path).refuses(404, "not_found")
    api.put(path, {"exchange": "x", "write": "("}).refuses(400, "bad_request", "missing")


def test_limits(api, user):
    path = ("user-limits", user)
    assert api.get(path).json == []
    assert api.put((*path, "max-connections"), {"value": 5}).status == 204
    item = {"user": user, "value": {"max-connections": 5}}
    assert api.get(path).json == [item]
    assert item in api.get(("user-limits",)).json
    assert api.get(("users", user)).json["limits"] == {"max-connections": 5}
    unknown = 'Unrecognised terms [{<<"max-x">>,5}] in user-limits'
    api.put((*path, "max-x"), {"value": 5}).refuses(400, "bad_request", unknown)
    number = 'max-channels should be a number, actually was <<"5">>'
    api.put((*path, "max-channels"), {"value": "5"}).refuses(400, "bad_request", number)
    api.put(("user-limits", "nobody", "max-channels"), {"value": 5}).refuses(400, "bad_request", "no_such_user")
    assert api.delete((*path, "max-connections")).status == 204
    assert api.get(path).json == []


def test_how_to_log_in_is_told_to_anyone(api):
    assert api.get(("auth",), auth=None).json["oauth_enabled"] is False


def test_rights_count_over_http_as_over_amqp(api, user, name, queue):
    mine, auth = name("mine"), (user, "secret")
    api.put(("permissions", "/", user), {"configure": "mine", "write": "mine", "read": "mine"})
    assert api.put(("queues", "/", mine), auth=auth).status == 201
    other = f"'{queue}' in vhost '/' refused for user '{user}'"
    get = {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}
    source, target = name("source"), name("mine")
    for exchange in (source, target):
        assert api.put(("exchanges", "/", exchange), {"type": "fanout"}).status == 201
    bindings = [
        ("bindings", "/", "e", source, "q", mine),
        ("bindings", "/", "e", target, "q", queue),
        ("bindings", "/", "e", source, "e", target),
        ("bindings", "/", "e", target, "e", source),
    ]
    for binding in bindings:
        assert api.post(binding).status == 201
    read_source = f"read access to exchange '{source}'"
    write_source = f"write access to exchange '{source}'"
    refused = [
        (api.delete(("exchanges", "/", source), auth=auth), f"configure access to exchange '{source}'"),
        (api.delete((*bindings[0], "~"), auth=auth), read_source),
        (api.delete((*bindings[1], "~"), auth=auth), "write access to queue " + other),
        (api.delete((*bindings[2], "~"), auth=auth), read_source),
        (api.delete((*bindings[3], "~"), auth=auth), write_source),
        (api.post(bindings[2], auth=auth), read_source),
        (api.post(bindings[3], auth=auth), write_source),
        (api.post(("x", "queues", "/", queue, "delete"), {"seqs": [1]}, auth=auth), "read access to queue " + other),
        (api.get(("x", "queues", "/", queue, "messages", 1), auth=auth), "read access to queue " + other),
        (api.delete(("queues", "/", queue), auth=auth), "configure access to queue " + other),
        (api.put(("queues", "/", queue), auth=auth), "configure access to queue " + other),
        (api.delete(("queues", "/", queue, "contents"), auth=auth), "read access to queue " + other),
        (api.post(("queues", "/", queue, "get"), get, auth=auth), "read access to queue " + other),
        (api.get(("x", "queues", "/", queue, "messages"), auth=auth), "read access to queue " + other),
        (api.get(("x", "queues", "/", queue, "groups"), auth=auth), "read access to queue " + other),
        (api.put(("exchanges", "/", "x"), auth=auth), "configure access to exchange 'x'"),
        (api.post(("bindings", "/", "e", "amq.direct", "q", mine), auth=auth), "read access to exchange 'amq.direct'"),
        (
            api.post(
                ("exchanges", "/", "amq.default", "publish"),
                {"properties": {}, "routing_key": mine, "payload": "", "payload_encoding": "string"},
                auth=auth,
            ),
            "write access to exchange 'amq.default'",
        ),
        (
            api.post(("x", "queues", "/", mine, "replay"), {"all": True, "snapshot_seq": 1}, auth=auth),
            "write access to exchange 'amq.default'",
        ),
    ]
    for answer, reason in refused:
        answer.refuses(403, "not_authorised", reason)
    for binding in bindings:
        assert len(api.get(binding).json) == 1
    for exchange in (source, target):
        assert api.delete(("exchanges", "/", exchange)).status == 204
    assert api.delete(("queues", "/", mine), auth=auth).status == 204


def test_who_may_not_start_an_operation_may_not_cancel_it(api, user, name, queue):
    mine, auth = name("mine"), (user, "secret")
    api.put(("permissions", "/", user), {"configure": "mine", "write": "mine", "read": "mine"})
    assert api.put(("queues", "/", mine), auth=auth).status == 201

    def cancel(of, kind):
        operation = api.post(("x", "queues", "/", of, kind), {"seqs": [1]}).json
        return api.delete(f"/api/x/operations/{operation['id']}?vhost=%2F", auth=auth)

    no_queue = f"read access to queue '{queue}' in vhost '/' refused for user '{user}'"
    for kind in ("delete", "replay"):
        cancel(queue, kind).refuses(403, "not_authorised", no_queue)
    cancel(mine, "replay").refuses(403, "not_authorised", "write access to exchange 'amq.default'")
    assert cancel(mine, "delete").status == 204
    assert api.delete(("queues", "/", mine), auth=auth).status == 204


def test_a_change_counts_on_an_open_connection(broker, api, user, queue):
    rights = {"configure": ".*", "write": ".*", "read": ".*"}
    api.put(("permissions", "/", user), rights)
    credentials = pika.PlainCredentials(user, "secret")
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(broker.host, broker.port, "/", credentials, heartbeat=0)
    )
    for change in (
        lambda: api.put(("permissions", "/", user), {**rights, "write": "^other$"}),
        lambda: api.delete(("permissions", "/", user)),
    ):
        api.put(("permissions", "/", user), rights)
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("", queue, b"before")
        change()
        with pytest.raises(pika.exceptions.ChannelClosedByBroker) as closed:
            channel.basic_publish("", queue, b"after")
        text = f"write access to exchange 'amq.default' in vhost '/' refused for user '{user}'"
        assert closed.value.args == (403, "ACCESS_REFUSED - " + text)
    assert api.queue(queue)["messages"] == 2
    mine = [c["user"] for c in api.get(("vhosts", "/", "connections")).json]
    assert user in mine
    connection.close()


def test_a_consumer_ends_with_the_right_to_read(broker, api, user, queue):
    rights = {"configure": "", "write": "", "read": ".*"}
    api.put(("permissions", "/", user), rights)
    credentials = pika.PlainCredentials(user, "secret")
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(broker.host, broker.port, "/", credentials, heartbeat=0)
    )
    cancelled = []
    channel = connection.channel()
    channel.add_on_cancel_callback(cancelled.append)
    channel.basic_consume(queue, lambda *_: None)
    api.put(("permissions", "/", user), {**rights, "read": "^other$"})
    wait.until(lambda: connection.process_data_events(0.05) or cancelled, "basic.cancel")
    assert api.queue(queue)["consumers"] == 0
    connection.close()


def test_many_failures_delay_only_that_user(api, user):
    for _ in range(5):
        api.get(("whoami",), auth=(user, "wrong")).refuses(401, "not_authorised")
    assert api.get(("whoami",)).status == 200
    assert api.get(("whoami",), auth=(user, "secret")).status == 200
