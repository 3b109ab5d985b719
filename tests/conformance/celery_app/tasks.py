"""The Celery application that test_92 runs; BROKER_URL and QUEUE come from the environment."""

import os

from celery import Celery
from celery.exceptions import Reject
from kombu import Exchange, Queue

QUEUE = os.environ["QUEUE"]
DEAD = QUEUE + ".dead"
URGENT = QUEUE + ".urgent"

app = Celery("tasks", broker=os.environ["BROKER_URL"], backend="rpc://")
app.conf.update(
    task_default_queue=QUEUE,
    task_queues=[
        Queue(
            QUEUE,
            Exchange(QUEUE, type="direct"),
            routing_key=QUEUE,
            queue_arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": DEAD},
        ),
        Queue(URGENT, Exchange(URGENT), routing_key=URGENT, max_priority=10),
    ],
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    result_expires=300,
)


@app.task
def add(a, b):
    return a + b


@app.task(bind=True, max_retries=5)
def succeeds_on_attempt(self, attempt):
    """Retries itself until it has been tried `attempt` times."""
    if self.request.retries + 1 < attempt:
        raise self.retry(countdown=0)
    return self.request.retries + 1


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def fails():
    raise ValueError("no such video")


@app.task
def is_rejected():
    """Rejected without requeue: the broker dead-letters it."""
    raise Reject("broken", requeue=False)


@app.task(bind=True)
def dies_first(self, marker):
    """Kills its worker process on the first delivery; acks_late brings it back."""
    if not os.path.exists(marker):
        with open(marker, "w", encoding="utf-8"):
            pass
        os.kill(os.getpid(), 9)
    return self.request.delivery_info["redelivered"]
