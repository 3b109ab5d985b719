"""Reads every queue from head to tail after a restart, before anyone else."""

import collections
import time

import pika
import pika.exceptions

from layout import BARRIER, QUEUES, body_of
from ledger import Found
from registers import read_definitions
from step_worker import Api
from support import wait

DEADLINE_S = 60


class Auditor:
    """Holds everything unacknowledged until settle() or leave()."""

    def __init__(self, port, http_port):
        self._api = Api("127.0.0.1", http_port)
        self._connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port, heartbeat=0))
        self._channel = self._connection.channel()

    def read_all(self):
        """{queue: [Found, ...]}"""
        contents = {queue: [] for queue in QUEUES}
        end = time.monotonic() + DEADLINE_S
        for queue in QUEUES:
            self._channel.basic_consume(queue, self._taker(contents[queue]), consumer_tag=queue)
            # What expires meanwhile is in a later queue, and what is delivered does not expire.
            while self._ready(queue) > 0:
                assert time.monotonic() < end, f"{queue}: only {len(contents[queue])} messages came"
                self._connection.process_data_events(0.01)
        # All deliveries came before the last answer. What pika has not handed over it would give back.
        self._connection.process_data_events(0)
        for queue in QUEUES:
            self._channel.basic_cancel(queue)
        return contents

    def _ready(self, queue):
        return self._channel.queue_declare(queue, passive=True).method.message_count

    @staticmethod
    def _taker(messages):
        def take(_channel, method, properties, body):
            is_right = body == body_of(properties.message_id)
            returns = (properties.headers or {}).get("x-delivery-count", 0)
            messages.append(Found(properties.message_id, is_right, method.redelivered, returns))

        return take

    def definitions(self):
        return read_definitions(self._api)

    def queues_there(self, names):
        """Which of the declarer's queues exist, with their message in them."""
        there = set()
        for name in names:
            channel = self._connection.channel()
            try:
                if channel.queue_declare(name, passive=True).method.message_count > 0:
                    there.add(name)
                channel.close()
            except pika.exceptions.ChannelClosedByBroker as closed:
                assert closed.reply_code == 404, closed
        return there

    def settle(self, extra_queues):
        """Acknowledges all that was read, deletes the declarer's queues, and waits until that is on disk."""
        self._channel.basic_ack(0, multiple=True)
        for queue in extra_queues:
            self._channel.queue_delete(queue)
        self._channel.queue_purge(BARRIER)
        self._end()

    def leave(self):
        """Goes away without an answer, once its deliveries are noted: everything returns to its place.

        Of tens of thousands it takes some turns of the broker, and what is still on its way no purge takes.
        """
        self._end()
        wait.until(self._all_are_back, "the return of all that was held", DEADLINE_S)

    def _all_are_back(self):
        answer = self._api.get("/api/queues?columns=name,messages_unacknowledged")
        return all(queue["messages_unacknowledged"] == 0 for queue in answer.json)

    def _end(self):
        """What was recorded before a confirmed message is on disk when that is."""
        self._channel.confirm_delivery()
        self._channel.basic_publish("", BARRIER, b"", pika.BasicProperties(delivery_mode=2))
        self._connection.close()


def summary(contents):
    counts = collections.Counter({queue: len(messages) for queue, messages in contents.items()})
    return sum(counts.values())
