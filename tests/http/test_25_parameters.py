"""/api/parameters, /api/global-parameters, /api/cluster-name; compared with RabbitMQ 3.10."""

import pytest


@pytest.fixture
def vhost(api, name):
    vhost = name("vhost")
    assert api.put(("vhosts", vhost)).status == 201
    yield vhost
    api.delete(("vhosts", vhost))


def test_limits_are_a_parameter_of_their_virtual_host(api, vhost):
    path = ("parameters", "vhost-limits", vhost, "limits")
    api.get(path).refuses(404, "not_found")
    assert api.put(path, {"value": {"max-queues": 7, "max-connections": 9}}).status == 201
    assert api.put(path, {"value": {"max-queues": 8}}).status == 204
    item = {"vhost": vhost, "component": "vhost-limits", "name": "limits", "value": {"max-queues": 8}}
    assert api.get(path).json == item
    assert api.get(("vhost-limits", vhost)).json == [{"vhost": vhost, "value": {"max-queues": 8}}]
    for listed in (("parameters",), ("parameters", "vhost-limits"), ("parameters", "vhost-limits", vhost)):
        assert item in api.get(listed).json
    assert item not in api.get(("parameters", "operator_policy")).json
    assert api.delete(path).status == 204
    api.delete(path).refuses(404, "not_found", f"no parameter 'limits' of component 'vhost-limits' in vhost '{vhost}'")
    assert api.get(("vhost-limits", vhost)).json == []


def test_operator_policies_are_parameters_and_policies_are_not(api, vhost):
    value = {"pattern": "^x", "definition": {"max-length": 4}, "priority": 3, "apply-to": "queues"}
    path = ("parameters", "operator_policy", vhost, "low")
    assert api.put(path, {"value": value}).status == 201
    assert api.put(path, {"value": value}).status == 204
    assert api.get(path).json == {"vhost": vhost, "component": "operator_policy", "name": "low", "value": value}
    assert api.get(("operator-policies", vhost, "low")).json == {"vhost": vhost, "name": "low", **value}
    api.put(("policies", vhost, "high"), value)
    assert [each["name"] for each in api.get(("parameters",)).json if each["vhost"] == vhost] == ["low"]
    assert api.get(("parameters", "policy")).json == []
    api.get(("parameters", "policy", vhost, "high")).refuses(404, "not_found")
    assert api.delete(path).status == 204
    api.get(("operator-policies", vhost, "low")).refuses(404, "not_found")


@pytest.mark.parametrize(
    "component, parameter, body, reason",
    [
        ("vhost-limits", "limits", {}, "'value' is missing"),
        ("vhost-limits", "limits", {"value": 5}, "Validation failed\n\nlimits not a list 5\n"),
        ("vhost-limits", "limits", {"value": {"no": 5}}, 'Unrecognised terms [{<<"no">>,5}] in limits\n'),
        ("vhost-limits", "limits", {"value": {"max-queues": "5"}}, "max-queues should be a number"),
        ("vhost-limits", "other", {"value": {"max-queues": 5}}, "is called 'limits'"),
        ("operator_policy", "x", {"value": {"pattern": "("}}, "'definition' is missing"),
        ("operator_policy", "x", {"value": 5}, "'value' must be an object, a policy"),
        ("policy", "x", {"value": {}}, "policies may not be set using this method"),
        ("shovel", "x", {"value": {}}, "Validation failed\n\ncomponent shovel not found\n"),
        ("federation-upstream", "x", {"value": {}}, "Validation failed\n\ncomponent federation-upstream not found\n"),
    ],
)
def test_what_is_refused(api, vhost, component, parameter, body, reason):
    api.put(("parameters", component, vhost, parameter), body).refuses(400, "bad_request", reason)
    assert [each for each in api.get(("parameters",)).json if each["vhost"] == vhost] == []


def test_an_absent_virtual_host_is_not_found(api):
    for answer in (
        api.get(("parameters", "vhost-limits", "absent")),
        api.put(("parameters", "vhost-limits", "absent", "limits"), {"value": {}}),
        api.delete(("parameters", "vhost-limits", "absent", "limits")),
    ):
        answer.refuses(404, "not_found", "no virtual host 'absent'")


def test_policymakers_set_no_limits_and_no_operator_policies(api, vhost, name):
    user = (name("maker"), "secret")
    api.put(("users", user[0]), {"password": user[1], "tags": "policymaker"})
    api.put(("permissions", vhost, user[0]), {"configure": "", "write": "", "read": ""})
    value = {"pattern": "^x", "definition": {"max-length": 4}}
    for component, value in (("vhost-limits", {"max-queues": 1}), ("operator_policy", value)):
        path = ("parameters", component, vhost, "limits")
        api.put(path, {"value": value}, auth=user).refuses(403, "not_authorised")
        api.put(path, {"value": value})
        api.delete(path, auth=user).refuses(403, "not_authorised")
        assert api.get(path, auth=user).status == 200
    assert {each["vhost"] for each in api.get(("parameters",), auth=user).json} == {vhost}
    api.delete(("users", user[0]))


@pytest.mark.parametrize("value", [{"a": {"b": [1, None, "ä"]}}, [1, 2.5], "text", True, None, 10**18])
def test_a_global_parameter_is_any_value(api, name, value):
    path = ("global-parameters", name("global/ä"))
    api.get(path).refuses(404, "not_found", "no global parameter")
    assert api.put(path, {"value": 0}).status == 201
    assert api.put(path, {"value": value}).status == 204
    assert api.get(path).json == {"name": path[1], "value": value}
    assert {"name": path[1], "value": value} in api.get(("global-parameters",)).json
    assert api.delete(path).status == 204
    api.delete(path).refuses(404, "not_found")


def test_a_global_parameter_needs_a_value(api, name):
    api.put(("global-parameters", name()), {}).refuses(400, "bad_request", "'value' is missing")


def test_the_cluster_name_is_a_global_parameter(api):
    node = api.get(("cluster-name",)).json["name"]
    assert node == api.get(("overview",)).json["node"]
    assert api.put(("cluster-name",), {"name": "warren"}).status == 204
    assert api.get(("cluster-name",)).json == {"name": "warren"}
    assert api.get(("overview",)).json["cluster_name"] == "warren"
    assert api.get(("global-parameters", "cluster_name")).json == {"name": "cluster_name", "value": "warren"}
    api.put(("cluster-name",), {}).refuses(400, "bad_request", "'name' is missing")
    api.put(("cluster-name",), {"name": 5}).refuses(400, "bad_request", "a string is expected")
    api.put(("global-parameters", "cluster_name"), {"value": 5}).refuses(400, "bad_request", "must be a text")
    assert api.delete(("global-parameters", "cluster_name")).status == 204
    assert api.get(("cluster-name",)).json == {"name": node}


def test_parameters_survive_a_crash_and_go_with_their_virtual_host(api, broker, name):
    vhost, parameter = name("vhost"), name("global")
    api.put(("vhosts", vhost))
    assert api.put(("parameters", "vhost-limits", vhost, "limits"), {"value": {"max-queues": 3}}).status == 201
    assert api.put(("global-parameters", parameter), {"value": {"a": 1}}).status == 201
    broker.kill()
    broker.start()
    api.port = broker.http_port
    assert api.get(("global-parameters", parameter)).json["value"] == {"a": 1}
    assert api.get(("parameters", "vhost-limits", vhost, "limits")).json["value"] == {"max-queues": 3}
    api.delete(("vhosts", vhost))
    assert [each for each in api.get(("parameters",)).json if each["vhost"] == vhost] == []
    api.delete(("global-parameters", parameter))
