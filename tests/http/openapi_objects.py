"""One of everything that the HTTP API shows, for the tests of its document."""

import pika

from support import wait

QUEUE, DEAD, EMPTY, EXCLUSIVE = "doc.jobs", "doc.dead", "doc.empty", "doc.mine"
EXCHANGE, TARGET, USER, POLICY, VHOST = "doc.exchange", "doc.target", "doc-user", "doc-policy", "doc-vhost"
# What the variables of a path stand for, so that every GET finds something.
PATHS = {
    "vhost": "/", "name": QUEUE, "user": "guest", "source": EXCHANGE, "destination": QUEUE,
    "properties_key": "key", "exchange": EXCHANGE, "component": "operator_policy",
}  # fmt: skip


def make(api, broker):
    """Makes them; the connection that it returns keeps those alive that need one."""
    connection = pika.BlockingConnection(pika.URLParameters(broker.url))
    channel = connection.channel()
    dead = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": DEAD}
    for queue, arguments in ((DEAD, {}), (QUEUE, dead), (EMPTY, {"x-queue-type": "quorum"})):
        channel.queue_declare(queue, durable=True, arguments=arguments)
    channel.queue_declare(EXCLUSIVE, exclusive=True)
    channel.exchange_declare(EXCHANGE, "topic", durable=True, arguments={"alternate-exchange": "amq.fanout"})
    channel.exchange_declare(TARGET, "fanout", durable=True)
    channel.queue_bind(QUEUE, EXCHANGE, "key")
    channel.exchange_bind(TARGET, EXCHANGE, "key", arguments={"a": 1})
    channel.exchange_bind(TARGET, EXCHANGE, "key")
    for count in range(3):
        headers = {"error": "ValueError: no", "n": count}
        properties = pika.BasicProperties(delivery_mode=2, headers=headers, content_type="text/plain")
        channel.basic_publish(EXCHANGE, "key", b"job", properties)
    api.wait_ready(QUEUE, 3, at_least=True)
    method, _, _ = channel.basic_get(QUEUE)
    channel.basic_reject(method.delivery_tag, requeue=False)
    channel.basic_publish("", QUEUE, b"\xff\xfe")
    api.wait_ready(DEAD, 1, at_least=True)
    channel.basic_consume(EMPTY, lambda *_: None, arguments={"x-priority": 1})
    api.put(("vhosts", VHOST), {"description": "of the document", "tags": "a,b"})
    api.put(("users", USER), {"password": "secret", "tags": "monitoring"})
    api.put(("topic-permissions", "/", "guest"), {"exchange": EXCHANGE, "write": ".*", "read": ".*"})
    mine = {"configure": ".*", "write": ".*", "read": ".*"}
    api.put(("permissions", VHOST, "guest"), mine)
    channel.exchange_bind(EXCHANGE, TARGET)
    channel.basic_publish("", DEAD, b"said nothing")
    channel.queue_bind(DEAD, TARGET)
    for kind in ("policies", "operator-policies"):
        body = {"pattern": "^doc", "definition": {"max-length": 1000}, "priority": 1, "apply-to": "queues"}
        api.put((kind, "/", POLICY), body)
    api.put(("vhost-limits", VHOST, "max-queues"), {"value": 10})
    api.put(("user-limits", USER, "max-connections"), {"value": 10})
    api.put(("global-parameters", "doc"), {"value": {"a": [1, "x"]}})
    api.put(("cluster-name",), {"name": "doc"})
    for token in ({"description": "doc", "expires_in": 1000}, {"description": "doc"}):
        api.post(("x", "tokens"), token)
    assert api.get(("aliveness-test", "/")).status == 200  # It leaves a queue.
    operation = api.post(("x", "queues", "/", DEAD, "delete"), {"seqs": [999]}).json
    api.wait_operation(operation["id"])
    wait.until(lambda: api.get(("consumers",)).json, "a consumer")
    return connection


def remove(api):
    for token in api.get(("x", "tokens")).json:
        if token["description"] == "doc":
            api.delete(("x", "tokens", token["id"]))
    for queue in (QUEUE, DEAD, EMPTY, "aliveness-test"):
        api.delete(("queues", "/", queue))
    for exchange in (EXCHANGE, TARGET):
        api.delete(("exchanges", "/", exchange))
    for kind in ("policies", "operator-policies"):
        api.delete((kind, "/", POLICY))
    for path in (
        ("vhosts", VHOST), ("users", USER), ("topic-permissions", "/", "guest"), ("global-parameters", "doc"),
        ("global-parameters", "cluster_name"),
    ):  # fmt: skip
        api.delete(path)
