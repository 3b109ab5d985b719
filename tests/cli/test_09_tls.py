"""amqps:// and https://: what is trusted, who logs in, and what is said when it does not work."""

import urllib.parse

import pytest

from conftest import Leveret
from support import broker as brokers
from support import management
from support.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls_broker(tmp_path_factory, authority):
    with brokers.running_with_tls(tmp_path_factory.mktemp("tls"), authority) as broker:
        yield broker


def amqps(broker, host="localhost", **parameters):
    query = urllib.parse.urlencode({name: str(value) for name, value in parameters.items()})
    return f"amqps://guest:guest@{host}:{broker.tls_port}/%2F?{query}"


def https(broker, host="localhost", **parameters):
    query = urllib.parse.urlencode({name: str(value) for name, value in parameters.items()})
    return f"https://guest:guest@{host}:{broker.https_port}?{query}"


@pytest.fixture
def run(tls_broker):
    tls_broker.api = None
    return Leveret(tls_broker).run


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_jobs_go_and_come_by_tls(run, tls_broker, authority, host):
    url = amqps(tls_broker, host, cacertfile=authority.certificate)
    api = https(tls_broker, host, cacertfile=authority.certificate)
    management.request(tls_broker, "PUT", "/api/queues/%2F/jobs", {})
    lines = "".join(f"job {number} {'x' * number}\n" for number in range(2000))
    run("publish", "jobs", "--lines", "--url", url, stdin=lines)
    assert "jobs" in run("queues", "--url", url, "--api", api).stdout
    done = run("work", "jobs", "--drain", "--url", url, "--concurrency", 2, "--", "true")
    assert "acked 2,000" in done.stderr


def test_the_system_does_not_trust_an_authority_of_ours(run, tls_broker):
    done = run("get", "jobs", "--url", amqps(tls_broker), status=69)
    assert "the server's certificate is not trusted" in done.stderr
    assert "cacertfile=FILE" in done.stderr
    done = run("queues", "--api", https(tls_broker), status=69)
    assert "the server's certificate is not trusted" in done.stderr


def test_the_certificate_has_to_be_for_the_host(run, tls_broker, authority):
    trusted = {"cacertfile": authority.certificate}
    url = amqps(tls_broker, server_name_indication="elsewhere.example", **trusted)
    done = run("get", "jobs", "--url", url, status=69)
    assert "the server's certificate is not for 'elsewhere.example'" in done.stderr
    api = https(tls_broker, "127.0.0.2", **trusted)
    assert "127.0.0.2" in run("queues", "--api", api, status=69).stderr


def test_verify_none_takes_any_server(run, tls_broker):
    management.request(tls_broker, "PUT", "/api/queues/%2F/any", {})
    run("publish", "any", "x", "--url", amqps(tls_broker, verify="verify_none"))
    run("queues", "--api", https(tls_broker, verify="verify_none"))


def test_a_certificate_logs_in_by_external(run, tls_broker, authority):
    management.put_user(tls_broker, "CN=cli")
    management.request(tls_broker, "PUT", "/api/queues/%2F/external", {})
    client = authority.sign("/CN=cli")
    files = {"certfile": client.certificate, "keyfile": client.key, "auth_mechanism": "external"}
    run("publish", "external", "x", "--url", amqps(tls_broker, cacertfile=authority.certificate, **files))


def test_a_file_that_cannot_be_used_is_named(run, tls_broker, authority):
    done = run("get", "q", "--url", amqps(tls_broker, cacertfile="/nowhere/ca.pem"), status=69)
    assert "the file of cacertfile, '/nowhere/ca.pem', cannot be used" in done.stderr
    done = run("get", "q", "--url", amqps(tls_broker, certfile=authority.certificate), status=69)
    assert "give certfile and keyfile" in done.stderr


def test_the_wrong_ports_are_told_of(run, tls_broker, authority):
    url = f"amqps://localhost:{tls_broker.port}/?verify=verify_none"
    assert "does not speak TLS" in run("get", "q", "--url", url, status=69).stderr
    api = f"https://localhost:{tls_broker.http_port}?verify=verify_none"
    assert "does not speak TLS" in run("queues", "--api", api, status=69).stderr
    url = f"amqp://127.0.0.1:{tls_broker.tls_port}"
    run("get", "q", "--url", url, status=69)
