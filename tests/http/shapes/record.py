"""Asks a broker all requests and keeps what the answers look like.

    /usr/bin/python3 tests/http/shapes/record.py        records RabbitMQ anew in rabbitmq.json
"""

import html
import json
import pathlib
import re
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parents[1]))

from api import Api  # noqa: E402
from shapes import scenario, shape  # noqa: E402
from support import broker as brokers  # noqa: E402
from support import wait  # noqa: E402

RECORDS = HERE / "rabbitmq.json"
# RabbitMQ gathers statistics every 5 s, and rates need two of them.
SETTLING_S = 14


def answers(broker, settling_s=0):
    """label -> what the answer looks like, for each request of the scenario."""
    api = Api(broker.host, broker.http_port)
    about = scenario.Scenario(broker, api)
    try:
        wait.until(about.find_clients, "the API to show the clients")
        deadline = time.monotonic() + settling_s
        while time.monotonic() < deadline:
            about.connection.process_data_events(0.5)
        wait.until(about.has_samples, "samples of a queue")
        return {
            label: describe(api.request(method, about.fill_in(template), body), about)
            for label, method, template, body in scenario.requests()
        }
    finally:
        about.close()


def describe(answer, about):
    kept = {"status": answer.status}
    if answer.headers["Allow"]:
        kept["allow"] = sorted(re.split(r", *", answer.headers["Allow"]))
    if not answer.body:
        return kept
    kept["type"] = answer.headers["Content-Type"]
    try:
        value = answer.json
    except ValueError:
        return kept
    if answer.status >= 400 and isinstance(value, dict):
        texts = {key: str(text) for key, text in value.items()}
        for name, text in about.names.items():
            texts = {key: old.replace(text, "{" + name + "}") for key, old in texts.items()}
        return {**kept, "error": texts}
    return {**kept, "shape": shape.shape_of(shape.rename(value, {about.names["node"]: "{node}"}))}


def api_list():
    """RabbitMQ's own list of its API: ["GET", "/api/queues/{vhost}/{name}"] and so on."""
    (page,) = pathlib.Path("/usr/lib/rabbitmq/lib").glob("*/plugins/rabbitmq_management-*/priv/www/api/index.html")
    for row in re.findall(r"<tr>\s*((?:<td.*?</td>\s*)+)</tr>", page.read_text(), re.S):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", re.sub(r"<i>(.*?)</i>", r"{\1}", row), re.S)
        cells = [re.sub(r"<[^>]+>", "", html.unescape(cell)).strip() for cell in cells]
        if len(cells) < 6:
            continue
        for method, mark in zip(("GET", "PUT", "DELETE", "POST"), cells):
            if mark:
                yield from ([method, path] for path in cells[4].split() if path.startswith("/api/"))


def main():
    with tempfile.TemporaryDirectory(prefix="shapes-") as directory:
        broker = brokers.RabbitMQ(directory)
        try:
            broker.start()
            version = Api(broker.host, broker.http_port).get("/api/overview").json["rabbitmq_version"]
            records = {"version": version, "api": list(api_list()), "answers": answers(broker, SETTLING_S)}
        finally:
            broker.stop()
    RECORDS.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n")
    print(f"{len(records['answers'])} answers of RabbitMQ {version} in {RECORDS}")


if __name__ == "__main__":
    main()
