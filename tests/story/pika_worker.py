"""A worker as people write them with pika: `pika_worker.py URL DIRECTORY QUEUE...`.

Prefetch 10, manual acknowledgements; a failed job is put back (the queue's delivery limit ends it); when the
connection breaks it connects again.
"""

import json
import pathlib
import sys
import time

import pika

import job


def on_message(directory):
    def handle(channel, method, _properties, body):
        if job.is_done(directory, json.loads(body)):
            channel.basic_ack(method.delivery_tag)
        else:
            channel.basic_nack(method.delivery_tag, requeue=True)

    return handle


def work(url, directory, queues):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=10)
    for queue in queues:
        channel.basic_consume(queue, on_message(directory))
    channel.start_consuming()


if __name__ == "__main__":
    while True:
        try:
            work(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:])
        except (pika.exceptions.AMQPError, OSError):
            time.sleep(0.1)  # the broker is away
