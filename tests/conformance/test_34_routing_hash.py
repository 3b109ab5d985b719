"""The exchange types of RabbitMQ's plugins: x-consistent-hash, x-modulus-hash, x-random."""

import pika
import pytest

from support.amqp import closes_channel, ready

ONE_OF_MANY = ["x-consistent-hash", "x-modulus-hash", "x-random"]


@pytest.fixture
def spread(confirming, name):
    """Declares an exchange of a type, with queues bound by these keys: (exchange, queues)."""

    def spread(kind, keys, arguments=None):
        exchange = name("e")
        confirming.exchange_declare(exchange, kind, arguments=arguments)
        queues = [name(f"q{number}") for number in range(len(keys))]
        for queue, key in zip(queues, keys):
            confirming.queue_declare(queue)
            confirming.queue_bind(queue, exchange, key)
        return exchange, queues

    return spread


def _counts(channel, queues):
    return [ready(channel, queue) for queue in queues]


@pytest.mark.parametrize("kind", ONE_OF_MANY)
def test_each_message_goes_to_one_queue_and_every_queue_gets_some(confirming, spread, kind):
    exchange, queues = spread(kind, ["1"] * 3)
    for number in range(120):
        confirming.basic_publish(exchange, f"key{number}", b"x")
    counts = _counts(confirming, queues)
    assert sum(counts) == 120
    assert min(counts) > 5


@pytest.mark.parametrize("kind", ["x-consistent-hash", "x-modulus-hash"])
def test_one_key_always_goes_to_one_queue(confirming, spread, kind):
    exchange, queues = spread(kind, ["1"] * 3)
    for _ in range(20):
        confirming.basic_publish(exchange, "same", b"x")
    assert sorted(_counts(confirming, queues)) == [0, 0, 20]


def test_weights_are_shares(confirming, spread):
    exchange, queues = spread("x-consistent-hash", ["1", "9"])
    for number in range(300):
        confirming.basic_publish(exchange, f"key{number}", b"x")
    light, heavy = _counts(confirming, queues)
    assert light + heavy == 300
    assert heavy > 3 * light > 0


def test_a_header_is_hashed_when_the_exchange_names_it(confirming, spread):
    exchange, queues = spread("x-consistent-hash", ["1"] * 3, {"hash-header": "user"})
    for number in range(20):
        properties = pika.BasicProperties(headers={"user": "same"})
        confirming.basic_publish(exchange, f"key{number}", b"x", properties)
    assert sorted(_counts(confirming, queues)) == [0, 0, 20]


@pytest.mark.parametrize(
    "hashed, value", [("message_id", "same"), ("correlation_id", "same"), ("timestamp", 1234)]
)
def test_a_property_is_hashed_when_the_exchange_names_it(confirming, spread, hashed, value):
    exchange, queues = spread("x-consistent-hash", ["1"] * 3, {"hash-property": hashed})
    for number in range(20):
        properties = pika.BasicProperties(**{hashed: value})
        confirming.basic_publish(exchange, f"key{number}", b"x", properties)
    assert sorted(_counts(confirming, queues)) == [0, 0, 20]


@pytest.mark.parametrize("kind", ["x-consistent-hash", "x-random"])
def test_a_message_with_cc_goes_to_one_queue(confirming, spread, kind):
    exchange, queues = spread(kind, ["1"] * 3)
    properties = pika.BasicProperties(headers={"CC": [str(number) for number in range(20)]})
    confirming.basic_publish(exchange, "key", b"x", properties)
    assert sorted(_counts(confirming, queues)) == [0, 0, 1]


@pytest.mark.parametrize("kind", ONE_OF_MANY)
def test_it_may_lead_to_exchanges(confirming, spread, name, kind):
    exchange, queues = spread(kind, ["1"])
    fanout, behind = name("fanout"), name("behind")
    confirming.exchange_declare(fanout, "fanout")
    confirming.queue_declare(behind)
    confirming.queue_bind(behind, fanout)
    confirming.exchange_bind(fanout, exchange, "1")
    for number in range(60):
        confirming.basic_publish(exchange, f"key{number}", b"x")
    counts = _counts(confirming, [*queues, behind])
    assert sum(counts) == 60
    assert min(counts) > 5


@pytest.mark.parametrize(
    "key, text",
    [
        ("abc", 'The binding key must be an integer: <<"abc">>'),
        ("1.5", 'The binding key must be an integer: <<"1.5">>'),
        ("", "The binding key must be an integer: <<>>"),
        ("0", "The binding key must be greater than 0"),
        ("-1", "The binding key must be greater than 0"),
    ],
)
def test_a_binding_key_that_is_no_weight_is_406(channel, name, key, text):
    exchange, queue = name("e"), name("q")
    channel.exchange_declare(exchange, "x-consistent-hash")
    channel.queue_declare(queue, exclusive=True)
    with closes_channel(channel, 406, f"PRECONDITION_FAILED - {text}"):
        channel.queue_bind(queue, exchange, key)


def test_hashing_a_header_and_a_property_is_406(channel, name):
    arguments = {"hash-header": "user", "hash-property": "message_id"}
    text = "PRECONDITION_FAILED - hash-header and hash-property are mutually exclusive"
    with closes_channel(channel, 406, text):
        channel.exchange_declare(name(), "x-consistent-hash", arguments=arguments)


def test_hashing_another_property_is_406(channel, name):
    with closes_channel(channel, 406, "PRECONDITION_FAILED - Unsupported property: type"):
        channel.exchange_declare(
            name(), "x-consistent-hash", arguments={"hash-property": "type"}
        )
