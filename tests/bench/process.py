"""The figures that need a broker to be started, killed and looked at from outside."""

import json
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from pika import spec  # noqa: E402

from support import frames, wait  # noqa: E402
from support.memory import rss_bytes  # noqa: E402

REST_S = 1.0
START_DEADLINE_S = 300.0


def figure(values, unit):
    """Several measurements as `leveret bench --json` writes a figure."""
    return {
        "unit": unit,
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "values": values,
    }


def start_timed(broker):
    """Starts the process on the port it had; returns when it answers the protocol header, with the
    connection and the moment of the start."""
    broker.keeps_port = broker.port != 0
    started = time.monotonic()
    broker._spawn()
    while True:
        try:
            if broker.port == 0 and not broker._answers():
                raise ConnectionRefusedError
            client = frames.Client(broker)
            client.send_bytes(frames.PROTOCOL_HEADER)
            client.expect(0, spec.Connection.Start)
            return client, started
        except (OSError, frames.Unexpected):
            if broker.process.poll() is not None:
                raise RuntimeError("the broker ended:\n" + broker.log_tail()) from None
            if time.monotonic() - started > START_DEADLINE_S:
                raise
            time.sleep(0.001)


def idle(make, rounds):
    """Start to listening, and memory at rest: first on an empty directory, then again."""
    first, again, memory = [], [], []
    for _ in range(rounds):
        broker = make()
        for times in (first, again):
            client, started = start_timed(broker)
            times.append((time.monotonic() - started) * 1e6)
            client.socket.close()
            time.sleep(REST_S)
            if times is again:
                memory.append(rss_bytes(broker.process.pid))
            broker.stop()
        broker.remove()
    return {
        "start to listening": figure(again, "us"),
        "first start": figure(first, "us"),
        "server memory": figure(memory, "bytes"),
    }


def restart(make, rounds, leveret, words):
    """A backlog, SIGKILL, and how long until a new process delivers the first message of it."""
    broker = make().start()
    try:
        result = publish(broker, leveret, words)
        [queue] = result["queues"]
        times, memory = [], []
        for _ in range(rounds):
            broker.kill()
            times.append(first_delivery_us(broker, queue))
            memory.append(rss_bytes(broker.process.pid))
            check_depth(broker, queue, result["confirmed"])
        return {
            "start to first delivery": figure(times, "us"),
            "server memory": figure(memory, "bytes"),
        }
    finally:
        broker.stop()
        broker.remove()


def publish(broker, leveret, words):
    """One run of a scenario; returns its figures."""
    done = subprocess.run(
        [leveret, "bench", *words, "--json", "--url", broker.url],
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)["results"][0]["median"]


def stored(make, rounds, leveret, words):
    """What the directory has grown by for each byte of a body, once the broker has ended."""
    ratios = []
    for _ in range(rounds):
        broker = make().start()
        before = directory_bytes(broker.directory)
        result = publish(broker, leveret, words)
        broker.stop()
        body_bytes = int(words[words.index("--size") + 1].removesuffix("k")) * 1024
        grown = directory_bytes(broker.directory) - before
        ratios.append(grown / (result["confirmed"] * body_bytes))
        broker.remove()
    return {"disk / bodies": figure(ratios, "ratio")}


def directory_bytes(directory):
    """What its files take on the disk."""
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())


def first_delivery_us(broker, queue):
    """Starts it and consumes one message, which goes back."""
    client, started = start_timed(broker)
    client.socket.close()
    while True:
        try:
            # RabbitMQ listens before its queues are there.
            client = frames.Client.open(broker)
            client.open_channel(1)
            client.send(1, spec.Basic.Qos(prefetch_count=1))
            client.expect(1, spec.Basic.QosOk)
            client.send(1, spec.Basic.Consume(queue=queue))
            client.expect(1, spec.Basic.ConsumeOk)
            client.expect(1, spec.Basic.Deliver)
            elapsed_us = (time.monotonic() - started) * 1e6
            client.cut()  # What it holds goes back.
            return elapsed_us
        except (OSError, frames.Unexpected):
            if time.monotonic() - started > START_DEADLINE_S:
                raise
            time.sleep(0.01)


def check_depth(broker, queue, expected):
    """Every confirmed message is still there."""
    client = frames.Client.open(broker)
    client.open_channel(1)

    def depth():
        client.send(1, spec.Queue.Declare(queue=queue, passive=True))
        return client.expect(1, spec.Queue.DeclareOk).message_count

    wait.until(lambda: depth() == expected, f"{expected} confirmed messages after SIGKILL")
    client.close()
