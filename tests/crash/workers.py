"""Those of the load that have much on its way at once: publishers, consumers, and one who declares.

Journals are described in ledger.py; each line is with the kernel before what it announces leaves, and after what it
reports came.
"""

import functools
import os
import sys

import pika
import pika.exceptions

from layout import BARRIER, CONSUMED, IN, QUORUM, REPLAY_IN, ROUTES, body_of, priority_of

PERSISTENT = 2  # delivery_mode


class Journal:
    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, *fields):
        os.write(self._file, (" ".join(map(str, fields)) + "\n").encode())


class Worker:
    """One life of a connection: opens a channel in confirm mode, then start(), until the broker is gone."""

    def __init__(self, name, journal, rng):
        self.name, self.journal, self.random = name, journal, rng
        self.connection = self.channel = None
        self.next_tag = 1
        self.awaited = {}  # publisher's delivery tag -> what to call when it is confirmed

    def live(self, port, _http_port):
        self.next_tag, self.awaited = 1, {}
        self.connection = pika.SelectConnection(
            pika.ConnectionParameters("127.0.0.1", port, heartbeat=0),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._on_channel),
            on_open_error_callback=lambda connection, error: connection.ioloop.stop(),
            on_close_callback=lambda connection, error: connection.ioloop.stop(),
        )
        try:
            self.connection.ioloop.start()
        except (pika.exceptions.AMQPError, OSError):
            pass  # The broker was killed; which way that shows is pika's affair.

    def _on_channel(self, channel):
        self.channel = channel
        channel.add_on_close_callback(self._on_channel_close)
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self.start())

    def _on_channel_close(self, _, reason):
        if isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            print(f"{self.name}: channel closed: {reason}", file=sys.stderr, flush=True)
            if self.connection.is_open:
                self.connection.close()

    def publish(self, exchange, routing_key, message_id, on_confirm):
        priority = priority_of(message_id)
        properties = pika.BasicProperties(delivery_mode=PERSISTENT, message_id=message_id, priority=priority)
        self.awaited[self.next_tag] = on_confirm
        self.next_tag += 1
        self.channel.basic_publish(exchange, routing_key, body_of(message_id), properties)

    def _on_confirm(self, frame):
        tag, multiple = frame.method.delivery_tag, frame.method.multiple
        tags = [t for t in self.awaited if t <= tag] if multiple else [tag]
        for confirmed in tags:
            on_confirm = self.awaited.pop(confirmed)
            if isinstance(frame.method, pika.spec.Basic.Ack):
                on_confirm()

    def start(self):
        raise NotImplementedError


class Publisher(Worker):
    """Keeps a window of messages on their way, to random routes."""

    number = 0
    window = 200

    def start(self):
        self.fill()

    def fill(self):
        while len(self.awaited) < self.window:
            route = self.random.choice("aaabbfddlrrxxhhq")
            Publisher.number += 1
            message_id = f"{self.name}.{route}.{Publisher.number}"
            self.journal.write("P", message_id)
            self.publish(*ROUTES[route], message_id, functools.partial(self.confirmed, message_id))

    def confirmed(self, message_id):
        self.journal.write("C", message_id)
        if len(self.awaited) < self.window // 2:
            self.connection.ioloop.add_callback_threadsafe(self.fill)


class Consumer(Worker):
    """Takes from every queue, and answers in every way there is."""

    barriers = 0

    def start(self):
        self.held, self.answers = {}, 0
        self.channel.basic_qos(prefetch_count=30)
        for queue in CONSUMED:
            self.channel.basic_consume(queue, functools.partial(self.on_message, queue))

    def on_message(self, queue, channel, method, properties, _body):
        message_id, tag = properties.message_id, method.delivery_tag
        self.journal.write("D", queue, message_id, int(method.redelivered))
        self.held[tag] = (queue, message_id)
        chance = self.random.random()
        if chance < 0.15 and len(self.held) < 100:
            return  # held back, until a later multiple ack or for ever
        if chance < 0.20:
            self.answer_all(tag)
        elif chance < (0.5 if queue == QUORUM else 0.23):
            self.journal.write("N", *self.held.pop(tag))
            channel.basic_nack(tag, requeue=True)
        elif queue in (IN, REPLAY_IN) and chance < 0.6:
            self.journal.write("R", *self.held.pop(tag))
            channel.basic_reject(tag, requeue=False)
        else:
            self.journal.write("A", *self.held.pop(tag))
            channel.basic_ack(tag)
        self.answers += 1
        if self.answers % 50 == 0:
            self.publish_barrier()

    def answer_all(self, tag):
        for held in [t for t in self.held if t <= tag]:
            self.journal.write("A", *self.held.pop(held))
        self.channel.basic_ack(tag, multiple=True)

    def publish_barrier(self):
        Consumer.barriers += 1
        barrier = Consumer.barriers
        self.journal.write("B", barrier)
        confirmed = functools.partial(self.journal.write, "F", barrier)
        self.publish("", BARRIER, f"{self.name}.barrier.{barrier}", confirmed)


class Declarer(Worker):
    """Makes durable queues and deletes some, one step after the other."""

    number = 0
    mine = []

    def start(self):
        Declarer.mine = []  # Which survived is the ledger's business.
        self.declare()

    def declare(self):
        Declarer.number += 1
        queue = f"crash.t.{Declarer.number}"
        self.journal.write("Q", queue)
        self.channel.queue_declare(queue, durable=True, callback=lambda _: self.fill(queue))

    def fill(self, queue):
        self.publish("", queue, f"{self.name}.{queue}.1", functools.partial(self.declared, queue))

    def declared(self, queue):
        self.journal.write("q", queue)
        Declarer.mine.append(queue)
        if self.random.random() < 0.6:
            self.delete(Declarer.mine.pop(self.random.randrange(len(Declarer.mine))))
        else:
            self.declare()

    def delete(self, queue):
        self.journal.write("E", queue)
        self.channel.queue_delete(queue, callback=lambda _: self.publish_barrier(queue))

    def publish_barrier(self, queue):
        self.publish("", BARRIER, f"{self.name}.barrier.0", functools.partial(self.deleted, queue))

    def deleted(self, queue):
        self.journal.write("e", queue)
        self.declare()
