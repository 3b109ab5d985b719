"""py-amqp, the client under kombu and Celery. See test_91_clients.py for the story."""

import sys
import urllib.parse

import amqp

address, prefix = urllib.parse.urlparse(sys.argv[1]), sys.argv[2]
HOST = f"{address.hostname}:{address.port}"
HEADERS = {"list": [1, "two", {"three": 3}], "yes": True, "none": None, "big": 2**40, "half": 0.5}


def say(step):
    print("ok", step, flush=True)


def connect(**options):
    connection = amqp.Connection(HOST, virtual_host="/", **options)
    connection.connect()
    return connection


def wait_for(condition):
    while not condition():
        connection.drain_events(timeout=20)


connection = connect(confirm_publish=True)
channel = connection.channel()
exchange, jobs, dead, misc = (f"{prefix}.{label}" for label in ("x", "jobs", "dead", "misc"))

channel.exchange_declare(exchange, "topic", auto_delete=True)
channel.queue_declare(dead, exclusive=True, auto_delete=False)
arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
channel.queue_declare(jobs, exclusive=True, auto_delete=False, arguments=arguments)
channel.queue_bind(jobs, exchange, "jobs.#")
say("declare")

for number in range(20):  # In confirm mode basic_publish returns when the broker has confirmed.
    channel.basic_publish(
        amqp.Message(str(number), delivery_mode=2), exchange, routing_key=f"jobs.{number}"
    )
assert channel.queue_declare(jobs, passive=True).message_count == 20
say("confirms")

returned = []
channel.events["basic_return"].add(lambda *arguments: returned.append(arguments))
channel.basic_publish(amqp.Message("back"), exchange, routing_key="nowhere", mandatory=True)
wait_for(lambda: returned)
error, _, routing_key, message = returned[0]
assert (error.reply_code, error.reply_text) == (312, "NO_ROUTE"), error
assert (routing_key, message.body) == ("nowhere", "back")
say("return")

done, redelivered = [], []


def work(message):
    if message.body == "7" and not message.delivery_info["redelivered"]:
        return channel.basic_reject(message.delivery_tag, requeue=True)
    if message.delivery_info["redelivered"]:
        redelivered.append(message.body)
    done.append(message.body)
    if message.body == "13":
        channel.basic_reject(message.delivery_tag, requeue=False)
    else:
        channel.basic_ack(message.delivery_tag)


channel.basic_qos(0, 5, False)
tag = channel.basic_consume(jobs, callback=work)
wait_for(lambda: len(done) == 20)
channel.basic_cancel(tag)
assert sorted(done, key=int) == [str(number) for number in range(20)]
assert "7" in redelivered and len(redelivered) <= 5, redelivered
say("consume")

message = None
while message is None:
    message = channel.basic_get(dead, no_ack=True)
(death,) = message.headers["x-death"]
assert (death["reason"], death["queue"], death["count"]) == ("rejected", jobs, 1), death
say("dead letter")

channel.queue_declare(misc, exclusive=True, auto_delete=False)
channel.basic_publish(amqp.Message("x", application_headers=HEADERS), "", routing_key=misc)
assert channel.basic_get(misc, no_ack=True).headers == HEADERS
say("headers")

body = bytes(range(256)) * 4096
channel.basic_publish(amqp.Message(body), "", routing_key=misc)
assert channel.basic_get(misc, no_ack=True).body == body
say("large body")

cancelled = []
channel.basic_consume(misc, callback=work, on_cancel=cancelled.append, consumer_tag="mine")
channel.queue_delete(misc)
wait_for(lambda: cancelled == ["mine"])
say("cancel")

for queue, passive, code, text in [
    (f"{prefix}.absent", True, 404, f"NOT_FOUND - no queue '{prefix}.absent' in vhost '/'"),
    (jobs, False, 406, "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter"),
]:
    try:
        connection.channel().queue_declare(
            queue, passive=passive, exclusive=True, auto_delete=False
        )
        raise AssertionError(f"no {code}")
    except amqp.AMQPError as refusal:
        assert refusal.reply_code == code and refusal.reply_text.startswith(text), refusal
say("refusals")

beating = connect(heartbeat=7)
assert beating.heartbeat == 7
beating.close()
say("heartbeat")

connection.close()
say("close")
