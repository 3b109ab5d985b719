"""What the API has answered is on disk: a crash right after the answer loses nothing of it."""


def test_definitions_and_messages_survive_a_crash_right_after_the_answer(api, broker):
    queue, gone, exchange = "durable.kept", "durable.gone", "durable.exchange"
    assert api.put(("queues", "/", gone), {"durable": True}).status == 201
    assert api.put(("queues", "/", queue), {"durable": True}).status == 201
    assert api.put(("exchanges", "/", exchange), {"durable": True, "type": "fanout"}).status == 201
    assert api.post(("bindings", "/", "e", exchange, "q", queue), {}).status == 201
    assert api.delete(("queues", "/", gone)).status == 204
    message = {
        "routing_key": "",
        "payload": "kept",
        "payload_encoding": "string",
        "properties": {"delivery_mode": 2},
    }
    answer = api.post(("exchanges", "/", exchange, "publish"), message)
    assert answer.json == {"routed": True}
    broker.kill()
    broker.start()
    after = type(api)(broker.host, broker.http_port)
    try:
        assert after.get(("queues", "/", queue)).json["messages"] == 1
        assert after.get(("queues", "/", gone)).status == 404
        assert len(after.get(("bindings", "/", "e", exchange, "q", queue)).json) == 1
    finally:
        after.delete(("queues", "/", queue))
        after.delete(("exchanges", "/", exchange))
