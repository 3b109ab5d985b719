"""AMQP over TLS: what is accepted, what is refused, and that bytes stay what they are."""

import hashlib
import itertools
import os
import signal
import socket
import ssl
import subprocess

import pika
import pytest
from pika import spec

from support import frames, wait
from support.certificates import Authority

pytestmark = pytest.mark.rule(101)


def client_context(authority, certificate=None, version=None):
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if certificate:
        context.load_cert_chain(str(certificate.certificate), str(certificate.key))
    if version:
        context.minimum_version = context.maximum_version = version
    return context


@pytest.fixture
def connect(tls_broker):
    """Opens pika connections over TLS that are closed with the test."""
    opened = []

    def connect(context):
        parameters = pika.ConnectionParameters(
            tls_broker.host,
            tls_broker.tls_port,
            heartbeat=0,
            ssl_options=pika.SSLOptions(context, "localhost"),
        )
        opened.append(pika.BlockingConnection(parameters))
        return opened[-1]

    yield connect
    for connection in opened:
        if connection.is_open:
            connection.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_messages_of_any_size_come_back_as_they_went(connect, authority, name, version):
    channel = connect(client_context(authority, version=version)).channel()
    channel.confirm_delivery()
    queue = channel.queue_declare(name(), exclusive=True).method.queue
    bodies = [os.urandom(size) for size in (0, 1, 16383, 16384, 16385, 131064, 3_000_000)]
    for body in bodies:
        channel.basic_publish("", queue, body)
    for body in bodies:
        _, _, received = channel.basic_get(queue, auto_ack=True)
        assert hashlib.sha256(received).digest() == hashlib.sha256(body).digest()


def test_thousands_of_small_messages_stay_in_order(connect, authority, name):
    channel = connect(client_context(authority)).channel()
    queue = channel.queue_declare(name(), exclusive=True).method.queue
    for number in range(5000):
        channel.basic_publish("", queue, b"%d" % number)
    received = [body for _, _, body in itertools.islice(channel.consume(queue, auto_ack=True), 5000)]
    assert received == [b"%d" % number for number in range(5000)]


def test_a_client_that_reads_slowly_gets_all(tls_broker, authority, name):
    """Writes that would block are taken up again where they were."""
    reader = frames.Client(tls_broker, tls=client_context(authority))
    reader.log_in()
    reader.accept_tune()
    reader.send(0, spec.Connection.Open("/"))
    reader.expect(0, spec.Connection.OpenOk)
    reader.open_channel()
    queue = name()
    reader.send(1, spec.Queue.Declare(queue=queue, exclusive=True))
    reader.expect(1, spec.Queue.DeclareOk)
    bodies = [bytes([number % 251]) * (100 + 977 * (number % 120)) for number in range(400)]
    for body in bodies:
        reader.publish(1, "", queue, body)
    reader.send(1, spec.Basic.Consume(queue=queue, no_ack=True))
    reader.expect(1, spec.Basic.ConsumeOk)
    for body in bodies:
        _, _, received = reader.expect_content(1, spec.Basic.Deliver)
        assert received == body
    reader.close()


@pytest.mark.leveret_only("tls-1-2-at-least")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(tls_broker, authority):
    context = client_context(authority)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        frames.Client(tls_broker, tls=context)


def refused_by_the_server(broker, context):
    """Whether the server ends a connection with this context before connection.start."""
    try:
        client = frames.Client(broker, tls=context)
        client.send_bytes(frames.PROTOCOL_HEADER)
        return client.receive() is None
    except (ssl.SSLError, ConnectionError):  # With TLS 1.3 a client learns it after its handshake.
        return True


def test_a_good_client_certificate_is_accepted(tls_broker, authority):
    context = client_context(authority, authority.sign("/CN=good"))
    assert not refused_by_the_server(tls_broker, context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_expired_client_certificate_is_refused(tls_broker, authority, version):
    context = client_context(authority, authority.sign("/CN=late", days=-1), version)
    assert refused_by_the_server(tls_broker, context)


@pytest.mark.parametrize("issuer", ["Someone Else", "Test Root"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_of_another_authority_is_refused(
    tls_broker, authority, tmp_path, version, issuer
):
    stranger = Authority(tmp_path, issuer).sign("/CN=stranger")
    assert refused_by_the_server(tls_broker, client_context(authority, stranger, version))


def test_a_client_certificate_is_accepted_with_what_leads_to_the_root(
    tls_broker, authority, tmp_path
):
    certificate = Authority(tmp_path, "Between", authority).sign("/CN=good")
    assert not refused_by_the_server(tls_broker, client_context(authority, certificate))
    first, end, _ = certificate.certificate.read_text().partition("-----END CERTIFICATE-----\n")
    certificate.certificate.write_text(first + end)
    assert refused_by_the_server(tls_broker, client_context(authority, certificate))


@pytest.mark.leveret_only("tls-renegotiation")
def test_a_client_may_not_negotiate_again(tls_broker):
    address = f"{tls_broker.host}:{tls_broker.tls_port}"
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", address, "-tls1_2", "-no_ign_eof"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with client:
        client.stdin.write("R\n")
        client.stdin.flush()
        said = client.stdout.read()
    assert "RENEGOTIATING" in said and "no renegotiation" in said


def answer_to(address, sent):
    """All that comes back until the peer ends the connection, politely or not."""
    received = b""
    with socket.create_connection(address, timeout=40) as client:
        client.sendall(sent)
        try:
            while data := client.recv(4096):
                received += data
        except ConnectionResetError:
            pass
    return received


def test_a_client_without_tls_on_the_tls_port_is_ended(tls_broker):
    answer = answer_to((tls_broker.host, tls_broker.tls_port), frames.PROTOCOL_HEADER)
    assert b"AMQP" not in answer


@pytest.mark.leveret_only("tls-log")
def test_the_log_says_who_speaks_the_wrong_language(tls_broker, authority):
    test_a_client_without_tls_on_the_tls_port_is_ended(tls_broker)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with socket.create_connection((tls_broker.host, tls_broker.port), timeout=20) as plain:
            client_context(authority).wrap_socket(plain, server_hostname="localhost")
    for line in ("a client without TLS on the TLS port", "a TLS client on the plain AMQP port?"):
        wait.until(lambda: line in tls_broker.log_tail(), f"'{line}' in the log")


def test_a_handshake_that_stands_still_is_ended(tls_broker):
    start_of_a_hello = b"\x16\x03\x01\x02\x00\x01"
    assert answer_to((tls_broker.host, tls_broker.tls_port), start_of_a_hello) == b""


@pytest.mark.leveret_only("tls-reload")
def test_a_new_certificate_is_used_after_sighup_and_open_connections_go_on(
    tls_broker, authority, connect, name
):
    def serial_number():
        client = frames.Client(tls_broker, tls=client_context(authority))
        number = client.socket.getpeercert()["serialNumber"]
        client.cut()
        return number

    channel = connect(client_context(authority)).channel()
    queue = channel.queue_declare(name(), exclusive=True).method.queue
    before = serial_number()

    server = tls_broker.tls.server
    kept = server.certificate.read_bytes(), server.key.read_bytes()
    try:
        server.certificate.write_text("broken")
        tls_broker.process.send_signal(signal.SIGHUP)
        wait.until(lambda: "nothing has changed" in tls_broker.log_tail(), "a complaint in the log")
        assert serial_number() == before

        fresh = authority.sign("/CN=localhost", "DNS:localhost,IP:127.0.0.1")
        server.certificate.write_bytes(fresh.certificate.read_bytes())
        server.key.write_bytes(fresh.key.read_bytes())
        tls_broker.process.send_signal(signal.SIGHUP)
        wait.until(lambda: serial_number() != before, "the new certificate")
        channel.basic_publish("", queue, b"still here")
        assert channel.basic_get(queue, auto_ack=True)[2] == b"still here"
    finally:
        server.certificate.write_bytes(kept[0])
        server.key.write_bytes(kept[1])
