"""What those of the load have in common that do one thing after the other, each when the one before was answered."""

import http.client
import pathlib
import sys

import pika
import pika.exceptions

from layout import BARRIER

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from api import Api  # noqa: E402

PERSISTENT = 2  # delivery_mode
# Which way it shows that the broker was killed is the clients' affair.
GONE = (pika.exceptions.AMQPConnectionError, pika.exceptions.StreamLostError, OSError, http.client.HTTPException)


class StepWorker:
    def __init__(self, name, journal, rng):
        self.name, self.journal, self.random = name, journal, rng
        self.api = self.connection = self.channel = self._barriers = None

    def live(self, port, http_port):
        self.api = Api("127.0.0.1", http_port)
        try:
            self.connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port, heartbeat=0))
            self.channel = self.connection.channel()
            self._barriers = self.connection.channel()
            self._barriers.confirm_delivery()
            self.start()
            while True:
                self.step()
        except GONE:
            pass
        except pika.exceptions.ChannelWrongStateError:
            if self.connection.is_open:
                raise

    def wait_for_disk(self):
        """What was recorded before a confirmed message is on disk when that is."""
        properties = pika.BasicProperties(delivery_mode=PERSISTENT)
        self._barriers.basic_publish("", BARRIER, b"", properties)

    def start(self):
        pass

    def step(self):
        raise NotImplementedError
