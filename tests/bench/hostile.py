#!/usr/bin/python3
"""What hostile clients do to a job stream beside them, and to the broker's memory.

    LEVERETD=build/leveretd LEVERET=build/leveret /usr/bin/python3 tests/bench/hostile.py [--seconds 5] [--apart] [--check] [NAME ...]

For each kind of hostile client, a steady stream of jobs (`leveret bench steady`) is measured alone and beside it, three
times in turn. Prints the medians of its 50th and 99th percentile of latency in milliseconds, their ratios, and the most
memory that the broker had meanwhile. The hostile processes have what the others leave of the processors (SCHED_IDLE), since a real
one has a machine of its own; with `--apart` the broker has a machine of its own too, as far as it can be had on one: the clients,
hostile or not, have the last of the processors, and the broker has the others. Exits with 1 when the stream lost anything; with
`--check` also when a 99th percentile is more than three times what it is alone, or memory above the broker's limit.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from pika import spec

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support import broker as brokers  # noqa: E402
from support import frames, management  # noqa: E402
from support.memory import rss_bytes  # noqa: E402

LEVERET = os.environ.get("LEVERET", str(brokers.REPOSITORY / "build/release/leveret"))
FACTOR_MAX = 3
PERSISTENT = spec.BasicProperties(delivery_mode=2)


def _open(broker):
    client = frames.Client.open(broker)
    client.open_channel()
    return client


def _method(channel, method):
    return frames.frame.Method(channel, method).marshal()


def _drip(address, first, count):
    """Many connections that send a byte a second each, and come again when they are closed."""
    selector = selectors.DefaultSelector()

    def connect():
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(address)
        selector.register(one, selectors.EVENT_READ)

    for _ in range(count):
        connect()
    due, sent = time.monotonic() + 1, 0
    while True:
        for key, _ in selector.select(max(0, due - time.monotonic())):
            try:
                if key.fileobj.recv(4096):
                    continue
            except OSError:
                pass
            selector.unregister(key.fileobj)
            key.fileobj.close()
            connect()
        if time.monotonic() < due:
            continue
        due += 1
        for key in list(selector.get_map().values()):
            try:
                key.fileobj.send(first[sent % len(first)].to_bytes(1, "big"))
            except OSError:
                pass
        sent += 1


def slow_loris_amqp(broker):
    """2,000 connections that send the protocol header a byte a second."""
    _drip((broker.host, broker.port), b"AMQP\x00\x00\x09\x01", 2000)


def slow_loris_http(broker):
    """900 connections that send a request a byte a second."""
    _drip((broker.host, broker.http_port), b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 99, 900)


def flood(broker):
    """Connections that come and go as fast as they can."""
    while True:
        try:
            with socket.create_connection((broker.host, broker.port), timeout=5) as one:
                one.sendall(frames.PROTOCOL_HEADER)
        except OSError:
            pass


def bad_logins(broker):
    """Logins of names that there are not, 50 at a time."""
    while True:
        clients = []
        for number in range(50):
            try:
                client = frames.Client(broker)
                client.send_bytes(frames.PROTOCOL_HEADER)
                client.expect(0, spec.Connection.Start)
                answer = b"\x00nobody%d-%d\x00wrong" % (number, time.monotonic_ns())
                client.send(0, spec.Connection.StartOk({}, "PLAIN", answer.decode(), "en_US"))
                clients.append(client)
            except OSError:
                pass
        for client in clients:
            try:
                client.receive()
                client.cut()
            except (OSError, frames.Unexpected):
                pass


def channel_storm(broker):
    """2,047 channels opened and closed, again and again."""
    client = _open(broker)
    client.send(1, spec.Channel.Close(200, "", 0, 0))
    storm = b"".join(_method(n, spec.Channel.Open()) for n in range(1, 2048))
    storm += b"".join(_method(n, spec.Channel.Close(200, "", 0, 0)) for n in range(1, 2048))
    _send_and_ignore(client, storm)


def _send_and_ignore(client, data):
    """Sends `data` for ever, and reads what comes so that sending can go on."""
    own, left = client.socket, memoryview(data)
    own.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(own, selectors.EVENT_READ | selectors.EVENT_WRITE)
    while True:
        for _, events in selector.select():
            if events & selectors.EVENT_READ:
                own.recv(1 << 20)
            if events & selectors.EVENT_WRITE:
                left = left[own.send(left):] or memoryview(data)


def greedy_publisher(broker):
    """Persistent 1 KiB messages as fast as the socket takes them; the queue keeps 100,000."""
    client = _open(broker)
    client.send(1, spec.Queue.Declare(queue="greedy", durable=True, arguments={"x-max-length": 100_000}))
    client.expect(1, spec.Queue.DeclareOk)
    publish = _method(1, spec.Basic.Publish(routing_key="greedy"))
    publish += frames.frame.Header(1, 1024, PERSISTENT).marshal() + frames.frame.Body(1, bytes(1024)).marshal()
    _send_and_ignore(client, publish * 500)


def many_queues(broker):
    """Queues as fast as they can be declared."""
    client = _open(broker)
    for start in range(0, 1 << 40, 1000):
        data = b"".join(
            _method(1, spec.Queue.Declare(queue=f"many.{start + n}", exclusive=True)) for n in range(1000)
        )
        client.send_bytes(data)
        for _ in range(1000):
            if not isinstance(client.receive().method, spec.Queue.DeclareOk):
                return  # limits.queues_max is reached


def _fill(broker, queue, count):
    client = _open(broker)
    client.send(1, spec.Queue.Declare(queue=queue, durable=True))
    client.expect(1, spec.Queue.DeclareOk)
    client.send(1, spec.Confirm.Select())
    client.expect(1, spec.Confirm.SelectOk)
    publish = _method(1, spec.Basic.Publish(routing_key=queue))
    publish += frames.frame.Header(1, 1024, PERSISTENT).marshal() + frames.frame.Body(1, bytes(1024)).marshal()
    for _ in range(count // 1000):
        client.send_bytes(publish * 1000)
    confirmed = 0
    while confirmed < count // 1000 * 1000:
        confirmed = max(confirmed, client.expect(1, spec.Basic.Ack).delivery_tag)
    return client


def acks_nothing(broker):
    """A consumer without a prefetch limit that takes 200,000 messages and keeps them."""
    client = _fill(broker, "kept", 200_000)
    client.send(1, spec.Basic.Consume(queue="kept"))
    _send_and_ignore(client, _method(1, spec.Basic.Qos()))


def reads_nothing(broker):
    """50 consumers of 200,000 messages that read nothing."""
    _fill(broker, "unread", 200_000)
    clients = [_open(broker) for _ in range(50)]
    for client in clients:
        client.send(1, spec.Basic.Consume(queue="unread", no_ack=True))
    while True:
        time.sleep(60)


KINDS = [
    slow_loris_amqp,
    slow_loris_http,
    flood,
    bad_logins,
    channel_storm,
    greedy_publisher,
    many_queues,
    acks_nothing,
    reads_nothing,
]


def _run(kind, broker):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    kind(broker)


def _place(broker, apart):
    """Gives the broker and its clients, which are this process's children, their processors."""
    every = os.sched_getaffinity(0)
    if not apart or len(every) < 2:
        return
    clients = {max(every)}
    for thread in os.listdir(f"/proc/{broker.process.pid}/task"):
        os.sched_setaffinity(int(thread), every - clients)
    os.sched_setaffinity(0, clients)


def measure(broker, seconds, peak):
    """The stream's percentiles in milliseconds; the broker's memory is looked at meanwhile."""
    command = [LEVERET, "bench", "steady", "--duration", f"{seconds}s", "--json", "--url", broker.url]
    bench = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while bench.poll() is None:
        peak.append(rss_bytes(broker.process.pid))
        time.sleep(0.05)
    if bench.returncode != 0:
        sys.exit(f"the stream ended with {bench.returncode}: {bench.stdout.read().decode()}")
    return json.load(bench.stdout)


def latency(report):
    """From when a job was due to its arrival, in milliseconds."""
    (result,) = report["results"]
    return [result["figures"][name]["median"] / 1000 for name in ("deliver p50", "deliver p99")]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=int, default=5)
    options.add_argument("--apart", action="store_true")
    options.add_argument("--check", action="store_true")
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(k.__name__ for k in KINDS))
    options = options.parse_args()
    kinds = [kind for kind in KINDS if not options.names or kind.__name__ in options.names]
    processors = os.sched_getaffinity(0)
    print(f"{'BESIDE':18} {'P50':>7} {'WITH':>7} {'RATIO':>6} {'P99':>8} {'WITH':>8} {'RATIO':>6} {'PEAK MiB':>9}")
    beyond = []
    for kind in kinds:
        with tempfile.TemporaryDirectory() as directory:
            os.sched_setaffinity(0, processors)
            broker = brokers.from_environment(directory).start()
            _place(broker, options.apart)
            limit = management.get(broker, "/api/nodes")[0]["mem_limit"]
            alone, beside, peak = [], [], []
            for _ in range(3):
                alone.append(latency(measure(broker, options.seconds, [])))
                hostile = multiprocessing.Process(target=_run, args=(kind, broker), daemon=True)
                hostile.start()
                time.sleep(2)
                beside.append(latency(measure(broker, options.seconds, peak)))
                hostile.kill()
                hostile.join()
                time.sleep(1)
            broker.stop()
        p50, p99 = (statistics.median(each) for each in zip(*alone))
        p50_with, p99_with = (statistics.median(each) for each in zip(*beside))
        print(
            f"{kind.__name__:18} {p50:7.2f} {p50_with:7.2f} {p50_with / p50:6.2f} {p99:8.2f} {p99_with:8.2f} "
            f"{p99_with / p99:6.2f} {max(peak) >> 20:9}",
            flush=True,
        )
        if p99_with > FACTOR_MAX * p99:
            beyond.append(f"{kind.__name__}: p99 is more than {FACTOR_MAX} times that alone")
        if max(peak) > limit:
            beyond.append(f"{kind.__name__}: memory is above the limit of {limit >> 20} MiB")
    for text in beyond:
        print(text)
    if options.check and beyond:
        sys.exit(1)


if __name__ == "__main__":
    main()
