"""AMQP 0-9-1 frames over a plain socket, for what no client library lets one say or see.

Methods and properties are encoded and decoded by pika's generated `spec`, so that the suite
does not test our reading of the specification with our own encoder.
"""

import re
import socket
import struct
import time

from pika import frame, spec

from support import answers

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
UNASKED = (spec.Channel.Close, spec.Connection.Close, spec.Basic.Return, spec.Basic.Cancel)
CAPABILITIES = {
    "publisher_confirms": True,
    "consumer_cancel_notify": True,
    "basic.nack": True,
    "connection.blocked": True,
    "authentication_failure_close": True,
}


class Unexpected(AssertionError):
    """Another frame came than the one expected, or the connection ended."""


class Client:
    """A connection that sends what it is told and shows every frame that comes back."""

    def __init__(self, broker, timeout_s=20.0, tls=None, preamble=None):
        """`tls`: an ssl.SSLContext, for the broker's TLS port. `preamble`: what a proxy sends first."""
        port = broker.tls_port if tls else broker.port
        self.socket = socket.create_connection((broker.host, port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(broker.preamble if preamble is None else preamble)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.timeout_s = timeout_s
        self.received = b""
        self.start = None
        self.tune = None

    @classmethod
    def open(cls, broker, vhost="/", timeout_s=20.0, **login):
        """A connection past the whole handshake, without heartbeats."""
        client = cls(broker, timeout_s)
        try:
            client.log_in(**login)
            client.accept_tune()
            client.send(0, spec.Connection.Open(virtual_host=vhost, insist=True))
            client.expect(0, spec.Connection.OpenOk)
        except Exception:
            client.cut()
            raise
        return client

    # Handshake

    def log_in(self, mechanism="PLAIN", response="\0guest\0guest", capabilities=None):
        """Protocol header to start-ok."""
        self.send_bytes(PROTOCOL_HEADER)
        self.start = self.expect(0, spec.Connection.Start)
        properties = {"product": "conformance", "capabilities": CAPABILITIES}
        if capabilities is not None:
            properties["capabilities"] = capabilities
        self.send(0, spec.Connection.StartOk(properties, mechanism, response, "en_US"))

    def accept_tune(self, channel_max=None, frame_max=None, heartbeat=0):
        """Answers connection.tune, with the server's own limits unless told otherwise."""
        self.tune = self.expect(0, spec.Connection.Tune)
        self.send(
            0,
            spec.Connection.TuneOk(
                self.tune.channel_max if channel_max is None else channel_max,
                self.tune.frame_max if frame_max is None else frame_max,
                heartbeat,
            ),
        )

    def open_channel(self, channel=1):
        self.send(channel, spec.Channel.Open())
        self.expect(channel, spec.Channel.OpenOk)
        return channel

    # Sending

    def send_bytes(self, data):
        self.socket.sendall(data)

    def send_frame(self, kind, channel, payload, end=b"\xce"):
        self.send_bytes(struct.pack(">BHI", kind, channel, len(payload)) + payload + end)

    def send(self, channel, method):
        self.send_bytes(frame.Method(channel, method).marshal())

    def send_header(self, channel, body_size, properties=None):
        properties = properties or spec.BasicProperties()
        self.send_bytes(frame.Header(channel, body_size, properties).marshal())

    def send_body(self, channel, data):
        self.send_frame(spec.FRAME_BODY, channel, data)

    def publish(self, channel, exchange, routing_key, body=b"", properties=None, mandatory=False):
        """Publishes a body that fits one frame."""
        publish = spec.Basic.Publish(exchange=exchange, routing_key=routing_key)
        publish.mandatory = mandatory
        self.send(channel, publish)
        self.send_header(channel, len(body), properties)
        if body:
            self.send_body(channel, body)

    # Receiving

    def receive(self, timeout_s=None):
        """The next frame that is no heartbeat, as pika decodes it; None when the peer hung up."""
        end = time.monotonic() + (timeout_s or self.timeout_s)
        while True:
            used, received = frame.decode_frame(self.received)
            if received is not None:
                self.received = self.received[used:]
                if isinstance(received, frame.Heartbeat):
                    continue
                if isinstance(getattr(received, "method", None), UNASKED):
                    answers.note_method(received.method)
                return received
            if not self._fill(end):
                answers.note_end()
                return None

    def receive_any(self):
        """The next frame, heartbeats included."""
        end = time.monotonic() + self.timeout_s
        while True:
            used, received = frame.decode_frame(self.received)
            if received is not None:
                self.received = self.received[used:]
                return received
            if not self._fill(end):
                return None

    def read_to_end(self):
        """All bytes up to the peer's hanging up."""
        end = time.monotonic() + self.timeout_s
        while self._fill(end):
            pass
        return self.received

    def expect(self, channel, method_class):
        """The next frame, which must be this method on this channel; returns the method."""
        received = self.receive()
        method = getattr(received, "method", None)
        if not isinstance(method, method_class) or received.channel_number != channel:
            raise Unexpected(f"expected {method_class.NAME} on channel {channel}, got {received}")
        return method

    def expect_content(self, channel, method_class):
        """A method with content: (method, properties, body)."""
        method = self.expect(channel, method_class)
        header = self.receive()
        if not isinstance(header, frame.Header):
            raise Unexpected(f"expected a content header, got {header}")
        body = b""
        while len(body) < header.body_size:
            body += self.receive().fragment
        return method, header.properties, body

    def expect_channel_close(self, channel, code, text=None):
        """The server's channel.close, answered; returns the method."""
        method = self.expect(channel, spec.Channel.Close)
        check_reply(method, code, text)
        self.send(channel, spec.Channel.CloseOk())
        return method

    def expect_connection_close(self, code, text=None):
        """The server's connection.close, answered, after which it hangs up."""
        method = self.expect(0, spec.Connection.Close)
        check_reply(method, code, text)
        self.send(0, spec.Connection.CloseOk())
        self.expect_end()
        return method

    def expect_end(self):
        """The peer closes the socket without another frame."""
        received = self.receive()
        if received is not None:
            raise Unexpected(f"expected the end of the connection, got {received}")

    def expect_nothing_before(self, channel):
        """Nothing is waiting for us: the answer to a harmless question is the next frame."""
        question = spec.Exchange.Declare(exchange="amq.direct", type="direct", passive=True)
        self.send(channel, question)
        self.expect(channel, spec.Exchange.DeclareOk)

    # Ending

    def close(self):
        """The polite end of the connection."""
        self.send(0, spec.Connection.Close(200, "bye", 0, 0))
        self.expect(0, spec.Connection.CloseOk)
        self.cut()

    def cut(self):
        """Just drops the socket."""
        self.socket.close()

    def _fill(self, end):
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError("no frame within the deadline")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(262144)
        except ConnectionResetError:
            return False  # The peer hung up without reading all that we sent.
        self.received += data
        return bool(data)


def check_reply(method, code, text):
    """A close or return must carry this code and, if given, this text (or pattern)."""
    assert method.reply_code == code, f"{method.reply_code} {method.reply_text}"
    if isinstance(text, re.Pattern):
        assert text.search(method.reply_text), method.reply_text
    elif text is not None:
        assert method.reply_text == shortened(text)


def shortened(text):
    """A reply text as it fits a short string: RabbitMQ cuts it after 252 bytes."""
    return text if len(text) <= 255 else text[:252] + "..."


def table(**entries):
    """An encoded field table of (letter, payload) values, for types that pika cannot send."""
    pieces = b"".join(
        bytes([len(key)]) + key.encode() + letter + payload
        for key, (letter, payload) in entries.items()
    )
    return struct.pack(">I", len(pieces)) + pieces
