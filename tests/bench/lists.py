#!/usr/bin/python3
"""How long pages of long lists take, and what they do to a message stream beside them.

    LEVERETD=build/leveretd /usr/bin/python3 tests/bench/lists.py [--queues 10000] [--bindings 100000] [--requests 40]

Each request is made again and again with pauses, as by somebody who reads what he gets: one who asks without end has
a quarter of the time. Prints one line for each: the median and the longest time of an answer in milliseconds, and the
median, 99th percentile and longest of how long a message takes from publish to delivery meanwhile. The first
line is the stream alone. Nothing here passes or fails.
"""

import argparse
import json
import multiprocessing
import pathlib
import statistics
import sys
import tempfile
import time

import pika

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "http"))

from api import Api  # noqa: E402
from support import broker as brokers  # noqa: E402

REQUESTS = [
    "/api/queues?page=1&page_size=100",
    "/api/queues?page=50&page_size=100",
    "/api/queues?page=1&page_size=100&sort=messages&sort_reverse=true",
    "/api/queues?page=1&page_size=100&sort=message_stats.publish_details.rate&sort_reverse=true",
    "/api/queues?page=1&page_size=100&name=7",
    "/api/queues?page=1&page_size=100&name=^list.*7$&use_regex=true",
    "/api/queues?page=1&page_size=100&sort=policy",
    "/api/queues",
    "/api/queues/%2F/list.5000",
    "/api/connections?page=1&page_size=100",
    "/api/channels?page=1&page_size=100",
    "/api/consumers?page=1&page_size=100",
    "/api/exchanges?page=1&page_size=100",
    "/api/exchanges?page=1&page_size=100&sort=type",
    "/api/bindings?page=1&page_size=100",
    "/api/bindings?page=500&page_size=100&sort_reverse=true",
    "/api/bindings?page=1&page_size=100&sort=routing_key",
    "/api/bindings",
    "/api/queues/%2F/list.5000/bindings",
    "/api/exchanges/%2F/amq.topic/bindings/source?page=1&page_size=100",
    "/api/bindings/%2F/e/amq.topic/q/list.5000",
    "/api/x/dead-letters",
    "/api/overview",
    "/api/nodes",
]


def parameters(broker):
    return pika.ConnectionParameters(broker.host, broker.port, heartbeat=0)


def stream(port, host, commands, results):
    """Sends one message after the other and notes how long each took; ends at None."""
    channel = pika.BlockingConnection(pika.ConnectionParameters(host, port, heartbeat=0)).channel()
    channel.queue_declare("stream", exclusive=True)
    channel.basic_consume("stream", lambda _, method, *rest: arrived.append(time.monotonic()), auto_ack=True)
    while commands.get() is not None:
        times = []
        while commands.empty():
            arrived = []
            sent = time.monotonic()
            channel.basic_publish("", "stream", b"x")
            while not arrived:
                channel.connection.process_data_events(1)
            times.append((arrived[0] - sent) * 1000)
        commands.get()
        results.put(times)


def bind(api, queues, bindings):
    """All at once, as definitions."""
    rows = [
        {
            "source": "amq.topic",
            "vhost": "/",
            "destination": f"list.{number % queues}",
            "destination_type": "queue",
            "routing_key": f"b.{number}",
            "arguments": {},
        }
        for number in range(bindings)
    ]
    connection = api.connect()
    body = json.dumps({"bindings": rows})
    connection.request("POST", "/api/definitions", body, {"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="})
    answer = connection.getresponse()
    assert answer.status == 204, answer.read()


def fill(broker, queues, connections):
    channel = pika.BlockingConnection(parameters(broker)).channel()
    dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "list.1"}
    for number in range(queues):
        channel.queue_declare(f"list.{number}", durable=True, arguments=dead if number % 10 == 0 else None)
        for _ in range(number % 5):
            channel.basic_publish("", f"list.{number}", b"x")
    for number in range(queues // 10):
        channel.exchange_declare(f"list.{number}", "topic")
        channel.queue_bind(f"list.{number}", "amq.topic", f"a.{number}")
    clients = [channel]
    for number in range(connections):
        clients.append(pika.BlockingConnection(parameters(broker)).channel())
        clients[-1].basic_consume(f"list.{number}", lambda *_: None)
    return clients


def ask(api, path, count):
    """Four times as long as the answer took nothing is asked."""
    times = []
    connection = api.connect()
    for _ in range(count):
        started = time.monotonic()
        connection.request("GET", path, headers={"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, body)
        times.append((time.monotonic() - started) * 1000)
        time.sleep(4 * times[-1] / 1000)
    return times


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--queues", type=int, default=10_000)
    options.add_argument("--bindings", type=int, default=100_000)
    options.add_argument("--connections", type=int, default=500)
    options.add_argument("--requests", type=int, default=40)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="lists-") as directory:
        broker = brokers.from_environment(directory).start()
        try:
            report(broker, given)
        finally:
            broker.stop()


def report(broker, given):
    commands, results = multiprocessing.Queue(), multiprocessing.Queue()
    process = multiprocessing.Process(target=stream, args=(broker.port, broker.host, commands, results), daemon=True)
    process.start()
    clients = fill(broker, given.queues, given.connections)
    api = Api(broker.host, broker.http_port)
    bind(api, given.queues, given.bindings)
    print(f"{given.queues} queues, {given.bindings} bindings, {len(clients)} connections; milliseconds")
    print(f"{'median':>8} {'longest':>8} {'stream':>8} {'p99':>8} {'longest':>8}")
    for path in [None, *REQUESTS]:
        commands.put("go")
        if path:
            times = ask(api, path, given.requests)
        else:
            time.sleep(2)
            times = [0]
        commands.put("stop")
        beside = sorted(results.get())
        p99 = beside[len(beside) * 99 // 100]
        print(
            f"{statistics.median(times):8.1f} {max(times):8.1f} {statistics.median(beside):8.2f} {p99:8.2f} {beside[-1]:8.2f}  "
            + (path or "the stream alone"),
            flush=True,
        )
    commands.put(None)


if __name__ == "__main__":
    main()
