"""SASL EXTERNAL: a client certificate instead of a password."""

import contextlib
import ssl

import pika
import pytest
from pika import spec

from support import broker as brokers
from support import frames, management, wait

pytestmark = pytest.mark.rule(102)

REFUSED = (
    "ACCESS_REFUSED - Login was refused using authentication mechanism EXTERNAL. "
    "For details see the broker logfile."
)


@pytest.fixture(scope="module")
def start(tmp_path_factory, authority):
    """Starts a broker with TLS settings, once for all tests that want the same."""
    running = {}

    def start(**settings):
        key = tuple(settings.items())
        if key not in running:
            directory = tmp_path_factory.mktemp("external")
            broker = brokers.running_with_tls(directory, authority, **settings)
            running[key] = brokers_until_the_end.enter_context(broker)
        return running[key]

    with contextlib.ExitStack() as brokers_until_the_end:
        yield start


@pytest.fixture
def log_in(authority):
    """A connection that has answered connection.start with EXTERNAL."""
    with contextlib.ExitStack() as opened:

        def log_in(broker, certificate, response=""):
            context = ssl.create_default_context(cafile=str(authority.certificate))
            if certificate:
                context.load_cert_chain(str(certificate.certificate), str(certificate.key))
            client = frames.Client(broker, tls=context)
            opened.callback(client.cut)
            client.log_in("EXTERNAL", response)
            return client

        yield log_in


def is_let_in(client):
    client.accept_tune()
    client.send(0, spec.Connection.Open("/"))
    client.expect(0, spec.Connection.OpenOk)
    return True


NAMES = {
    "/O=Example/CN=worker": "CN=worker,O=Example",
    "/C=DE/ST=Bayern/L=Ort/O=Ex, GmbH/OU= lead /CN=Grün \"q\" ~x#/emailAddress=a@b.de": (
        r"EMAILADDRESS=a@b.de,CN=Gr\C3\BCn \"q\" \7Ex#,OU=\ lead\ ,O=Ex\, GmbH,L=Ort,ST=Bayern,C=DE"
    ),
    "/DC=org/DC=ex/UID=u1/SN=sur/GN=giv/title=t/serialNumber=7/street=s/postalCode=1+CN=multi": (
        "2.5.4.17=1+CN=multi,2.5.4.9=s,SERIALNUMBER=7,TITLE=t,GIVENNAME=giv,SN=sur,UID=u1,"
        "DC=ex,DC=org"
    ),
}


@pytest.mark.parametrize("subject", NAMES)
def test_the_distinguished_name_is_the_user(start, authority, log_in, subject):
    broker = start()
    management.put_user(broker, NAMES[subject])
    assert is_let_in(log_in(broker, authority.sign(subject)))


def test_pika_logs_in_with_its_certificate_and_works(start, authority, name):
    broker = start()
    management.put_user(broker, "CN=pika")
    certificate = authority.sign("/CN=pika")
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(str(certificate.certificate), str(certificate.key))
    parameters = pika.ConnectionParameters(
        broker.host,
        broker.tls_port,
        ssl_options=pika.SSLOptions(context, "localhost"),
        credentials=pika.credentials.ExternalCredentials(),
    )
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare(name(), exclusive=True).method.queue
    properties = pika.BasicProperties(user_id="CN=pika")
    channel.basic_publish("", queue, b"job", properties)
    assert channel.basic_get(queue, auto_ack=True)[2] == b"job"
    connection.close()


def test_the_response_counts_for_nothing(start, authority, log_in):
    broker = start()
    management.put_user(broker, "CN=worker,O=Example")
    certificate = authority.sign("/O=Example/CN=worker")
    assert is_let_in(log_in(broker, certificate, "guest"))


def test_a_certificate_without_a_user_is_refused(start, authority, log_in):
    log_in(start(), authority.sign("/CN=nobody")).expect_connection_close(403, REFUSED)


def test_external_without_a_certificate_is_refused(start, log_in, expect, answer):
    client = log_in(start(), None)
    is_offered = b"EXTERNAL" in client.start.mechanisms.split()
    answer(f"EXTERNAL is {'offered' if is_offered else 'not offered'} without a certificate")
    row = "external-needs-a-certificate"
    assert is_offered == expect(leveret=False, rabbitmq=True, row=row)
    client.expect_connection_close(403, REFUSED)


def test_a_certificate_does_not_hinder_a_password(start, authority):
    broker = start()
    certificate = authority.sign("/CN=nobody")
    context = ssl.create_default_context(cafile=str(authority.certificate))
    context.load_cert_chain(str(certificate.certificate), str(certificate.key))
    client = frames.Client(broker, tls=context)
    client.log_in()
    assert b"EXTERNAL" in client.start.mechanisms.split()
    assert is_let_in(client)
    client.cut()


def test_the_common_name_is_the_user_when_the_broker_is_told_so(start, authority, log_in):
    broker = start(login_from="common_name", fail_if_no_peer_cert=True)
    assert is_let_in(log_in(broker, authority.sign("/O=Example/CN=guest")))
    management.put_user(broker, "a,b")
    assert is_let_in(log_in(broker, authority.sign("/CN=a/CN=b")))
    log_in(broker, authority.sign("/O=nameless")).expect_connection_close(403, REFUSED)


def test_no_one_without_a_certificate_comes_in_when_it_is_asked_for(start, authority):
    broker = start(login_from="common_name", fail_if_no_peer_cert=True)
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with pytest.raises((ssl.SSLError, ConnectionError, frames.Unexpected)):
        frames.Client(broker, tls=context).log_in()


def test_an_alternative_name_by_type_and_number_is_the_user(start, authority, log_in):
    broker = start(login_from="subject_alternative_name", san_type="email", san_index=1)
    management.put_user(broker, "two@example.org")
    names = "DNS:zero,email:one@example.org,DNS:other,email:two@example.org"
    assert is_let_in(log_in(broker, authority.sign("/CN=x", names)))
    one = authority.sign("/CN=x", "email:two@example.org")
    log_in(broker, one).expect_connection_close(403, REFUSED)


def test_the_management_api_shows_what_tls_has_come_to(start, authority, log_in):
    broker = start()
    management.put_user(broker, "CN=shown")
    client = log_in(broker, authority.sign("/CN=shown"))
    assert is_let_in(client)

    def shown():
        for connection in management.get(broker, "/api/connections"):
            if connection.get("user") == "CN=shown":
                return connection
        return None

    connection = wait.until(shown, "the connection in the list", deadline_s=50)
    assert connection["ssl"] is True
    assert connection["ssl_protocol"] == "tlsv1.3"
    assert connection["ssl_key_exchange"] == "any"
    assert connection["ssl_cipher"] in ("aes_256_gcm", "chacha20_poly1305", "aes_128_gcm")
    assert connection["ssl_hash"] == "aead"
    assert connection["peer_cert_subject"] == "CN=shown"
    assert connection["peer_cert_issuer"] == "CN=Test Root"
    begin, _, end = connection["peer_cert_validity"].partition(" - ")
    assert begin < end and begin.endswith("Z") and end.endswith("Z")

    listeners = management.get(broker, "/api/overview")["listeners"]
    ports = {(listener["protocol"], listener["port"]) for listener in listeners}
    assert {("amqp", broker.port), ("amqp/ssl", broker.tls_port)} <= ports
