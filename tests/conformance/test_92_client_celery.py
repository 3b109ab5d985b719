"""Celery: a real worker process that runs real tasks, with results over rpc://."""

import contextlib
import datetime
import os
import pathlib
import subprocess
import sys
import uuid

import pytest

from support import wait
from support.amqp import get

APP = pathlib.Path(__file__).parent / "celery_app"

celery = pytest.importorskip("celery")


@pytest.fixture(scope="module")
def worker(_broker, tmp_path_factory):
    """A running worker, and the module of its tasks bound to the same broker."""
    directory = tmp_path_factory.mktemp("celery")
    queue = f"celery-{uuid.uuid4().hex[:8]}"
    os.environ.update(BROKER_URL=_broker.url, QUEUE=queue)
    sys.path.insert(0, str(APP))
    import tasks

    with open(directory / "worker.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tasks", "worker"]
            + ["--concurrency", "2", "--loglevel", "INFO", "-n", f"{queue}@localhost"],
            cwd=APP,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "C_FORCE_ROOT": "1"},
        )
    try:
        ready = directory / "worker.log"

        def is_ready():
            assert process.poll() is None, ready.read_text()
            return "ready." in ready.read_text()

        wait.until(is_ready, "start of the Celery worker", deadline_s=50)
        yield tasks
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()
        process.wait()
        tasks.app.close()
        sys.path.remove(str(APP))


def test_a_task_returns_its_result(worker):
    assert worker.add.delay(2, 3).get(timeout=30) == 5


def test_many_tasks_return_theirs(worker):
    results = [worker.add.delay(number, number) for number in range(100)]
    assert [result.get(timeout=30) for result in results] == [2 * number for number in range(100)]


def test_a_group_and_a_chain_work(worker):
    group = celery.group(worker.add.s(number, 1) for number in range(10))
    assert group().get(timeout=30) == list(range(1, 11))
    chain = celery.chain(worker.add.s(1, 2), worker.add.s(3), worker.add.s(4))
    assert chain().get(timeout=30) == 10


def test_a_task_is_retried_until_it_succeeds(worker):
    assert worker.succeeds_on_attempt.delay(4).get(timeout=30) == 4


def test_an_exception_comes_back(worker):
    with pytest.raises(ValueError, match="no such video"):
        worker.fails.delay().get(timeout=30)


def test_a_countdown_is_waited_out(worker):
    """The worker holds a task with an ETA unacknowledged and raises its prefetch meanwhile."""
    later = worker.add.apply_async((1, 1), countdown=1)
    assert worker.add.delay(2, 2).get(timeout=30) == 4
    assert later.get(timeout=30) == 2


def test_a_rejected_task_is_dead_lettered(worker, channel):
    channel.queue_declare(worker.DEAD, durable=True)
    sent = worker.is_rejected.delay()
    _, properties, _ = get(channel, worker.DEAD, auto_ack=True)
    assert properties.headers["id"] == sent.id
    assert properties.headers["x-death"][0]["reason"] == "rejected"


def test_a_task_whose_process_was_killed_is_run_again(worker, tmp_path):
    assert worker.dies_first.delay(str(tmp_path / "died")).get(timeout=50) is True


def test_the_worker_answers_to_remote_control(worker):
    """Remote control is a fanout exchange and an auto-delete reply queue per caller."""
    (answer,) = wait.until(lambda: worker.app.control.ping(timeout=1), "an answer to ping")
    assert list(answer.values()) == [{"ok": "pong"}]
    (registered,) = worker.app.control.inspect(timeout=2).registered().values()
    assert "tasks.add" in registered


def test_an_eta_is_waited_for(worker):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    assert worker.add.apply_async((1, 2), eta=soon).get(timeout=30) == 3
    assert datetime.datetime.now(datetime.timezone.utc) >= soon


@contextlib.contextmanager
def _events(worker):
    """Monitors like Flower consume these from a topic exchange, through a queue that expires.

    Gives `until(condition)`, which returns all events heard once the condition holds for them.
    """
    heard = []
    with worker.app.connection() as connection:
        receiver = worker.app.events.Receiver(connection, handlers={"*": heard.append})
        with receiver.consumer_context() as (consuming, _, _):

            def until(condition):
                while not condition(heard):
                    consuming.drain_events(timeout=30)
                return heard

            worker.app.control.enable_events(reply=True, timeout=2)
            yield until


def test_the_workers_events_are_heard(worker):
    with _events(worker) as until:
        task = worker.add.delay(1, 1)
        events = until(lambda heard: any(event["type"] == "task-succeeded" for event in heard))
    seen = [event["type"] for event in events if event.get("uuid") == task.id]
    assert seen == ["task-received", "task-started", "task-succeeded"]


def test_tasks_of_a_higher_priority_come_first(worker):
    """From a queue of its own, filled while nobody consumes from it."""
    urgent = worker.URGENT
    worker.app.control.cancel_consumer(urgent, reply=True, timeout=2)
    tasks = {
        worker.add.apply_async((1, 1), queue=urgent, priority=level).id: level
        for level in (1, 9, 5)
    }
    with _events(worker) as until:
        worker.app.control.add_consumer(urgent, reply=True, timeout=2)
        events = until(lambda heard: sum(e["type"] == "task-succeeded" for e in heard) == 3)
    received = [event["uuid"] for event in events if event["type"] == "task-received"]
    assert [tasks[uuid] for uuid in received] == [9, 5, 1]


def test_a_chord_needs_another_result_backend(worker):
    """Celery's own documentation: the rpc backend does not support chords, on any broker."""
    with pytest.raises(NotImplementedError):
        celery.chord([worker.add.s(1, 1)])(worker.total.s())
