"""Plants every kind of fault in a small history and expects the ledger to name it, and nothing in a right one.

Run by crash_test.py before it starts, or by pytest.
"""

import copy

from layout import FAN_QUEUES, IN, OUT, QUEUES
from ledger import VERDICTS, Found, Ledger


def history():
    """A life with a bit of everything, and what the queues rightly hold after its end."""
    ledger = Ledger()
    ledger.read_publisher(
        "P p1.a.1|C p1.a.1|P p1.a.2|C p1.a.2|P p1.a.3|C p1.a.3|P p1.f.4|P p1.f.5|C p1.f.5|P p1.d.6|C p1.d.6"
        "|P p1.d.7|C p1.d.7|P p1.b.8|P p1.a.9|C p1.a.9".split("|")
    )
    ledger.read_consumer(
        [
            "D crash.a p1.a.1 0", "A crash.a p1.a.1", "B 1",
            f"D {IN} p1.d.6 0", f"R {IN} p1.d.6", "B 2", "F 1", "F 2",
            "D crash.a p1.a.2 0", "A crash.a p1.a.2",
            "D crash.a p1.a.3 0",
        ]
    )  # fmt: skip
    ledger.read_declarer(["Q t.1", "q t.1", "Q t.2", "q t.2", "E t.2", "e t.2", "Q t.3"])
    contents = {queue: [] for queue in QUEUES}
    contents["crash.a"] = [Found("p1.a.3", redelivered=True), Found("p1.a.9")]
    for queue in FAN_QUEUES:
        contents[queue] = [Found("p1.f.5")]
    contents[OUT] = [Found("p1.d.6")]
    contents[IN] = [Found("p1.d.7")]
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
    yield "UNFLAGGED", "delivered before, not marked", set_contents(ack, Found("p1.a.3"), nine)


def test_a_right_history_has_no_findings():
    assert verdicts(lambda *_: None) == []


def test_what_may_be_there_may_be_there():
    def change(ledger, contents, queues):
        contents["crash.a"].insert(0, Found("p1.a.2", redelivered=True))  # its ack was not flushed
        contents["crash.b"] = [Found("p1.b.8")]  # unconfirmed
        queues.add("t.3")

    assert verdicts(change) == []


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
