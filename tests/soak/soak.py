#!/usr/bin/python3
"""Loads a broker for hours with everything it can do, and looks whether anything grows.

    LEVERETD=build/release/leveretd LEVERET=build/release/leveret tests/soak/soak.py --hours 8 [--directory DIR]

Writes soak.csv (a row every few seconds) and soak.svg into DIR, prints what was checked, and ends with 1 when something
was lost, duplicated, out of order, wrong, or grew.
"""

import argparse
import csv
import json
import multiprocessing
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

import picture  # noqa: E402
from loads import LOADS, Api, run  # noqa: E402
from support import broker as brokers  # noqa: E402
from support.certificates import Authority  # noqa: E402

LEVERET = os.environ.get("LEVERET", str(brokers.REPOSITORY / "build/release/leveret"))
SAMPLE_S = 5
STREAM_S = 20  # one run of the stream; its percentiles are a point of the curves
FAR_MORE = 400_000  # jobs a second, to find what it can do
PART = 0.7  # of what the broker can do beside the rest of the load
WARM_UP = 0.25  # of the time, before anything is compared
MIB = 1 << 20

FIELDS = (
    "seconds rss_mib fds threads db_mib wal_mib bodies_mib loop_lag_ms rate p50_ms p99_ms confirm_p99_ms steps".split()
)


class Stream:
    """`leveret bench steady`, run after run; every run verifies every message."""

    def __init__(self, broker, rate):
        self.broker, self.rate = broker, rate
        self.runs = self.messages = 0
        self.last = None
        self.process = None

    def poll(self):
        """Starts the next run when the last has ended; returns the figures of one that has."""
        if self.process is not None and self.process.poll() is None:
            return None
        result = self._end() if self.process is not None else None
        self.process = subprocess.Popen(
            [LEVERET, "bench", "steady", "--rate", str(self.rate), "--duration", f"{STREAM_S}s", "--json"]
            + ["--url", self.broker.url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        return result

    def _end(self):
        out, errors = self.process.communicate()
        if self.process.returncode != 0:
            raise Failed(f"the stream ended with {self.process.returncode}: {out[-2000:]}{errors[-2000:]}")
        (server,) = json.loads(out)["results"]
        (one,) = server["runs"]
        for fault in ("lost", "duplicates", "order_violations", "misrouted", "refused", "returned"):
            if one[fault]:
                raise Failed(f"the stream: {one[fault]} {fault}")
        self.runs += 1
        self.messages += one["delivered"]
        return one

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self._end()


class Failed(Exception):
    """Something is wrong with the broker."""


def capacity(broker):
    """Jobs a second of the stream that go through beside the rest of the load when far more are sent, for so long that every
    job waits for the disk: the least of several times. What a publisher that waits gets through is more."""
    command = [LEVERET, "bench", "steady", "--rate", str(FAR_MORE), "--duration", "20s", "--rounds", "4", "--json"]
    done = subprocess.run([*command, "--url", broker.url], stdout=subprocess.PIPE, check=True)
    return min(run["deliver_rate"] for run in json.loads(done.stdout)["results"][0]["runs"])


def blocks(path):
    """What a file takes of the disk, in blocks of 512 bytes; 0 when it has just been removed."""
    try:
        return path.stat().st_blocks
    except FileNotFoundError:
        return 0


class Sampler:
    def __init__(self, broker, path):
        self.broker = broker
        self.api = Api(broker.host, broker.http_port)
        self.begin = time.monotonic()
        self.rows = []
        self.file = open(path, "w", newline="")  # noqa: SIM115
        self.writer = csv.DictWriter(self.file, FIELDS)
        self.writer.writeheader()
        self.lag = (0.0, 0.0)

    def sample(self, figures, steps):
        process = pathlib.Path(f"/proc/{self.broker.process.pid}")
        status = (process / "status").read_text()
        data = self.broker.directory / "data"
        size = lambda pattern: sum(map(blocks, data.rglob(pattern))) * 512 / MIB
        row = {
            "seconds": round(time.monotonic() - self.begin, 1),
            "rss_mib": round(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024, 1),
            "fds": len(list((process / "fd").iterdir())),
            "threads": int(re.search(r"Threads:\s+(\d+)", status)[1]),
            "db_mib": round(size("*.db"), 1),
            "wal_mib": round(size("*-wal"), 1),
            "bodies_mib": round(size("*-bodies-*"), 1),
            "loop_lag_ms": self._loop_lag_ms(),
            "steps": steps,
        }
        if figures:
            row["rate"] = round(figures["deliver_rate"])
            row["p50_ms"] = round(figures["deliver_latency_us"]["p50"] / 1000, 3)
            row["p99_ms"] = round(figures["deliver_latency_us"]["p99"] / 1000, 3)
            row["confirm_p99_ms"] = round(figures["confirm_latency_us"]["p99"] / 1000, 3)
        self.rows.append(row)
        self.writer.writerow(row)
        self.file.flush()

    def _loop_lag_ms(self):
        """The mean since the last sample, over all loops."""
        text = self.api.get("/metrics").body.decode()
        total = lambda end: sum(map(float, re.findall(rf"loop_lag_seconds_{end}\S* (\S+)", text)))
        now = (total("sum"), total("count"))
        before, self.lag = self.lag, now
        return round((now[0] - before[0]) / max(now[1] - before[1], 1) * 1000, 3)


# What must hold at the end: (field, what is taken of each half, how much more the second may have: factor and addend).
LIMITS = [
    ("rss_mib", statistics.median, 1.05, 4),
    ("fds", max, 1.0, 8),
    ("threads", max, 1.0, 0),
    ("db_mib", max, 1.10, 16),
    ("wal_mib", max, 1.10, 16),
    ("bodies_mib", max, 1.10, 16),
    ("p50_ms", statistics.median, 1.5, 1),
    ("p99_ms", statistics.median, 1.5, 5),
    ("loop_lag_ms", statistics.median, 1.5, 1),
]


def grown(rows):
    """Compares the halves of what follows the warm-up; returns lines, and how many of them are faults."""
    rows = rows[int(len(rows) * WARM_UP) :]
    lines, faults = [], 0
    for field, of, factor, addend in LIMITS:
        values = [row[field] for row in rows if row.get(field) is not None]
        if len(values) < 4:
            continue
        first, second = of(values[: len(values) // 2]), of(values[len(values) // 2 :])
        is_fault = second > first * factor + addend
        faults += is_fault
        lines.append(f"{field:12} {of.__name__:6} {first:9.2f} then {second:9.2f}{'  GROWS' if is_fault else ''}")
    return lines, faults


def soak(options, directory):
    authority = Authority(directory / "certificates")
    with brokers.running_with_tls(directory / "broker", authority) as broker:
        steps = [multiprocessing.Value("q", 0) for _ in LOADS]
        loads = [
            multiprocessing.Process(target=run, args=(kind, broker, authority, count), daemon=True, name=kind.__name__)
            for kind, count in zip(LOADS, steps)
        ]
        for load in loads:
            load.start()
        time.sleep(2)
        most = capacity(broker)
        stream = Stream(broker, int(most * PART))
        print(f"{most:.0f} jobs a second beside the rest; {stream.rate} a second for {options.hours:g} h", flush=True)
        sampler = Sampler(broker, directory / "soak.csv")
        end = time.monotonic() + options.hours * 3600
        due = time.monotonic()
        while time.monotonic() < end:
            figures = stream.poll()
            if figures or time.monotonic() >= due:
                sampler.sample(figures, sum(count.value for count in steps))
                due = time.monotonic() + SAMPLE_S
            for load in loads:
                if not load.is_alive():
                    raise Failed(f"{load.name} found something wrong: its words are above")
            time.sleep(0.2)
        stream.end()
        for load in loads:
            load.kill()
            load.join()
        counts = ", ".join(f"{load.name} {count.value}" for load, count in zip(loads, steps))
        print(f"{stream.messages} jobs in {stream.runs} runs, each verified; steps: {counts}")
        if broker.stop() != 0:
            raise Failed(f"the broker ended with {broker.process.returncode} on SIGTERM:\n{broker.log_tail()}")
        return sampler.rows


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--hours", type=float, default=8)
    options.add_argument("--directory", type=pathlib.Path, help="for what comes out; a new one by default")
    options = options.parse_args()
    directory = (options.directory or pathlib.Path(tempfile.mkdtemp(prefix="leveret-soak-"))).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    print(f"files in {directory}", flush=True)
    try:
        rows = soak(options, directory)
    except Failed as failed:
        print(f"soak: {failed}", file=sys.stderr)
        return 1
    (directory / "soak.svg").write_text(picture.svg(rows), encoding="utf-8")
    lines, faults = grown(rows)
    print(*lines, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
