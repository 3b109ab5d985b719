"""Fills a queue that nobody reads, and empties it at once while the disk is still busy with what came."""

import pika

from layout import PURGED, ROUTES, body_of
from step_worker import PERSISTENT, StepWorker


class Purger(StepWorker):
    number = 0

    def step(self):
        published = [self._publish() for _ in range(self.random.randrange(1, 200))]
        is_confirmed = self.random.random() < 0.5
        if is_confirmed:
            self.wait_for_disk()
            for message_id in published:
                self.journal.write("C", message_id)
        if self.random.random() < 0.4:
            self._purge(by_http=is_confirmed and self.random.random() < 0.5)

    def _publish(self):
        Purger.number += 1
        message_id = f"{self.name}.z.{Purger.number}"
        self.journal.write("P", message_id)
        properties = pika.BasicProperties(delivery_mode=PERSISTENT, message_id=message_id)
        self.channel.basic_publish(*ROUTES["z"], body_of(message_id), properties)
        return message_id

    def _purge(self, by_http):
        self.journal.write("Z")
        if by_http:
            answer = self.api.delete(("queues", "/", PURGED, "contents"))
            assert answer.status == 204, answer
        else:
            self.channel.queue_purge(PURGED)
        self.wait_for_disk()
        self.journal.write("z")
