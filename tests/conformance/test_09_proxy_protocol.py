"""Clients that come by a load balancer with the PROXY protocol."""

import re
import socket
import ssl
import struct
import urllib.parse

import pytest
from pika import spec

from support import broker as brokers
from support import frames, management, wait

pytestmark = pytest.mark.rule(103)

ELSEWHERE_1 = b"PROXY TCP4 203.0.113.7 10.0.0.1 50000 5672\r\n"
ELSEWHERE_2 = (
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11"
    + struct.pack(">H", 19)
    + socket.inet_aton("203.0.113.7")
    + socket.inet_aton("10.0.0.1")
    + struct.pack(">HH", 50000, 5672)
    + b"\x04\x00\x04fill"  # What else a proxy may add: here nothing of meaning.
)
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory, authority):
    """A broker for which this machine is a proxy, with a user who may come from anywhere."""
    broker = brokers.from_environment(tmp_path_factory.mktemp("proxied"))
    broker.tls = brokers.Tls(authority, authority.sign("/CN=localhost", "DNS:localhost"))
    broker.proxies = "10.0.0.0/8, 127.0.0.0/8"
    broker.preamble = b"PROXY TCP4 127.0.0.1 127.0.0.1 40000 5672\r\n"
    try:
        broker.start()
        management.put_user(broker, "remote", "secret")
        yield broker
    finally:
        broker.stop()


def open_as_remote(broker, **options):
    client = frames.Client(broker, **options)
    client.log_in(response="\0remote\0secret")
    client.accept_tune()
    client.send(0, spec.Connection.Open("/"))
    client.expect(0, spec.Connection.OpenOk)
    return client


@pytest.mark.parametrize("header", [ELSEWHERE_1, ELSEWHERE_2], ids=["version-1", "version-2"])
@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])
def test_the_client_is_where_the_header_says(proxied, authority, header, is_tls):
    tls = ssl.create_default_context(cafile=str(authority.certificate)) if is_tls else None
    client = open_as_remote(proxied, tls=tls, preamble=header)
    path = "/api/connections/" + urllib.parse.quote("203.0.113.7:50000 -> 10.0.0.1:5672")

    def shown():
        status, connection = management.request(proxied, "GET", path)
        return status == 200 and connection.get("user") and connection

    connection = wait.until(shown, "the connection in the list", deadline_s=50)
    assert (connection["peer_host"], connection["peer_port"]) == ("203.0.113.7", 50000)
    assert (connection["host"], connection["port"]) == ("10.0.0.1", 5672)
    assert connection["ssl"] is is_tls
    client.close()
    wait.until(lambda: not shown(), "the end of the connection")


@pytest.mark.leveret_only("proxy-protocol-loopback")
def test_guest_does_not_come_from_elsewhere_by_a_proxy_on_this_machine(proxied):
    client = frames.Client(proxied, preamble=ELSEWHERE_1)
    client.log_in()
    client.expect_connection_close(403, re.compile("^ACCESS_REFUSED - Login was refused"))


@pytest.mark.leveret_only("proxy-protocol-unknown")
@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", LOCAL], ids=["unknown", "local"])
def test_a_proxy_that_does_not_say_counts_itself(proxied, header):
    client = frames.Client(proxied, preamble=header)
    client.log_in()
    client.accept_tune()


def test_a_header_may_come_in_pieces(proxied):
    client = frames.Client(proxied, preamble=ELSEWHERE_1[:9])
    client.send_bytes(ELSEWHERE_1[9:30])
    client.send_bytes(ELSEWHERE_1[30:] + frames.PROTOCOL_HEADER)
    client.expect(0, spec.Connection.Start)


def test_a_proxy_has_to_send_its_header(proxied):
    client = frames.Client(proxied, preamble=b"")
    client.send_bytes(frames.PROTOCOL_HEADER)
    assert client.read_to_end() == b""


@pytest.mark.leveret_only("proxy-protocol-from")
def test_a_header_counts_from_a_trusted_proxy_only(tmp_path):
    broker = brokers.from_environment(tmp_path / "untrusted")
    broker.proxies = "10.0.0.0/8"
    broker.start()
    try:
        client = frames.Client(broker, preamble=ELSEWHERE_1)
        assert client.read_to_end() == frames.PROTOCOL_HEADER  # What a wrong header is answered with.
        frames.Client.open(broker).close()
    finally:
        broker.stop()
