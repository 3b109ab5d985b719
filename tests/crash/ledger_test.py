"""Plants every kind of fault in a small history and expects the ledger to name it, and nothing in a right one.

Run by crash_test.py before it starts, or by pytest.
"""

import copy

from layout import (
    DELAY, FAN_QUEUES, IN, LATE, OUT, PRIORITY, PURGED, QUEUES, QUORUM, REPLAY_DEAD, REPLAY_DONE, REPLAY_IN, TX_DEAD, TX_IN,
    TX_OUT,
)  # fmt: skip
from ledger import VERDICTS, Found, Ledger
from registers import Registers, definitions_found


def history():
    """A life with a bit of everything, and what the queues rightly hold after its end."""
    ledger = Ledger()
    ledger.read_publisher(
        "P p1.a.1|C p1.a.1|P p1.a.2|C p1.a.2|P p1.a.3|C p1.a.3|P p1.f.4|P p1.f.5|C p1.f.5|P p1.d.6|C p1.d.6"
        "|P p1.d.7|C p1.d.7|P p1.b.8|P p1.a.9|C p1.a.9".split("|")
    )
    for message_id in ("p2.l.1 p2.l.2 p2.r.3 p2.r.4 p2.r.5 p2.r.6 p2.x.7 p2.x.8 p2.x.9 p2.x.10 p2.x.11".split()
        + "p2.h.12 p2.h.13 p2.h.15 p2.h.19 p2.q.20".split()):
        ledger.read_publisher([f"P {message_id}", f"C {message_id}"])
    ledger.read_consumer(
        [
            "D crash.a p1.a.1 0", "A crash.a p1.a.1", "B 1",
            f"D {IN} p1.d.6 0", f"R {IN} p1.d.6", "B 2", "F 1", "F 2",
            "D crash.a p1.a.2 0", "A crash.a p1.a.2",
            "D crash.a p1.a.3 0",
        ]
    )  # fmt: skip
    ledger.read_consumer([f"D {LATE} p2.l.1 0", "B 3", "F 3"])
    ledger.read_consumer([f"D {QUORUM} p2.q.20 0", f"N {QUORUM} p2.q.20", "B 4", "F 4"])
    ledger.read_purger("P z1.z.1|C z1.z.1|Z|z|P z1.z.2|C z1.z.2|P z1.z.3|C z1.z.3|P z1.z.4|Z".split("|"))
    ledger.read_transactor(
        [f"D {TX_IN} p2.x.{number} 0" for number in (7, 8, 9, 10, 11)]
        + "T x1.1 A p2.x.7|T x1.1 R p2.x.8|T x1.1 P x1.y.1|K x1.1|k x1.1".split("|")
        + "T x1.2 A p2.x.9|T x1.2 P x1.y.2".split("|")  # rolled back
        + "T x1.3 A p2.x.9|T x1.3 R p2.x.10|T x1.3 P x1.y.3|T x1.3 P x1.y.4|K x1.3".split("|")
    )
    ledger.read_replayer("M p2.r.3|m p2.r.3|M p2.r.4|X p2.r.5|x p2.r.5".split("|"))
    ledger.read_declarer(["Q t.1", "q t.1", "Q t.2", "q t.2", "E t.2", "e t.2", "Q t.3"])
    contents = {queue: [] for queue in QUEUES}
    contents["crash.a"] = [Found("p1.a.3", redelivered=True), Found("p1.a.9")]
    for queue in FAN_QUEUES:
        contents[queue] = [Found("p1.f.5")]
    contents[OUT] = [Found("p1.d.6")]
    contents[IN] = [Found("p1.d.7")]
    contents[DELAY], contents[LATE] = [Found("p2.l.2")], [Found("p2.l.1", redelivered=True)]
    contents[REPLAY_DONE] = [Found("p2.r.3")]
    contents[REPLAY_DEAD] = [Found("p2.r.4", redelivered=True)]
    contents[REPLAY_IN] = [Found("p2.r.6")]
    contents[TX_OUT] = [Found("x1.y.1")]
    contents[TX_DEAD] = [Found("p2.x.8")]
    contents[TX_IN] = [Found(f"p2.x.{number}", redelivered=True) for number in (9, 10, 11)]
    contents[PRIORITY] = [Found(f"p2.h.{number}") for number in (15, 19, 13, 12)]  # 3, 3, 1 and 0
    contents[QUORUM] = [Found("p2.q.20", redelivered=True, returns=1)]
    contents[PURGED] = [Found("z1.z.2"), Found("z1.z.3")]
    return ledger, contents, {"t.1"}


def verdicts(change):
    ledger, contents, queues = history()
    change(ledger, contents, queues)
    ledger.audit(contents, queues)
    return [verdict for verdict, _ in ledger.findings]


def planted():
    """(verdict, what it is, a change that must cause it)"""
    ack = "crash.a"

    def set_contents(queue, *messages):
        return lambda ledger, contents, queues: contents.__setitem__(queue, list(messages))

    three = Found("p1.a.3", redelivered=True)
    nine = Found("p1.a.9")
    yield "LOSS", "a confirmed message is missing", set_contents(ack, three)
    yield "LOSS", "one copy of a fan-out is missing", set_contents(FAN_QUEUES[1])
    yield "LOSS", "a dead-lettered message is in neither queue", set_contents(OUT)
    yield "DUPLICATE", "twice in one queue", set_contents(ack, three, nine, copy.copy(nine))
    yield "DUPLICATE", "in source and target", set_contents(OUT, Found("p1.d.6"), Found("p1.d.7"))
    yield "GHOST", "never published", set_contents(ack, three, nine, Found("p9.a.77"))
    yield "GHOST", "in a queue that it was not for", set_contents("crash.b", nine)
    yield "CORRUPT", "another body", set_contents(ack, three, Found("p1.a.9", body_is_right=False))
    yield "ORDER", "an older one behind", set_contents(ack, nine, three)
    yield "RESURRECT", "acknowledged and flushed", set_contents(ack, Found("p1.a.1", redelivered=True), three, nine)
    yield "RESURRECT", "rejected and flushed, back in its source", lambda ledger, contents, queues: (
        contents[OUT].clear(), contents[IN].insert(0, Found("p1.d.6", redelivered=True)),
    )  # fmt: skip
    yield "TORN", "unconfirmed in one of three", set_contents(FAN_QUEUES[0], Found("p1.f.4"), Found("p1.f.5"))
    yield "TOPOLOGY", "a declared queue is missing", lambda ledger, contents, queues: queues.clear()
    yield "TOPOLOGY", "a deleted queue is there", lambda ledger, contents, queues: queues.add("t.2")
    yield "RESURRECT", "its time was over and that is on disk, and it waits again", lambda ledger, contents, queues: (
        contents[LATE].clear(), contents[DELAY].insert(0, Found("p2.l.1", redelivered=True)),
    )  # fmt: skip
    yield "LOSS", "waits no longer and has not come out", set_contents(DELAY)
    yield "DUPLICATE", "waits, and has come out", set_contents(LATE, Found("p2.l.1", redelivered=True), Found("p2.l.2"))
    yield "LOSS", "taken for a replay, not put anywhere", set_contents(REPLAY_DEAD)
    yield "DUPLICATE", "replayed, and still where it was", set_contents(REPLAY_DONE, Found("p2.r.3"), Found("p2.r.4"))
    yield "DUPLICATE", "replayed twice", set_contents(REPLAY_DONE, Found("p2.r.3"), Found("p2.r.3"))
    yield "RESURRECT", "a replay that was on disk is undone", lambda ledger, contents, queues: (
        contents[REPLAY_DONE].clear(), contents[REPLAY_DEAD].append(Found("p2.r.3")),
    )  # fmt: skip
    yield "RESURRECT", "a dead letter that was deleted", set_contents(REPLAY_DEAD, Found("p2.r.4"), Found("p2.r.5"))
    left = [Found(f"p2.x.{number}", redelivered=True) for number in (9, 10, 11)]
    yield "LOSS", "published in a transaction that was answered", set_contents(TX_OUT)
    yield "RESURRECT", "acknowledged in one", set_contents(TX_IN, Found("p2.x.7", redelivered=True), *left)
    yield "RESURRECT", "rejected in one", lambda ledger, contents, queues: (
        contents[TX_DEAD].clear(), contents[TX_IN].insert(0, Found("p2.x.8", redelivered=True)),
    )  # fmt: skip
    yield "GHOST", "published in one that was rolled back", set_contents(TX_OUT, Found("x1.y.1"), Found("x1.y.2"))
    yield "LOSS", "one that no transaction has touched", set_contents(TX_IN, *left[:2])
    yield "LOSS", "rejected in one, and in neither queue", set_contents(TX_DEAD)
    yield "TORN", "one of two that were published at once", set_contents(TX_OUT, Found("x1.y.1"), Found("x1.y.3"))
    yield "TORN", "published, and what it came from is there", set_contents(
        TX_OUT, *(Found(f"x1.y.{number}") for number in (1, 3, 4))
    )
    yield "TORN", "acknowledged, and not published", set_contents(TX_IN, *left[1:])
    yield "TORN", "rejected, and not published", lambda ledger, contents, queues: (
        contents[TX_IN].pop(1), contents[TX_DEAD].append(Found("p2.x.10")),
    )  # fmt: skip
    by_priority = {number: Found(f"p2.h.{number}") for number in (15, 19, 13, 12)}
    yield "ORDER", "a lower priority in front", set_contents(PRIORITY, *(by_priority[n] for n in (15, 13, 19, 12)))
    yield "ORDER", "an older one behind one of its priority", set_contents(
        PRIORITY, *(by_priority[n] for n in (19, 15, 13, 12))
    )
    yield "UNCOUNTED", "came back, and that is forgotten", set_contents(QUORUM, Found("p2.q.20", redelivered=True))
    purged = [Found(f"z1.z.{number}") for number in (1, 2, 3)]
    yield "RESURRECT", "purged before", set_contents(PURGED, *purged)
    yield "TORN", "half of what was to be purged", set_contents(PURGED, purged[2])
    yield "UNFLAGGED", "delivered before, not marked", set_contents(ack, Found("p1.a.3"), nine)


def test_a_right_history_has_no_findings():
    assert verdicts(lambda *_: None) == []


def test_what_may_be_there_may_be_there():
    def change(ledger, contents, queues):
        contents["crash.a"].insert(0, Found("p1.a.2", redelivered=True))  # its ack was not flushed
        contents["crash.b"] = [Found("p1.b.8")]  # unconfirmed
        queues.add("t.3")

    assert verdicts(change) == []


def test_a_transaction_that_nobody_answered_for_may_be_there_whole():
    def change(ledger, contents, queues):
        contents[TX_OUT] += [Found("x1.y.3"), Found("x1.y.4")]
        del contents[TX_IN][:2]
        contents[TX_DEAD].append(Found("p2.x.10"))

    assert verdicts(change) == []


def test_a_purge_that_nobody_answered_for_may_have_been():
    assert verdicts(lambda ledger, contents, queues: contents[PURGED].clear()) == []


def test_what_is_late_may_be_so_again():
    def change(ledger, contents, queues):
        ledger.read_consumer([f"D {LATE} p2.l.2 0"])  # not on disk yet
        contents[DELAY].clear()
        contents[LATE].append(Found("p2.l.2"))

    assert verdicts(change) == []


def test_what_is_replayed_may_be_rejected_again():
    def change(ledger, contents, queues):
        ledger.read_consumer([f"D {REPLAY_IN} p2.r.4 0", f"R {REPLAY_IN} p2.r.4", f"D {REPLAY_IN} p2.r.4 0"])

    assert verdicts(change) == []


def test_what_is_replayed_to_where_an_audit_saw_it_is_new():
    ledger, contents, queues = history()
    ledger.audit(contents, queues)
    ledger.read_consumer([f"D {REPLAY_IN} p2.r.6 1", f"R {REPLAY_IN} p2.r.6"])  # and replayed, unseen
    for messages in contents.values():
        for found in messages:
            found.redelivered = found.message_id != "p2.r.6"
    ledger.audit(contents, queues)
    assert ledger.findings == []


def definition_verdicts(found):
    """Of a history with all kinds of steps, when these are there after it."""
    findings = []
    registers = Registers(lambda verdict, _: findings.append(verdict))
    registers.read(
        "S 1 queue:q 5|s 1|S 2 queue:q -|s 2|S 3 policy:p 1|s 3|S 4 policy:p 2|s 4|S 5 user:u a|s 5"
        "|S 6 exchange:e topic|S 6 binding:e>q:k 1|S 7 policy:p 3".split("|")
    )
    registers.audit(found)
    return findings


def test_definitions_are_what_was_answered_for_or_what_was_being_set():
    right = {"policy:p": "2", "user:u": "a"}
    assert definition_verdicts(right) == []
    assert definition_verdicts(right | {"policy:p": "3"}) == []
    assert definition_verdicts(right | {"exchange:e": "topic", "binding:e>q:k": "1"}) == []
    assert definition_verdicts({"policy:p": "2"}) == ["TOPOLOGY"]  # a user is lost
    assert definition_verdicts(right | {"queue:q": "5"}) == ["TOPOLOGY"]  # a deleted queue is back
    assert definition_verdicts(right | {"user:u": "b"}) == ["TOPOLOGY"]
    assert definition_verdicts(right | {"policy:p": "1"}) == ["TOPOLOGY"]  # an older value
    assert definition_verdicts({"user:u": "a"}) == ["TOPOLOGY"]  # neither the old nor the new value
    assert definition_verdicts(right | {"exchange:f": "topic"}) == ["TOPOLOGY"]  # nobody made it
    assert definition_verdicts(right | {"exchange:e": "fanout", "binding:e>q:k": "1"}) == ["TOPOLOGY", "TORN"]
    assert definition_verdicts(right | {"exchange:e": "topic"}) == ["TORN"]  # half of a step


def test_definitions_are_found_in_an_export():
    at = {"vhost": "/"}
    exported = {
        "queues": [{"name": "defined.q", "arguments": {"x-max-length": 5}, **at}, {"name": "crash.a", "arguments": {}}],
        "exchanges": [{"name": "defined.e", "type": "topic", **at}],
        "bindings": [{"source": "defined.e", "destination": "defined.q", "routing_key": "k", **at}],
        "users": [
            {"name": "guest", "tags": ["administrator"], "password_hash": "", "limits": {}},
            {"name": "defined.u", "tags": ["a", "b"], "password_hash": "abc=", "limits": {"max-connections": 4}},
        ],
        "permissions": [{"user": "defined.u", "configure": "^9", **at}],
        "topic_permissions": [{"user": "defined.u", "write": "^3", **at}],
        "parameters": [
            {"component": "operator_policy", "name": "defined.p", "value": {"priority": 6}, **at},
            {"component": "vhost-limits", "name": "limits", "value": {"max-queues": 2}, "vhost": "defined.v"},
        ],
        "policies": [{"name": "defined.p", "priority": 7, **at}],
        "global_parameters": [{"name": "defined.g", "value": 8}],
        "vhosts": [{"name": "/"}, {"name": "defined.v"}],
    }
    tokens = [{"id": "1", "description": "defined.t"}, {"id": "2", "description": ""}]
    assert definitions_found(exported, tokens) == {
        "queue:defined.q": "5", "exchange:defined.e": "topic", "binding:defined.e>defined.q:k": "1",
        "user:defined.u": "a,b,abc=", "permission:defined.u": "^9", "policy:defined.p": "7", "global:defined.g": "8",
        "vhost:defined.v": "1", "topic-permission:defined.u": "^3", "operator-policy:defined.p": "6",
        "vhost-limit:defined.v": "2", "user-limit:defined.u": "4", "token:defined.t": "1",
    }  # fmt: skip


def test_every_planted_fault_is_found():
    seen = set()
    for verdict, what, change in planted():
        assert verdicts(change) == [verdict], what
        seen.add(verdict)
    assert seen == set(VERDICTS)


def test_what_was_gone_stays_gone():
    ledger, contents, queues = history()
    ledger.audit(contents, queues)
    contents["crash.b"] = [Found("p1.b.8")]
    for messages in contents.values():
        for found in messages:
            found.redelivered = True
    ledger.audit(contents, queues)
    assert [verdict for verdict, _ in ledger.findings] == ["RESURRECT"]


def test_what_an_audit_found_must_stay():
    ledger, contents, queues = history()
    contents["crash.b"] = [Found("p1.b.8")]
    ledger.audit(contents, queues)
    contents["crash.b"] = []
    for messages in contents.values():
        for found in messages:
            found.redelivered = True
    ledger.audit(contents, queues)
    assert [verdict for verdict, _ in ledger.findings] == ["LOSS"]


def test_consumers_deliveries_are_judged_too():
    ledger, _, _ = history()
    ledger.read_consumer(["D crash.a p1.a.9 0", "D crash.a p1.a.3 1", "D crash.a p1.a.9 0"])
    assert "UNFLAGGED" in [verdict for verdict, _ in ledger.findings]
    ledger, _, _ = history()
    ledger.read_publisher(["P p2.a.1", "P p2.a.2"])
    ledger.read_consumer(["D crash.a p2.a.2 0", "D crash.a p2.a.1 0"])
    assert [verdict for verdict, _ in ledger.findings] == ["ORDER"]


def run():
    """All of the above, without pytest."""
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()


if __name__ == "__main__":
    run()
    print("every planted fault was found")
