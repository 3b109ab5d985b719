"""npm's amqplib: a story in node/story.js, of which each step prints a line."""

import pathlib
import shutil
import subprocess

import pytest

NODE = pathlib.Path(__file__).parent / "node"
STEPS = [
    "confirms",
    "prefetch and requeue",
    "topic routing",
    "large body",
    "dead letter",
    "return",
    "refusal",
    "close",
]


@pytest.fixture(scope="module")
def amqplib():
    """The client as the lock file names it, installed once."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    installed = NODE / "node_modules/.package-lock.json"
    lock = NODE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, check=True, timeout=50)


def test_amqplib_does_its_work(amqplib, broker, name):
    done = subprocess.run(
        ["node", NODE / "story.js", broker.url, name("amqplib")],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [f"ok {step}" for step in STEPS]
