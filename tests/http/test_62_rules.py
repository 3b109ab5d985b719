"""Whom each route is for: every route as every role, generated from rules.tsv."""

import pathlib

import pytest

ROLES = ["none", "management", "policymaker", "monitoring", "administrator"]
ROUTES = [
    tuple(line.split("\t"))
    for line in (pathlib.Path(__file__).parent / "rules.tsv").read_text().splitlines()
    if not line.startswith("#")
]
ALLOWED = {
    # role -> rules that it satisfies, with and without permission in the virtual host
    "none": (["anyone"], ["anyone"]),
    "management": (["anyone", "management", "vhost", "vhost_visible"], ["anyone", "management"]),
    "policymaker": (
        ["anyone", "management", "vhost", "vhost_visible", "policymaker"],
        ["anyone", "management"],
    ),
    "monitoring": (
        ["anyone", "management", "vhost", "vhost_visible", "monitoring"],
        ["anyone", "management", "vhost_visible", "monitoring"],
    ),
    "administrator": (
        ["anyone", "management", "vhost", "vhost_visible", "policymaker", "monitoring", "administrator"],
    )
    * 2,
}
REASONS = [
    "User not authorised to access virtual host",
    "User not authorised to access object",
    "Not monitor user",
    "Not administrator user",
]


@pytest.fixture(scope="module")
def roles(broker):
    """A user of each role, who may open the virtual host "mine" and not "other"."""
    from api import Api

    api = Api(broker.host, broker.http_port)
    for vhost in ("rules-mine", "rules-other"):
        api.put(("vhosts", vhost))
    for role in ROLES:
        api.put(("users", f"rules-{role}"), {"password": "secret", "tags": "" if role == "none" else role})
        api.put(("permissions", "rules-mine", f"rules-{role}"), {"configure": ".*", "write": ".*", "read": ".*"})
    yield {role: (f"rules-{role}", "secret") for role in ROLES}
    for role in ROLES:
        api.delete(("users", f"rules-{role}"))
    for vhost in ("rules-mine", "rules-other"):
        api.delete(("vhosts", vhost))


def refusal(answer):
    """Why the route is not for this user; nothing when it is, whatever else the answer says."""
    if answer.status not in (401, 403):
        return None
    reason = answer.json["reason"]
    # An administrator without the right to open the virtual host may look, not touch.
    return reason if reason in REASONS or answer.status == 401 else None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method, pattern, rule", ROUTES)
def test_a_route_is_for_whom_its_rule_says(api, roles, method, pattern, rule, role):
    vhosts = ["rules-mine", "rules-other"] if "{vhost}" in pattern else ["rules-mine"]
    for index, vhost in enumerate(vhosts):
        if method == "DELETE" and pattern == "/api/vhosts/{vhost}":
            vhost = "rules-nothing" if role == "administrator" else vhost
        path = pattern.replace("{vhost}", vhost)
        for name in ("name", "user", "source", "destination", "properties_key", "seq", "id", "limit", "exchange"):
            path = path.replace("{%s}" % name, "rules-nothing")
        answer = api.request(method, path, None if method in ("GET", "DELETE") else {}, auth=roles[role])
        is_allowed = rule in ALLOWED[role][index]
        assert (refusal(answer) is None) == is_allowed, (vhost, answer, answer.body)
        if role == "none" and not is_allowed:
            answer.refuses(401, "not_authorised", "Not management user")


@pytest.mark.parametrize("method, pattern, rule", ROUTES)
def test_only_what_is_for_anyone_needs_no_login(api, method, pattern, rule):
    answer = api.request(method, pattern, None if method in ("GET", "DELETE") else {}, auth=None)
    assert (answer.status == 401) == (rule != "anyone")


@pytest.mark.parametrize("method, pattern, rule", ROUTES)
def test_a_page_of_another_site_changes_nothing_and_reads_no_stream(api, method, pattern, rule):
    headers = {"Origin": "https://elsewhere.example"}
    answer = api.request(method, pattern, None if method in ("GET", "DELETE") else {}, headers)
    if method != "GET" or pattern == "/api/x/events":
        answer.refuses(403, "forbidden", "elsewhere.example")
    preflight = api.request("OPTIONS", pattern, headers=headers | {"Access-Control-Request-Method": method})
    assert method in preflight.headers["Allow"].split(", ")
    for each in (answer, preflight):
        assert not [name for name in each.headers if name.lower().startswith("access-control")]


def test_lists_show_what_the_user_may_see(api, roles):
    for vhost in ("rules-mine", "rules-other"):
        api.put(("queues", vhost, "q"))
        api.put(("policies", vhost, "p"), {"pattern": "x", "definition": {"max-length": 1}})
    both = {"rules-mine", "rules-other"}
    for role in ROLES[1:]:
        seen = both if role == "administrator" else {"rules-mine"}
        for what in ("queues", "exchanges", "bindings", "policies"):
            assert both & {item["vhost"] for item in api.get((what,), auth=roles[role]).json} == seen, (role, what)
        seen = both if role in ("monitoring", "administrator") else {"rules-mine"}
        assert both & {item["name"] for item in api.get(("vhosts",), auth=roles[role]).json} == seen, role
    totals = {
        role: api.get(("overview",), auth=roles[role]).json["object_totals"]["queues"] for role in ROLES[1:]
    }
    assert totals["management"] == totals["monitoring"] < totals["administrator"]


def test_an_administrator_without_permissions_looks_and_does_not_touch(api, roles):
    auth = roles["administrator"]
    api.put(("queues", "rules-other", "q"))
    assert api.get(("queues", "rules-other", "q"), auth=auth).status == 200
    for answer in (
        api.put(("queues", "rules-other", "new"), auth=auth),
        api.delete(("queues", "rules-other", "q"), auth=auth),
        api.post(("queues", "rules-other", "q", "get"), {"count": 1, "ackmode": "ack_requeue_true"}, auth=auth),
    ):
        answer.refuses(403, "not_authorised", "Access refused.")


def test_live_events_show_what_the_user_may_see(api, roles):
    import http.client
    import base64
    import json

    for vhost in ("rules-mine", "rules-other"):
        api.put(("queues", vhost, "q"))
    headers = {"Authorization": "Basic " + base64.b64encode(":".join(roles["management"]).encode()).decode()}
    connection = api.connect()
    connection.request("GET", "/api/x/events?topics=queues", headers=headers)
    stream: http.client.HTTPResponse = connection.getresponse()
    line = b""
    while not line.startswith(b"data: "):
        line = stream.readline()
    assert {item["vhost"] for item in json.loads(line[6:])} == {"rules-mine"}
    connection.close()
    answer = api.get("/api/x/events?topics=queue:rules-other:q", auth=roles["management"])
    answer.refuses(403, "not_authorised", "User not authorised to access virtual host")
