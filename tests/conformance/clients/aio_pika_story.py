"""aio-pika, the client of asyncio programs. See test_91_clients.py for the story."""

import asyncio
import sys

import aio_pika
from aio_pika import exceptions

url, prefix = sys.argv[1:]
HEADERS = {"list": [1, "two", {"three": 3}], "yes": True, "none": None, "big": 2**40}


def say(step):
    print("ok", step, flush=True)


async def main():
    connection = await aio_pika.connect(url)
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)

    exchange = await channel.declare_exchange(f"{prefix}.x", "topic", auto_delete=True)
    dead = await channel.declare_queue(f"{prefix}.dead", exclusive=True)
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name}
    jobs = await channel.declare_queue(f"{prefix}.jobs", exclusive=True, arguments=arguments)
    await jobs.bind(exchange, "jobs.#")
    say("declare")

    persistent = aio_pika.DeliveryMode.PERSISTENT
    messages = [aio_pika.Message(str(n).encode(), delivery_mode=persistent) for n in range(20)]
    await asyncio.gather(*(exchange.publish(message, "jobs.n") for message in messages))
    say("confirms")

    try:
        await exchange.publish(aio_pika.Message(b"back"), "nowhere", mandatory=True)
        raise AssertionError("nothing came back")
    except exceptions.PublishError as returned:
        assert returned.message.delivery.reply_code == 312, returned
        assert returned.message.body == b"back"
    say("return")

    await channel.set_qos(prefetch_count=5)
    done, redelivered = [], []
    async with jobs.iterator(timeout=20) as deliveries:
        async for message in deliveries:
            if message.body == b"7" and not message.redelivered:
                await message.nack(requeue=True)
                continue
            redelivered += [message.body] if message.redelivered else []
            done.append(int(message.body))
            if message.body == b"13":
                await message.reject(requeue=False)
            else:
                await message.ack()
            if len(done) == 20:
                break
    assert sorted(done) == list(range(20)), done
    assert b"7" in redelivered, redelivered
    say("consume")

    message = None
    while message is None:
        message = await dead.get(no_ack=True, fail=False)
    (death,) = message.headers["x-death"]
    assert (death["reason"], death["queue"], death["count"]) == ("rejected", jobs.name, 1), death
    say("dead letter")

    misc = await channel.declare_queue(f"{prefix}.misc", exclusive=True)
    default = channel.default_exchange
    await default.publish(aio_pika.Message(b"x", headers=HEADERS), misc.name)
    assert (await misc.get(no_ack=True)).headers == HEADERS
    say("headers")

    body = bytes(range(256)) * 4096
    await default.publish(aio_pika.Message(body), misc.name)
    assert (await misc.get(no_ack=True)).body == body
    say("large body")

    # A consumer that the server cancels is forgotten by the channel: its tag is free again.
    await misc.consume(print, consumer_tag="mine")
    await misc.delete(if_unused=False, if_empty=False)
    misc = await channel.declare_queue(f"{prefix}.misc", exclusive=True)
    await misc.consume(print, consumer_tag="mine")
    say("cancel")

    for queue, passive, refusal, text in [
        (f"{prefix}.absent", True, exceptions.ChannelNotFoundEntity, "NOT_FOUND - no queue '"),
        (jobs.name, False, exceptions.ChannelPreconditionFailed, "PRECONDITION_FAILED - ineq"),
    ]:
        other = await connection.channel()
        try:
            await other.declare_queue(queue, passive=passive, exclusive=True)
            raise AssertionError(f"no refusal of {queue}")
        except refusal as refused:
            assert text in str(refused), refused
    say("refusals")

    beating = await aio_pika.connect(f"{url}?heartbeat=7")
    tune = beating.transport.connection.connection_tune
    assert tune.heartbeat == 7, tune
    await beating.close()
    say("heartbeat")

    await connection.close()
    say("close")


asyncio.run(main())
