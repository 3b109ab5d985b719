#!/usr/bin/python3
"""What slow and hostile HTTP clients cost the message path.

    LEVERETD=build/leveretd LEVERET=build/leveret /usr/bin/python3 tests/bench/hostile_http.py [--rate 2000] [--rounds 3]

Runs a steady stream of jobs (`leveret bench jobs` at a fixed rate) alone and beside each kind of client, in
turn, and prints the 50th, 99th and 99.9th percentile of how long a job takes from publish to its worker, in
milliseconds, as medians of the rounds, with how many requests or connections the clients got through. A client
that only makes this machine's processors busy is one of the kinds (`a busy processor`), since the clients share the
machine with the broker, though they run at the lowest priority: what a kind costs beyond that is the broker's. Nothing
here passes or fails.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "http"))

from api import Api  # noqa: E402
from support import broker as brokers  # noqa: E402

HEAD = b" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"


def get(target):
    return b"GET " + target + HEAD + b"\r\n"


def answers(address, request, count, done):
    """`request` again and again on one connection, `count` at a time without waiting."""
    with socket.create_connection(address) as s:
        while True:
            s.sendall(request * count)
            found = 0
            tail = b""
            while found < count:
                part = s.recv(1 << 20)
                if not part:
                    return
                tail += part
                found += tail.count(b"HTTP/1.1 ")
                tail = tail[-8:] if not tail.endswith(b"HTTP/1.1 ") else b""
            done.value += count


def connections(address, data, done):
    """Connection after connection, which are kept until the server ends them."""
    held = []
    while True:
        with contextlib.suppress(OSError):
            s = socket.create_connection(address)
            s.sendall(data)
            held.append(s)
            done.value += 1
        held = held[-300:]
        time.sleep(0.002)


def unread(address, done):
    """Asks for much and reads nothing."""
    held = []
    while True:
        with contextlib.suppress(OSError):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(address)
            s.sendall(get(b"/api/bindings"))
            held.append(s)
            done.value += 1
        held = held[-50:]
        time.sleep(0.02)


def wrong_logins(address, done):
    """Not of the user that the jobs have, who would have to wait after each from the same address."""
    request = b"GET /api/whoami HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic bm9ib2R5Ondyb25n\r\n\r\n"
    answers(address, request, 1, done)


def busy(address, done):
    while True:
        done.value += 1


KINDS = {
    "whoami, 100 at a time": lambda a, n: answers(a, get(b"/api/whoami"), 100, n),
    "the list of all queues": lambda a, n: answers(a, get(b"/api/queues"), 1, n),
    "pages of bindings": lambda a, n: answers(a, get(b"/api/bindings?page=1"), 1, n),
    "all bindings, by key": lambda a, n: answers(a, get(b"/api/bindings?sort=routing_key&page=1"), 1, n),
    "a regex bomb": lambda a, n: answers(a, get(b"/api/queues?page=1&use_regex=true&name=" + b"(a*)*" * 40 + b"b"), 1, n),
    "metrics of each object": lambda a, n: answers(a, get(b"/metrics/per-object"), 1, n),
    "connections that are slow": lambda a, n: connections(a, b"GET /", n),
    "bodies that do not come": lambda a, n: connections(a, b"PUT /api/queues/%2F/x" + HEAD + b"Content-Length: 9\r\n\r\n", n),
    "answers that are not read": unread,
    "wrong passwords": wrong_logins,
    "a busy processor": busy,
}


def _run(kind, address, done):
    os.nice(19)  # the client's own work is not the broker's
    KINDS[kind](address, done)


@contextlib.contextmanager
def beside(kind, address, clients):
    """`clients` processes of that kind; yields how often they did what they do."""
    counts = [multiprocessing.Value("Q", 0, lock=False) for _ in range(clients if kind else 0)]
    processes = [multiprocessing.Process(target=_run, args=(kind, address, n), daemon=True) for n in counts]
    for process in processes:
        process.start()
    try:
        yield lambda: sum(n.value for n in counts)
    finally:
        for process in processes:
            process.kill()
            process.join()


def fill(api, queues, bindings):
    body = {
        "queues": [{"name": f"q.{n}", "vhost": "/", "durable": True, "auto_delete": False, "arguments": {}} for n in range(queues)],
        "bindings": [
            {
                "source": "amq.topic",
                "vhost": "/",
                "destination": f"q.{n % queues}",
                "destination_type": "queue",
                "routing_key": f"b.{n}",
                "arguments": {},
            }
            for n in range(bindings)
        ],
    }
    assert api.post(("definitions",), body).status == 204


def measure(broker, options):
    command = [os.environ["LEVERET"], "bench", "jobs", "--rate", str(options.rate), "--duration", f"{options.seconds}s"]
    command += ["--json", "--url", broker.url, "--persistent", str(options.persistent).lower()]
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    result = json.loads(out)["results"][0]
    assert result["is_clean"], result
    return {p: result["median"]["deliver_latency_us"][p] / 1000 for p in ("p50", "p99", "p99.9")}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rate", type=int, default=2000)
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--clients", type=int, default=2)
    options.add_argument("--queues", type=int, default=2000)
    options.add_argument("--bindings", type=int, default=20_000)
    options.add_argument("--persistent", action="store_true")
    options.add_argument("--only", nargs="*")
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hostile-", dir="/var/tmp") as directory:
        broker = brokers.from_environment(directory).start()
        try:
            report(broker, options)
        finally:
            broker.stop()


def report(broker, options):
    fill(Api(broker.host, broker.http_port), options.queues, options.bindings)
    address = (broker.host, broker.http_port)
    kinds = [None] + [kind for kind in KINDS if not options.only or kind in options.only]
    figures = {kind: [] for kind in kinds}
    done = {kind: [] for kind in kinds}
    for _ in range(options.rounds):
        for kind in kinds:
            with beside(kind, address, options.clients) as count:
                figures[kind].append(measure(broker, options))
                done[kind].append(count() / options.seconds)
    print(f"{options.rate} jobs a second, {options.queues} queues, {options.bindings} bindings, {options.clients} clients")
    print(f"{'p50':>8} {'p99':>8} {'p99.9':>8} {'a second':>10}")
    for kind in kinds:
        medians = [statistics.median(f[p] for f in figures[kind]) for p in ("p50", "p99", "p99.9")]
        print(" ".join(f"{m:8.2f}" for m in medians), f"{statistics.median(done[kind]):10.0f}  {kind or 'the jobs alone'}", flush=True)


if __name__ == "__main__":
    main()
