#!/usr/bin/python3
"""How fast very many durable queues and bindings are declared, what they take of memory, and how soon they are there again.

    LEVERETD=build/leveretd /usr/bin/python3 tests/bench/topology.py [--queues 100000] [--bindings 1000000]

One connection declares the queues and binds each to a topic exchange as often as it takes, without waiting for answers; then
the broker is stopped and started, killed and started. A declaration counts as done when all of them are on disk. Nothing here
passes or fails.
"""

import argparse
import pathlib
import sys
import tempfile
import time

from pika import frame, spec

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import process  # noqa: E402
from support import broker as brokers  # noqa: E402
from support import frames  # noqa: E402
from support.memory import rss_bytes  # noqa: E402

EXCHANGE = "bench.topology"
DEADLINE_S = 600
AT_ONCE = 1000


def queue_name(number):
    return f"bench.topology.{number}"


def queue_declare(number, nowait=True):
    return spec.Queue.Declare(queue=queue_name(number), durable=True, nowait=nowait)


def queue_bind(number, queues):
    """The n-th binding: every key is of three words, one of them a wildcard, and there is no second like it."""
    key = f"site{number % 1000}.*.n{number // 1000}"
    return spec.Queue.Bind(queue=queue_name(number % queues), exchange=EXCHANGE, routing_key=key, nowait=True)


def declare(client, methods, count):
    """Sends the methods, waits until all of it is done, and returns how many a second that was."""
    blocks, block = [], []
    for method in methods:
        block.append(frame.Method(1, method).marshal())
        if len(block) == AT_ONCE:
            blocks.append(b"".join(block))
            block = []
    blocks.append(b"".join(block))
    begin = time.monotonic()
    for block in blocks:
        client.send_bytes(block)
    # Its answer waits for the disk, and nothing overtakes on a channel.
    client.send(1, queue_declare(0, nowait=False))
    client.expect(1, spec.Queue.DeclareOk)
    return count / (time.monotonic() - begin)


def started_s(broker, end):
    end(broker)
    client, begin = process.start_timed(broker)
    took_s = time.monotonic() - begin
    client.cut()
    check = frames.Client.open(broker, timeout_s=DEADLINE_S)
    check.open_channel()
    return took_s, check


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--queues", type=int, default=100_000)
    options.add_argument("--bindings", type=int, default=1_000_000)
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="leveret-bench-") as directory:
        broker = brokers.from_environment(pathlib.Path(directory))
        broker.start()
        try:
            measure(broker, options.queues, options.bindings)
        finally:
            broker.stop()
    return 0


def measure(broker, queues, bindings):
    client = frames.Client.open(broker, timeout_s=DEADLINE_S)
    client.open_channel()
    client.send(1, spec.Exchange.Declare(exchange=EXCHANGE, type="topic", durable=True))
    client.expect(1, spec.Exchange.DeclareOk)
    memory = rss_bytes(broker.process.pid)
    for what, methods, count in (
        ("queues", map(queue_declare, range(queues)), queues),
        ("bindings", (queue_bind(number, queues) for number in range(bindings)), bindings),
    ):
        rate = declare(client, methods, count)
        now = rss_bytes(broker.process.pid)
        print(f"{count:,} {what}: {rate:,.0f} a second, {(now - memory) / count:,.0f} bytes of memory each", flush=True)
        memory = now
    client.cut()
    for what, end in (("stop", brokers.Broker.stop), ("SIGKILL", brokers.Broker.kill)):
        took_s, client = started_s(broker, end)
        client.send(1, spec.Queue.Declare(queue=queue_name(queues - 1), passive=True))
        client.expect(1, spec.Queue.DeclareOk)
        client.cut()
        memory_mib = rss_bytes(broker.process.pid) / (1 << 20)
        print(f"start after {what}: {took_s:.2f} s, then {memory_mib:,.0f} MiB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
