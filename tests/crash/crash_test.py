"""Kills the broker with SIGKILL under load, again and again, and says what it lost. See README.md.

Environment: LEVERETD (the binary), CRASH_ROUNDS (50), CRASH_SEED (from the clock), CRASH_FLAGS (loose: what was
delivered in the last moment before a kill may come back unmarked, and is only counted). Exit status 0 when nothing was
found, 1 when something was, 2 when the test itself could not run.
"""

import collections
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pika

import ledger_test
from auditor import Auditor, summary
from layout import declare
from ledger import Ledger

HERE = pathlib.Path(__file__).resolve().parent
READY = re.compile(r"amqp=(\d+) http=(\d+)")
WORKERS = (
    ("publisher", "p1"), ("publisher", "p2"), ("consumer", "c1"), ("consumer", "c2"), ("declarer", "t1"),
    ("transactor", "x1"), ("transactor", "x2"), ("replayer", "r1"), ("definer", "d1"), ("purger", "z1"),
)  # fmt: skip
LOAD_S = (0.3, 1.6)
# In every second life, so that a checkpoint is nearly always under way.
SMALL_WAL = {"LEVERET_STORE_WAL_BYTES": "1048576"}
SHOWN_FINDINGS = 20


class Broken(Exception):
    """The test cannot go on; what() says why."""


class Broker:
    """The binary under test on one data directory."""

    def __init__(self, binary, directory, rng):
        self.binary, self.directory, self.random = binary, directory, rng
        self.log = directory / "broker.log"
        self.process = self.port = self.http_port = None

    def launch(self):
        """Starts it without waiting."""
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        command = [self.binary, "--data-dir", str(self.directory / "data"), "--bind", "127.0.0.1"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--amqp-port", "0", "--http-port", "0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | {"LEVERET_METRICS_PORT": "none"} | self.random.choice((SMALL_WAL, {})),
            )  # fmt: skip

    def start(self):
        """Starts it and returns how long it took until it was ready, in seconds."""
        begin = time.monotonic()
        self.launch()
        while True:
            with open(self.log, "rb") as log:
                log.seek(self._log_start)
                ready = READY.search(log.read().decode(errors="replace"))
            if ready:
                self.port, self.http_port = int(ready[1]), int(ready[2])
                return time.monotonic() - begin
            if self.process.poll() is not None or time.monotonic() > begin + 60:
                raise Broken(f"{self.binary} did not start; its log is {self.log}")
            time.sleep(0.005)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """The polite way. Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Broken("the broker did not end within 30 s of SIGTERM") from None


class WorkerProcess:
    def __init__(self, role, name, directory, seed):
        self.role, self.name = role, name
        self.journal = directory / f"{name}.journal"
        self.journal.touch()
        self._read_to = 0
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), role, name, str(self.journal), f"{seed}-{name}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def go(self, broker):
        self.process.stdin.write(f"go {broker.port} {broker.http_port}\n")
        self.process.stdin.flush()

    def wait_down(self):
        if self.process.stdout.readline() != "down\n":
            raise Broken(f"worker {self.name} ended by itself")

    def new_lines(self):
        with open(self.journal) as journal:
            journal.seek(self._read_to)
            text = journal.read()
            self._read_to = journal.tell()
        return text.splitlines()

    def end(self):
        self.process.kill()
        self.process.wait()


class Rounds:
    def __init__(self, binary, directory, seed):
        self.random = random.Random(seed)
        self.broker = Broker(binary, directory, self.random)
        self.ledger = Ledger(os.environ.get("CRASH_FLAGS") != "loose")
        self.workers = [WorkerProcess(*worker, directory, seed) for worker in WORKERS]
        self.starts, self.kills = [], 0

    def prepare(self):
        self.broker.start()
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.broker.port))
        declare(connection.channel())
        # A confirm on the last queue says that all of it is on disk.
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish("", "crash.barrier", b"", pika.BasicProperties(delivery_mode=2))
        connection.close()

    def round(self):
        """Load, kill, restart, audit. Returns how many messages the audit found."""
        self.load_until(self.broker.kill)
        self.kills += 1
        while self.random.random() < 0.2:  # once more, while it starts
            self.broker.launch()
            time.sleep(self.random.uniform(0, 0.08))
            self.broker.kill()
            self.kills += 1
        self.starts.append(self.broker.start())
        return self.audit()

    def load_until(self, end):
        # Now and then nobody consumes, and the queues grow long.
        idle = "consumer" if self.random.random() < 0.2 else None
        working = [worker for worker in self.workers if worker.role != idle]
        for worker in working:
            worker.go(self.broker)
        time.sleep(self.random.uniform(*LOAD_S))
        status = end()
        for worker in working:
            worker.wait_down()
        # Publishers first: the others only know what was published.
        for worker in sorted(self.workers, key=lambda w: w.role != "publisher"):
            getattr(self.ledger, f"read_{worker.role}")(worker.new_lines())
        return status

    def audit(self):
        auditor = Auditor(self.broker.port, self.broker.http_port)
        self.ledger.definitions.audit(auditor.definitions())
        contents = auditor.read_all()
        there = auditor.queues_there(self.ledger.queues)
        self.ledger.audit(contents, there)
        if self.random.random() < 0.75:
            auditor.settle(there)
            self.ledger.settle_all()
            self.ledger.queues.clear()
        else:
            auditor.leave()
        return summary(contents)

    def polite_stop(self):
        """After SIGTERM under load nothing may be missing either."""
        status = self.load_until(self.broker.stop)
        if status != 0:
            self.ledger.find("LOSS", f"the broker ended with status {status} on SIGTERM")
        self.broker.start()
        self.audit()
        self.broker.stop()

    def end(self):
        for worker in self.workers:
            worker.end()
        if self.broker.process and self.broker.process.poll() is None:
            self.broker.kill()


def find_binary():
    candidates = [os.environ.get("LEVERETD"), HERE.parents[1] / "build/release/leveretd"]
    for candidate in filter(None, candidates):
        if os.access(candidate, os.X_OK):
            return str(candidate)
    raise Broken("no leveretd: build it, or set LEVERETD to the binary")


def report(rounds, seconds):
    ledger = rounds.ledger
    starts = sorted(rounds.starts)
    print(
        f"{rounds.kills} kills in {seconds:.0f} s; {ledger.confirmed} confirmed, {ledger.settled} settled and on disk; "
        f"{ledger.committed} transactions, {ledger.replayed} replayed, {ledger.definitions.answered} definitions; "
        f"start median {starts[len(starts) // 2] * 1000:.0f} ms, longest {starts[-1] * 1000:.0f} ms"
    )
    if ledger.late_unmarked:
        print(f"{ledger.late_unmarked} deliveries of the last moment before a kill came back unmarked")
    if not ledger.findings:
        print("0 lost, duplicated, out of order, back again or unmarked")
    for verdict, count in collections.Counter(verdict for verdict, _ in ledger.findings).items():
        print(f"{verdict}: {count}")
    for verdict, text in ledger.findings[:SHOWN_FINDINGS]:
        print(f"  {verdict}: {text}")


def run():
    ledger_test.run()
    print("self-test: every planted fault was found", flush=True)
    count = int(os.environ.get("CRASH_ROUNDS", "50"))
    seed = int(os.environ.get("CRASH_SEED", time.time_ns() % 1_000_000))
    directory = pathlib.Path(tempfile.mkdtemp(prefix="leveret-crash-"))
    print(f"seed {seed}, {count} rounds, files in {directory}", flush=True)
    begin = time.monotonic()
    rounds = Rounds(find_binary(), directory, seed)
    try:
        rounds.prepare()
        for number in range(1, count + 1):
            found = rounds.round()
            print(
                f"round {number}: {rounds.ledger.confirmed} confirmed so far, {found} in the queues, "
                f"{len(rounds.ledger.findings)} findings",
                flush=True,
            )
        rounds.polite_stop()
    finally:
        rounds.end()
    report(rounds, time.monotonic() - begin)
    if rounds.ledger.findings:
        print(f"the journals and the data are kept in {directory}")
        return 1
    shutil.rmtree(directory)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(run())
    except (Broken, AssertionError) as error:
        print(f"crash_test: {error}", file=sys.stderr)
        sys.exit(2)
