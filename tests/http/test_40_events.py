"""The live feed."""

import json
import urllib.parse

import pytest

from api import path

AUTHORIZATION = {"Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="}


class Events:
    """Reads text/event-stream from an open answer."""

    def __init__(self, api, topics, encode=False):
        self.connection = api.connect()
        topics = urllib.parse.quote(topics, safe="") if encode else topics
        self.connection.request("GET", path("x", "events") + "?topics=" + topics, headers=AUTHORIZATION)
        self.answer = self.connection.getresponse()

    def next(self):
        """(event, data) of the next event."""
        fields = {}
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream ended"
            if line == "\n" and "data" in fields:
                return fields["event"], json.loads(fields["data"])
            if line != "\n" and not line.startswith(":"):
                name, _, value = line.rstrip("\n").partition(": ")
                fields[name] = value

    def until(self, condition):
        while True:
            event = self.next()
            if condition(*event):
                return event

    def close(self):
        self.answer.close()
        self.connection.close()


@pytest.fixture
def events(api):
    opened = []

    def events(topics, **options):
        opened.append(Events(api, topics, **options))
        return opened[-1]

    yield events
    for one in opened:
        one.close()


def topic(queue):
    return "queue:%2F:" + urllib.parse.quote(queue, safe="")


def test_the_first_events_come_at_once(events, queue):
    stream = events(f"overview,queues,{topic(queue)}")
    assert stream.answer.status == 200
    assert stream.answer.headers["Content-Type"] == "text/event-stream"
    assert stream.answer.headers["Cache-Control"] == "no-store"
    first = dict(stream.next() for _ in range(3))
    assert set(first) == {"overview", "queues", "queue"}
    assert first["overview"]["product_name"] == "Leveret"
    assert queue in [q["name"] for q in first["queues"]]
    assert first["queue"]["name"] == queue


def test_the_same_json_as_the_routes(api, events, queue):
    api.publish(queue, "x")
    _, item = events(topic(queue)).next()
    assert item.keys() == api.queue(queue).keys()
    assert item["message_stats"].keys() == api.queue(queue)["message_stats"].keys()
    assert (item["messages"], item["consumer_details"]) == (1, [])


def test_figures_follow(api, events, queue):
    stream = events(topic(queue))
    assert stream.next()[1]["messages"] == 0
    api.publish(queue, "x")
    stream.until(lambda event, data: event == "queue" and data["messages"] == 1)
    api.delete(("queues", "/", queue))
    assert stream.until(lambda event, data: event == "gone")[1] == {"vhost": "/", "name": queue}


def test_a_stream_opened_after_a_change_of_users_stays_open(api, events, queue, name):
    user = name("user")
    api.put(("users", user), {"password": "x", "tags": ""})
    stream = events(topic(queue))
    assert stream.next()[1]["messages"] == 0
    api.publish(queue, "x")
    stream.until(lambda event, data: event == "queue" and data["messages"] == 1)
    api.delete(("users", user))


def test_a_value_that_was_encoded_as_a_whole(api, events, name):
    queue = name("a,b:c")
    api.put(("queues", "/", queue))
    stream = events(f"queues,{topic(queue)}", encode=True)
    assert {stream.next()[0], stream.next()[0]} == {"queues", "queue"}
    api.delete(("queues", "/", queue))


def test_readers_that_go_away_or_do_not_read(api, events, queue):
    for _ in range(20):
        events("overview,queues").close()
    silent = [events("overview,queues") for _ in range(20)]
    assert events(topic(queue)).next()[1]["name"] == queue
    assert api.get(("whoami",)).status == 200
    assert len(silent) == 20


@pytest.mark.parametrize("query", ["", "?topics=", "?topics=nonsense", "?topics=queue:x", "?topics=%zz"])
def test_wrong_topics(api, query):
    api.get(path("x", "events") + query).refuses(400, "bad_request")


def test_nobody_watches_without_a_user(api):
    api.get(path("x", "events") + "?topics=overview", auth=None).refuses(401, "not_authorised")
