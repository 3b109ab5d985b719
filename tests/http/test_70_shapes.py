"""Every endpoint of RabbitMQ's API answers with RabbitMQ's status, fields and types.

What RabbitMQ answers is kept in shapes/rabbitmq.json, which shapes/record.py writes anew; where and why
we differ on purpose is in shapes/differences.toml.
"""

import json
import pathlib
import re
import tomllib

import pytest
from shapes import record, scenario, shape
from support import broker as brokers

HERE = pathlib.Path(__file__).resolve().parent / "shapes"
RECORDS = json.loads((HERE / "rabbitmq.json").read_text())
DELIBERATE = tomllib.loads((HERE / "differences.toml").read_text())


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """One that no other test has left anything in."""
    broker = brokers.from_environment(tmp_path_factory.mktemp("shapes"))
    try:
        yield broker.start()
    finally:
        broker.stop()


@pytest.fixture(scope="module")
def ours(broker):
    return record.answers(broker)


def compare(reference, ours):
    """Sentences on what is otherwise than in RabbitMQ."""
    for what in ("status", "type", "allow", "error"):
        if reference.get(what) != ours.get(what):
            yield f"{what} is {ours.get(what)}, not {reference.get(what)}"
    if "shape" in reference and "shape" in ours:
        yield from shape.differences(reference["shape"], ours["shape"])


def all_differences(ours):
    return [
        f"{label}: {sentence}"
        for label, reference in RECORDS["answers"].items()
        for sentence in compare(reference, ours[label])
    ]


def pattern_of(text):
    """A pattern of differences.toml: * is anything, all else is itself."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")))


PATTERNS = [pattern_of(text) for each in DELIBERATE["difference"] for text in each["patterns"]]


def test_every_difference_from_rabbitmq_is_deliberate(ours):
    found = all_differences(ours)
    unlisted = [text for text in found if not any(p.fullmatch(text) for p in PATTERNS)]
    assert not unlisted, f"{len(unlisted)} differences are not in differences.toml:\n" + "\n".join(unlisted)


def test_every_difference_that_is_listed_exists(ours):
    found = all_differences(ours)
    stale = [p.pattern for p in PATTERNS if not any(p.fullmatch(text) for text in found)]
    assert not stale, "these match nothing (any more): " + "\n".join(stale)


def test_every_endpoint_of_rabbitmqs_list_is_asked():
    asked = {(method, path.split("?")[0]) for _, method, path, _ in scenario.requests()}
    for method, path in RECORDS["api"]:
        if path in DELIBERATE["not_asked"]:
            continue
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        assert any(m == method and re.fullmatch(pattern, p) for m, p in asked), f"{method} {path}"
