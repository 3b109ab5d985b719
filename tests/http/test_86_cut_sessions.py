"""A connection that is cut leaves nothing behind: no half of a message, and no memory."""

import collections
import socket

from pika import frame, spec

from support import broker as brokers
from support import frames, management, wait
from support.memory import rss_bytes

FRAME_MAX = 4096
BODIES = [b"", b"one", b"x" * 3000, b"y" * 9000]


def _method(channel, method):
    return frame.Method(channel, method).marshal()


def _message(channel, exchange, key, body):
    data = _method(channel, spec.Basic.Publish(exchange=exchange, routing_key=key))
    data += frame.Header(channel, len(body), spec.BasicProperties(headers={"n": len(body)})).marshal()
    room = FRAME_MAX - 8
    return data + b"".join(frame.Body(channel, body[i : i + room]).marshal() for i in range(0, len(body), room))


def _session(queue):
    """What a client sends, as pieces: bytes, and the bodies that are in the queue once they have all come."""
    hello = spec.Connection.StartOk({"product": "cut"}, "PLAIN", "\0guest\0guest", "en_US")
    yield frames.PROTOCOL_HEADER + _method(0, hello), []
    yield _method(0, spec.Connection.TuneOk(10, FRAME_MAX, 0)), []
    yield _method(0, spec.Connection.Open("/")), []
    yield _method(1, spec.Channel.Open()) + _method(1, spec.Confirm.Select()), []
    yield _method(1, spec.Queue.Declare(queue="", exclusive=True, arguments={"x-max-length": 3})), []
    yield _method(1, spec.Queue.Bind(queue="", exchange="amq.fanout")), []
    yield _message(1, "amq.fanout", "", b"elsewhere"), []
    for body in BODIES:
        yield _message(1, "", queue, body), [body]
    yield _method(1, spec.Basic.Qos(prefetch_count=1)) + _method(1, spec.Basic.Consume(queue="")), []
    yield _method(1, spec.Basic.Ack(1)), []
    in_transaction = b"".join(_message(2, "", queue, body) for body in BODIES[1:3])
    opened = _method(2, spec.Channel.Open()) + _method(2, spec.Tx.Select())
    yield opened + in_transaction + _method(2, spec.Tx.Commit()), BODIES[1:3]
    yield _method(1, spec.Channel.Close(200, "", 0, 0)), []


def _cut_at(broker, data, places):
    """Sends the data up to each of these places, some at once, and hears what comes up to the end."""
    for begin in range(0, len(places), 50):
        clients = []
        for place in places[begin : begin + 50]:
            client = socket.create_connection((broker.host, broker.port), timeout=60)
            client.sendall(data[:place])
            client.shutdown(socket.SHUT_WR)
            clients.append(client)
        for client in clients:
            while client.recv(65536):
                pass
            client.close()


def _all_bodies(channel, queue):
    """Takes all messages; how many there were of each body."""
    count = channel.queue_declare(queue, passive=True).method.message_count
    found = collections.Counter()
    for _, _, body in channel.consume(queue, auto_ack=True):
        found[body] += 1
        if found.total() == count:
            break
    channel.cancel()
    return found


def test_a_session_that_is_cut_at_any_byte(broker, api, channel, queue):
    pieces = list(_session(queue))
    data = b"".join(piece for piece, _ in pieces)
    expected = dict.fromkeys(BODIES, 0)
    places = range(len(data) + 1)
    end = 0
    for piece, bodies in pieces:
        end += len(piece)
        for body in bodies:
            expected[body] += len(places) - end
    _cut_at(broker, data, places)
    wait.until(lambda: len(api.get("/api/connections").json) == 1, "the end of all connections")
    assert _all_bodies(channel, queue) == expected
    assert not [each["name"] for each in api.get("/api/queues").json if each["name"].startswith("amq.gen")]


def test_cut_sessions_leave_no_memory_behind(tmp_path):
    """Without large bodies, whose memory would hide what is missing of it."""
    data = b"".join(piece for piece, bodies in _session("nowhere") if not bodies)
    broker = brokers.from_environment(tmp_path).start()
    try:
        resident = []
        for _ in range(5):
            _cut_at(broker, data, range(len(data) + 1))
            wait.until(lambda: not management.get(broker, "/api/connections"), "the end of all connections")
            resident.append(rss_bytes(broker.process.pid))
        assert resident[-1] - resident[1] < 1 << 20, resident
    finally:
        broker.stop()
