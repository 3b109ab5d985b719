"""The main job, end to end: 500 video jobs, two queues, workers of two kinds, and everything goes wrong.

A publisher (pika, with confirms) sends 500 jobs to a topic exchange that feeds two queues. Pools of
`leveret work` and workers written with pika do them. Two workers are killed in the middle of a job, the
broker is killed with SIGKILL and started again, and one job in 25 fails until somebody has mended it: those
are found in the dead-letter queue and are replayed through the dashboard. In the end every job is done.
"""

import base64
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import urllib.request

import pika
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import broker as brokers  # noqa: E402
from support import wait  # noqa: E402

HERE = pathlib.Path(__file__).parent
JOBS = 500
BROKEN = set(range(0, JOBS, 25))
HELD = {7, 8}  # one for each queue
QUEUES = ["video.transcode", "video.thumbnail"]
DEAD = "video.dead"


class Broker(brokers.Leveret):
    """Keeps its ports over a restart, so that clients find it again."""

    def __init__(self, directory):
        super().__init__(directory, os.environ["LEVERETD"])
        self.amqp_port, self.dashboard_port = brokers.free_ports(2)

    def _spawn(self):
        super()._spawn_on(self.amqp_port, self.dashboard_port)

    def api(self, path):
        request = urllib.request.Request(f"http://{self.host}:{self.http_port}/api{path}")
        token = base64.b64encode(b"guest:guest").decode()
        request.add_header("Authorization", f"Basic {token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def ready(self, queue):
        return self.api(f"/queues/%2F/{queue}")["messages_ready"]

    def depth(self, queue):
        return self.api(f"/queues/%2F/{queue}")["messages"]


class Workers:
    """The pool: processes that work on one directory, started and killed as the story goes."""

    def __init__(self, broker, directory):
        self.broker = broker
        self.directory = directory
        self.processes = []

    def start_cli(self, queue):
        self._start(
            [os.environ["LEVERET"], "work", queue, "--url", self.broker.url]
            + ["--concurrency", "4", "--prefetch", "10", "--on-fail", "retry", "--"]
            + ["/usr/bin/python3", str(HERE / "job.py"), str(self.directory)]
        )

    def start_pika(self):
        self._start(
            ["/usr/bin/python3", str(HERE / "pika_worker.py"), self.broker.url]
            + [str(self.directory), *QUEUES]
        )

    def _start(self, command):
        with open(self.directory / "workers.log", "ab") as log:
            self.processes.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=brokers.end_with_parent,
                )
            )

    def kill_holder(self, number):
        """Kills the worker that stands in the middle of job `number`, once one does."""
        held = self.directory / f"held-{number}"
        wait.until(lambda: held.exists() and held.read_text().endswith("\n"), f"job {number}")
        pids = {int(pid) for pid in held.read_text().split()}
        victim = next(process for process in self.processes if process.pid in pids)
        victim.kill()
        victim.wait()
        self.processes.remove(victim)
        (self.directory / f"killed-{number}").touch()

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()

    def numbers(self, file):
        path = self.directory / file
        return collections.Counter(map(int, path.read_text().split())) if path.exists() else {}


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "broker")
    yield broker.start()
    broker.stop()


@pytest.fixture
def workers(broker, tmp_path):
    directory = tmp_path / "work"
    directory.mkdir()
    workers = Workers(broker, directory)
    yield workers
    workers.stop()


def connect(broker):
    return pika.BlockingConnection(pika.URLParameters(broker.url))


def declare(broker):
    with connect(broker) as connection:
        channel = connection.channel()
        channel.exchange_declare("videos", "topic", durable=True)
        channel.exchange_declare("videos.dead", "fanout", durable=True)
        channel.queue_declare(DEAD, durable=True)
        channel.queue_bind(DEAD, "videos.dead")
        for queue in QUEUES:
            limits = {"x-delivery-limit": 2, "x-dead-letter-exchange": "videos.dead"}
            channel.queue_declare(queue, durable=True, arguments=limits)
            channel.queue_bind(queue, "videos", "*." + queue.split(".")[1])


def publish(broker, numbers):
    """With confirms; what was not confirmed when the connection broke is published again."""
    numbers = collections.deque(numbers)

    def attempt():
        try:
            with connect(broker) as connection:
                channel = connection.channel()
                channel.confirm_delivery()
                while numbers:
                    number = numbers[0]
                    job = {"video": number, "broken": number in BROKEN, "held": number in HELD}
                    channel.basic_publish(
                        "videos",
                        f"v{number}.{QUEUES[number % 2].split('.')[1]}",
                        json.dumps(job).encode(),
                        pika.BasicProperties(
                            delivery_mode=2,
                            content_type="application/json",
                            message_id=f"video-{number}",
                        ),
                        mandatory=True,
                    )
                    numbers.popleft()
            return True
        except (pika.exceptions.AMQPConnectionError, OSError):
            return False

    wait.until(attempt, "the jobs to be published")


def replay_in_browser(broker, count):
    subprocess.run(
        ["node", str(HERE / "replay.mjs"), f"http://{broker.host}:{broker.http_port}"]
        + [DEAD, str(count)],
        check=True,
        timeout=120,
    )


def test_every_job_is_accounted_for(broker, workers):
    declare(broker)
    publish(broker, range(JOBS // 2))
    for queue in QUEUES:
        workers.start_cli(queue)
    workers.start_pika()
    workers.start_pika()

    for number in sorted(HELD):
        workers.kill_holder(number)
        workers.start_pika()
    broker.kill()
    broker.start()
    publish(broker, range(JOBS // 2, JOBS))

    good = set(range(JOBS)) - BROKEN
    wait.until(lambda: good <= set(workers.numbers("done")), "all good jobs to be done", 120)
    wait.until(lambda: broker.ready(DEAD) == len(BROKEN), "the broken ones to be dead", 60)
    wait.until(lambda: all(broker.depth(q) == 0 for q in QUEUES), "the queues to be empty", 60)
    assert not BROKEN & set(workers.numbers("done"))
    assert HELD <= set(workers.numbers("done")), "the jobs of the killed workers went to others"

    page = broker.api(f"/x/queues/%2F/{DEAD}/messages?limit=500")
    dead = {json.loads(message["payload"])["video"]: message for message in page["items"]}
    assert set(dead) == BROKEN
    for number, message in dead.items():
        headers = message["properties"]["headers"]
        [death] = headers["x-death"]
        assert death["reason"] == headers["x-first-death-reason"] == "delivery_limit"
        assert death["queue"] == headers["x-first-death-queue"] == QUEUES[number % 2]
        assert death["exchange"] == "videos"
        assert death["count"] == 1
        assert death["routing-keys"] == [f"v{number}.{QUEUES[number % 2].split('.')[1]}"]
        # Three failures, and three again if the crash forgot them all on their way to the disk.
        assert workers.numbers("failed")[number] <= 3 + 3
    assert broker.depth(DEAD) == len(BROKEN), "browsing took nothing"

    (workers.directory / "fixed").touch()
    replay_in_browser(broker, len(BROKEN))

    wait.until(
        lambda: set(workers.numbers("done")) == set(range(JOBS)), "the replayed jobs to be done", 60
    )
    wait.until(lambda: all(broker.depth(q) == 0 for q in [*QUEUES, DEAD]), "all queues empty", 60)
    again = broker.restart()
    assert all(again.depth(queue) == 0 for queue in [*QUEUES, DEAD]), "nothing came back"
