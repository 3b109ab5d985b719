"""Clients that are slow, greedy or hostile: what they may take up is limited, and others are served."""

import contextlib
import json
import socket
import time

import pika
import pytest

import metrics
from api import Api, path
from support import broker as brokers
from support import wait

AUTH = b"Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"
HEAD = b"HTTP/1.1\r\nHost: localhost\r\n" + AUTH

LIMITS = {
    "CONNECTIONS_MAX": "60",
    "CONNECTIONS_PER_ADDRESS_MAX": "40",
    "HEADER_BYTES_MAX": "4096",
    "BODY_BYTES_MAX": "100000",
    "BUFFERED_BYTES_MAX": "1 MiB",
    "HEADER_TIMEOUT_MS": "500",
    "IDLE_TIMEOUT_MS": "500",
    "TRANSFER_TIMEOUT_MS": "500",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A broker whose limits are soon reached."""
    broker = brokers.from_environment(tmp_path_factory.mktemp("small"))
    broker.variables = {"LEVERET_HTTP_" + name: value for name, value in LIMITS.items()}
    try:
        yield broker.start()
    finally:
        broker.stop()


@pytest.fixture
def narrow(small):
    yield Api(small.host, small.http_port)
    assert small.is_running(), small.log_tail()


def reached(api, limit):
    return {row["name"]: row for row in api.get(("x", "limits")).json}[limit]["reached"]


@contextlib.contextmanager
def counted(api, limit):
    """The limit is reached within, and counted where people look."""
    before = reached(api, limit)
    yield
    wait.until(lambda: reached(api, limit) > before, f"a count of {limit}")
    assert metrics.value(api.get("/metrics").body.decode(), "leveret_limit_reached_total", limit=limit) > before


def dial(api, source="127.0.0.1"):
    return socket.create_connection((api.host, api.port), timeout=120, source_address=(source, 0))


def read_to_end(s):
    received = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while part := s.recv(65536):
            received += part
    return received


def raw(api, data):
    """What comes back for these bytes until the server closes."""
    with dial(api) as s:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            s.sendall(data)
        return read_to_end(s)


def status(answer):
    return int(answer.split(b" ", 2)[1])


# What a client may take up.


def test_who_finds_no_place_is_told_and_other_addresses_are_served(narrow):
    with contextlib.ExitStack() as held:
        with counted(narrow, "http.connections_per_address_max"):
            sockets = [held.enter_context(dial(narrow, "127.0.0.2")) for _ in range(45)]
            answers = [read_to_end(s) for s in sockets]
        refused = [a for a in answers if a]
        assert refused and all(status(a) == 503 for a in refused)
        assert b"too many connections from 127.0.0.2: http.connections_per_address_max is 40" in refused[0]
    assert narrow.get(("whoami",)).status == 200


def test_all_connections_together_are_limited(narrow):
    with counted(narrow, "http.connections_max"), contextlib.ExitStack() as held:
        sockets = [held.enter_context(dial(narrow, f"127.0.0.{3 + n % 4}")) for n in range(80)]
        answers = [read_to_end(s) for s in sockets]
        assert any(b"too many connections: http.connections_max is 60" in a for a in answers)
    assert narrow.get(("whoami",)).status == 200


def test_connections_that_send_nothing_or_little_are_closed(narrow):
    with counted(narrow, "http.header_timeout_ms"), contextlib.ExitStack() as held:
        silent = [held.enter_context(dial(narrow)) for _ in range(10)]
        slow = [held.enter_context(dial(narrow)) for _ in range(10)]
        ended = set()

        def all_have_ended():
            for s in slow:
                if s in ended:
                    continue
                try:  # One byte after the other, for as long as it is let.
                    s.sendall(b"G")
                except OSError:
                    ended.add(s)
            return len(ended) == len(slow)

        wait.until(all_have_ended, "an end of those who send byte by byte")
        assert [read_to_end(s) for s in silent] == [b""] * 10
    assert narrow.get(("whoami",)).status == 200


def test_a_header_that_comes_line_by_line_without_end_is_ended(narrow):
    with dial(narrow) as s:
        s.sendall(b"GET /api/whoami HTTP/1.1\r\n")

        def has_ended():
            try:
                s.sendall(b"X-A: b\r\n")
            except OSError:
                return True

        wait.until(has_ended, "the end of the connection")


def test_a_body_that_does_not_come_is_not_waited_for(narrow):
    with counted(narrow, "http.transfer_timeout_ms"):
        answer = raw(narrow, b"PUT /api/queues/%2F/x " + HEAD + b"Content-Length: 1000\r\n\r\n{")
        assert answer == b""


def test_a_client_that_reads_no_answer_is_let_go(narrow):
    with counted(narrow, "http.transfer_timeout_ms"), socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect((narrow.host, narrow.port))
        s.settimeout(120)
        one = b"GET /api/x/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"

        def has_ended():
            try:
                s.sendall(one * 10)
            except (OSError, TimeoutError):
                return True

        s.settimeout(0.1)
        wait.until(lambda: has_ended() and reached(narrow, "http.transfer_timeout_ms"), "its end")


def test_lists_that_nobody_waits_for_any_more_are_not_made(tmp_path):
    broker = brokers.from_environment(tmp_path)
    broker.variables = {"LEVERET_LOG_LEVEL": "debug"}
    broker.start()
    try:
        api = Api(broker.host, broker.http_port)
        queues = [{"name": f"q{n}", "vhost": "/", "durable": False, "auto_delete": False, "arguments": {}} for n in range(2000)]
        assert api.post(("definitions",), {"queues": queues}).status == 204
        count = 20  # fewer than a quarter of http.requests_max, so that all are taken
        asked = [dial(api) for _ in range(count)]
        for s in asked:
            s.sendall(b"GET /api/queues " + HEAD + b"\r\n")
        for s in asked:
            s.close()
        assert len(api.get(("queues",)).json) == len(queues)  # and whoever comes later has his
        abandoned = broker.log_path.read_text().count("nobody waits for a long answer any more")
        assert 0 < abandoned <= count, broker.log_tail()
    finally:
        broker.stop()


def test_lists_of_one_user_leave_room_for_the_others(tmp_path):
    broker = brokers.from_environment(tmp_path)
    broker.start()
    try:
        api = Api(broker.host, broker.http_port)
        queues = [{"name": f"q{n}", "vhost": "/", "durable": False, "auto_delete": False, "arguments": {}} for n in range(2000)]
        assert api.post(("definitions",), {"queues": queues}).status == 204
        assert api.put(("users", "other"), {"password": "other", "tags": "monitoring"}).status == 201
        asked = [dial(api) for _ in range(200)]  # twice http.requests_max
        for s in asked:
            s.sendall(b"GET /api/queues " + HEAD + b"Connection: close\r\n\r\n")
        for path in ("whoami", "queues"):
            assert api.get((path,), auth=("other", "other")).status == 200
        answers = [read_to_end(s) for s in asked]
        refused = [answer for answer in answers if status(answer) == 503]
        assert refused and len(refused) < len(answers)
        assert all(b"one user at one address may have 25" in answer for answer in refused)
    finally:
        broker.stop()


def test_an_idle_connection_is_closed(narrow):
    with dial(narrow) as s:
        s.sendall(b"GET /api/whoami " + HEAD + b"\r\n")
        assert status(read_to_end(s)) == 200  # and then the end, of itself


def test_a_header_beyond_the_limit_is_refused(narrow):
    for header in (b"X: " + b"a" * 5000, b"\r\n".join(b"X-%d: a" % n for n in range(2000))):
        with counted(narrow, "http.header_bytes_max"):
            answer = raw(narrow, b"GET /api/whoami " + HEAD + header + b"\r\n\r\n")
            assert status(answer) == 431
            assert b"longer than 4096 bytes" in answer
    assert status(raw(narrow, b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n")) == 431


def test_a_body_beyond_the_limit_is_refused_however_it_is_sent(narrow):
    put = b"PUT /api/queues/%2F/x " + HEAD
    body = b" " * 100_001
    with counted(narrow, "http.body_bytes_max"):
        assert status(raw(narrow, put + b"Content-Length: 100001\r\n\r\n" + body)) == 413
    chunked = b"".join(b"%x\r\n%s\r\n" % (1000, b" " * 1000) for _ in range(101))
    with counted(narrow, "http.body_bytes_max"):
        assert status(raw(narrow, put + b"Transfer-Encoding: chunked\r\n\r\n" + chunked)) == 413
    # More than it says is the next request, and that is none.
    answer = raw(narrow, put + b"Content-Length: 2\r\n\r\n{}" + b" " * 100 + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 20")
    assert answer.count(b"HTTP/1.1 ") == 2 and b"HTTP/1.1 400" in answer
    narrow.delete(("queues", "/", "x"))


def test_bodies_that_are_held_together_are_limited(narrow):
    """Each by itself is within its limit."""
    narrow.put(("x", "config", "http.body_bytes_max"), {"value": "2 MiB"})
    narrow.put(("x", "config", "http.transfer_timeout_ms"), {"value": 60_000})
    try:
        publish = b"POST /api/exchanges/%2F/amq.default/publish " + HEAD
        with counted(narrow, "http.buffered_bytes_max"), dial(narrow) as first:
            first.sendall(publish + b"Content-Length: 700000\r\nExpect: 100-continue\r\n\r\n")
            assert first.recv(1000).startswith(b"HTTP/1.1 100 ")  # its place is taken
            answer = raw(narrow, publish + b"Content-Length: 700000\r\n\r\n{")
            assert status(answer) == 503
            assert b"http.buffered_bytes_max is 1048576" in answer
    finally:
        narrow.delete(("x", "config", "http.body_bytes_max"))
        narrow.delete(("x", "config", "http.transfer_timeout_ms"))


def test_ten_thousand_pipelined_requests_are_answered_and_others_too(api):
    one = b"GET /api/whoami " + HEAD + b"\r\n"
    with dial(api) as s:
        s.settimeout(120)
        received, sent, pending = b"", 0, one * 10_000
        answers = 0
        s.setblocking(False)
        deadline = time.monotonic() + 120
        while answers < 10_000:
            assert time.monotonic() < deadline, answers
            with contextlib.suppress(BlockingIOError):
                sent += s.send(pending[sent : sent + 65536])
            with contextlib.suppress(BlockingIOError):
                part = s.recv(1 << 20)
                assert part, answers
                received += part
                answers += received.count(b"HTTP/1.1 200 OK")
                received = received[received.rfind(b"HTTP/1.1 200 OK") + 15 :]
            if answers > 100 and sent % 7 == 0:
                assert api.get(("whoami",)).status == 200


# Requests that two servers might read differently.


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4",
        b"Content-Length: 4\r\nContent-Length: 5",
        b"Content-Length: +4",
        b"Content-Length: 4, 5",
        b"Content-Length: 0x4",
        b"Content-Length: -1",
        b"Content-Length: 99999999999999999999999",
        b"Content-Length : 4",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: xchunked",
        b"X: a\r\n folded",
        b"X: a\x00b",
        b"X: a\rb",
        b"X\x01: a",
        b": a",
    ],
)
def test_an_ambiguous_request_is_refused_and_the_connection_ended(api, header):
    smuggled = b"GET /api/overview " + HEAD + b"Connection: close\r\n\r\n"
    for end in (b"0\r\n\r\n", b"abcd"):
        answer = raw(api, b"POST /api/nothing " + HEAD + header + b"\r\n\r\n" + end + smuggled)
        assert status(answer) in (400, 501), answer
        assert answer.count(b"HTTP/1.1 ") == 1, answer


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"3\r\nabcde\r\n"])
def test_a_broken_chunk_is_refused_and_the_connection_ended(api, queue, chunk):
    smuggled = b"GET /api/overview " + HEAD + b"Connection: close\r\n\r\n"
    head = f"POST /api/queues/%2F/{queue}/get ".encode() + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = raw(api, head + chunk + b"0\r\n\r\n" + smuggled)
    assert status(answer) in (400, 413), answer
    assert answer.count(b"HTTP/1.1 ") == 1, answer


def test_the_same_length_twice_is_one_length(api, queue):
    head = f"POST /api/queues/%2F/{queue}/get ".encode() + HEAD + b"Connection: close\r\n"
    answer = raw(api, head + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}")
    assert status(answer) == 400 and answer.count(b"HTTP/1.1 ") == 1


def test_a_compressed_body_is_not_taken(api, queue):
    for coding in ("gzip", "deflate", "br", "gzip, gzip"):
        answer = api.post(("queues", "/", queue, "get"), b"\x1f\x8b\x08\x00" * 100, headers={"Content-Encoding": coding})
        answer.refuses(415, "unsupported_media_type", coding)
    assert api.take(queue) == []


# Parameters.


@pytest.mark.parametrize(
    "query",
    [
        "page=1&page_size=1000000000",
        "page=1&page_size=501",
        "page=1000000000000000000&page_size=1",
        "page=0",
        "page=-1",
        "page=1&page_size=-1",
        "page=1e3",
        "page=%00",
        "page=1&name=(a&use_regex=true",
        "page=1&use_regex=true&name=" + "(a{1,1000}){1,1000}",
    ],
)
def test_absurd_pages_and_patterns_are_refused(api, query):
    for path in ("/api/queues", "/api/exchanges", "/api/bindings", "/api/connections", "/api/channels"):
        assert api.get(f"{path}?{query}").status == 400, path


@pytest.mark.parametrize("pattern", ["(a*)*" * 30 + "b", "(a|aa)+$", "(x+x+)+y", "^(a?){50}a{50}$", ".*" * 200])
def test_a_pattern_takes_time_in_proportion_to_its_size(api, queue, pattern):
    for path in ("/api/queues", "/api/exchanges", "/api/bindings", "/api/connections"):
        assert api.get(path, page=1, use_regex="true", name=pattern).status == 200, path


def test_columns_and_paths_of_any_length_are_read(api, queue):
    columns = ",".join(f"a{n}" for n in range(2000))
    assert api.get(("queues",), page=1, columns=columns).status == 200
    assert api.get(("queues",), page=1, columns="a." * 6000).status == 200
    assert api.get(("bindings",), page=1, sort="a." * 6000).status == 200


@pytest.mark.parametrize("opening, closing", [('{"a":', "}"), ("[", "]")])
@pytest.mark.parametrize(
    "target, member",
    [
        (("queues", "/", "deep"), "arguments"),
        (("global-parameters", "deep"), "value"),
        (("policies", "/", "deep"), "definition"),
        (("users", "deep"), "tags"),
        (("vhosts", "deep"), "metadata"),
    ],
)
def test_a_body_nested_beyond_measure_is_refused(api, target, member, opening, closing):
    nested = f'{{"{member}": ' + opening * 100_000 + "1" + closing * 100_000 + "}"
    api.put(target, nested).refuses(400, "bad_request", "nested deeper than")
    api.get(target).refuses(404, "not_found")


def test_what_is_nested_as_deep_as_is_taken_can_be_exported_and_imported(api):
    deep, deeper = ('{"a":' * depth + "1" + "}" * depth for depth in (39, 40))
    assert api.put(("global-parameters", "deep"), f'{{"value": {deeper}}}').status == 400
    assert api.put(("global-parameters", "deep"), f'{{"value": {deep}}}').status == 201
    exported = api.get(("definitions",)).json
    assert [p["value"] for p in exported["global_parameters"] if p["name"] == "deep"] == [json.loads(deep)]
    assert api.delete(("global-parameters", "deep")).status == 204
    assert api.post(("definitions",), {"global_parameters": exported["global_parameters"]}).status == 204
    assert api.get(("global-parameters", "deep")).json["value"] == json.loads(deep)
    assert api.delete(("global-parameters", "deep")).status == 204


def test_a_body_of_brackets_without_an_end_is_refused(api):
    assert api.put(("queues", "/", "deep"), '{"x": ' + "[" * 400_000).status == 400


# Names and paths.


@pytest.mark.parametrize(
    "target",
    [
        "/..",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/..\\..\\etc\\passwd",
        "/assets/%00",
        "/index.html%00.png",
        "/assets/..%00/",
        "//etc/passwd",
        "/./index.html",
        "/%c0%ae%c0%ae/etc/passwd",
        "/assets/" + "a/" * 2000,
    ],
)
def test_no_path_leads_out_of_the_assets(api, target):
    answer = raw(api, b"GET " + target.encode() + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert status(answer) in (400, 404), answer
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "reason",
    [
        "%n%s%x %1000000000d ~p~n~1000000000s {} {0:1000000000} ${jndi:ldap://127.0.0.1/x} $(id)",
        "<img src=x onerror=alert(1)></script>\"'&amp;",
        "x" * 4096,
        "\U0001f430\u202e" * 30,
    ],
    ids=["formats", "markup", "4 KiB", "letters"],
)
def test_the_reason_of_a_close_is_text_and_no_more(api, connection, reason):
    port = connection._impl._transport._sock.getsockname()[1]
    (item,) = [c for c in api.get(("connections",)).json if c["peer_port"] == port]
    assert api.delete(("connections", item["name"]), headers={"X-Reason": reason.encode()}).status == 204
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker) as closed:
        while True:
            connection.process_data_events(time_limit=1)
    text = closed.value.reply_text
    assert ("CONNECTION_FORCED - " + reason).startswith(text.removesuffix("..."))
    assert reason in text or len(text.encode()) in range(250, 256)


@pytest.mark.parametrize("octet", [b"\0", b"\x1b", b"\x7f", b"\n"])
def test_a_reason_with_a_control_character_is_no_header(api, connection, octet):
    port = connection._impl._transport._sock.getsockname()[1]
    (item,) = [c for c in api.get(("connections",)).json if c["peer_port"] == port]
    head = b"DELETE " + path("connections", item["name"]).encode() + b" " + HEAD
    assert status(raw(api, head + b"X-Reason: a" + octet + b"[2Jb\r\n\r\n")) == 400
    assert api.get(("connections", item["name"])).status == 200


NAMES = ["../../x", "/", "..", ".", "a\0b", "é" * 127, "x" * 255, "\U0001f430", "a\nb", "%2e%2e", "con", "~", "a\\b", " "]


@pytest.mark.parametrize("name", NAMES)
def test_no_path_is_made_of_a_name(broker, api, name):
    outside = sorted(p.name for p in broker.directory.iterdir())
    vhost = name if name != "/" else "//"
    created = api.put(("vhosts", vhost))
    try:
        assert created.status in (201, 400), created
        if created.status == 201:
            queue = api.put(("queues", vhost, name), {"durable": True})
            assert queue.status in (201, 400), queue
            if queue.status == 201:
                assert [q["name"] for q in api.get(("queues", vhost)).json] == [name]
            assert api.get(("definitions", vhost)).status == 200
        assert sorted(p.name for p in broker.directory.iterdir()) == outside
        files = [p.relative_to(broker.directory) for p in broker.directory.rglob("*")]
        assert all(ord(c) < 128 and c.isprintable() for p in files for c in str(p)), files
    finally:
        if created.status == 201:
            assert api.delete(("vhosts", vhost)).status == 204


def test_definitions_beyond_their_limit_are_refused_and_change_nothing(api):
    head = b"POST /api/definitions " + HEAD
    assert status(raw(api, head + b"Content-Length: 104857601\r\n\r\n")) == 413
    text = json.dumps({"queues": [{"name": "never", "vhost": "/", "durable": True}]})[:-1]
    for broken in (text, text + ', "queues": []}', text + ', "bindings": [{"source": 1}]}'):
        assert api.post(("definitions",), broken).status == 400
    assert api.get(("queues", "/", "never")).status == 404
