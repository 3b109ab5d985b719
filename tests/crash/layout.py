"""What the load is made of: queues, routes, message ids and the bodies that follow from them."""

import hashlib

TOPIC, FANOUT, DEAD = "crash.topic", "crash.fanout", "crash.dead"
BARRIER = "crash.barrier"
PREFIX = "defined."  # of the names of what is made and deleted all the time
IN, OUT = "crash.in", "crash.out"
FAN_QUEUES = ("crash.f1", "crash.f2", "crash.f3")
# What waits in the first for DELAY_MS is dead-lettered to the second.
DELAY, LATE, DELAY_MS = "crash.delay", "crash.late", 300
# Transactions take from the first; what they reject goes to the second, what they publish to the third.
TX_IN, TX_DEAD, TX_OUT = "crash.tx.in", "crash.tx.dead", "crash.tx.out"
# What is rejected in the first goes to the second; from there it is replayed, to the first or to the third.
REPLAY_IN, REPLAY_DEAD, REPLAY_DONE = "crash.replay.in", "crash.replay.dead", "crash.replay.done"
# The messages of the first have priorities; those of the second count how often they came back.
PRIORITY, QUORUM = "crash.priority", "crash.quorum"
PURGED = "crash.purged"

# In this order they are audited: a queue before the one that it is emptied into by time.
CONSUMED = ("crash.a", "crash.b", *FAN_QUEUES, IN, OUT, LATE, REPLAY_IN, PRIORITY, QUORUM)
QUEUES = (DELAY, *CONSUMED, TX_IN, TX_DEAD, TX_OUT, REPLAY_DEAD, REPLAY_DONE, PURGED)
DEAD_LETTERS = {IN: OUT, DELAY: LATE, TX_IN: TX_DEAD, REPLAY_IN: REPLAY_DEAD}
# These have the order in which somebody rejected or replayed, not that of the publishers.
UNORDERED = (OUT, TX_DEAD, REPLAY_IN, REPLAY_DEAD, REPLAY_DONE)

# A message's id is "<publisher>.<route>.<number>"; the route says where it goes: the groups of queues that it
# must be in. In a group it is in exactly one queue.
GROUPS = {
    "a": (("crash.a",),),
    "b": (("crash.b",),),
    "f": tuple((queue,) for queue in FAN_QUEUES),
    "d": ((IN, OUT),),
    "l": ((DELAY, LATE),),
    "r": ((REPLAY_IN, REPLAY_DEAD, REPLAY_DONE),),
    "x": ((TX_IN, TX_DEAD),),
    "y": ((TX_OUT,),),
    "h": ((PRIORITY,),),
    "q": ((QUORUM,),),
    "z": ((PURGED,),),
}
ROUTES = {
    "a": (TOPIC, "a.job"),
    "b": (TOPIC, "b.job.x"),
    "f": (FANOUT, ""),
    "d": ("", IN),
    "l": ("", DELAY),
    "r": ("", REPLAY_IN),
    "x": ("", TX_IN),
    "y": ("", TX_OUT),
    "h": ("", PRIORITY),
    "q": ("", QUORUM),
    "z": ("", PURGED),
}


def route_of(message_id):
    parts = message_id.split(".")
    return parts[1] if len(parts) == 3 and parts[1] in GROUPS else None


def number_of(message_id):
    return int(message_id.rsplit(".", 1)[1])


def priority_of(message_id):
    return number_of(message_id) % 4 if route_of(message_id) == "h" else 0


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
        arguments = {"x-dead-letter-exchange": DEAD} if queue in DEAD_LETTERS else {}
        if queue == DELAY:
            arguments["x-message-ttl"] = DELAY_MS
        elif queue == PRIORITY:
            arguments["x-max-priority"] = 5
        elif queue == QUORUM:
            arguments |= {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}
        channel.queue_declare(queue, durable=True, arguments=arguments)
    channel.queue_bind("crash.a", TOPIC, "a.#")
    channel.queue_bind("crash.b", TOPIC, "b.*.x")
    for queue in FAN_QUEUES:
        channel.queue_bind(queue, FANOUT, "")
    for source, target in DEAD_LETTERS.items():
        channel.queue_bind(target, DEAD, source)
