"""Compares Leveret's codec with pika's, byte by byte: pika_differential.py CODEC_PEER [SEED]

1. Every method and every set of properties of the golden table means the same to pika: it decodes
   it under the same name and encodes it back to the same bytes.
2. 2,000 random tables and 2,000 random sets of properties that pika encoded come back unchanged
   when Leveret has decoded and encoded them.
"""

import datetime
import decimal
import random
import subprocess
import sys

import pika.data
import pika.spec

COUNT = 2000
# pika 1.2 has no connection.update-secret.
UNKNOWN_TO_PIKA = {"connection.update-secret", "connection.update-secret-ok"}


def pika_name(name):
    """basic.get-ok -> Basic.GetOk"""
    return ".".join("".join(part.capitalize() for part in half.split("-")) for half in name.split("."))


def check_golden(peer):
    lines = subprocess.run([peer, "golden"], check=True, capture_output=True, text=True).stdout.splitlines()
    known = set()
    for line in lines:
        kind, name, digits = line.split(" ")
        raw = bytes.fromhex(digits)
        if kind == "method" and name not in UNKNOWN_TO_PIKA:
            method = pika.spec.methods[int.from_bytes(raw[:4], "big")]()
            assert method.NAME == pika_name(name), f"{name}: pika says {method.NAME}"
            encoded = b"".join(method.decode(raw, 4).encode())
            assert encoded == raw[4:], f"{name}: {raw[4:].hex()} is {encoded.hex()} to pika"
            known.add(method.NAME)
        if kind == "properties":
            encoded = b"".join(pika.spec.BasicProperties().decode(raw).encode())
            assert encoded == raw, f"properties {name}: {digits} is {encoded.hex()} to pika"
    missing = {method.NAME for method in pika.spec.methods.values()} - known
    assert not missing, f"methods without a row: {missing}"
    return len(lines)


def random_text(rng, length_max):
    return "".join(rng.choice("az09.-_ é€🐇\0\n") for _ in range(rng.randrange(length_max)))


def random_value(rng, depth):
    kinds = ["bool", "int", "long", "decimal", "text", "bytes", "time", "none", "pika_long"]
    if depth < 5:
        kinds += ["table", "array"]
    kind = rng.choice(kinds)
    if kind == "bool":
        return rng.random() < 0.5
    if kind == "int":
        return rng.randrange(-(2**31), 2**31)
    if kind == "long":
        return rng.randrange(-(2**63), 2**63)
    if kind == "pika_long":
        return pika.compat.long(rng.randrange(-(2**63), 2**63))
    if kind == "decimal":
        return decimal.Decimal(rng.randrange(-(10**8), 10**8)).scaleb(-rng.randrange(10))
    if kind == "text":
        return random_text(rng, 40)
    if kind == "bytes":
        return bytes(rng.randrange(256) for _ in range(rng.randrange(20)))
    if kind == "time":
        return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=rng.randrange(2**32))
    if kind == "table":
        return random_table(rng, depth + 1)
    if kind == "array":
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(5))]
    return None


def random_table(rng, depth=1):
    return {random_text(rng, 30): random_value(rng, depth) for _ in range(rng.randrange(6))}


def random_properties(rng):
    texts = ["content_type", "content_encoding", "correlation_id", "reply_to", "expiration",
             "message_id", "type", "user_id", "app_id", "cluster_id"]
    fields = {name: random_text(rng, 60) for name in texts if rng.random() < 0.3}
    if rng.random() < 0.5:
        fields["headers"] = random_table(rng)
    for name, limit in (("delivery_mode", 256), ("priority", 256), ("timestamp", 2**64)):
        if rng.random() < 0.5:
            fields[name] = rng.randrange(limit)
    return pika.spec.BasicProperties(**fields)


def check_random(peer, seed):
    rng = random.Random(seed)
    cases = []
    for _ in range(COUNT):
        pieces = []
        pika.data.encode_table(pieces, random_table(rng))
        cases.append(("table", b"".join(pieces)))
        cases.append(("properties", b"".join(random_properties(rng).encode())))
    text = "".join(f"{kind} {raw.hex()}\n" for kind, raw in cases)
    answers = subprocess.run([peer, "echo"], input=text, check=True, capture_output=True, text=True).stdout.splitlines()
    assert len(answers) == len(cases), f"{len(answers)} answers for {len(cases)} lines"
    for (kind, raw), answer in zip(cases, answers):
        assert answer == raw.hex(), f"seed {seed}: {kind} {raw.hex()} came back as {answer}"
    return len(cases)


def main():
    peer = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    golden = check_golden(peer)
    print(f"{golden} golden rows and {check_random(peer, seed)} random values agree (seed {seed})")


if __name__ == "__main__":
    main()
