"""Definitions from RabbitMQ into Leveret and back into RabbitMQ: nothing is lost or changed.

Not compared: what says where an export comes from (version, product, and the identity of RabbitMQ's own
cluster, `internal_cluster_id`, which RabbitMQ leaves out since 3.11), and of a virtual host all but its name:
3.10 exports nothing else of it. Descriptions and tags are carried over by hand, from /api/vhosts to /api/vhosts;
from Leveret to RabbitMQ they go with the definitions, as RabbitMQ imports them.
"""

import base64
import http.client
import json
import urllib.parse

import pytest

from api import Api
from support import broker as brokers

JSON = {"Content-Type": "application/json"}
AUDITOR = ("auditor", "secret")


class Filler:
    """PUT and POST on one connection."""

    def __init__(self, broker):
        self.connection = http.client.HTTPConnection(broker.host, broker.http_port, timeout=120)

    def __call__(self, method, *segments, **body):
        path = "/api/" + "/".join(urllib.parse.quote(str(each), safe="") for each in segments)
        credentials = base64.b64encode(b"guest:guest").decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        self.connection.request(method, path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 201, 204), (method, path, body, answer.status, text)


QUEUE_KINDS = [
    {},
    {"x-max-priority": 9},
    {"x-message-ttl": 60000, "x-expires": 10**9},
    {"x-max-length": 1000, "x-max-length-bytes": 10**7, "x-overflow": "reject-publish"},
    {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"},
    {"x-queue-type": "quorum", "x-delivery-limit": 5, "x-dead-letter-strategy": "at-least-once"},
    {"x-queue-type": "classic", "x-queue-mode": "lazy", "x-queue-version": 1},
    {"x-single-active-consumer": True},
    {"own": {"nested": [1, -2, 2.5, "text", True, {"deep": "ä"}]}, "x-max-length": 2},
]
EXCHANGE_TYPES = ["direct", "fanout", "topic", "headers", "x-consistent-hash", "x-modulus-hash", "x-random"]


def fill(broker):
    put = Filler(broker)
    vhosts = ["/"] + [f"team {n}/ä" for n in range(11)]
    for n, vhost in enumerate(vhosts[1:]):
        put("PUT", "vhosts", vhost, description=f"of team {n}", tags=f"t{n},all")
        put("PUT", "vhost-limits", vhost, "max-queues", value=1000 + n)
        put("PUT", "vhost-limits", vhost, "max-connections", value=-1)
    for n in range(120):
        user = f"user {n}/ü"
        tags = ["", "administrator", "monitoring,policymaker", "management,own"][n % 4]
        if n % 10 == 0:
            put("PUT", "users", user, password_hash="", tags=tags)
        else:
            put("PUT", "users", user, password=f"secret {n}", tags=tags)
        if n % 3 == 0:
            put("PUT", "user-limits", user, "max-channels", value=n)
        vhost = vhosts[n % 12]
        put("PUT", "permissions", vhost, user, configure=f"^user{n}", write=".*", read="")
        put("PUT", "topic-permissions", vhost, user, exchange="amq.topic", write="^a", read=f"^{n}$")
    for n in range(60):
        vhost = vhosts[n % 12]
        body = {"pattern": f"^q{n}\\.", "apply-to": ["all", "queues", "exchanges"][n % 3], "priority": n % 7}
        own = {"alternate-exchange": "amq.fanout"} if n % 3 == 2 else {"max-length": n, "message-ttl": 1000}
        put("PUT", "policies", vhost, f"policy {n}", definition=own, **body)
        body["apply-to"] = "queues"
        put("PUT", "operator-policies", vhost, f"operator {n}", definition={"expires": 10**9 + n}, **body)
        put("PUT", "global-parameters", f"global {n}", value=[n, {"a": [str(n), None, True]}, "text"][n % 3])
    for n in range(240):
        vhost = vhosts[n % 12]
        arguments = {"alternate-exchange": "amq.fanout"} if n % 4 == 0 else {}
        flags = {"durable": n % 5 != 0, "internal": n % 6 == 0, "auto_delete": n % 9 == 0}
        kind = EXCHANGE_TYPES[(n // 12) % len(EXCHANGE_TYPES)]
        put("PUT", "exchanges", vhost, f"e{n}", type=kind, arguments=arguments, **flags)
    for n in range(1080):
        vhost = vhosts[n % 12]
        arguments = QUEUE_KINDS[(n // 12) % len(QUEUE_KINDS)]
        is_quorum = arguments.get("x-queue-type") == "quorum"
        # Each quorum queue of RabbitMQ has a log of its own: some are enough.
        if is_quorum and n > 400:
            arguments = {}
        flags = {"durable": is_quorum or n % 7 != 0, "auto_delete": not is_quorum and n % 11 == 0}
        put("PUT", "queues", vhost, f"q{n}.jobs", arguments=arguments, **flags)
        exchange = n % 240
        kind = EXCHANGE_TYPES[(exchange // 12) % len(EXCHANGE_TYPES)]
        key = "3" if kind == "x-consistent-hash" else f"key.{n}.#"
        arguments = {"x-match": "any", "tenant": f"t{n}", "n": n} if kind == "headers" else {}
        put("POST", "bindings", vhost, "e", f"e{exchange}", "q", f"q{n}.jobs", routing_key=key, arguments=arguments)
        if n < 240:
            put("POST", "bindings", vhost, "e", "amq.topic", "e", f"e{n}", routing_key="#", arguments={"x": n})
    put("PUT", "cluster-name", name="warren")


def comparable(definitions):
    """By kind, in one order, without what is not compared."""
    kinds = ("users", "permissions", "topic_permissions", "parameters", "policies", "queues", "exchanges", "bindings")
    kept = {kind: definitions[kind] for kind in kinds}
    kept["vhosts"] = [{"name": each["name"]} for each in definitions["vhosts"]]
    kept["global_parameters"] = [
        each for each in definitions["global_parameters"] if each["name"] != "internal_cluster_id"
    ]
    kept["users"] = [each for each in kept["users"] if each["name"] != AUDITOR[0]]
    # RabbitMQ keeps tags in no order.
    kept["users"] = [{**each, "tags": sorted(each["tags"])} for each in kept["users"]]
    return {kind: sorted(items, key=lambda each: json.dumps(each, sort_keys=True)) for kind, items in kept.items()}


def same(found, wanted):
    for kind in wanted:
        missing = [each for each in wanted[kind] if each not in found[kind]]
        extra = [each for each in found[kind] if each not in wanted[kind]]
        assert not missing and not extra, (kind, missing[:3], extra[:3])


def described(api, auth=("guest", "guest")):
    keys = ("name", "description", "tags")
    return sorted(([each[key] for key in keys] for each in api.get(("vhosts",), auth=auth).json), key=str)


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory):
    rabbit = brokers.RabbitMQ(tmp_path_factory.mktemp("rabbit"))
    try:
        rabbit.start()
        fill(rabbit)
        yield rabbit
    finally:
        rabbit.stop()


def test_from_rabbitmq_and_back_nothing_is_lost(rabbit, tmp_path):
    source = Api(rabbit.host, rabbit.http_port)
    text = source.get(("definitions",)).body
    wanted = comparable(json.loads(text))
    assert sum(len(items) for items in wanted.values()) > 3000
    assert all(len(wanted[kind]) >= 12 for kind in wanted), {kind: len(wanted[kind]) for kind in wanted}
    leveret = brokers.from_environment(tmp_path / "leveret")
    fresh = brokers.RabbitMQ(tmp_path / "fresh")
    try:
        leveret.start()
        api = Api(leveret.host, leveret.http_port)
        # A login gives a user a better hash: this one logs in, so that the imported ones keep theirs.
        assert api.put(("users", AUDITOR[0]), {"password": AUDITOR[1], "tags": "administrator"}).status == 201
        answer = api.post(("definitions",), text, auth=AUDITOR)
        assert answer.status == 204, answer
        for name, description, tags in described(source):
            api.put(("vhosts", name), {"description": description, "tags": tags}, auth=AUDITOR)
        exported = api.get(("definitions",), auth=AUDITOR)
        same(comparable(exported.json), wanted)
        again = api.post("/api/definitions?dry_run=true", text, auth=AUDITOR).json["counts"]
        assert (again["add"], again["change"], again["conflict"]) == (0, 0, 0)
        fresh.start()
        target = Api(fresh.host, fresh.http_port)
        answer = target.post(("definitions",), exported.body, headers=JSON)
        assert answer.status == 204, answer
        same(comparable(target.get(("definitions",)).json), wanted)
        assert described(target) == described(source) == described(api, auth=AUDITOR)
        # Users of RabbitMQ log in to Leveret with the passwords they had.
        assert api.get(("whoami",), auth=("user 1/ü", "secret 1")).json["name"] == "user 1/ü"
        api.get(("whoami",), auth=("user 1/ü", "secret 2")).refuses(401, "not_authorised")
    finally:
        leveret.kill()
        fresh.stop()


def test_one_virtual_host_from_rabbitmq_and_back(rabbit, tmp_path):
    source = Api(rabbit.host, rabbit.http_port)
    exported = source.get(("definitions", "team 3/ä"))
    leveret = brokers.from_environment(tmp_path / "leveret")
    try:
        leveret.start()
        api = Api(leveret.host, leveret.http_port)
        api.put(("vhosts", "moved"))
        assert api.post(("definitions", "moved"), exported.body).status == 204
        found = api.get(("definitions", "moved")).json
        in_order = lambda items: sorted(items, key=lambda each: json.dumps(each, sort_keys=True))
        for kind in ("queues", "exchanges", "bindings"):
            assert in_order(found[kind]) == in_order(exported.json[kind]) and found[kind]
        source.put(("vhosts", "back"))
        answer = source.post(("definitions", "back"), found)
        assert answer.status == 204, answer
        back = source.get(("definitions", "back")).json
        for kind in ("queues", "exchanges", "bindings"):
            assert in_order(back[kind]) == in_order(found[kind])
    finally:
        leveret.kill()
        source.delete(("vhosts", "back"))
