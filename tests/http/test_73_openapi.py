"""The document of the API at /api/x/openapi.json: it is one, and the broker answers as it says."""

import json
import pathlib
import re
import urllib.parse

import jsonschema
import pytest

import openapi_objects as objects
from api import Api

# Debian's package openapi-specification.
SCHEMA = pathlib.Path("/usr/share/openapi-specification/schemas/v3.0/schema.json")
RULES = [
    line.split("\t")[:2]
    for line in (pathlib.Path(__file__).parent / "rules.tsv").read_text().splitlines()
    if not line.startswith("#")
]
READ = [path for method, path in RULES if method == "GET" and path != "/api/x/events"]
WRITE = [(method, path) for method, path in RULES if method != "GET"]


@pytest.fixture(scope="module")
def document(broker):
    answer = Api(broker.host, broker.http_port).get("/api/x/openapi.json", auth=None)
    assert answer.status == 200
    return answer.json


@pytest.fixture(scope="module")
def everything(broker):
    """A broker with one of everything; the values of the variables of paths."""
    api = Api(broker.host, broker.http_port)
    connection = objects.make(api, broker)
    operations = api.get(("x", "operations")).json
    seq = api.get(("x", "queues", "/", objects.QUEUE, "messages")).json["items"][0]["seq"]
    yield objects.PATHS | {"id": operations[0]["id"], "seq": seq}
    connection.close()
    objects.remove(api)


def as_schema(node):
    """A schema of OpenAPI 3.0 as JSON Schema. Where fields are named, no other one may be."""
    if isinstance(node, list):
        return [as_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    schema = {key: as_schema(value) for key, value in node.items() if key != "nullable"}
    if "properties" in schema and isinstance(node.get("properties"), dict) and node.get("type") == "object":
        schema.setdefault("additionalProperties", False)
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") is True else schema


def check(document, schema, value, where):
    for either in schema.get("anyOf", []):  # A list or a page: an error text is about the one that it is.
        if either.get("type") == "array" and isinstance(value, list):
            schema = either
    root = {"components": as_schema(document["components"]), **as_schema(schema)}
    errors = list(jsonschema.Draft7Validator(root).iter_errors(value))
    assert not errors, where + ": " + "; ".join(
        f"{'/'.join(map(str, best.absolute_path))}: {best.message[:300]}"
        for best in (jsonschema.exceptions.best_match([error]) for error in errors[:3])
    )


def fill(path, values, api):
    """The path with values for its variables that there are."""
    values = dict(values)
    if path.startswith("/api/connections/"):
        names = [one["name"] for one in api.get(("connections",)).json if one["client_properties"]]
        values["name"] = names[0]
    if path.startswith("/api/channels/"):
        values["name"] = api.get(("channels",)).json[0]["name"]
    values |= {"node": api.get(("overview",)).json["node"], "port": api.port, "protocol": "http", "within": 1}
    values |= {"unit": "weeks", "password": "secret"}
    for start, name in (
        ("/api/exchanges", objects.EXCHANGE), ("/api/policies", objects.POLICY), ("/api/global", "doc"),
        ("/api/operator-policies", objects.POLICY), ("/api/parameters", objects.POLICY),
        ("/api/users", objects.USER), ("/api/user-limits", objects.USER),
    ):  # fmt: skip
        if path.startswith(start):
            values["name"] = name
    if path.startswith("/api/vhost-limits"):
        values["vhost"] = objects.VHOST
    if "/e/{destination}" in path:
        values["destination"] = objects.TARGET
    return re.sub(r"{(\w+)}", lambda name: urllib.parse.quote(str(values[name[1]]), safe=""), path)


def test_it_is_an_openapi_document(document):
    assert SCHEMA.exists(), "install the Debian package openapi-specification"
    validator = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert document["info"]["version"]


def test_every_variable_of_a_path_is_described(document):
    for path, item in document["paths"].items():
        named = {parameter["name"] for parameter in item.get("parameters", [])}
        assert named == set(re.findall(r"{(\w+)}", path)), path
        for method, operation in item.items():
            if method != "parameters":
                assert operation["summary"] and operation["responses"], path


@pytest.mark.parametrize("path", READ)
def test_an_answer_is_what_the_document_says(api, document, everything, path):
    answer = api.get(fill(path, everything, api))
    assert answer.status == 200, answer
    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    kind = answer.headers["Content-Type"].split(";")[0]
    assert kind in content
    if kind == "application/json":
        is_always_empty = content[kind]["schema"].get("items") == {}
        assert is_always_empty or answer.json not in ([], {}), "there is nothing to compare"
        check(document, content[kind]["schema"], answer.json, path)


@pytest.mark.parametrize(
    "path", ["/api/queues", "/api/exchanges", "/api/connections", "/api/vhosts", "/api/policies", "/api/users"]
)
def test_a_page_is_what_the_document_says(api, document, everything, path):
    answer = api.get(path, page=1, page_size=1)
    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    check(document, content["application/json"]["schema"], answer.json, path)


@pytest.mark.parametrize("method, path", WRITE)
def test_what_changes_something_answers_as_documented(api, document, everything, method, path):
    """With bodies that are wrong, for things that there are not, without a login, and by somebody
    who may not."""
    operation = document["paths"][path][method.lower()]
    nothing = {name: "doc-nothing" for name in re.findall(r"{(\w+)}", path)}
    # In a virtual host that there is, and in one that there is not.
    targets = [
        re.sub(r"{(\w+)}", lambda name: values[name[1]], path)
        for values in (nothing, nothing | ({} if path.startswith("/api/vhosts") else {"vhost": objects.VHOST}))
    ]
    statuses = set()
    for target in targets:
        guest, tries = ("guest", "guest"), []
        for body in (b"", b"{", b"[]", b"{}", b'{"value": {}, "pattern": "[", "tags": 7}'):
            tries.append((body, guest))
        for body, auth in [*tries, (b"{}", None), (b"{}", (objects.USER, "secret"))]:
            answer = api.request(method, target, body, auth=auth)
            statuses.add(answer.status)
            if answer.status >= 400:
                check(document, {"$ref": "#/components/schemas/Error"}, answer.json, path)
    assert {str(status) for status in statuses} <= operation["responses"].keys()


def test_what_the_changes_answer_is_documented(api, document, everything):
    """The answers with something in them."""

    def answers(method, path, body, **values):
        answer = api.request(method, fill(path, everything | values, api), body)
        responses = document["paths"][path][method.lower()]["responses"]
        assert str(answer.status) in responses and answer.status < 300, (path, answer)
        content = responses[str(answer.status)].get("content")
        if content:
            check(document, content["application/json"]["schema"], answer.json, path)
        else:
            assert answer.body == b""

    message = {"properties": {"delivery_mode": 2}, "routing_key": "key", "payload": "x", "payload_encoding": "string"}
    answers("POST", "/api/exchanges/{vhost}/{name}/publish", message)
    take = {"count": 10, "ackmode": "ack_requeue_true", "encoding": "auto"}
    answers("POST", "/api/queues/{vhost}/{name}/get", take)
    for what in ("replay", "delete"):
        answers("POST", "/api/x/queues/{vhost}/{name}/" + what, {"seqs": [999]}, name=objects.DEAD)
    answers("POST", "/api/x/config/reload", {})
    answers("PUT", "/api/x/config/{name}", {"value": "debug"}, name="log_level")
    answers("DELETE", "/api/x/config/{name}", None, name="log_level")
    answers("PUT", "/api/queues/{vhost}/{name}", {"durable": True}, name="doc.new")
    answers("POST", "/api/bindings/{vhost}/e/{source}/q/{destination}", {"routing_key": "new"}, destination="doc.new")
    answers("DELETE", "/api/queues/{vhost}/{name}/contents", None, name="doc.new")
    answers("DELETE", "/api/queues/{vhost}/{name}", None, name="doc.new")
