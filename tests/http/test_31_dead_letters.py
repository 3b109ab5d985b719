"""Dead letters: which queues, why, and how they get back."""

import pytest


def test_queues_that_others_dead_letter_to(api, dead):
    dead.kill(2)
    items = api.get(("x", "dead-letters")).json["items"]
    (item,) = [i for i in items if i["name"] == dead.target]
    assert item["vhost"] == "/"
    assert (item["messages"], item["messages_ready"]) == (2, 2)
    assert item["sources"] == [dead.source]
    assert item["dead_lettered_rate"] >= 0
    assert dead.source not in [i["name"] for i in items]
    assert item in api.get(("x", "dead-letters"), vhost="/").json["items"]
    api.get(("x", "dead-letters"), vhost="nowhere").refuses(404, "not_found")
    assert api.queue(dead.source)["x"]["dead_letter_queues"] == [dead.target]
    assert api.queue(dead.target)["x"]["dead_letter_sources"] == [dead.source]
    assert api.queue(dead.source)["message_stats"]["dead_lettered"] == 2


def test_why_a_message_died(api, dead):
    dead.kill(1, {"x-error": "SMTP 451 Greylisted"})
    (item,) = dead.browse()["items"]
    death = item["death"]
    assert (death["reason"], death["queue"], death["exchange"]) == ("rejected", dead.source, "")
    assert death["routing_keys"] == [dead.source]
    assert (death["count"], death["total_count"]) == (1, 1)
    assert death["time"] == death["first_death_time"] > 1_600_000_000
    assert death["deaths"][0]["routing-keys"] == [dead.source]
    assert item["error"] == "SMTP 451 Greylisted"


def test_groups(api, dead):
    dead.kill(3, {"x-error": "retry in 300 s"})
    dead.kill(2, {"x-error": "retry in 7 s"})
    dead.kill(1)
    groups = api.get(("x", "queues", "/", dead.target, "groups")).json
    assert (groups["scanned"], groups["total"]) == (6, 6)
    assert [(g["reason"], g["queue"], g["error"], g["count"]) for g in groups["items"]] == [
        ("rejected", dead.source, "retry in # s", 5),
        ("rejected", dead.source, None, 1),
    ]
    assert groups["items"][0]["first_time"] <= groups["items"][0]["last_time"]


def test_groups_are_of_as_many_messages_as_may_be_looked_at(api, dead):
    dead.kill(6)
    assert api.put(("x", "config", "http.grouped_messages_max"), {"value": "4"}).status == 200
    groups = api.get(("x", "queues", "/", dead.target, "groups")).json
    assert api.delete(("x", "config", "http.grouped_messages_max")).status == 200
    assert (groups["scanned"], groups["total"]) == (4, 6)
    assert [group["count"] for group in groups["items"]] == [4]


def test_replay_moves_to_where_they_came_from(api, dead):
    dead.kill(3)
    page = dead.browse()
    first, _, last = [item["seq"] for item in page["items"]]
    answer = api.post(("x", "queues", "/", dead.target, "replay"), {"seqs": [first, last]})
    assert answer.status == 202
    operation = answer.json
    assert (operation["kind"], operation["vhost"], operation["queue"]) == ("replay", "/", dead.target)
    assert (operation["target"], operation["actor"]) == (None, "guest")
    operation = api.wait_operation(operation["id"])
    assert (operation["state"], operation["total"], operation["done"]) == ("done", 2, 2)
    assert (operation["skipped"], operation["failed"]) == (0, [])
    assert api.queue(dead.target)["messages"] == 1
    assert api.queue(dead.source)["messages"] == 2
    assert [m["payload"] for m in api.take(dead.source, 5)] == ["job 0", "job 2"]
    assert operation in api.get(("x", "operations")).json


def test_replay_all_up_to_what_was_seen(api, dead):
    dead.kill(3)
    snapshot = dead.browse()["snapshot_seq"]
    dead.kill(1)
    body = {"all": True, "snapshot_seq": snapshot, "target": {"queue": dead.source}}
    operation = api.post(("x", "queues", "/", dead.target, "replay"), body).json
    assert operation["target"] == dead.source
    assert api.wait_operation(operation["id"])["done"] == 3
    assert api.queue(dead.target)["messages"] == 1
    assert api.queue(dead.source)["messages"] == 3


def test_delete(api, dead):
    dead.kill(2)
    first, second = [item["seq"] for item in dead.browse()["items"]]
    operation = api.post(("x", "queues", "/", dead.target, "delete"), {"seqs": [first, 999999]}).json
    operation = api.wait_operation(operation["id"])
    assert (operation["kind"], operation["done"], operation["skipped"]) == ("delete", 1, 1)
    assert [item["seq"] for item in dead.browse()["items"]] == [second]


@pytest.mark.parametrize(
    "body,reason",
    [
        ({}, "either 'seqs' or 'all'"),
        ({"seqs": [], "all": False}, "list of numbers"),
        ({"seqs": [1], "all": True, "snapshot_seq": 1}, "either"),
        ({"seqs": ["1"]}, "list of numbers"),
        ({"all": True}, "snapshot_seq"),
        ({"seqs": [1], "target": "name"}, "'target'"),
        ({"seqs": [1], "target": {}}, "'queue' is missing"),
    ],
)
def test_a_wrong_replay(api, queue, body, reason):
    api.post(("x", "queues", "/", queue, "replay"), body).refuses(400, "bad_request", reason)


def test_replay_to_no_queue(api, dead):
    body = {"seqs": [1], "target": {"queue": "missing"}}
    api.post(("x", "queues", "/", dead.target, "replay"), body).refuses(404, "not_found", "missing")


def test_operations_that_are_not_there(api):
    api.get(("x", "operations", 999999)).refuses(404, "not_found")
    api.delete(("x", "operations", 999999)).refuses(404, "not_found")
    api.get(("x", "operations", "x")).refuses(400, "bad_request")


def test_an_operation_can_be_cancelled(api, dead):
    dead.kill(1)
    seq = dead.browse()["items"][0]["seq"]
    operation = api.post(("x", "queues", "/", dead.target, "delete"), {"seqs": [seq]}).json
    assert api.delete(("x", "operations", operation["id"])).status == 204
    assert api.wait_operation(operation["id"])["state"] in ("cancelled", "done")
