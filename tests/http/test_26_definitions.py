"""/api/definitions: export, import, dry run; all or nothing."""

import json
import threading

import pika
import pytest


@pytest.fixture
def vhost(api, name):
    vhost = name("vhost")
    assert api.put(("vhosts", vhost), {"description": "a test's", "tags": "x,y"}).status == 201
    yield vhost
    api.delete(("vhosts", vhost))


def of_vhost(definitions, vhost):
    """What belongs to this virtual host, by kind."""
    kinds = ("permissions", "topic_permissions", "parameters", "policies", "queues", "exchanges", "bindings")
    return {kind: [each for each in definitions[kind] if each["vhost"] == vhost] for kind in kinds}


def filled(vhost, user):
    """Definitions with one of each kind."""
    limits = {"component": "vhost-limits", "name": "limits", "vhost": vhost, "value": {"max-queues": 50}}
    policy = {"pattern": "^q", "definition": {"max-length": 9}, "priority": 2, "apply-to": "queues"}
    return {
        "rabbit_version": "3.10.8",
        "who knows": [{"what": "this is"}],
        "users": [
            {
                "name": user,
                "password_hash": "NCOevAwHCPMKn8n/NPV9O2eyZB1xq5hgx4BHeyHHNyBrMhmQ",
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": ["monitoring"],
                "limits": {"max-channels": 5},
            }
        ],
        "vhosts": [{"name": vhost, "metadata": {"description": "new", "tags": ["x"]}}],
        "permissions": [{"user": user, "vhost": vhost, "configure": "a", "write": ".*", "read": ""}],
        "topic_permissions": [
            {"user": user, "vhost": vhost, "exchange": "amq.topic", "write": "^a", "read": "^b"}
        ],
        "parameters": [
            limits,
            {"component": "operator_policy", "name": "low", "vhost": vhost, "value": policy},
            {"component": "shovel", "name": "s", "vhost": vhost, "value": {"src-uri": "amqp://"}},
        ],
        "global_parameters": [{"name": f"of {vhost}", "value": {"a": [1]}}],
        "policies": [{"vhost": vhost, "name": "high", **policy}],
        "queues": [
            {"name": "q1", "vhost": vhost, "durable": True, "auto_delete": False, "arguments": {"x-max-priority": 5}},
            {"name": "q2", "vhost": vhost, "durable": False, "auto_delete": True, "arguments": {}},
            {
                "name": "q3",
                "vhost": vhost,
                "durable": True,
                "auto_delete": False,
                "arguments": {"x-queue-type": "quorum", "x-delivery-limit": 3},
            },
        ],
        "exchanges": [
            {
                "name": "e1",
                "vhost": vhost,
                "type": "topic",
                "durable": True,
                "auto_delete": False,
                "internal": True,
                "arguments": {"alternate-exchange": "amq.fanout"},
            },
            {
                "name": "e2",
                "vhost": vhost,
                "type": "headers",
                "durable": False,
                "auto_delete": True,
                "internal": False,
                "arguments": {},
            },
        ],
        "bindings": [
            {
                "source": "e2",
                "vhost": vhost,
                "destination": "q1",
                "destination_type": "queue",
                "routing_key": "",
                "arguments": {"x-match": "any", "n": 3},
            },
            {
                "source": "amq.direct",
                "vhost": vhost,
                "destination": "e1",
                "destination_type": "exchange",
                "routing_key": "a.b",
                "arguments": {},
            },
        ],
    }


def counts(answer):
    return answer.json["counts"]


def test_what_is_imported_is_exported(api, name):
    vhost, user = name("vhost"), name("user")
    wanted = filled(vhost, user)
    assert api.post(("definitions",), wanted).status == 204
    exported = api.get(("definitions",)).json
    by_name = lambda items: sorted(items, key=lambda each: json.dumps(each, sort_keys=True))
    for kind, items in of_vhost(exported, vhost).items():
        assert by_name(items) == by_name(wanted[kind]), kind
    assert wanted["users"][0] in exported["users"]
    (made,) = [each for each in exported["vhosts"] if each["name"] == vhost]
    assert made["metadata"] == {"description": "new", "tags": ["x"]} and made["limits"] == {"max-queues": 50}
    assert wanted["global_parameters"][0] in exported["global_parameters"]
    assert exported["product_name"] == "Leveret" and exported["rabbit_version"]
    assert api.get(("parameters", "shovel", vhost, "s")).json["value"] == {"src-uri": "amqp://"}
    # Once more: there is nothing to do.
    again = api.post("/api/definitions?dry_run=true", exported)
    assert again.status == 200 and counts(again)["add"] == counts(again)["change"] == counts(again)["conflict"] == 0
    api.delete(("vhosts", vhost))
    api.delete(("users", user))
    api.delete(("global-parameters", f"of {vhost}"))


def test_a_dry_run_says_what_would_be_and_changes_nothing(api, vhost, name):
    wanted = filled(vhost, name("user"))
    api.put(("queues", vhost, "q1"), {"durable": True, "arguments": {"x-max-priority": 5}})
    api.put(("exchanges", vhost, "e1"), {"type": "topic", "durable": False})
    before = api.get(("definitions",)).json
    report = api.post("/api/definitions?dry_run=true", wanted)
    assert report.status == 200 and report.json["dry_run"] is True
    assert counts(report) == {"add": 13, "change": 1, "same": 1, "conflict": 1}
    by_action = lambda action: [each for each in report.json["objects"] if each["action"] == action]
    assert by_action("same") == [{"kind": "queue", "vhost": vhost, "name": "q1", "action": "same"}]
    (changed,) = by_action("change")
    assert (changed["kind"], changed["name"]) == ("vhost", vhost)
    assert {"field": "description", "is": "a test's", "wanted": "new"} in changed["differences"]
    (conflict,) = by_action("conflict")
    assert (conflict["kind"], conflict["name"]) == ("exchange", "e1")
    assert {"field": "durable", "is": False, "wanted": True} in conflict["differences"]
    assert any("shovel" in note for note in report.json["notes"])
    assert api.get(("definitions",)).json == before


def test_a_conflict_refuses_the_whole_unless_it_is_kept(api, vhost):
    api.put(("queues", vhost, "q"), {"durable": True, "arguments": {"x-max-length": 3}})
    queue = {"durable": True, "auto_delete": False}
    wanted = {
        "queues": [
            {"name": "new", "vhost": vhost, "arguments": {}, **queue},
            {"name": "q", "vhost": vhost, "arguments": {"x-max-length": 4}, **queue},
        ]
    }
    answer = api.post(("definitions",), wanted).refuses(400, "conflict", "queue 'q' in vhost")
    assert "arguments.x-max-length is 3, 4 is wanted" in answer.json["reason"]
    assert [each["name"] for each in answer.json["objects"]] == ["q"]
    assert [each["name"] for each in api.get(("queues", vhost)).json] == ["q"]
    kept = api.post("/api/definitions?conflicts=keep&report=true", wanted)
    assert kept.status == 200 and counts(kept) == {"add": 1, "change": 0, "same": 0, "conflict": 1}
    assert {each["name"]: each["arguments"] for each in api.get(("queues", vhost)).json} == {
        "new": {},
        "q": {"x-max-length": 3},
    }
    api.post("/api/definitions?conflicts=win", wanted).refuses(400, "bad_request", "keep or refuse is expected")


def queue(**fields):
    return {"queues": [{"name": "ok", "vhost": "/", "durable": True}, {"name": "q", "vhost": "/", "durable": True, **fields}]}


@pytest.mark.parametrize(
    "body, place, reason",
    [
        ('{"queues": [', "queues[0]", "broken at line 1, column"),
        ('{\n"queues": [{"name": "\\ud800"}]}', "queues[0]", "broken at line 2, column"),
        ("[]", "body", "an object is expected"),
        ("5", "body", "an object is expected"),
        ({"queues": 5}, "queues", "is of type number, a list is expected"),
        ({"queues": {}}, "queues", "is of type object, a list is expected"),
        ({"queues": [[]]}, "queues[0]", "is of type array, an object is expected"),
        ({"queues": [{"name": "a", "vhost": "/", "durable": True}, 7]}, "queues[1]", "is of type number"),
        ({"queues": [{"name": "a"}]}, "queues[0].vhost", "is missing"),
        ({"queues": [{"name": "a", "vhost": "absent"}]}, "queues[0].vhost", "no virtual host 'absent'"),
        (queue(arguments={"x-max-length": "many"}), "queues[1].arguments.x-max-length", "x-max-length"),
        (queue(arguments={"x-queue-type": "stream"}), "queues[1].arguments", "stream"),
        (queue(durable="perhaps"), "queues[1].durable", "true or false"),
        (queue(name="x" * 256), "queues[1].name", "holds 256 bytes, 255 are allowed"),
        (queue(name="ok"), "queues[1]", "'ok' stands there twice"),
        (queue(durable=False, arguments={"x-queue-type": "quorum"}), "queues[1]", "durable"),
        ('{"queues": [{"name": "a", "name": "b"}]}', "queues[0].name", "stands there twice"),
        ('{"queues": [], "queues": []}', "queues", "stands there twice"),
        ('{"queues": [{"arguments": ' + '{"a":' * 60 + "1" + "}" * 62, "queues[0]", "nested deeper than 48"),
        ('{"unknown": ' + "[" * 100_000, "unknown", "nested deeper than 48"),
        ('{"queues": [{"name": "a", "vhost": "/", "x": [' + "1," * 200_000, "queues[0]", "too many values"),
        ({"exchanges": [{"name": "e", "vhost": "/", "type": "no"}]}, "exchanges[0].type", "no"),
        (
            {"bindings": [{"source": "no", "destination": "q", "destination_type": "queue", "vhost": "/", "routing_key": ""}]},
            "bindings[0].source",
            "there is no exchange 'no' in virtual host '/'",
        ),
        (
            {"bindings": [{"source": "amq.direct", "destination": "q", "destination_type": "thing", "vhost": "/", "routing_key": ""}]},
            "bindings[0].destination_type",
            "queue or exchange is expected",
        ),
        ({"policies": [{"name": "p", "vhost": "/", "pattern": "("}]}, "policies[0]", "'definition' is missing"),
        ({"policies": [{"name": "p", "vhost": "/", "pattern": "(", "definition": {"max-length": 1}}]}, "policies[0]", "missing )"),
        ({"users": [{"name": "u", "password_hash": "x", "tags": ""}]}, "users[0].password_hash", "in base64"),
        ({"users": [{"name": "u", "tags": 5}]}, "users[0].tags", "list of texts"),
        ({"users": [{"name": "u", "limits": {"max-wishes": 3}}]}, "users[0].limits", "max-wishes"),
        (
            {"permissions": [{"user": "nobody", "vhost": "/", "configure": "", "write": "", "read": ""}]},
            "permissions[0].user",
            "there is no user 'nobody'",
        ),
        (
            {"permissions": [{"user": "guest", "vhost": "/", "configure": "(", "write": "", "read": ""}]},
            "permissions[0].configure",
            "no regular expression",
        ),
        ({"vhosts": [{"name": ""}]}, "vhosts[0].name", "is empty"),
        ({"vhosts": [{"name": "v", "default_queue_type": "stream"}]}, "vhosts[0].default_queue_type", "quorum"),
        (
            {"parameters": [{"component": "vhost-limits", "vhost": "/", "name": "limits", "value": {"no": 1}}]},
            "parameters[0].value",
            "Unrecognised terms",
        ),
    ],
    ids=lambda value: (value if isinstance(value, str) else json.dumps(value))[:40],
)
def test_what_is_wrong_is_told_with_its_place_and_changes_nothing(api, body, place, reason):
    before = api.get(("definitions",)).json
    answer = api.post(("definitions",), body).refuses(400, "bad_request", reason)
    assert place in [each["place"] for each in answer.json["errors"]], answer.json["errors"]
    assert place + ": " in answer.json["reason"]
    assert api.get(("definitions",)).json == before


def test_every_error_is_told_at_once(api):
    wrong = {"queues": [{"name": f"q{n}", "vhost": "/", "arguments": {"x-max-length": -n}} for n in range(1, 40)]}
    answer = api.post(("definitions",), wrong).refuses(400, "bad_request", "and 19 more")
    assert len(answer.json["errors"]) == 39


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(api):
    headers = {"Content-Length": str(101 << 20), "Content-Type": "application/json"}
    api.request("POST", "/api/definitions", b"", headers=headers).refuses(413, "payload_too_large")


def test_a_queue_limit_holds_for_the_import_as_a_whole(api, vhost):
    limits = {"component": "vhost-limits", "name": "limits", "vhost": vhost, "value": {"max-queues": 2}}
    queues = [{"name": f"q{n}", "vhost": vhost, "durable": True} for n in range(3)]
    answer = api.post(("definitions",), {"parameters": [limits], "queues": queues})
    answer.refuses(400, "bad_request", "would exceed the limit of 2 queue(s)")
    assert api.get(("queues", vhost)).json == []
    limits["value"] = {"max-queues": 3}
    assert api.post(("definitions",), {"parameters": [limits], "queues": queues}).status == 204


def test_definitions_of_one_virtual_host_go_into_another(api, vhost, name):
    other = name("other")
    api.put(("vhosts", other))
    user = name("user")
    assert api.post(("definitions",), filled(vhost, user)).status == 204
    exported = api.get(("definitions", vhost)).json
    assert "users" not in exported and "vhosts" not in exported
    assert all("vhost" not in each for kind in ("queues", "exchanges", "bindings") for each in exported[kind])
    assert api.post(("definitions", other), exported).status == 204
    assert api.get(("definitions", other)).json["bindings"] == exported["bindings"]
    for kind in ("queues", "exchanges"):
        assert api.get(("definitions", other)).json[kind] == exported[kind]
    whole = api.post(f"/api/definitions/{other}?report=true", filled(vhost, user)).json
    assert "users: left out, they belong to no virtual host" in whole["notes"]
    for method in (api.get, api.post):
        method(("definitions", "absent")).refuses(404, "not_found", "no virtual host 'absent'")
    api.delete(("vhosts", other))
    api.delete(("users", user))
    api.delete(("global-parameters", f"of {vhost}"))


def test_a_browser_uploads_a_file_in_a_form(api, vhost):
    body = json.dumps({"queues": [{"name": "ä", "vhost": vhost, "durable": True}]}, ensure_ascii=False).encode()
    form = (
        b'--XX\r\nContent-Disposition: form-data; name="redirect"\r\n\r\nhere\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename="d.json"\r\n'
        b"Content-Type: application/json\r\n\r\n" + body + b"\r\n--XX--\r\n"
    )
    headers = {"Content-Type": 'multipart/form-data; boundary="XX"'}
    assert api.request("POST", "/api/definitions", form, headers=headers).status == 204
    assert [each["name"] for each in api.get(("queues", vhost)).json] == ["ä"]
    for broken in (form[:-8], form.replace(b'"file"', b'"life"'), form.replace(b"--XX", b"--YY"), b""):
        api.request("POST", "/api/definitions", broken, headers=headers).refuses(400, "bad_request", "the form")
    headers = {"Content-Type": "multipart/form-data"}
    api.request("POST", "/api/definitions", form, headers=headers).refuses(400, "bad_request", "no boundary")


def test_a_password_that_only_leveret_can_verify_has_a_field_of_its_own(api, name):
    user = name("user")
    api.put(("users", user), {"password": "secret", "tags": "management"})
    (exported,) = [each for each in api.get(("definitions",)).json["users"] if each["name"] == user]
    assert exported["password_hash"] == "" and exported["leveret_password_hash"]
    api.delete(("users", user))
    assert api.post(("definitions",), {"users": [exported]}).status == 204
    assert api.get(("whoami",), auth=(user, "secret")).status == 200
    # A password that somebody set in RabbitMQ meanwhile counts more.
    imported = {**exported, "password_hash": "NCOevAwHCPMKn8n/NPV9O2eyZB1xq5hgx4BHeyHHNyBrMhmQ"}
    assert api.post(("definitions",), {"users": [imported]}).status == 204
    assert api.get(("whoami",), auth=(user, "guest")).status == 200
    api.get(("whoami",), auth=(user, "secret")).refuses(401, "not_authorised")
    # Without any hash the password stays; an empty one is none.
    assert api.post(("definitions",), {"users": [{"name": user, "tags": ["monitoring"]}]}).status == 204
    assert api.get(("whoami",), auth=(user, "guest")).json["tags"] == ["monitoring"]
    assert api.post(("definitions",), {"users": [{"name": user, "password_hash": ""}]}).status == 204
    api.get(("whoami",), auth=(user, "guest")).refuses(401, "not_authorised")
    api.delete(("users", user))


def test_a_default_queue_type_does_not_change_imported_queues(api, name):
    vhost = name("vhost")
    wanted = {
        "vhosts": [{"name": vhost, "metadata": {"default_queue_type": "quorum"}}],
        "queues": [{"name": "classic", "vhost": vhost, "durable": True, "auto_delete": False, "arguments": {}}],
    }
    assert api.post(("definitions",), wanted).status == 204
    assert api.get(("definitions", vhost)).json["queues"][0]["arguments"] == {}
    assert api.get(("vhosts", vhost)).json["default_queue_type"] == "quorum"
    api.delete(("vhosts", vhost))


def test_exclusive_queues_are_not_exported_and_not_imported_over(api, channel, name):
    queue = name("queue")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, "amq.direct", "k")
    exported = api.get(("definitions",)).json
    assert queue not in [each["name"] for each in exported["queues"]]
    assert queue not in [each["destination"] for each in exported["bindings"]]
    wanted = {"queues": [{"name": queue, "vhost": "/", "durable": False}]}
    api.post(("definitions",), wanted).refuses(400, "conflict", "exclusive is true, false is wanted")


def test_many_queues_do_not_stall_messages(api, channel, vhost, name, queue):
    """Messages go through while ten thousand queues are imported."""
    queues = [{"name": f"q{n}", "vhost": "/", "durable": True} for n in range(10_000)]
    for each in queues:
        each["name"] = f"{queue}.{each['name']}"
    answers = []
    thread = threading.Thread(target=lambda: answers.append(api.post(("definitions",), {"queues": queues})))
    thread.start()
    channel.confirm_delivery()
    passed = 0
    while thread.is_alive():
        channel.basic_publish("", queue, b"x", pika.BasicProperties(delivery_mode=2))
        assert channel.basic_get(queue, auto_ack=True)[0]
        passed += 1
    thread.join()
    assert answers[0].status == 204
    assert passed > 3, "no message passed while the import ran"
    doomed = {"queues": []}
    for each in queues:
        assert api.delete(("queues", "/", each["name"])).status == 204
    assert api.post(("definitions",), doomed).status == 204
