"""Takes jobs, publishes results, and commits both in one transaction, or thinks better of it."""

import pika

from layout import ROUTES, TX_IN, body_of
from step_worker import PERSISTENT, StepWorker


class Transactor(StepWorker):
    transactions = results = 0

    def start(self):
        self.held = {}  # delivery tag -> message id
        self.channel.tx_select()
        self.channel.basic_qos(prefetch_count=20)
        self.channel.basic_consume(TX_IN, self._take)

    def _take(self, _channel, method, properties, _body):
        self.journal.write("D", TX_IN, properties.message_id, int(method.redelivered))
        self.held[method.delivery_tag] = properties.message_id

    def step(self):
        self.connection.process_data_events(0.01)
        Transactor.transactions += 1
        transaction = f"{self.name}.{Transactor.transactions}"
        tags = self.random.sample(sorted(self.held), min(len(self.held), self.random.randrange(9)))
        steps = [lambda tag=tag: self._answer(transaction, tag) for tag in tags]
        steps += [lambda: self._publish(transaction)] * self.random.randrange(9)
        self.random.shuffle(steps)
        for each in steps:
            each()
        if self.random.random() < 0.25:
            # What it answered is unanswered again, and its own.
            self.channel.tx_rollback()
            return
        self.journal.write("K", transaction)
        self.channel.tx_commit()
        self.journal.write("k", transaction)
        for tag in tags:
            del self.held[tag]

    def _answer(self, transaction, tag):
        if self.random.random() < 0.3:
            self.journal.write("T", transaction, "R", self.held[tag])
            self.channel.basic_reject(tag, requeue=False)
        else:
            self.journal.write("T", transaction, "A", self.held[tag])
            self.channel.basic_ack(tag)

    def _publish(self, transaction):
        Transactor.results += 1
        message_id = f"{self.name}.y.{Transactor.results}"
        self.journal.write("T", transaction, "P", message_id)
        properties = pika.BasicProperties(delivery_mode=PERSISTENT, message_id=message_id)
        self.channel.basic_publish(*ROUTES["y"], body_of(message_id), properties)
