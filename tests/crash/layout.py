"""What the load is made of: queues, routes, message ids and the bodies that follow from them."""

import hashlib

TOPIC, FANOUT, DEAD = "crash.topic", "crash.fanout", "crash.dead"
BARRIER = "crash.barrier"
IN, OUT = "crash.in", "crash.out"
FAN_QUEUES = ("crash.f1", "crash.f2", "crash.f3")
QUEUES = ("crash.a", "crash.b", *FAN_QUEUES, IN, OUT)

# A message's id is "<publisher>.<route>.<number>"; the route says where it goes: the groups of queues that it
# must be in. In a group it is in exactly one queue; only the dead-lettering one has two.
GROUPS = {
    "a": (("crash.a",),),
    "b": (("crash.b",),),
    "f": tuple((queue,) for queue in FAN_QUEUES),
    "d": ((IN, OUT),),
}
ROUTES = {
    "a": (TOPIC, "a.job"),
    "b": (TOPIC, "b.job.x"),
    "f": (FANOUT, ""),
    "d": ("", IN),
}


def route_of(message_id):
    parts = message_id.split(".")
    return parts[1] if len(parts) == 3 and parts[1] in GROUPS else None


def number_of(message_id):
    return int(message_id.rsplit(".", 1)[1])


def body_of(message_id):
    """The body that a message with this id has: mostly small, some of 100 KB."""
    digest = hashlib.sha256(message_id.encode()).hexdigest()
    kind = int(digest[:4], 16)
    size = 100_000 if kind % 200 == 0 else 20 + kind % 2000
    text = f"{message_id}:{digest}"
    return (text * (size // len(text) + 1))[: max(size, len(text))].encode()


def declare(channel):
    """Everything that is there all the time."""
    channel.exchange_declare(TOPIC, "topic", durable=True)
    channel.exchange_declare(FANOUT, "fanout", durable=True)
    channel.exchange_declare(DEAD, "direct", durable=True)
    for queue in (*QUEUES, BARRIER):
        arguments = {"x-dead-letter-exchange": DEAD} if queue == IN else None
        channel.queue_declare(queue, durable=True, arguments=arguments)
    channel.queue_bind("crash.a", TOPIC, "a.#")
    channel.queue_bind("crash.b", TOPIC, "b.*.x")
    for queue in FAN_QUEUES:
        channel.queue_bind(queue, FANOUT, "")
    channel.queue_bind(OUT, DEAD, IN)
