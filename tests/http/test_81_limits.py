"""What clients may make grow has limits: who reaches one gets its error, and it is counted."""

import contextlib
import re
import socket

import pika
import pytest

import metrics
from support import alarms, amqp, frames, wait


@contextlib.contextmanager
def limited(api, name, value, begin=lambda: None):
    """With that limit, which is then reached once; `begin` is what does not count yet."""
    assert api.put(("x", "config", name), {"value": str(value)}).status == 200
    try:
        begun = begin()
        before = reached(api, name)
        yield begun
    finally:
        assert api.delete(("x", "config", name)).status == 200
    assert reached(api, name) == before + 1
    text = api.get("/metrics").body.decode()
    assert metrics.value(text, "leveret_limit_reached_total", limit=name) == before + 1


def reached(api, name):
    return {each["name"]: each["reached"] for each in api.get("/api/x/limits").json}[name]


@pytest.fixture
def channel(connection):
    return connection.channel()


@pytest.fixture
def open_until_refused(broker, api):
    """Opens connections until one is refused; returns the text."""
    clients = []

    def open_until_refused():
        while True:
            clients.append(frames.Client.open(broker))

    def text():
        with pytest.raises(frames.Unexpected) as refused:
            open_until_refused()
        return str(refused.value)

    yield text
    for client in clients:
        client.cut()
    wait.until(lambda: not api.get("/api/connections").json, "an end of all connections")


def test_connections(api, open_until_refused):
    with limited(api, "amqp.connections_max", 3):
        assert "NOT_ALLOWED - connection refused: node connection limit (3) is reached" in open_until_refused()


def test_connections_of_an_address(api, open_until_refused):
    with limited(api, "amqp.connections_per_address_max", 2):
        assert (
            "NOT_ALLOWED - connection refused: limit of connections from address 127.0.0.1 (2) is reached"
            in open_until_refused()
        )


def _under_way(broker):
    """A connection that has begun its handshake; None when there is no place for it."""
    one = socket.create_connection((broker.host, broker.port))
    one.sendall(b"AMQP\x00\x00\x09\x01")
    with contextlib.suppress(ConnectionResetError):
        if one.recv(1, socket.MSG_PEEK):
            return one
    one.close()
    return None


@contextlib.contextmanager
def _one_under_way(broker, api, limit):
    """With that limit at one handshake, which is on its way: the next of its address is closed."""

    # A client of the test before may still be on its way out.
    def begin():
        return wait.until(lambda: _under_way(broker), "a place")

    with limited(api, limit, 1, begin) as first:
        with first:
            with socket.create_connection((broker.host, broker.port)) as second:
                second.settimeout(60)
                assert second.recv(1) == b""
            yield


def test_handshakes_under_way(broker, api):
    with _one_under_way(broker, api, "amqp.handshakes_max"):
        pass


def test_handshakes_under_way_of_an_address(broker, api):
    with _one_under_way(broker, api, "amqp.handshakes_per_address_max"):
        # Another address has its own.
        with socket.socket() as other:
            other.bind(("127.0.0.2", 0))
            other.connect((broker.host, broker.port))
            other.sendall(b"AMQP\x00\x00\x09\x01")
            other.settimeout(60)
            assert other.recv(1) != b""


def test_the_time_of_a_handshake(broker, api):
    with limited(api, "amqp.handshake_ms", 100):
        with socket.create_connection((broker.host, broker.port)) as silent:
            silent.settimeout(60)
            assert silent.recv(1) == b""


def test_the_time_that_a_client_takes_nothing(broker, api, channel, name):
    queue = name()
    channel.queue_declare(queue, auto_delete=True)
    for _ in range(32):
        channel.basic_publish("", queue, b"x" * 1_000_000)
    before = reached(api, "amqp.stall_ms")
    with limited(api, "amqp.stall_ms", 1000):
        client = frames.Client.open(broker)
        client.open_channel()
        client.send(1, pika.spec.Basic.Consume(queue=queue, no_ack=True))
        wait.until(lambda: reached(api, "amqp.stall_ms") > before, "its end")
    client.cut()


def test_channels(broker, api):
    with limited(api, "amqp.channel_max", 2):
        client = frames.Client.open(broker)
        for number in (1, 2):
            client.open_channel(number)
        client.send(3, pika.spec.Channel.Open())
        client.expect_connection_close(530)


def test_consumers_of_a_channel(api, channel):
    queue = channel.queue_declare("", exclusive=True).method.queue
    with limited(api, "amqp.consumers_per_channel_max", 2):
        for _ in range(2):
            channel.basic_consume(queue, print)
        with amqp.closes_connection(
            channel, 530, "NOT_ALLOWED - reached maximum (2) of consumers per channel"
        ):
            channel.basic_consume(queue, print)


def test_queues(api, channel, name):
    kept, refused = name("q"), name("q")
    count = len(api.get("/api/queues").json)
    with limited(api, "limits.queues_max", count + 1):
        channel.queue_declare(kept, exclusive=True)
        text = f"cannot declare queue '{refused}': queue limit in vhost '/' ({count + 1}) is reached"
        with amqp.closes_channel(channel, 406, "PRECONDITION_FAILED - " + text):
            channel.queue_declare(refused)
        channel.connection.channel().queue_declare(kept, exclusive=True)  # there already


def test_exchanges(api, channel, name):
    count = len(api.get(("exchanges", "/")).json)
    with limited(api, "limits.exchanges_max", count):
        text = f"cannot declare exchange '{(refused := name('x'))}': exchange limit in vhost '/' ({count}) is reached"
        with amqp.closes_channel(channel, 406, "PRECONDITION_FAILED - " + text):
            channel.exchange_declare(refused)


def test_bindings(api, channel, name):
    queue = name("q")
    channel.queue_declare(queue, exclusive=True)
    channel.queue_bind(queue, "amq.direct", "one")
    explicit = [each for each in api.get(("bindings", "/")).json if each["source"]]
    with limited(api, "limits.bindings_max", len(explicit)):
        channel.queue_bind(queue, "amq.direct", "one")  # there already
        text = f"cannot bind to exchange 'amq.direct': binding limit in vhost '/' ({len(explicit)}) is reached"
        with amqp.closes_channel(channel, 406, "PRECONDITION_FAILED - " + text):
            channel.queue_bind(queue, "amq.direct", "two")


def test_the_size_of_a_message(broker, api):
    with limited(api, "amqp.message_bytes_max", 100):
        client = frames.Client.open(broker)
        client.open_channel()
        client.publish(1, "", "q", bytes(101))
        client.expect_channel_close(1, 406)
        client.cut()


def test_the_size_of_messages_that_have_not_come_whole(broker, api):
    with limited(api, "amqp.unfinished_bytes_max", 1000):
        client = frames.Client.open(broker)
        for number in (1, 2):
            client.open_channel(number)
            client.send(number, pika.spec.Basic.Publish(exchange="", routing_key="q"))
            client.send_header(number, 2000)
            client.send_body(number, bytes(600))
        client.expect_connection_close(506)


def test_headers_of_messages_that_have_not_come_whole_count_too(broker, api):
    headers = pika.BasicProperties(headers={"x": "x" * 600})
    with limited(api, "amqp.unfinished_bytes_max", 1000):
        client = frames.Client.open(broker)
        for number in (1, 2):
            client.open_channel(number)
            client.send(number, pika.spec.Basic.Publish(exchange="", routing_key="q"))
            client.send_header(number, 2000, headers)
        client.expect_connection_close(506)


HALF = 131_072 - 8


def _open_half_a_message(broker, queue, count=1):
    """A client in the middle of a message to that queue, of which so many frames have come, and one is missing."""
    client = frames.Client.open(broker)
    client.open_channel()
    client.send(1, pika.spec.Queue.Declare(queue=queue, exclusive=True))
    client.expect(1, pika.spec.Queue.DeclareOk)
    client.send(1, pika.spec.Basic.Publish(exchange="", routing_key=queue))
    client.send_header(1, (count + 1) * HALF)
    for _ in range(count):
        client.send_body(1, bytes(HALF))
    client.expect_nothing_before(client.open_channel(2))  # all that was sent has been read
    return client


def test_half_a_message_waits_for_the_end_of_a_memory_alarm(broker, name):
    client = _open_half_a_message(broker, name())
    with alarms.during(broker, "memory"):
        client.send_body(1, bytes(HALF))
        client.send(1, pika.spec.Basic.Get(queue=""))
        assert client.expect(0, pika.spec.Connection.Blocked).reason == "low on memory"
    client.expect(0, pika.spec.Connection.Unblocked)
    _, _, body = client.expect_content(1, pika.spec.Basic.GetOk)
    assert body == bytes(2 * HALF)
    client.close()


@pytest.mark.parametrize("is_silent", [False, True])
def test_much_of_a_message_that_waits_for_too_long_closes_its_connection(broker, api, name, is_silent):
    assert api.put(("x", "config", "amqp.stall_ms"), {"value": "1000"}).status == 200
    client = _open_half_a_message(broker, name(), count=9)
    assert api.delete(("x", "config", "amqp.stall_ms")).status == 200
    before = reached(api, "amqp.stall_ms")
    with alarms.during(broker, "memory"):
        if not is_silent:
            client.send_body(1, bytes(HALF))
            client.expect(0, pika.spec.Connection.Blocked)
        client.expect_connection_close(506, "RESOURCE_ERROR - memory is short, and a message has not come whole")
    assert reached(api, "amqp.stall_ms") == before + 1


def _nested(depth):
    return {"a": _nested(depth - 1)} if depth > 1 else {"a": 1}


TABLES = {
    "amqp.table_depth_max": (_nested(2), _nested(3), "table nested deeper than 2"),
    "amqp.table_values_max": ({"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}, "table of more than 2 values"),
}


@pytest.mark.parametrize("limit", TABLES)
def test_tables(api, channel, name, limit):
    taken, refused, text = TABLES[limit]
    with limited(api, limit, 2):
        channel.queue_declare(name(), exclusive=True, arguments=taken)
        channel.basic_publish("", "nowhere", b"", pika.BasicProperties(headers=taken))
        with amqp.closes_connection(channel, 502, re.compile("^SYNTAX_ERROR - .*" + text)):
            channel.queue_declare(name(), exclusive=True, arguments=refused)


@pytest.mark.parametrize("limit", TABLES)
def test_tables_of_messages(api, channel, limit):
    _, refused, text = TABLES[limit]
    with limited(api, limit, 2):
        with amqp.closes_connection(channel, 502, re.compile("^SYNTAX_ERROR - .*" + text)):
            channel.basic_publish("", "nowhere", b"", pika.BasicProperties(headers=refused))
            channel.connection.process_data_events(time_limit=60)


@pytest.mark.parametrize("limit", TABLES)
def test_tables_in_json(api, name, limit):
    taken, refused, _ = TABLES[limit]
    with limited(api, limit, 2):
        assert api.put(("queues", "/", kept := name()), {"arguments": taken}).status == 201
        api.put(("queues", "/", name()), {"arguments": refused}).refuses(400, "bad_request", "arguments")
    assert api.delete(("queues", "/", kept)).status == 204


def test_what_a_client_says_of_itself(broker, api):
    with limited(api, "amqp.client_properties_bytes_max", 4096):
        client = frames.Client(broker)
        client.log_in(capabilities={"x": "x" * 4096})
        client.expect_connection_close(502)


def test_arguments(api, channel, name):
    large = {"x": "x" * 100_000}
    queue, fanout = name("q"), name("x")
    channel.queue_declare(queue, exclusive=True, arguments=large)
    uses = {
        f"declare queue '{queue}2'": lambda ch: ch.queue_declare(queue + "2", exclusive=True, arguments=large),
        f"declare exchange '{fanout}'": lambda ch: ch.exchange_declare(fanout, arguments=large),
        "bind to exchange 'amq.fanout'": lambda ch: ch.queue_bind(queue, "amq.fanout", arguments=large),
        f"consume from queue '{queue}' in vhost '/'": lambda ch: ch.basic_consume(queue, print, arguments=large),
    }
    for what, use in uses.items():
        with limited(api, "limits.argument_bytes_max", 150_000):
            text = f"PRECONDITION_FAILED - cannot {what}: argument bytes limit in vhost '/' (150000) is reached"
            with amqp.closes_channel(one := channel.connection.channel(), 406, text):
                use(one)
    # What goes makes room.
    assert api.put(("x", "config", "limits.argument_bytes_max"), {"value": "450000"}).status == 200
    use = uses[f"consume from queue '{queue}' in vhost '/'"]
    for _ in range(2):
        one = channel.connection.channel()
        use(one)
        one.close()
        channel.queue_bind(queue, "amq.fanout", arguments=large)
        channel.queue_bind(queue, "amq.fanout", arguments=large)  # there already
        channel.queue_unbind(queue, "amq.fanout", arguments=large)
        channel.exchange_declare(fanout, arguments=large)
        channel.exchange_delete(fanout)
        channel.queue_declare(queue + "2", exclusive=True, arguments=large)
        channel.queue_delete(queue + "2")
    assert api.delete(("x", "config", "limits.argument_bytes_max")).status == 200


def test_the_size_of_transactions(api, channel):
    with limited(api, "limits.transaction_bytes_max", 1000):
        channel.tx_select()
        channel.basic_publish("", "q", bytes(600))
        text = "the open transactions of this connection have published more than 1000 bytes"
        with amqp.closes_channel(channel, 406, "PRECONDITION_FAILED - " + text):
            channel.basic_publish("", "q", bytes(600))
            channel.tx_commit()


def test_policies(api, name):
    policy = {"pattern": "^none$", "definition": {"max-length": 1}}
    kept, refused = name("p"), name("p")
    count = len(api.get(("policies", "/")).json)
    with limited(api, "limits.policies_max", count + 1):
        assert api.put(("policies", "/", kept), policy).status == 201
        answer = api.put(("policies", "/", refused), policy)
        assert answer.status == 400
        assert f"policy limit in vhost '/' ({count + 1}) is reached" in answer.json["reason"]
    assert api.delete(("policies", "/", kept)).status == 204


def test_tokens(api):
    count = len(api.get("/api/x/tokens", user="guest").json)
    with limited(api, "http.tokens_per_user_max", count + 1):
        made = api.post("/api/x/tokens", {"description": "one"})
        assert made.status == 201
        answer = api.post("/api/x/tokens", {"description": "another"})
        assert answer.status == 400
        assert f"limit of tokens of user 'guest' ({count + 1}) is reached" in answer.body.decode()
    assert api.delete(("x", "tokens", made.json["id"])).status == 204
