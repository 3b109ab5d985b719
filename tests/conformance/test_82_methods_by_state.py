"""Every method there is, sent in every state of a connection: what comes back is written in methods_by_state.tsv.

RabbitMQ's answer stands beside ours where it is another. METHODS_RECORD=1 writes the column of the broker under test.
"""

import csv
import inspect
import os
import pathlib
import socket

import pytest
from pika import spec

from support import frames

TABLE = pathlib.Path(__file__).with_name("methods_by_state.tsv")
TARGET = os.environ.get("CONFORMANCE_TARGET", "leveret")
METHODS = sorted(set(spec.methods.values()), key=lambda method: method.INDEX)
STATES = ("start", "tune", "open", "no channel", "channel", "closed channel")
SILENCE = object()
PROBE = 2  # A channel that is opened to see whether the connection lives.


def made(kind):
    """A method with harmless values: its defaults, or nothing of each type."""
    parameters = inspect.signature(kind).parameters.values()
    values = {each.name: _value(each) for each in parameters}
    return kind(**values)


def _value(parameter):
    if parameter.default not in (inspect.Parameter.empty, None):
        return getattr(parameter.default, "value", parameter.default)
    numbers = ("id", "tag", "code", "count", "size", "max", "major", "minor", "heartbeat")
    if parameter.name in ("arguments", "client_properties", "server_properties"):
        return {}
    return 0 if parameter.name.endswith(numbers) and parameter.name != "consumer_tag" else ""


def bring_to(state, broker):
    """A client whose connection is in this state."""
    if state in ("start", "tune", "open"):
        client = frames.Client(broker)
        client.send_bytes(frames.PROTOCOL_HEADER)
        client.expect(0, spec.Connection.Start)
        if state != "start":
            client.send(0, spec.Connection.StartOk({}, "PLAIN", "\0guest\0guest", "en_US"))
            client.expect(0, spec.Connection.Tune)
        if state == "open":
            client.send(0, spec.Connection.TuneOk(2047, 131072, 0))
        return client
    client = frames.Client.open(broker)
    if state != "no channel":
        client.open_channel(1)
    if state == "closed channel":
        client.send(1, spec.Queue.Declare(queue="there is no such queue", passive=True))
        client.expect(1, spec.Channel.Close)  # and it is not answered
    return client


def name_of(received):
    method = getattr(received, "method", None)
    if method is None:
        return type(received).__name__.lower()
    name = method.NAME.lower()
    return f"{name} {method.reply_code}" if hasattr(method, "reply_code") else name


def answer_of(client, state, method):
    """What comes back, in order, up to the end of the connection or to the probe's answer."""
    client.send(0 if method.NAME.startswith("Connection.") else 1, method)
    is_open = state not in ("start", "tune", "open")
    if not is_open:
        client.socket.shutdown(socket.SHUT_WR)
    elif not isinstance(method, spec.Connection.Close):
        client.send(PROBE, spec.Channel.Open())
    heard, is_probed = [], False
    while (received := _receive(client, is_probed)) is not None:
        if received is SILENCE:
            return "; ".join(heard if is_probed else [*heard, "silence"]) or "nothing"
        if getattr(received, "channel_number", 0) == PROBE:
            is_probed = True
            continue
        heard.append(name_of(received))
        if is_open and heard[-1].startswith("connection.close "):
            client.send(0, spec.Connection.CloseOk())
    return "; ".join([*heard, "end"])


def _receive(client, is_probed):
    """The next frame. RabbitMQ says nothing to some for three seconds before it hangs up, and to others for ever; its
    channels do not wait for one another, ours do."""
    if is_probed and TARGET != "rabbitmq":
        return SILENCE
    try:
        return client.receive(timeout_s=1 if is_probed else 6 if TARGET == "rabbitmq" else None)
    except TimeoutError:
        return SILENCE


def read_table():
    if not TABLE.exists():
        return {}
    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {(row["state"], row["method"]): row for row in rows}


def record(state, method, answer):
    table = read_table()
    row = table.setdefault((state, method), {"state": state, "method": method, "leveret": "", "rabbitmq": ""})
    row[TARGET] = answer
    order = {kind.NAME: number for number, kind in enumerate(METHODS)}
    rows = sorted(table.values(), key=lambda each: (STATES.index(each["state"]), order[each["method"]]))
    with open(TABLE, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["state", "method", "leveret", "rabbitmq"], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.NAME)
@pytest.mark.parametrize("state", STATES)
def test_every_method_in_every_state(broker, state, kind):
    client = bring_to(state, broker)
    try:
        answer = answer_of(client, state, made(kind))
    finally:
        client.cut()
    if os.environ.get("METHODS_RECORD"):
        record(state, kind.NAME, answer)
    assert answer == read_table()[state, kind.NAME][TARGET]
