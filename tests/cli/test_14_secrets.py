"""No secret is ever in a log, in what a process was started with, or in an error text; and no name forges a line."""

import base64
import hashlib
import http.client
import itertools
import json
import os
import pathlib
import re
import socket
import subprocess
import urllib.parse

import pytest
from pika import spec
from pika.data import encode_table

from conftest import LEVERET
from support import broker as brokers
from support import wait
from support.frames import Client

_numbers = itertools.count(1)
FORGED = "x\r\n2026-01-01T00:00:00.000+00:00 [info] forged\n\x1b[31mred\x1b[0m\x00\x9b2J"


class Secrets:
    """Makes up secrets and remembers them, with the forms that they travel in."""

    def __init__(self):
        self.all = {}

    def new(self, what):
        secret = f"s3cr3t{os.urandom(9).hex()}n{next(_numbers)}"
        self.all[secret] = what
        return secret

    def add(self, secret, what):
        """One that the broker made."""
        self.all[secret] = what
        return secret

    def found_in(self, text):
        """What it was that stands in the text, in any of its forms."""
        return sorted({
            what
            for secret, what in self.all.items()
            for form in self.forms(secret)
            if form in text
        })

    @staticmethod
    def forms(secret):
        yield secret
        yield secret.encode().hex()
        yield urllib.parse.quote(secret, safe="")
        # Wherever it stands in what is encoded: of the three ways to begin, what does not depend on its surroundings.
        for start in range(3):
            encoded = base64.b64encode(b"\0" * start + secret.encode()).decode()
            yield encoded[4 if start else 0 : -4]


@pytest.fixture(params=["text", "json"])
def chatty(request, tmp_path):
    """A broker that logs all that it can."""
    binary = os.environ.get("LEVERETD", str(brokers.REPOSITORY / "build/release/leveretd"))
    started = brokers.Leveret(tmp_path / "broker", binary)
    started.variables = {"LEVERET_LOG_LEVEL": "trace", "LEVERET_LOG_FORMAT": request.param}
    started.format = request.param
    started.start()
    yield started
    started.stop()


def call(broker, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(broker.host, broker.http_port, timeout=120)
    try:
        connection.request(method, path, body if isinstance(body, (str, bytes, type(None))) else json.dumps(body), headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def log_in(broker, mechanism, response):
    """Sends a login of its own by AMQP; True when it is accepted."""
    client = Client(broker)
    try:
        client.log_in(mechanism, response)
        try:
            client.expect(0, spec.Connection.Tune)
            return True
        except (AssertionError, OSError):
            return False
    finally:
        client.socket.close()


def amqplain(user, password):
    pieces = []
    encode_table(pieces, {"LOGIN": user, "PASSWORD": password})
    return b"".join(pieces)[4:]


def use_http(broker, secrets, answers):
    admin = basic("guest", "guest")

    def ask(method, path, body=None, headers=admin, status=None):
        got, text = call(broker, method, path, body, headers)
        answers.append((f"{method} {path.split('s3cr3t')[0]}", text, got))
        assert status is None or got == status, (method, path, got, text)
        return text

    password = secrets.new("password of a user made by HTTP")
    ask("PUT", "/api/users/by.http", {"password": password, "tags": "management"}, status=201)
    ask("GET", "/api/whoami", headers=basic("by.http", password), status=200)
    ask("GET", "/api/users", headers=basic("by.http", password), status=403)
    ask("PUT", "/api/users/by.http", {"password": secrets.new("changed password"), "tags": "management"}, status=204)
    ask("GET", "/api/whoami", headers=basic("by.http", secrets.new("wrong password by HTTP")), status=401)
    ask("GET", "/api/whoami", headers=basic("nobody", secrets.new("password of nobody")), status=401)
    ask("GET", "/api/whoami", headers={"Authorization": "Bearer " + secrets.new("bearer token")}, status=401)
    ask("GET", "/api/whoami", headers={"Authorization": "Basic " + secrets.new("no base64")}, status=401)
    ask("GET", "/api/whoami", headers={**admin, "Cookie": "auth=" + secrets.new("cookie")}, status=200)
    ask("GET", "/api/whoami", headers={"Authorization": secrets.new("scheme") * 2000})
    ask("PUT", "/api/users/both", {"password": secrets.new("both"), "password_hash": secrets.new("both, hash"), "tags": ""})
    ask("PUT", "/api/users/bad", {"password_hash": secrets.new("wrong hash"), "tags": ""}, status=400)
    ask("PUT", "/api/users/bad", {"password": [secrets.new("password in a list")], "tags": ""}, status=400)
    ask("PUT", "/api/users/bad", '{"password": "' + secrets.new("body that is no JSON") + '", ', status=400)
    ask("GET", "/api/auth/hash_password/" + secrets.new("password in a path"), status=200)
    ask("GET", "/api/whoami?password=" + secrets.new("password in a query"), status=200)

    made = json.loads(ask("POST", "/api/x/tokens", {"description": "for the test"}, status=201))
    answers.pop()  # the one time that it is shown
    token = secrets.add(made["token"], "token")
    ask("GET", "/api/whoami", headers=basic("guest", token), status=200)
    ask("DELETE", f"/api/x/tokens/{made['id']}", status=204)
    ask("GET", "/api/whoami", headers=basic("guest", token), status=401)

    salted = b"salt" + hashlib.sha256(b"salt" + secrets.new("password behind a hash").encode()).digest()
    stored = base64.b64encode(salted).decode()
    secrets.add(stored, "hash in definitions")
    users = [{"name": "imported", "password_hash": stored, "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": []}]
    ask("POST", "/api/definitions", {"users": users}, status=204)
    broken = [{"name": "broken", "password_hash": secrets.new("wrong hash in definitions"), "tags": 7}]
    ask("POST", "/api/definitions", {"users": broken, "queues": [{"name": 1}]}, status=400)
    uri = f"amqp://ann:{secrets.new('password in a URI')}@other/"
    ask("PUT", "/api/global-parameters/upstream", {"value": {"uri": uri}})
    ask("PUT", "/api/parameters/federation-upstream/%2F/up", {"value": {"uri": uri}})
    ask("PUT", "/api/x/config/log_format", {"value": broker.format}, status=200)
    ask("PUT", "/api/x/config/log_levle", {"value": secrets.new("value of no setting")})
    ask("POST", "/api/x/config/reload", {}, status=200)
    ask("DELETE", "/api/users/by.http", status=204)

    # Names, wherever a name may be.
    name = urllib.parse.quote(FORGED, safe="")
    for path, body in (
        (f"/api/users/{name}", {"password": secrets.new("password of a forger"), "tags": FORGED}),
        (f"/api/vhosts/{name}", {"description": FORGED}),
        (f"/api/queues/%2F/{name}", {}),
        (f"/api/exchanges/%2F/{name}", {"type": FORGED}),
        (f"/api/policies/%2F/{name}", {"pattern": FORGED, "definition": {FORGED: FORGED}}),
        (f"/api/x/config/{name}", {"value": FORGED}),
    ):
        ask("PUT", path, body)
    ask("DELETE", f"/api/vhosts/{name}")
    ask("GET", "/api/whoami", headers=basic(FORGED, secrets.new("password of a forged name")), status=401)
    with socket.create_connection((broker.host, broker.http_port), timeout=60) as raw:
        raw.sendall(b"GET /" + secrets.new("request that is none").encode() + b" \x1b[31m nonsense\r\n\r\n")
        answers.append(("nonsense", raw.recv(65536).decode(errors="replace"), 400))


def use_amqp(broker, secrets):
    good = secrets.new("password of a user by AMQP")
    call(broker, "PUT", "/api/users/by.amqp", {"password": good, "tags": ""}, basic("guest", "guest"))
    for mechanism, form in (
        ("PLAIN", lambda user, password: f"\0{user}\0{password}".encode()),
        ("AMQPLAIN", amqplain),
    ):
        assert log_in(broker, mechanism, form("by.amqp", good))
        assert not log_in(broker, mechanism, form("by.amqp", secrets.new(f"wrong password by {mechanism}")))
        assert not log_in(broker, mechanism, form("nobody", secrets.new(f"password of nobody by {mechanism}")))
        assert not log_in(broker, mechanism, form(FORGED, secrets.new(f"password of a forger by {mechanism}")))
        assert not log_in(broker, mechanism, secrets.new(f"malformed {mechanism}").encode())
        assert not log_in(broker, mechanism, form("by.amqp", secrets.new("long") * 50))
    assert not log_in(broker, "SCRAM", secrets.new("another mechanism").encode())


def use_command(broker, secrets, outputs, tmp_path):
    """The command: what it prints, and what others see of it in the list of processes."""
    wrong = secrets.new("password in LEVERET_URL")
    api_wrong = secrets.new("password in LEVERET_API")
    url = f"amqp://guest:{wrong}@127.0.0.1:{broker.port}/"
    good = {
        "LEVERET_URL": f"amqp://guest:guest@127.0.0.1:{broker.port}/",
        "LEVERET_API": f"http://guest:guest@127.0.0.1:{broker.http_port}",
    }
    bad = {"LEVERET_URL": url, "LEVERET_API": f"http://guest:{api_wrong}@127.0.0.1:{broker.http_port}"}

    def run(*words, stdin="", environment=good, status=0):
        done = subprocess.run(
            [LEVERET, *words], input=stdin, capture_output=True, text=True, env={**os.environ, **environment}, timeout=60
        )
        outputs.append((words[0], done.stdout + done.stderr))
        assert status is None or done.returncode == status, done

    run("users", "add", "by.command", stdin=secrets.new("password on standard input") + "\n")
    run("add_user", "by.ctl", stdin=secrets.new("password for add_user") + "\n")
    run("change_password", "by.ctl", stdin=secrets.new("password for change_password") + "\n")
    run("authenticate_user", "by.ctl", stdin=secrets.new("wrong for authenticate_user") + "\n", status=77)
    refused = secrets.new("password as a word")
    run("add_user", "by.word", refused, status=64)
    for words in (["queues"], ["users"], ["config", "show", "--origin"], ["list_queues"]):
        run(*words, environment=bad, status=77)
    run("get", "nothing", environment=bad, status=77)
    run("publish", "nothing", "x", environment=bad, status=77)
    run("config", "show", "--origin", environment={**good, "LEVERET_URL": url})
    run("config", "show", "--json", environment={**good, "LEVERET_URL": url})
    for text in (
        f"amqp//guest:{secrets.new('URL without a scheme')}@host/",
        f"amqp://guest:{secrets.new('URL with a bad port')}@host:port/",
        f"amqp://guest:{secrets.new('URL with a bad host')}@no.such.host.invalid/",
        f"amqp://guest:%zz{secrets.new('URL with bad escapes')}@host/",
    ):
        run("queues", environment={"LEVERET_URL": text, "LEVERET_API": ""}, status=None)
        run("get", "x", environment={"LEVERET_URL": text, "LEVERET_API": ""}, status=None)
        run("queues", environment={"LEVERET_API": text.replace("amqp", "http")}, status=None)
    source = f"amqp://guest:{secrets.new('URL to migrate from')}@127.0.0.1:{broker.port}/"
    run("migrate", source, "--state", str(tmp_path / "state"), status=None)
    file = tmp_path / "broken.json"
    file.write_text(json.dumps({"users": [{"name": "x", "password_hash": secrets.new("hash in a file"), "tags": 1}]}))
    run("definitions", "import", str(file), status=None)
    # While it asks: its arguments are for everyone to read.
    waiting = subprocess.Popen(
        [LEVERET, "users", "add", "by.waiting"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **good},
    )
    waiting.stdin.write(secrets.new("password that is being typed"))
    waiting.stdin.flush()
    outputs.append(("arguments", pathlib.Path(f"/proc/{waiting.pid}/cmdline").read_text()))
    out, err = waiting.communicate(timeout=60)
    outputs.append(("users", out + err))


def start_with_broken_definitions(broker, secrets, outputs, tmp_path):
    file = tmp_path / "definitions.json"
    file.write_text(json.dumps({"users": [{"name": "x", "password_hash": secrets.new("hash at a start"), "tags": []}]}))
    done = subprocess.run(
        [broker.binary, "--data-dir", str(tmp_path / "other"), "--amqp-port", "0", "--http-port", "0"],
        capture_output=True, text=True, timeout=60,
        env={**os.environ, **broker.variables, "LEVERET_METRICS_PORT": "none", "LEVERET_DEFINITIONS_FILE": str(file)},
    )
    assert done.returncode != 0, done
    outputs.append(("leveretd", done.stdout + done.stderr))


def test_nothing_secret_is_told_and_no_line_is_forged(chatty, tmp_path):
    secrets, outputs, answers = Secrets(), [], []
    use_http(chatty, secrets, answers)
    use_amqp(chatty, secrets)
    use_command(chatty, secrets, outputs, tmp_path)
    start_with_broken_definitions(chatty, secrets, outputs, tmp_path)
    outputs.append(("arguments of leveretd", pathlib.Path(f"/proc/{chatty.process.pid}/cmdline").read_text()))
    assert len(secrets.all) > 40

    def failed_logins():
        return chatty.log_path.read_text(errors="replace").count("by.amqp") > 1

    wait.until(failed_logins, "the log of the logins")
    chatty.stop()
    log = chatty.log_path.read_text(errors="strict")
    assert len(log.splitlines()) > 30, "a broker that says everything says more"
    probe = Secrets()
    probe.add("by.amqp", "what is there")
    assert probe.found_in(log) == probe.found_in(str(basic("x", "by.amqp!"))) == ["what is there"], "the search finds"
    assert secrets.found_in(log) == [], "in the log"
    for where, text in outputs:
        assert secrets.found_in(text) == [], f"in what {where} printed: {text}"
    for where, text, status in answers:
        if status >= 400:
            assert secrets.found_in(text) == [], f"in the answer to {where}: {text}"

    for line in log.splitlines():
        if line.startswith("leveretd "):
            continue  # on standard output, for scripts: that it is ready, and where
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", line), line
        if chatty.format == "json":
            entry = json.loads(line)
            assert {"time", "level", "message"} <= entry.keys(), line
            assert not re.search(r"[\x00-\x1f\x7f-\x9f]", json.dumps(entry, ensure_ascii=False)), line
        else:
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S+ \[(trace|debug|info|warn|error|critical)\] ", line), line
        assert not re.match(r".*\[info\] forged", line) or "\\x0a" in line, line
    assert "forged" in log, "the forged name was logged, escaped"
    assert "\n2026-01-01T00:00:00" not in log
