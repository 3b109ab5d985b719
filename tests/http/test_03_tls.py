"""The same API and dashboard by HTTPS, beside HTTP."""

import json
import signal
import socket
import ssl

import pytest

from api import Api
from support import broker as brokers
from support import wait
from support.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory, authority):
    directory = tmp_path_factory.mktemp("tls")
    with brokers.running_with_tls(directory, authority, fail_if_no_peer_cert=True) as broker:
        yield broker


@pytest.fixture
def own_broker(tmp_path, authority):
    """A broker of the test's own, with a certificate that nobody else has."""
    with brokers.running_with_tls(tmp_path / "own", authority) as broker:
        yield broker


@pytest.fixture
def context(authority):
    return ssl.create_default_context(cafile=str(authority.certificate))


@pytest.fixture
def secure(broker, context):
    return Api(broker.host, broker.https_port, context)


def test_requests_are_answered_as_by_http_and_no_client_certificate_is_asked_for(api, secure):
    assert secure.get("/api/whoami").json == api.get("/api/whoami").json
    assert secure.get("/api/whoami", auth=None).status == 401
    assert secure.get("/").body == api.get("/").body


def test_the_dashboard_may_post_from_its_own_https_origin(secure, broker):
    origin = {"Origin": f"https://{broker.host}:{broker.https_port}"}
    body = {"durable": False}
    assert secure.request("PUT", "/api/queues/%2F/by-https", body, headers=origin).status == 201
    stranger = {"Origin": "https://elsewhere.example"}
    assert secure.request("DELETE", "/api/queues/%2F/by-https", headers=stranger).status == 403
    assert secure.request("DELETE", "/api/queues/%2F/by-https", headers=origin).status == 204


def test_many_requests_go_by_one_connection_and_long_bodies_both_ways(secure):
    connection = secure.connect()
    headers = {"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q=", "Content-Type": "application/json"}
    connection.request("PUT", "/api/queues/%2F/long", "{}", headers)
    assert connection.getresponse().read() == b""
    payload = "x" * 300_000
    message = {"properties": {}, "routing_key": "long", "payload": payload, "payload_encoding": "string"}
    path = "/api/exchanges/%2F/amq.default/publish"
    connection.request("POST", path, json.dumps(message), headers)
    assert json.loads(connection.getresponse().read()) == {"routed": True}
    get = {"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"}
    connection.request("POST", "/api/queues/%2F/long/get", json.dumps(get), headers)
    assert json.loads(connection.getresponse().read())[0]["payload"] == payload
    connection.close()


def test_the_live_feed_comes_by_https(secure):
    connection = secure.connect()
    headers = {"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="}
    connection.request("GET", "/api/x/events?topics=overview", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    line = answer.readline()
    while not line.startswith(b"data:"):
        line = answer.readline()
    assert json.loads(line[5:])
    connection.close()


def test_http_on_the_https_port_is_told_to_use_https(broker):
    with socket.create_connection((broker.host, broker.https_port), timeout=30) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = plain.makefile("rb").read()
    assert received.startswith(b"HTTP/1.1 400 ") and b"This port speaks HTTPS" in received


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(broker, context):
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((broker.host, broker.https_port), timeout=30) as plain:
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            context.wrap_socket(plain, server_hostname="localhost")


def test_a_new_certificate_is_used_after_sighup_with_what_leads_to_the_root(
    own_broker, authority, context, tmp_path
):
    def issuer():
        with socket.create_connection((own_broker.host, own_broker.https_port), timeout=60) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                return dict(part for parts in secure.getpeercert()["issuer"] for part in parts)["commonName"]

    before = Api(own_broker.host, own_broker.https_port, context).connect()
    before.request("GET", "/")
    assert before.getresponse().read()
    assert issuer() == "Test Root"
    server = own_broker.tls.server
    server.certificate.write_text("broken")
    own_broker.process.send_signal(signal.SIGHUP)
    wait.until(lambda: "nothing has changed" in own_broker.log_tail(), "a complaint in the log")
    assert issuer() == "Test Root"
    fresh = Authority(tmp_path / "between", "Between", authority).sign("/CN=localhost", "DNS:localhost")
    server.certificate.write_bytes(fresh.certificate.read_bytes())
    server.key.write_bytes(fresh.key.read_bytes())
    own_broker.process.send_signal(signal.SIGHUP)
    wait.until(lambda: issuer() == "Between", "the new certificate")
    before.request("GET", "/")
    assert before.getresponse().read()
    before.close()


def test_a_handshake_that_stands_still_is_ended(broker):
    with socket.create_connection((broker.host, broker.https_port), timeout=60) as silent:
        silent.sendall(b"\x16\x03\x01\x02\x00\x01")
        assert silent.recv(100) == b""


def test_the_overview_lists_what_listens(api, broker):
    listeners = {(item["protocol"], item["port"]) for item in api.get("/api/overview").json["listeners"]}
    assert {("http", broker.http_port), ("https", broker.https_port)} <= listeners
    assert {("amqp", broker.port), ("amqp/ssl", broker.tls_port)} <= listeners


def test_the_broker_stops_with_an_idle_https_connection(tmp_path, authority, context):
    broker = brokers.from_environment(tmp_path / "stops")
    broker.tls = brokers.Tls(authority, authority.sign("/CN=localhost", "IP:127.0.0.1"))
    broker.start()
    idle = Api(broker.host, broker.https_port, context).connect()
    idle.request("GET", "/")
    idle.getresponse().read()
    assert broker.stop() == 0
    wait.until(lambda: not broker.is_running(), "the end")
    idle.close()
