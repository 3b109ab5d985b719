"""Routing by patterns: `*` is one word, `#` is any number of words, also none.

Words are what dots separate, and may be empty; but an empty key has no word at all.
"""

import pytest

from support.amqp import put, take

CASES = [
    # pattern, keys that match, keys that do not
    ("a.b", ["a.b"], ["a", "a.b.c", "a.x", ""]),
    ("*", ["a"], ["", "a.b", "."]),
    ("#", ["", "a", "a.b", "..."], []),
    ("a.*", ["a.b", "a."], ["a", "a.b.c", "b.a"]),
    ("*.a", ["b.a", ".a"], ["a", "b.b.a"]),
    ("a.#", ["a", "a.b", "a.b.c", "a."], ["b", "b.a", "ab"]),
    ("#.a", ["a", "b.a", "c.b.a"], ["a.b", "ba"]),
    ("a.#.b", ["a.b", "a.x.b", "a.x.y.b", "a..b"], ["a", "b", "a.b.c", "a.bb"]),
    ("a.*.b", ["a.x.b", "a..b"], ["a.b", "a.x.y.b"]),
    ("*.*", ["a.b", "."], ["a", "a.b.c", ".."]),
    ("*.#", ["a", "a.b", ".", "a.b.c"], [""]),
    ("#.#", ["", "a", "a.b"], []),
    ("#.*.#", ["a", "a.b.c"], [""]),
    ("a..b", ["a..b"], ["a.b", "a.x.b"]),
    ("#.a.#.b.#", ["a.b", "x.a.y.b.z", "a.a.b"], ["b.a", "a", "ab"]),
    ("a*", ["a*"], ["ab", "a.b", "a"]),
    ("a.#b", ["a.#b"], ["a.b", "a.xb"]),
]


@pytest.mark.rule(34)
@pytest.mark.parametrize("pattern, matching, others", CASES, ids=[case[0] for case in CASES])
def test_a_pattern(channel, name, pattern, matching, others):
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "topic")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, pattern)
    for key in matching + others:
        channel.basic_publish(exchange, key, key.encode() or b"empty")
    put(channel, queue, "last")
    arrived = take(channel, queue, len(matching) + 1)
    assert arrived == [key or "empty" for key in matching] + ["last"]


def test_unbinding_one_pattern_leaves_the_others(channel, name):
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "topic")
    channel.queue_declare(queue, exclusive=True)
    for pattern in ("a.*", "a.#", "*.b"):
        channel.queue_bind(queue, exchange, pattern)
    channel.queue_unbind(queue, exchange, "a.#")
    for key in ("a", "a.b", "x.b", "a.b.c"):
        channel.basic_publish(exchange, key, key.encode())
    put(channel, queue, "last")
    assert take(channel, queue, 3) == ["a.b", "x.b", "last"]


def test_a_deep_pattern_of_wildcards_is_answered(channel, name):
    """The pattern that makes a backtracking matcher hang."""
    exchange, queue = name("x"), name()
    channel.exchange_declare(exchange, "topic")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, exchange, "#.#.#.#.#.a")
    channel.basic_publish(exchange, "." * 18 + "b", b"no")
    channel.basic_publish(exchange, "." * 18 + "a", b"yes")
    assert take(channel, queue, 1) == ["yes"]
