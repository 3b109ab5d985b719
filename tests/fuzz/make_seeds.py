"""Writes the seeds of the corpora from the golden table: make_seeds.py CODEC_PEER

CODEC_PEER is the built leveret_codec_peer. Existing files stay; a seed is named after its content.
"""

import datetime
import hashlib
import json
import pathlib
import struct
import subprocess
import sys

import pika.spec as spec

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def add(harness, raw):
    folder = CORPUS / harness
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(raw).hexdigest()).write_bytes(raw)


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(channel, value):
    return frame(1, channel, struct.pack(">I", value.INDEX) + b"".join(value.encode()))


def message(exchange, key, body, **fields):
    properties = b"".join(spec.BasicProperties(**fields).encode())
    return (method(1, spec.Basic.Publish(exchange=exchange, routing_key=key, mandatory=True))
            + frame(2, 1, struct.pack(">HHQ", 60, 0, len(body)) + properties)
            + (frame(3, 1, body) if body else b""))


HANDSHAKE = (b"AMQP\x00\x00\x09\x01"
             + method(0, spec.Connection.StartOk(client_properties={"product": "seed"}, mechanism="PLAIN",
                                                 response="\0guest\0guest", locale="en_US"))
             + method(0, spec.Connection.TuneOk(16, 8192, 60))
             + method(0, spec.Connection.Open("/")))

DEAD = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"}


def sessions():
    """The dialogues that the broker has most states for, each to be cut and mixed by the fuzzer."""
    opened = method(1, spec.Channel.Open())
    declared = opened + method(1, spec.Queue.Declare(queue="dead", durable=True))

    def queue(arguments, **options):
        return declared + method(1, spec.Queue.Declare(queue="q", durable=True, arguments=arguments, **options))

    consume = method(1, spec.Basic.Qos(prefetch_count=2)) + method(1, spec.Basic.Consume(queue="q", consumer_tag="c"))
    jobs = b"".join(message("", "q", b"job", delivery_mode=2, headers={"n": n}) for n in range(4))
    yield (queue(DEAD) + method(1, spec.Confirm.Select()) + jobs + consume
           + method(1, spec.Basic.Ack(1)) + method(1, spec.Basic.Nack(2, requeue=True))
           + method(1, spec.Basic.Reject(3, requeue=False)) + method(1, spec.Basic.Cancel("c"))
           + method(1, spec.Channel.Close(200, "", 0, 0)))
    yield queue({"x-message-ttl": 1000, **DEAD}) + jobs + message("", "q", b"", expiration="10")
    yield queue({"x-max-length": 2, "x-overflow": "reject-publish", **DEAD}) + method(1, spec.Confirm.Select()) + jobs
    yield queue({"x-delivery-limit": 1, "x-expires": 5000, **DEAD}) + jobs + consume + 3 * method(
        1, spec.Basic.Recover(requeue=True))
    yield (queue({}) + jobs + method(1, spec.Basic.Get(queue="q")) + method(1, spec.Basic.Get(queue="q", no_ack=True))
           + method(1, spec.Queue.Purge(queue="q")) + method(1, spec.Queue.Delete(queue="q", if_unused=True)))
    for kind, key, arguments in (("topic", "a.*.#", {}), ("headers", "", {"x-match": "any", "n": 1}), ("fanout", "", {})):
        yield (queue({}) + method(1, spec.Exchange.Declare(exchange="e", type=kind, durable=True))
               + method(1, spec.Queue.Bind(queue="q", exchange="e", routing_key=key, arguments=arguments))
               + message("e", "a.b.c", b"job", headers={"n": 1, "CC": ["dead"]}, reply_to="dead")
               + method(1, spec.Queue.Unbind(queue="q", exchange="e", routing_key=key, arguments=arguments))
               + method(1, spec.Exchange.Delete(exchange="e", if_unused=True)))
    yield queue({}) + method(1, spec.Tx.Select()) + jobs + method(1, spec.Tx.Commit()) + method(1, spec.Tx.Rollback())
    yield (queue({}, exclusive=True, auto_delete=True) + consume + method(2, spec.Channel.Open()) + jobs
           + method(2, spec.Channel.Flow(True)) + method(0, spec.Connection.Close(200, "", 0, 0)))


def proxy_headers():
    yield b"PROXY TCP4 1.2.3.4 10.0.0.1 50000 5672\r\n"
    yield b"PROXY TCP6 fd00::1 ::1 1 65535\r\n"
    yield b"PROXY UNKNOWN\r\n"
    for command, family, rest in ((0x20, 0, b""), (0x21, 0x11, bytes(12)), (0x21, 0x21, bytes(36)),
                                  (0x21, 0x11, bytes(12) + b"\x03\x00\x04abcd"), (0x21, 0x31, bytes(216))):
        yield b"\r\n\r\n\0\r\nQUIT\n" + struct.pack(">BBH", command, family, len(rest)) + rest


def requests():
    publish = {"properties": {"headers": {"n": 1, "a": [1.5, None, {"b": "c"}]}, "delivery_mode": 2, "priority": 3,
                              "expiration": "1000", "timestamp": 1}, "routing_key": "q", "payload": "eA==",
               "payload_encoding": "base64"}
    for target, header in (
        ("/api/queues?page=2&page_size=10&name=%5Ea.*b%24&use_regex=true&sort=name&sort_reverse=true&columns=a,b.c",
         "Basic Z3Vlc3Q6Z3Vlc3Q="),
        ("http://localhost:15672/api/queues/%2F/a%20b+c", "Bearer abc"),
        ("/api/overview?lengths_age=60&lengths_incr=5&msg_rates_age=3600&msg_rates_incr=60", "gzip;q=0.5, *;q=0"),
        ("/api/x/queues/%2f/q/messages?limit=50&after=3", 'W/"tag", "other"'),
        ("*", "text/html;q=0.9, text/*;q=0.1, application/json"),
        ("/", "http://[::1]:15672"),
    ):
        yield f"{target}\n{header}\n{json.dumps(publish)}".encode()


def definitions():
    whole = {
        "rabbit_version": "3.10.8", "product_name": "RabbitMQ",
        "users": [{"name": "u", "password_hash": "", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ["management"],
                   "limits": {"max-connections": 5}}],
        "vhosts": [{"name": "one", "description": "d", "tags": [], "default_queue_type": "classic"}],
        "permissions": [{"user": "u", "vhost": "one", "configure": ".*", "write": "", "read": "^a"}],
        "topic_permissions": [{"user": "u", "vhost": "one", "exchange": "amq.topic", "write": "a", "read": "b"}],
        "parameters": [{"vhost": "one", "component": "vhost-limits", "name": "limits", "value": {"max-queues": 9}}],
        "global_parameters": [{"name": "cluster_name", "value": "c"}],
        "policies": [{"vhost": "one", "name": "p", "pattern": ".*", "apply-to": "queues", "priority": 1,
                      "definition": {"max-length": 5, "dead-letter-exchange": ""}}],
        "exchanges": [{"name": "e", "vhost": "one", "type": "topic", "durable": True, "auto_delete": False, "internal": False,
                       "arguments": {"alternate-exchange": "f"}}],
        "queues": [{"name": "q", "vhost": "one", "durable": True, "auto_delete": False,
                    "arguments": {"x-queue-type": "quorum", "x-max-length": 3}}],
        "bindings": [{"source": "e", "vhost": "one", "destination": "q", "destination_type": "queue", "routing_key": "k",
                      "arguments": {}}],
    }
    text = json.dumps(whole).encode()
    yield b"\x00" + text
    yield b"\x01" + text
    part = b'Content-Disposition: form-data; name="file"; filename="d.json"\r\n\r\n'
    yield b"\x02cut\n--cut\r\n" + part + text + b"\r\n--cut--\r\n"


def configurations():
    yield (pathlib.Path(__file__).resolve().parents[2] / "conf/leveret.toml").read_bytes()
    for text in ("amqp.port = 'none'\n[tls]\nversions = ['tlsv1.2']\n\0none", "bind = ['::1', '10.0.0.1']\n\0001",
                 "[alarms]\nmemory = ['1 GiB', '5%']\n\0true", "\0" + "10.0.0.0/8,::1", "\0warn"):
        yield text.encode()


def dead_letters():
    death = {"count": 2, "reason": "rejected", "queue": "q", "time": datetime.datetime.fromtimestamp(1, datetime.timezone.utc),
             "exchange": "", "routing-keys": ["q", "cc"], "original-expiration": "5"}
    for headers in ({}, {"x-death": [death]}, {"x-death": [{**death, "reason": "expired"}, {**death, "queue": "r"}]},
                    {"x-death": "none", "CC": ["a", 1], "BCC": ["b"]}, {"x-replay": {"n": 7}, "x-delivery-count": 3},
                    {"x-error": "SMTP 451: 'a' at 0123456789abcdef", "x-first-death-reason": "maxlen"}):
        yield b"".join(spec.BasicProperties(headers=headers, expiration="1000", delivery_mode=2).encode())


def addresses():
    yield b"amqp://alice:p%3Aw@broker.example:5673/%2Fshop?heartbeat=7"
    yield b"amqps://[::1]:1234/v?cacertfile=%2Fca.pem&certfile=c&keyfile=k&verify=verify_none&auth_mechanism=external"
    yield b"amqps://h?server_name_indication=other"


def servers():
    """What a server says to a client."""
    deliver = method(1, spec.Basic.Deliver(consumer_tag="c", delivery_tag=7, exchange="", routing_key="k"))
    properties = b"".join(spec.BasicProperties(headers={"n": 1}).encode())
    content = frame(2, 1, struct.pack(">HHQ", 60, 0, 5) + properties) + frame(3, 1, b"he") + frame(3, 1, b"llo")
    yield b"\x01" + method(1, spec.Channel.OpenOk()) + deliver + content + method(1, spec.Basic.Ack(3, True))
    yield b"\x01" + method(0, spec.Connection.Blocked("memory")) + method(0, spec.Connection.Close(320, "BYE", 0, 0))
    start = spec.Connection.Start(server_properties={"product": "seed"}, mechanisms="AMQPLAIN PLAIN", locales="en_US")
    yield b"\x00" + method(0, start) + method(0, spec.Connection.Tune(16, 8192, 60)) + method(0, spec.Connection.OpenOk())
    yield b"\x00AMQP\x00\x00\x09\x01"


def redo_records():
    """Ops as server/store/redo_record.h has them: kind, queue, seq, and what belongs to the kind."""
    op = lambda kind, queue, seq: struct.pack(">BIQ", kind, queue, seq)
    short = lambda text: bytes([len(text)]) + text
    long = lambda text: struct.pack(">I", len(text)) + text
    properties = struct.pack(">HB", 1 << 12, 2)  # persistent
    message = struct.pack(">Q", 1_700_000_000_000) + short(b"jobs") + short(b"a.b") + long(properties) + long(b"body")
    append = lambda queue, content, form: op(1, queue, 5) + struct.pack(">QB", content, form)
    yield append(1, 0, 0) + message
    yield append(1, 7, 0) + message + append(2, 7, 1)
    yield op(2, 1, 5) + op(3, 1, 6) + struct.pack(">Q", 9) + op(4, 1, 7) + struct.pack(">I", 2) + op(5, 1, 8)


def main():
    for record in redo_records():
        add("fuzz_redo_record", record)
    for properties in dead_letters():
        add("fuzz_dead_letter", properties)
    for address in addresses():
        add("fuzz_client_url", address)
    for stream in servers():
        add("fuzz_client_session", stream)
    for request in requests():
        add("fuzz_http", request)
    for each in definitions():
        add("fuzz_definitions", each)
    for configuration in configurations():
        add("fuzz_config", configuration)
    for header in proxy_headers():
        add("fuzz_proxy_header", header)
    for stream in sessions():
        add("fuzz_session", b"\x00" + stream)
        add("fuzz_session", b"\x85" + HANDSHAKE + stream)
    golden = subprocess.run([sys.argv[1], "golden"], check=True, capture_output=True, text=True).stdout
    for line in golden.splitlines():
        kind, _, digits = line.split(" ")
        raw = bytes.fromhex(digits)
        add(f"fuzz_{kind}", raw)
        if kind == "method":
            add("fuzz_frame", frame(1, 1, raw))
        if kind == "properties":
            header = frame(2, 1, struct.pack(">HHQ", 60, 0, 5) + raw)
            add("fuzz_frame", header + frame(3, 1, b"hello") + frame(8, 0, b""))


if __name__ == "__main__":
    main()
