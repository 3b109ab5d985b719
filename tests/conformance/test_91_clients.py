"""Clients of many languages, each telling the same story to the broker.

Every program takes the broker's URL and a prefix for its names, prints a line for each step that
held, and ends with an error at the first that did not.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
CLIENTS = HERE / "clients"
NODE = HERE / "node"
JARS = "/usr/share/java/amqp-client.jar:/usr/share/java/slf4j-api.jar:/usr/share/java/slf4j-nop.jar"
STEPS = [
    "declare",  # A topic exchange, queues with arguments, a binding.
    "confirms",  # 20 persistent messages.
    "return",  # A mandatory message comes back with 312 NO_ROUTE.
    "consume",  # With a prefetch of 5; one message requeued, one rejected, the others acknowledged.
    "dead letter",  # The rejected one, with its x-death as the client shows it.
    "headers",  # Nested lists and tables, void, 64 bits.
    "large body",  # 1 MiB.
    "cancel",  # The consumer of a deleted queue is told.
    "refusals",  # 404 and 406 with RabbitMQ's words.
    "heartbeat",  # The interval that the client asked for.
    "close",
]


def _python(script):
    return lambda _: [sys.executable, CLIENTS / script]


def _librabbitmq(directory):
    program = directory / "librabbitmq"
    _build(["cc", "-o", program, CLIENTS / "librabbitmq.c", "-lrabbitmq"])
    return [program]


def _amqplib(_):
    """The client as the lock file names it, installed once."""
    installed = NODE / "node_modules/.package-lock.json"
    lock = NODE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        _build(["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE)
    return ["node", NODE / "story.js"]


def _amqp091(directory):
    program = directory / "amqp091"
    environment = {
        "PATH": "/usr/bin:/bin",  # Debian's compiler, which brings its standard library built.
        "GOPATH": "/usr/share/gocode",
        "GO111MODULE": "off",
        "GOCACHE": str(directory / "cache"),
        "CGO_ENABLED": "0",
    }
    _build(["go", "build", "-o", program, CLIENTS / "amqp091.go"], env=environment)
    return [program]


def _build(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=55, **options)
    assert done.returncode == 0, done.stdout + done.stderr


# By the Debian package that has the client, or npm.
PROGRAMS = {
    "python3-amqp": _python("py_amqp.py"),
    "python3-aio-pika": _python("aio_pika_story.py"),
    "librabbitmq-dev": _librabbitmq,
    "npm": _amqplib,
    "php-amqplib": lambda _: ["php", CLIENTS / "php_amqplib.php"],
    "ruby-bunny": lambda _: ["ruby", CLIENTS / "bunny.rb"],
    "golang-github-rabbitmq-amqp091-go-dev": _amqp091,
    "librabbitmq-client-java": lambda _: ["java", "-cp", JARS, CLIENTS / "JavaClient.java"],
}


@pytest.mark.parametrize("package", PROGRAMS)
def test_a_client_tells_its_story(package, broker, name, tmp_path):
    if not (pathlib.Path("/usr/share/doc") / package).exists() and not shutil.which(package):
        pytest.skip(f"{package} is not installed")
    hear_story([*PROGRAMS[package](tmp_path), broker.url, name("story")])


@pytest.mark.parametrize("package", ["npm", "golang-github-rabbitmq-amqp091-go-dev"])
def test_a_client_tells_its_story_over_tls(package, tls_broker, authority, name, tmp_path):
    if not (pathlib.Path("/usr/share/doc") / package).exists() and not shutil.which(package):
        pytest.skip(f"{package} is not installed")
    url = f"amqps://guest:guest@localhost:{tls_broker.tls_port}/%2F"
    trusted = str(authority.certificate)
    hear_story(
        [*PROGRAMS[package](tmp_path), url, name("story")],
        env=os.environ | {"NODE_EXTRA_CA_CERTS": trusted, "SSL_CERT_FILE": trusted},
    )


def hear_story(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [f"ok {step}" for step in STEPS]
