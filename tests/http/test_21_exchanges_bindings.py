"""/api/exchanges and /api/bindings"""

import pytest


def test_declare_look_delete(api, name):
    exchange = name("exchange")
    body = {"type": "topic", "durable": True, "auto_delete": False, "internal": False, "arguments": {}}
    assert api.put(("exchanges", "/", exchange), body).status == 201
    assert api.put(("exchanges", "/", exchange), body).status == 204
    item = api.get(("exchanges", "/", exchange)).json
    assert {k: item[k] for k in ("name", "vhost", *body)} == {"name": exchange, "vhost": "/", **body}
    assert exchange in [e["name"] for e in api.get(("exchanges", "/")).json]
    api.put(("exchanges", "/", exchange), {**body, "type": "direct"}).refuses(
        400, "bad_request", "inequivalent arg 'type'"
    )
    assert api.delete(("exchanges", "/", exchange)).status == 204
    api.get(("exchanges", "/", exchange)).refuses(404, "not_found")
    api.delete(("exchanges", "/", exchange)).refuses(404, "not_found")


def test_the_standard_exchanges_are_there(api):
    types = {e["name"]: e["type"] for e in api.get(("exchanges",)).json}
    assert types[""] == "direct"
    assert types["amq.direct"] == "direct"
    assert types["amq.fanout"] == "fanout"
    assert types["amq.topic"] == "topic"
    assert types["amq.headers"] == types["amq.match"] == "headers"
    assert api.get(("exchanges", "/", "amq.default")).json["name"] == ""


def test_what_is_refused(api, name):
    api.put(("exchanges", "/", name()), {"type": "bogus"}).refuses(400, "bad_request", "bogus")
    api.delete(("exchanges", "/", "amq.direct")).refuses(400, "bad_request", "ACCESS_REFUSED")


def test_bind_look_unbind(api, name, queue):
    exchange = name("exchange")
    api.put(("exchanges", "/", exchange), {"type": "topic"})
    between = ("bindings", "/", "e", exchange, "q", queue)
    answer = api.post(between, {"routing_key": "a/b.#", "arguments": {}})
    assert answer.status == 201
    # As in RabbitMQ: the key's own encoding is encoded once more in the path.
    assert answer.headers["Location"].endswith("/a%252Fb.%2523")
    (binding,) = api.get(between).json
    assert binding == {
        "source": exchange,
        "vhost": "/",
        "destination": queue,
        "destination_type": "queue",
        "routing_key": "a/b.#",
        "arguments": {},
        "properties_key": "a%2Fb.%23",
    }
    assert binding in api.get(("bindings",)).json
    assert binding in api.get(("bindings", "/")).json
    assert binding in api.get(("queues", "/", queue, "bindings")).json
    assert api.get(("exchanges", "/", exchange, "bindings", "source")).json == [binding]
    assert api.get(("exchanges", "/", exchange, "bindings", "destination")).json == []
    assert api.get((*between, "a%2Fb.%23")).json == binding
    api.get((*between, "other")).refuses(404, "not_found")
    api.delete((*between, "other")).refuses(404, "not_found")
    assert api.delete((*between, "a%2Fb.%23")).status == 204
    assert api.get(between).json == []
    api.delete(("exchanges", "/", exchange))


def test_a_binding_without_a_key(api, name, queue):
    between = ("bindings", "/", "e", "amq.fanout", "q", queue)
    assert api.post(between).headers["Location"].endswith("/~")
    assert api.delete((*between, "~")).status == 204


def test_bindings_with_arguments_have_keys_of_their_own(api, queue):
    between = ("bindings", "/", "e", "amq.headers", "q", queue)
    api.post(between, {"routing_key": "a", "arguments": {"x": 1}})
    api.post(between, {"routing_key": "a", "arguments": {"x": 2}})
    keys = {b["properties_key"] for b in api.get(between).json}
    assert len(keys) == 2
    for key in keys:
        assert api.delete((*between, key)).status == 204


def test_exchange_to_exchange(api, name):
    source, target = name("source"), name("target")
    for exchange in (source, target):
        api.put(("exchanges", "/", exchange), {"type": "fanout"})
    between = ("bindings", "/", "e", source, "e", target)
    assert api.post(between, {"routing_key": "k"}).status == 201
    (binding,) = api.get(("exchanges", "/", target, "bindings", "destination")).json
    assert (binding["source"], binding["destination_type"]) == (source, "exchange")
    assert api.delete((*between, "k")).status == 204


def test_the_default_exchange_has_a_binding_per_queue(api, queue):
    (binding,) = api.get(("bindings", "/", "e", "amq.default", "q", queue)).json
    assert (binding["source"], binding["routing_key"]) == ("", queue)


def test_what_is_not_there_cannot_be_bound(api, queue):
    api.post(("bindings", "/", "e", "missing", "q", queue)).refuses(404, "not_found", "no exchange 'missing'")
    api.post(("bindings", "/", "e", "amq.fanout", "q", "missing")).refuses(404, "not_found", "no queue 'missing'")


@pytest.fixture
def vhost(api, name):
    vhost = name("vhost")
    api.put(("vhosts", vhost))
    yield vhost
    api.delete(("vhosts", vhost))


def pages(api, path, **options):
    """All items of all pages."""
    items, page = [], 1
    while True:
        answer = api.get(path, page=page, page_size=7, **options).json
        items += answer["items"]
        assert answer["item_count"] == len(answer["items"])
        if page >= answer["page_count"]:
            assert answer["filtered_count"] == len(items)
            return items
        page += 1


@pytest.mark.parametrize("sort", [None, "name", "routing_key", "destination", "properties_key"])
@pytest.mark.parametrize("reverse", ["false", "true"])
def test_pages_of_bindings_add_up_to_the_list(api, vhost, sort, reverse):
    bindings = [
        {
            "source": "amq.topic",
            "vhost": vhost,
            "destination": f"q{n % 4}",
            "destination_type": "queue",
            "routing_key": f"k{n * 7 % 30}",
            "arguments": {"n": n} if n % 3 == 0 else {},
        }
        for n in range(30)
    ]
    queues = [{"name": f"q{n}", "vhost": vhost, "durable": True, "auto_delete": False, "arguments": {}} for n in range(4)]
    assert api.post(("definitions",), {"queues": queues, "bindings": bindings}).status == 204
    options = {"sort_reverse": reverse, **({"sort": sort} if sort else {})}
    for path in (
        ("bindings", vhost),
        ("queues", vhost, "q1", "bindings"),
        ("exchanges", vhost, "amq.topic", "bindings", "source"),
        ("bindings", vhost, "e", "amq.topic", "q", "q2"),
    ):
        whole = api.get(path, **options).json
        assert whole and pages(api, path, **options) == whole
    if sort not in (None, "name"):
        keys = [each[sort] for each in api.get(("bindings", vhost), **options).json]
        assert keys == sorted(keys, reverse=reverse == "true")


def test_pages_of_exchanges_add_up_to_the_list(api, vhost):
    for number in range(10):
        api.put(("exchanges", vhost, f"mine{number}"), {"type": "topic" if number % 2 else "fanout"})
    for options in ({}, {"sort": "name", "sort_reverse": "true"}, {"sort": "type"}, {"name": "mine"}):
        whole = api.get(("exchanges", vhost), **options).json
        assert pages(api, ("exchanges", vhost), **options) == whole
    assert len(pages(api, ("exchanges", vhost), name="mine")) == 10
    assert api.get(("exchanges", vhost), page=9, page_size=100).status == 400
