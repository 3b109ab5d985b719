"""kombu by itself: simple queues, producers and consumers, and its mailboxes (pidbox)."""

import threading

import pytest

kombu = pytest.importorskip("kombu")
pidbox = pytest.importorskip("kombu.pidbox")


@pytest.fixture
def kombu_connection(broker):
    with kombu.Connection(broker.url) as connection:
        yield connection


def test_a_simple_queue_gives_back_what_was_put(kombu_connection, name):
    with kombu_connection.SimpleQueue(name()) as queue:
        queue.put({"video": 1}, headers={"tries": 3}, serializer="json", compression="zlib")
        assert queue.qsize() == 1
        message = queue.get(timeout=20)
        assert (message.payload, message.headers["tries"]) == ({"video": 1}, 3)
        message.requeue()
        queue.get(timeout=20).ack()
        with pytest.raises(queue.Empty):
            queue.get(block=False)


def test_a_producer_publishes_with_retries_and_a_consumer_drains(kombu_connection, name):
    exchange = kombu.Exchange(name("x"), type="topic")
    queue = kombu.Queue(name(), exchange, routing_key="jobs.#", max_priority=5)
    got = []

    def work(body, message):
        got.append(body)
        message.ack()

    producer = kombu_connection.Producer()
    for number in range(10):
        producer.publish(
            {"n": number}, exchange=exchange, routing_key="jobs.video", declare=[queue], retry=True
        )
    with kombu_connection.Consumer(queue, callbacks=[work], prefetch_count=2):
        while len(got) < 10:
            kombu_connection.drain_events(timeout=20)
    assert got == [{"n": number} for number in range(10)]


def test_a_consumer_hears_what_is_published_to_its_fanout(kombu_connection, name):
    exchange = kombu.Exchange(name("x"), type="fanout", durable=False)
    queues = [kombu.Queue(name(), exchange, exclusive=True) for _ in range(2)]
    got = []
    hear = [lambda body, _: got.append(body)]
    with kombu_connection.Consumer(queues, callbacks=hear, no_ack=True):
        kombu_connection.Producer().publish("hello", exchange=exchange)
        while len(got) < 2:
            kombu_connection.drain_events(timeout=20)
    assert got == ["hello", "hello"]


def test_a_mailbox_asks_its_nodes_and_gathers_their_answers(broker, name):
    """What `celery inspect` is made of: a fanout of questions, a direct exchange of answers."""
    mailbox = pidbox.Mailbox(name("box"), type="fanout")
    listening = threading.Event()

    def answer():
        handlers = {"sum": lambda state, **numbers: sum(numbers.values())}
        with kombu.Connection(broker.url) as connection:
            node = mailbox(connection).Node("worker", handlers=handlers, channel=connection.channel())
            with node.listen():
                listening.set()
                connection.drain_events(timeout=20)

    thread = threading.Thread(target=answer)
    thread.start()
    assert listening.wait(20)
    with kombu.Connection(broker.url) as connection:
        answers = mailbox(connection).call(["worker"], "sum", {"a": 2, "b": 3}, timeout=20)
    thread.join()
    assert answers == [{"worker": 5}]
