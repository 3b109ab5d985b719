"""Policies: arguments for every queue and exchange whose name matches, at once and later on."""

import pytest
from pika import exceptions

from support import wait
from support.amqp import (
    PERSISTENT,
    exists,
    get,
    is_empty,
    put,
    synchronise,
    take,
    wait_ready,
)


@pytest.fixture
def only(name):
    """The pattern that finds one name, and the policy's name: `policy, pattern = only(queue)`."""
    return lambda target: (name("policy"), f"^{target.replace('.', '[.]')}$")


@pytest.mark.rule(62)
def test_a_length_limit_dead_letters_what_is_too_much_at_once(channel, name, policies, only):
    queue, dead = name(), name("dead")
    channel.queue_declare(queue)
    channel.queue_declare(dead)
    put(channel, queue, "0", "1", "2")
    wait_ready(channel, queue, 3)
    definition = {
        "max-length": 1,
        "dead-letter-exchange": "",
        "dead-letter-routing-key": dead,
    }
    policies.set(*only(queue), definition)
    wait_ready(channel, queue, 1)
    assert take(channel, dead, 2) == ["0", "1"]
    assert take(channel, queue, 1) == ["2"]


def test_what_is_declared_later_has_it_from_the_start(channel, name, policies, only):
    queue = name()
    policies.set(*only(queue), {"max-length": 1})
    channel.queue_declare(queue)
    put(channel, queue, "0", "1", "2")
    wait_ready(channel, queue, 1)
    assert take(channel, queue, 1) == ["2"]


def test_without_the_policy_its_limit_is_gone(confirming, name, policies, only):
    queue = name()
    policy, pattern = only(queue)
    confirming.queue_declare(queue)
    policies.set(policy, pattern, {"max-length": 1})
    put(confirming, queue, "0", "1")
    wait_ready(confirming, queue, 1)
    policies.delete(policy)

    def holds_more():
        put(confirming, queue, "x")
        return confirming.queue_declare(queue, passive=True).method.message_count > 1

    wait.until(holds_more, "the end of the limit")


@pytest.mark.rule(18)
@pytest.mark.parametrize("by_argument, by_policy", [(2, 5), (5, 2)])
def test_of_an_argument_and_a_policy_the_lower_limit_counts(
    channel, name, policies, only, by_argument, by_policy
):
    queue = name()
    policies.set(*only(queue), {"max-length": by_policy})
    channel.queue_declare(queue, arguments={"x-max-length": by_argument})
    put(channel, queue, "0", "1", "2", "3", "4", "5", "6")
    wait_ready(channel, queue, 2)
    assert take(channel, queue, 2) == ["5", "6"]


@pytest.mark.rule(18)
def test_a_dead_letter_exchange_by_argument_counts_more(channel, name, policies, only):
    queue, own, other = name(), name("own"), name("other")
    channel.queue_declare(own)
    channel.queue_declare(other)
    definition = {"dead-letter-exchange": "", "dead-letter-routing-key": other}
    policies.set(*only(queue), definition)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": own}
    channel.queue_declare(queue, arguments=arguments)
    put(channel, queue, "x")
    channel.basic_reject(get(channel, queue)[0].delivery_tag, requeue=False)
    assert take(channel, own, 1) == ["x"]
    assert is_empty(channel, other)


@pytest.mark.rule(18)
def test_a_ttl_counts_for_what_comes(channel, name, policies, only):
    queue, dead = name(), name("dead")
    channel.queue_declare(dead)
    definition = {"message-ttl": 1, "dead-letter-exchange": "", "dead-letter-routing-key": dead}
    policies.set(*only(queue), definition)
    channel.queue_declare(queue)
    put(channel, queue, "x")
    _, properties, _ = get(channel, dead)
    assert properties.headers["x-first-death-reason"] == "expired"


@pytest.mark.rule(18)
@pytest.mark.leveret_only("policy-ttl-for-what-is-there")
def test_a_ttl_counts_for_what_is_there(channel, name, policies, only):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "0", "1")
    wait_ready(channel, queue, 2)
    policies.set(*only(queue), {"message-ttl": 1})
    wait_ready(channel, queue, 0)


def test_an_expiry_ends_a_queue_that_nobody_uses(connection, name, policies, only):
    queue = name()
    connection.channel().queue_declare(queue)
    policies.set(*only(queue), {"expires": 1})
    wait.until(lambda: not exists(connection, queue), "the queue's end")


def test_reject_publish_nacks_the_new_one(confirming, name, policies, only):
    queue = name()
    policies.set(*only(queue), {"max-length": 1, "overflow": "reject-publish"})
    confirming.queue_declare(queue)
    put(confirming, queue, "0")
    with pytest.raises(exceptions.NackError):
        put(confirming, queue, "1")
    assert take(confirming, queue, 1) == ["0"]


def test_an_alternate_exchange_takes_what_has_no_route(channel, name, policies, only):
    exchange, rest, queue = name("x"), name("rest"), name()
    policies.set(*only(exchange), {"alternate-exchange": rest}, apply_to="exchanges")
    channel.exchange_declare(exchange, "direct")
    channel.exchange_declare(rest, "fanout")
    channel.queue_declare(queue)
    channel.queue_bind(queue, rest)
    channel.basic_publish(exchange, "nowhere", b"x")
    assert take(channel, queue, 1) == ["x"]


@pytest.mark.rule(18)
def test_an_alternate_exchange_by_argument_counts_more(channel, name, policies, only):
    exchange, own, other, queue = name("x"), name("own"), name("other"), name()
    policies.set(*only(exchange), {"alternate-exchange": other}, apply_to="exchanges")
    channel.exchange_declare(exchange, "direct", arguments={"alternate-exchange": own})
    for each, key in ((own, "own"), (other, "other")):
        channel.exchange_declare(each, "fanout")
        channel.queue_declare(f"{queue}.{key}")
        channel.queue_bind(f"{queue}.{key}", each)
    channel.basic_publish(exchange, "nowhere", b"x")
    assert take(channel, f"{queue}.own", 1) == ["x"]
    assert is_empty(channel, f"{queue}.other")


def test_the_highest_priority_counts_and_nothing_of_the_others(channel, name, policies, only):
    queue, dead = name(), name("dead")
    channel.queue_declare(dead)
    low, pattern = only(queue)
    definition = {"max-length": 1, "dead-letter-exchange": "", "dead-letter-routing-key": dead}
    policies.set(low, pattern, definition, priority=1)
    policies.set(low + ".high", pattern, {"max-length": 2}, priority=2)
    channel.queue_declare(queue)
    put(channel, queue, "0", "1", "2")
    wait_ready(channel, queue, 2)
    assert is_empty(channel, dead)


def test_an_operator_policy_bounds_a_policy(channel, name, policies, only):
    queue, dead = name(), name("dead")
    channel.queue_declare(dead)
    policy, pattern = only(queue)
    definition = {"max-length": 9, "dead-letter-exchange": "", "dead-letter-routing-key": dead}
    policies.set(policy, pattern, definition)
    policies.set(policy, pattern, {"max-length": 2}, operator=True, apply_to="queues")
    channel.queue_declare(queue)
    put(channel, queue, "0", "1", "2")
    assert take(channel, dead, 1) == ["0"]
    wait_ready(channel, queue, 2)


def test_a_pattern_is_found_anywhere_in_the_name(channel, name, policies):
    queue, other = name("jobs.video"), name("jobs.audio")
    policies.set(name("policy"), r"jobs\.(?!audio)[a-z]+$", {"max-length": 1})
    for each in (queue, other):
        channel.queue_declare(each)
        put(channel, each, "0", "1")
    wait_ready(channel, queue, 1)
    wait_ready(channel, other, 2)


def test_a_policy_for_exchanges_leaves_queues_alone(channel, name, policies, only):
    queue = name()
    policies.set(*only(queue), {"max-length": 1}, apply_to="exchanges")
    channel.queue_declare(queue)
    put(channel, queue, "0", "1")
    wait_ready(channel, queue, 2)


def test_a_redeclaration_compares_arguments_only(channel, name, policies, only):
    queue = name()
    policies.set(*only(queue), {"max-length": 1, "message-ttl": 60000})
    channel.queue_declare(queue, arguments={"x-max-length": 5})
    channel.queue_declare(queue, arguments={"x-max-length": 5})
    synchronise(channel)


def test_a_delivery_limit_counts_for_a_quorum_queue(channel, name, policies, only):
    queue, dead = name(), name("dead")
    channel.queue_declare(dead)
    definition = {"delivery-limit": 1, "dead-letter-exchange": "", "dead-letter-routing-key": dead}
    policies.set(*only(queue), definition)
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    put(channel, queue, "job")
    for _ in range(2):
        channel.basic_nack(get(channel, queue)[0].delivery_tag, requeue=True)
    assert take(channel, dead, 1) == ["job"]


def test_policies_survive_a_restart(broker, connect, name, policies, only):
    queue = name()
    channel = connect().channel()
    channel.queue_declare(queue, durable=True)
    policies.set(*only(queue), {"max-length": 1})
    broker.restart()
    channel = connect().channel()
    put(channel, queue, "0", "1", "2", properties=PERSISTENT)
    wait_ready(channel, queue, 1)
    assert take(channel, queue, 1) == ["2"]
