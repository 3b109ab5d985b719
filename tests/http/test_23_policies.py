"""/api/policies and /api/operator-policies"""

import pytest

KINDS = ["policies", "operator-policies"]


@pytest.mark.parametrize("kind", KINDS)
def test_declare_look_delete(api, name, kind):
    policy = name("a/b ä")
    path = (kind, "/", policy)
    assert api.put(path, {"pattern": "^nothing$", "definition": {"max-length": 5}}).status == 201
    item = {
        "vhost": "/",
        "name": policy,
        "pattern": "^nothing$",
        "apply-to": "all",
        "definition": {"max-length": 5},
        "priority": 0,
    }
    assert api.get(path).json == item
    body = {"pattern": "^none$", "definition": {"expires": 7, "message-ttl": 0}}
    body |= {"apply-to": "queues", "priority": -3}
    assert api.put(path, body).status == 204
    assert api.get(path).json == {**item, **body}
    assert {**item, **body} in api.get((kind,)).json
    assert api.get((kind, "/"), name=policy, page=1).json["items"] == [{**item, **body}]
    assert api.delete(path).status == 204
    for answer in (api.get(path), api.delete(path)):
        answer.refuses(404, "not_found", f"no policy '{policy}' in vhost '/'")


def test_the_kinds_have_names_of_their_own(api, name):
    policy = name()
    body = {"pattern": "^nothing$", "definition": {"max-length": 5}}
    assert api.put(("policies", "/", policy), body).status == 201
    api.get(("operator-policies", "/", policy)).refuses(404, "not_found")
    api.delete(("policies", "/", policy))


@pytest.mark.parametrize(
    "body, reason",
    [
        ({"definition": {"max-length": 1}}, "'pattern' is missing"),
        ({"pattern": "x"}, "'definition' is missing"),
        ({"pattern": "x", "definition": {}}, "Validation failed\n\nno policy provided\n"),
        ({"pattern": "x", "definition": "y"}, "'definition' is of type string"),
        ({"pattern": "x", "definition": {"max-length": -1}}, "-1 is not a valid maximum length\n"),
        ({"pattern": "x", "definition": {"max-length": 1.5}}, "is not a valid maximum length\n"),
        ({"pattern": "x", "definition": {"no": 1}}, '[{<<"no">>,1}] are not recognised policy settings\n'),
        ({"pattern": "(", "definition": {"max-length": 1}}, 'is invalid: {"missing )",1}\n'),
        ({"pattern": "x", "definition": {"max-length": 1}, "apply-to": "y"}, "apply-to 'y' unrecognised"),
        ({"pattern": "x", "definition": {"max-length": 1}, "priority": "5"}, "priority should be"),
    ],
)
def test_what_is_refused(api, name, body, reason):
    policy = name()
    api.put(("policies", "/", policy), body).refuses(400, "bad_request", reason)
    assert api.get(("policies", "/", policy)).status == 404


def test_an_operator_policy_only_bounds(api, name):
    body = {"pattern": "x", "definition": {"dead-letter-exchange": "dlx"}}
    api.put(("operator-policies", "/", name()), body).refuses(400, "bad_request", "are not recognised")


def test_what_is_nowhere(api, name):
    body = {"pattern": "x", "definition": {"max-length": 1}}
    for kind in KINDS:
        api.get((kind, "nowhere")).refuses(404, "not_found", "nowhere")
        api.put((kind, "nowhere", "p"), body).refuses(404, "not_found", "nowhere")


def test_queues_and_exchanges_show_what_applies_to_them(api, name, queue):
    policy, bound = name("policy"), name("bound")
    pattern = f"^({queue}|amq[.]direct)$"
    definition = {"max-length": 5, "overflow": "drop-head"}
    api.put(("policies", "/", policy), {"pattern": pattern, "definition": definition})
    body = {"pattern": pattern, "definition": {"max-length": 3}, "apply-to": "queues"}
    api.put(("operator-policies", "/", bound), body)
    item = api.queue(queue)
    assert (item["policy"], item["operator_policy"]) == (policy, bound)
    assert item["effective_policy_definition"] == {"max-length": 3, "overflow": "drop-head"}
    exchange = api.get(("exchanges", "/", "amq.direct")).json
    assert (exchange["policy"], exchange["operator_policy"]) == (policy, None)
    assert exchange["effective_policy_definition"] == definition
    api.delete(("policies", "/", policy))
    api.delete(("operator-policies", "/", bound))
    item = api.queue(queue)
    assert (item["policy"], item["operator_policy"]) == (None, None)
    assert item["effective_policy_definition"] == {}


def test_a_limit_applies_at_once(api, name, queue):
    for number in range(3):
        api.publish(queue, f"job {number}")
    api.put(("policies", "/", name()), {"pattern": f"^{queue}$", "definition": {"max-length": 1}})
    assert api.queue(queue)["messages"] == 1
    assert api.queue(queue)["x"]["dropped"]["maxlen"] == 2


def test_what_was_answered_survives_a_crash(broker, api, name):
    """No wait between the answer and SIGKILL: the answer comes when it is on disk."""
    policy, gone = name("policy"), name("gone")
    body = {"pattern": "^nothing$", "definition": {"max-length": 5}, "priority": 7}
    assert api.put(("policies", "/", gone), body).status == 201
    assert api.put(("operator-policies", "/", policy), body).status == 201
    assert api.delete(("policies", "/", gone)).status == 204
    broker.kill()
    broker.start()
    after = type(api)(broker.host, broker.http_port)
    assert after.get(("operator-policies", "/", policy)).json["priority"] == 7
    assert after.get(("policies", "/", gone)).status == 404
