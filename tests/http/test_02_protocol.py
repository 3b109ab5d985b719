"""HTTP itself: headers, methods, limits, bytes that are no HTTP."""

import json
import socket

import pytest

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def raw(api, data):
    """What comes back for these bytes until the server closes."""
    with socket.create_connection((api.host, api.port), timeout=120) as s:
        s.sendall(data)
        received = b""
        while True:
            part = s.recv(65536)
            if not part:
                return received
            received += part


@pytest.mark.parametrize("target", ["/", "/api/overview", "/api/nothing", "/nothing"])
def test_every_answer_carries_the_policies(api, target):
    headers = api.get(target).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Date"].endswith("GMT")


def test_api_answers_are_not_stored(api):
    answer = api.get(("overview",))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"


def test_another_method_is_told_which_ones_there_are(api, queue):
    answer = api.post(("queues",)).refuses(405, "method_not_allowed")
    assert answer.headers["Allow"] == "HEAD, GET, OPTIONS"
    answer = api.request("PATCH", ("queues", "/", queue))
    assert answer.headers["Allow"] == "HEAD, GET, PUT, DELETE, OPTIONS"
    answer = api.request("OPTIONS", ("queues",))
    assert (answer.status, answer.headers["Allow"]) == (200, "HEAD, GET, OPTIONS")


def test_head_is_get_without_the_body(api):
    answer = api.request("HEAD", ("whoami",))
    assert answer.status == 200
    assert answer.body == b""
    assert int(answer.headers["Content-Length"]) == len(api.get(("whoami",)).body)


def test_one_connection_serves_many_requests(api):
    connection = api.connect()
    headers = {"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="}
    for _ in range(50):
        connection.request("GET", "/api/whoami", headers=headers)
        assert json.load(connection.getresponse())["name"] == "guest"
    connection.close()


def test_requests_may_be_pipelined(api):
    one = b"GET /api/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"
    received = raw(api, (one + b"\r\n") * 200 + one + b"Connection: close\r\n\r\n")
    assert received.count(b"HTTP/1.1 200 OK") == 201


def test_a_chunked_body_is_read(api, queue):
    connection = api.connect()
    body = json.dumps({"count": 1, "ackmode": "ack_requeue_true"}).encode()
    connection.request(
        "POST",
        f"/api/queues/%2F/{queue}/get",
        iter([body[:5], body[5:]]),
        {"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="},
        encode_chunked=True,
    )
    assert json.load(connection.getresponse()) == []


def test_broken_json_says_where(api, queue):
    answer = api.put(("queues", "/", queue), '{"durable": true,\n "arguments": nonsense}')
    answer.refuses(400, "bad_request", "line 2, column 16")
    api.put(("queues", "/", queue), "[]").refuses(400, "bad_request", "object")


def test_a_body_beyond_the_limit_is_refused(api, queue):
    answer = api.put(("queues", "/", queue), b" " * (1024 * 1024 + 1))
    answer.refuses(413, "payload_too_large")


def test_a_lying_length_is_refused_before_it_is_read(api, queue):
    head = b"PUT /api/queues/%2F/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"
    assert raw(api, head + b"Content-Length: 999999999999\r\n\r\n").startswith(b"HTTP/1.1 413 ")


def test_the_server_asks_for_a_body_that_was_announced(api, queue):
    body = json.dumps({"count": 1, "ackmode": "ack_requeue_true"}).encode()
    head = f"POST /api/queues/%2F/{queue}/get HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += f"Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((api.host, api.port), timeout=120) as s:
        s.sendall(head.encode())
        assert s.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(body)
        assert b"HTTP/1.1 200 OK" in s.recv(65536)


@pytest.mark.parametrize(
    "data,status",
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\nabc", b"501"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
    ],
)
def test_bytes_that_are_no_good_request_are_refused(api, data, status):
    assert raw(api, data).split(b" ", 2)[1] == status


def test_an_amqp_client_learns_that_this_is_the_wrong_port(api):
    received = raw(api, b"AMQP\x00\x00\x09\x01")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert b"AMQP clients connect to another one" in received


def test_a_client_that_goes_away_half_way_hurts_nobody(api):
    for data in (b"", b"G", b"GET / HT", b"PUT /api/queues/%2F/x HTTP/1.1\r\nContent-Length: 100\r\n\r\n12"):
        with socket.create_connection((api.host, api.port)) as s:
            s.sendall(data)
    assert api.get(("whoami",)).status == 200


@pytest.mark.parametrize("target", ["/", "/ui/queues", "/ui/queue?vhost=%2F&name=a", "/index.html", "/ui"])
def test_the_dashboard_is_one_page(api, target):
    answer = api.get(target, auth=None)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert b"<title>" in answer.body


@pytest.mark.parametrize("target", ["/nothing", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../index.html", "/assets/"])
def test_there_is_nothing_else(api, target):
    api.get(target, auth=None).refuses(404, "not_found")


def test_assets_are_not_sent_twice(api):
    first = api.get("/", auth=None)
    again = api.get("/", auth=None, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    packed = api.get("/", auth=None, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})
    assert packed.headers["Content-Encoding"] in (None, "gzip")


def test_assets_are_only_read(api):
    assert api.post("/", auth=None).status == 405
    for method in ("PUT", "MOVE", "DELETE"):
        for target in ("/", "/index.html", "/fileserver/x.jsp", "/assets/x.js"):
            headers = {"Destination": "/assets/y.js"}
            assert api.request(method, target, b"x", headers).status in (404, 405), (method, target)
    api.get("/assets/x.js").refuses(404, "not_found")
