"""A client that knows what has been confirmed to it, for tests of what becomes of that."""

import pika

QUEUE = "kept"


class Publisher:
    """Publishes to a durable queue, each message until it is confirmed."""

    def __init__(self, broker):
        parameters = pika.URLParameters(broker.url + "?heartbeat=0")
        self.channel = pika.BlockingConnection(parameters).channel()
        self.channel.queue_declare(QUEUE, durable=True)
        self.channel.confirm_delivery()
        self.confirmed = 0

    def publish(self, body):
        """Raises pika's AMQPError when the broker ends instead."""
        self.channel.basic_publish("", QUEUE, body, pika.BasicProperties(delivery_mode=2))
        self.confirmed += 1


def count(broker):
    """How many messages the queue has now."""
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        return connection.channel().queue_declare(QUEUE, passive=True).method.message_count
