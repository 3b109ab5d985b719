"""Short words for what most tests do with pika."""

import contextlib
import re

import pika
from pika import exceptions

from support import answers, frames, wait

PERSISTENT = pika.BasicProperties(delivery_mode=2)


@contextlib.contextmanager
def closes_channel(channel, code, text=None):
    """The block makes the server close the channel with this code and text (or pattern)."""
    with _closes(exceptions.ChannelClosedByBroker, code, text):
        yield
        synchronise(channel)  # An asynchronous refusal arrives at the latest with this answer.
    assert channel.connection.is_open, "a channel error must not end the connection"


@contextlib.contextmanager
def closes_connection(channel, code, text=None):
    """The block makes the server close the whole connection with this code and text."""
    with _closes(exceptions.ConnectionClosedByBroker, code, text):
        yield
        synchronise(channel)


@contextlib.contextmanager
def _closes(kind, code, text):
    try:
        yield
    except (exceptions.ChannelClosedByBroker, exceptions.ConnectionClosedByBroker) as closed:
        scope = "channel" if isinstance(closed, exceptions.ChannelClosedByBroker) else "connection"
        answers.note(f"{scope}.close {closed.reply_code} {closed.reply_text}")
        assert isinstance(closed, kind), f"{kind.__name__} expected, got {closed!r}"
        assert closed.reply_code == code, f"{closed.reply_code} {closed.reply_text}"
        if isinstance(text, re.Pattern):
            assert text.search(closed.reply_text), closed.reply_text
        elif text is not None:
            assert closed.reply_text == frames.shortened(text)
        return
    raise AssertionError(f"the server did not refuse with {code}")


def synchronise(channel):
    """Asks something harmless: what the server did before for this channel has arrived after."""
    channel.exchange_declare("amq.direct", passive=True)


def put(channel, queue, *bodies, properties=None):
    """Publishes text bodies to a queue by its name."""
    for body in bodies:
        channel.basic_publish("", queue, body.encode(), properties)


def get(channel, queue, auto_ack=False):
    """The next message as (method, properties, body), waiting until there is one."""

    def attempt():
        got = channel.basic_get(queue, auto_ack)
        return got if got[0] is not None else None

    return wait.until(attempt, f"a message in {queue}")


def take(channel, queue, count):
    """The texts of the next `count` messages, acknowledged, in order."""
    return [get(channel, queue, auto_ack=True)[2].decode() for _ in range(count)]


def is_empty(channel, queue):
    return channel.basic_get(queue, auto_ack=True)[0] is None


def ready(channel, queue):
    """How many messages are ready in the queue."""
    return channel.queue_declare(queue, passive=True).method.message_count


def wait_ready(channel, queue, count):
    """Waits until exactly `count` messages are ready: publishing is asynchronous."""
    wait.until(lambda: ready(channel, queue) == count, f"{count} ready messages in {queue}")


def exists(connection, queue):
    """Whether the queue exists, exclusive or not; uses a channel of its own."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
    except exceptions.ChannelClosedByBroker as closed:
        assert closed.reply_code in (404, 405), closed
        return closed.reply_code == 405
    channel.close()
    return True


def exchange_exists(connection, exchange):
    """Whether the exchange exists; uses a channel of its own."""
    channel = connection.channel()
    try:
        channel.exchange_declare(exchange, passive=True)
    except exceptions.ChannelClosedByBroker as closed:
        assert closed.reply_code == 404, closed
        return False
    channel.close()
    return True


class Collector:
    """A consumer that keeps its deliveries: `.messages` of (method, properties, body)."""

    def __init__(self, channel, queue, auto_ack=False, **consume):
        self.channel = channel
        self.messages = []
        self.tag = channel.basic_consume(queue, self._on_message, auto_ack=auto_ack, **consume)

    def _on_message(self, _channel, method, properties, body):
        self.messages.append((method, properties, body))

    def wait(self, count):
        """Runs the connection until `count` deliveries have come; returns all of them."""

        def has_enough():
            self.channel.connection.process_data_events(time_limit=0.02)
            return len(self.messages) >= count

        wait.until(has_enough, f"delivery number {count} (got {len(self.messages)})")
        return self.messages

    def settle_down(self):
        """Everything that the server had to deliver before this call is in `.messages`."""
        synchronise(self.channel)
        self.channel.connection.process_data_events()
        return self.messages

    @property
    def bodies(self):
        return [body.decode() for _, _, body in self.messages]
