"""An import of definitions is done whole or not at all, whatever happens; and at the start from a file."""

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import threading

import pytest

from api import Api
from support import broker as brokers
from support import wait

QUEUES = 20_000


@contextlib.contextmanager
def running(directory, start=True):
    broker = brokers.from_environment(directory)
    try:
        if start:
            broker.start()
        yield broker
    finally:
        broker.kill()


def api_of(broker):
    return Api(broker.host, broker.http_port)


def many(count=QUEUES):
    """Definitions that take a while."""
    return {
        "vhosts": [{"name": "new", "metadata": {"default_queue_type": "quorum"}}],
        "users": [{"name": "ann", "password_hash": "", "tags": []}],
        "permissions": [{"user": "ann", "vhost": "new", "configure": "", "write": "", "read": ""}],
        "global_parameters": [{"name": "g", "value": 1}],
        "exchanges": [{"name": "e", "vhost": "new", "type": "direct", "durable": True}],
        "queues": [{"name": f"q{n}", "vhost": "new", "durable": True} for n in range(count)],
        "bindings": [
            {"source": "e", "vhost": "new", "destination": f"q{n}", "destination_type": "queue", "routing_key": f"{n % 100}"}
            for n in range(count)
        ],
    }


def state(api):
    """What there is of many()."""
    exported = api.get(("definitions",)).json
    return {
        "vhosts": len([each for each in exported["vhosts"] if each["name"] == "new"]),
        "types": [each.get("default_queue_type") for each in exported["vhosts"] if each["name"] == "new"],
        "users": len([each for each in exported["users"] if each["name"] == "ann"]),
        "globals": len(exported["global_parameters"]),
        "queues": len([each for each in exported["queues"] if each["vhost"] == "new"]),
        "bindings": len([each for each in exported["bindings"] if each["vhost"] == "new"]),
    }


NOTHING = {"vhosts": 0, "types": [], "users": 0, "globals": 0, "queues": 0, "bindings": 0}
ALL = {"vhosts": 1, "types": ["quorum"], "users": 1, "globals": 1, "queues": QUEUES, "bindings": QUEUES}


def post_and_be_cut_off(api, body, answers):
    with contextlib.suppress(OSError, http.client.HTTPException):
        answers.append(api.post(("definitions",), body).status)


@pytest.mark.parametrize("seen", [0, 1, 5_000, 15_000])
def test_an_import_that_was_killed_is_whole_after_the_start(tmp_path, seen):
    body = json.dumps(many())
    with running(tmp_path) as broker:
        api = api_of(broker)
        answers = []
        thread = threading.Thread(target=post_and_be_cut_off, args=(api, body, answers))
        thread.start()
        if seen:
            count = lambda: api.get(("overview",)).json["object_totals"]["queues"]
            wait.until(lambda: count() >= seen or answers, f"{seen} queues")
        broker.kill()
        thread.join()
        broker.start()
        found = state(api_of(broker))
        assert found == ALL if seen or answers else found in (NOTHING, ALL)
        # And again: nothing is left to be done at the next start.
        broker.restart()
        assert state(api_of(broker)) == found


def test_an_import_is_finished_by_a_polite_stop_too(tmp_path):
    with running(tmp_path) as broker:
        api = api_of(broker)
        answers = []
        thread = threading.Thread(target=post_and_be_cut_off, args=(api, json.dumps(many()), answers))
        thread.start()
        wait.until(lambda: api.get(("overview",)).json["object_totals"]["queues"] >= 1, "the first queue")
        assert broker.stop() == 0
        thread.join()
        broker.start()
        assert state(api_of(broker)) == ALL


@pytest.fixture
def small_disk(tmp_path):
    """A directory for a broker whose data is on a disk of 8 MiB; called, it becomes large."""
    data = tmp_path / "broker" / "data"
    data.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", "size=8m", "tmpfs", str(data)]
    if shutil.which("mount") is None or subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    grow = lambda: subprocess.run(["mount", "-o", "remount,size=200m", str(data)], check=True)
    yield tmp_path / "broker", grow
    subprocess.run(["umount", str(data)], check=True)


def test_a_full_disk_is_told_of_and_the_import_goes_on_when_there_is_room(small_disk):
    directory, grow = small_disk
    with running(directory) as broker:
        api = api_of(broker)
        answer = api.post(("definitions",), many())
        answer.refuses(503, "unfinished", "the disk has not taken it within a minute")
        assert state(api) != ALL
        grow()
        wait.until(lambda: state(api) == ALL, "the rest of the import", deadline_s=60)
        broker.kill()
        broker.start()
        assert state(api_of(broker)) == ALL


# At the start, from a file.


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "definitions.json"
    monkeypatch.setenv("LEVERET_DEFINITIONS_FILE", str(path))
    return path


def test_a_file_is_imported_at_the_start_and_not_again_until_it_changes(tmp_path, file):
    body = many(10)
    file.write_text(json.dumps(body))
    with running(tmp_path / "broker") as broker:
        api = api_of(broker)
        assert len(api.get(("queues", "new")).json) == 10
        api.put(("permissions", "new", "guest"), {"configure": ".*", "write": ".*", "read": ".*"})
        assert api.delete(("queues", "new", "q3")).status == 204
        broker.restart()
        api = api_of(broker)
        assert len(api.get(("queues", "new")).json) == 9
        body["queues"][5]["arguments"] = {"x-max-length": 1}  # a conflict: stays as it is
        file.write_text(json.dumps(body))
        broker.restart()
        queues = {each["name"]: each["arguments"] for each in api_of(broker).get(("queues", "new")).json}
        assert len(queues) == 10 and queues["q5"] == {}


@pytest.mark.parametrize(
    "content, status, said",
    [
        ('{"queues": [{"name": "q", "vhost": "no"}]}', 65, "queues[0].vhost: there is no virtual host 'no'"),
        ('{"queues": ', 65, "broken at line 1, column"),
        (None, 78, "cannot read the definitions in "),
    ],
)
def test_a_file_that_is_wrong_ends_the_start(tmp_path, file, content, status, said):
    if content is not None:
        file.write_text(content)
    with running(tmp_path / "broker", start=False) as broker:
        with pytest.raises(AssertionError, match="while starting"):
            broker.start()
        assert broker.process.returncode == status
        assert "leveretd: definitions.file: " in broker.log_tail() and said in broker.log_tail()
        assert str(file) in broker.log_tail()
        # Nothing has changed: without the file it starts as new.
        os.environ.pop("LEVERET_DEFINITIONS_FILE")
        broker.start()
        assert state(api_of(broker)) == NOTHING
