"""The same set-up on either broker, and the requests whose answers are compared."""

import json
import urllib.parse

import pika

VHOST = "shapes"
V = "/{vhost}"

# What each request asks: method, path with {names}, body. The label in the records is "METHOD path".
GETS = """
/api/overview
/api/overview?columns=queue_totals,object_totals.queues
/api/overview?lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5
/api/cluster-name
/api/nodes
/api/nodes/{node}
/api/nodes/{node}?memory=true
/api/nodes/{node}?node_stats_age=60&node_stats_incr=5
/api/nodes/{node}/memory
/api/nodes/nothing@nowhere
/api/nodes/nothing@nowhere/memory
/api/extensions
/api/connections
/api/connections?page=1
/api/connections?data_rates_age=60&data_rates_incr=5
/api/vhosts/{vhost}/connections
/api/connections/{connection}
/api/connections/nothing
/api/connections/username/guest
/api/connections/username/nobody
/api/connections/{connection}/channels
/api/connections/nothing/channels
/api/channels
/api/channels?page=1
/api/channels?msg_rates_age=60&msg_rates_incr=5
/api/vhosts/{vhost}/channels
/api/vhosts/nothing/channels
/api/channels/{channel}
/api/channels/nothing
/api/consumers
/api/consumers/{vhost}
/api/exchanges
/api/exchanges?page=1
/api/exchanges/{vhost}
/api/exchanges/{vhost}?page=1&page_size=2&name=amq&use_regex=true
/api/exchanges/nothing
/api/exchanges/{vhost}/shapes.topic
/api/exchanges/{vhost}/shapes.topic?msg_rates_age=60&msg_rates_incr=5
/api/exchanges/{vhost}/amq.default
/api/exchanges/{vhost}/nothing
/api/exchanges/{vhost}/shapes.topic/bindings/source
/api/exchanges/{vhost}/shapes.inner/bindings/destination
/api/exchanges/{vhost}/nothing/bindings/source
/api/queues
/api/queues?page=1
/api/queues?page=1&page_size=1
/api/queues?page=0
/api/queues?page=1000
/api/queues?page=x
/api/queues?page=1&page_size=0
/api/queues?page=1&page_size=501
/api/queues?page=1&page_size=-5
/api/queues?page=1&page_size=x
/api/queues?page=1&name=shapes&use_regex=false
/api/queues?page=1&name=^shapes.cl&use_regex=true
/api/queues?page=1&name=(&use_regex=true
/api/queues?page=1&use_regex=maybe&name=a
/api/queues?page=1&sort=message_stats.publish_details.rate&sort_reverse=true
/api/queues?sort=messages
/api/queues?columns=name,message_stats.publish_details.rate
/api/queues?columns=nothing
/api/queues?disable_stats=true
/api/queues?disable_stats=true&enable_queue_totals=true
/api/queues/{vhost}
/api/queues/{vhost}?page=1
/api/queues/nothing
/api/queues/{vhost}/shapes.classic
/api/queues/{vhost}/shapes.classic?lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5
/api/queues/{vhost}/shapes.classic?lengths_age=1000000000000000000&lengths_incr=1
/api/queues/{vhost}/shapes.classic?lengths_age=x&lengths_incr=5
/api/queues/{vhost}/shapes.classic?lengths_age=60
/api/queues/{vhost}/shapes.classic?columns=name,messages
/api/queues/{vhost}/shapes.limited
/api/queues/{vhost}/shapes.exclusive
/api/queues/{vhost}/shapes.quorum
/api/queues/{vhost}/shapes.idle
/api/queues/{vhost}/nothing
/api/queues/{vhost}/shapes.classic/bindings
/api/queues/{vhost}/nothing/bindings
/api/bindings
/api/bindings/{vhost}
/api/bindings/nothing
/api/bindings/{vhost}/e/shapes.topic/q/shapes.classic
/api/bindings/{vhost}/e/shapes.topic/q/nothing
/api/bindings/{vhost}/e/nothing/q/shapes.classic
/api/bindings/{vhost}/e/shapes.topic/q/shapes.classic/a.%2523
/api/bindings/{vhost}/e/shapes.topic/q/shapes.classic/nothing
/api/bindings/{vhost}/e/shapes.topic/e/shapes.inner
/api/bindings/{vhost}/e/shapes.topic/e/shapes.inner/~
/api/bindings/{vhost}/e/shapes.topic/e/shapes.inner/nothing
/api/vhosts
/api/vhosts/{vhost}
/api/vhosts/nothing
/api/vhosts/{vhost}/permissions
/api/vhosts/{vhost}/topic-permissions
/api/users/
/api/users
/api/users/without-permissions
/api/users/shapes.user
/api/users/nobody
/api/users/shapes.user/permissions
/api/users/shapes.user/topic-permissions
/api/user-limits
/api/user-limits/shapes.user
/api/user-limits/nobody
/api/whoami
/api/permissions
/api/permissions/{vhost}/guest
/api/permissions/{vhost}/nobody
/api/topic-permissions
/api/topic-permissions/{vhost}/guest
/api/policies
/api/policies/{vhost}
/api/policies/{vhost}/shapes.policy
/api/policies/{vhost}/nothing
/api/operator-policies
/api/operator-policies/{vhost}
/api/operator-policies/{vhost}/shapes.operator
/api/operator-policies/{vhost}/nothing
/api/aliveness-test/{vhost}
/api/aliveness-test/nothing
/api/health/checks/alarms
/api/health/checks/local-alarms
/api/health/checks/certificate-expiration/1/months
/api/health/checks/certificate-expiration/1/fortnights
/api/health/checks/certificate-expiration/x/days
/api/health/checks/certificate-expiration/-1/days
/api/health/checks/port-listener/{amqp_port}
/api/health/checks/port-listener/1
/api/health/checks/port-listener/x
/api/health/checks/protocol-listener/amqp
/api/health/checks/protocol-listener/amqp091
/api/health/checks/protocol-listener/http
/api/health/checks/protocol-listener/mqtt
/api/health/checks/protocol-listener/nothing
/api/health/checks/virtual-hosts
/api/health/checks/node-is-mirror-sync-critical
/api/health/checks/node-is-quorum-critical
/api/healthchecks/node
/api/healthchecks/node/{node}
/api/healthchecks/node/nothing@nowhere
/api/vhost-limits
/api/vhost-limits/{vhost}
/api/vhost-limits/nothing
/api/auth
/api/feature-flags
/api/nothing
/api/queues/{vhost}/shapes.classic/nothing
/api/queues/{vhost}/shapes.classic/get
/api/stream/connections
""".split()

# Changes, in this order, after all that is above.
CHANGES = [
    ("PUT", "/api/queues/{vhost}/shapes.new", {"durable": True}),
    ("PUT", "/api/queues/{vhost}/shapes.new", {"durable": True}),
    ("PUT", "/api/queues/{vhost}/shapes.new", {"durable": False}),
    ("PUT", "/api/queues/{vhost}/shapes.new", "{"),
    ("PUT", "/api/queues/{vhost}/shapes.new", [1]),
    ("PUT", "/api/queues/{vhost}/shapes.odd", {"durable": "maybe"}),
    ("PUT", "/api/queues/{vhost}/shapes.odd", {"arguments": {"x-message-ttl": "long"}}),
    ("PUT", "/api/queues/nothing/shapes.new", {}),
    ("POST", "/api/queues/{vhost}/shapes.new/actions", {"action": "sync"}),
    ("POST", "/api/queues/{vhost}/shapes.new/actions", {"action": "cancel_sync"}),
    ("POST", "/api/queues/{vhost}/shapes.new/actions", {"action": "dance"}),
    ("POST", "/api/queues/{vhost}/shapes.new/actions", {}),
    ("POST", "/api/queues/{vhost}/nothing/actions", {"action": "sync"}),
    ("POST", "/api/queues/{vhost}/shapes.classic/get", {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}),
    ("POST", "/api/queues/{vhost}/shapes.classic/get", {"count": 1, "ackmode": "perhaps", "encoding": "auto"}),
    ("POST", "/api/queues/{vhost}/shapes.classic/get", {"count": 1, "encoding": "auto"}),
    ("POST", "/api/queues/{vhost}/nothing/get", {"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}),
    ("DELETE", "/api/queues/{vhost}/shapes.new/contents", None),
    ("DELETE", "/api/queues/{vhost}/nothing/contents", None),
    ("DELETE", "/api/queues/{vhost}/shapes.classic?if-empty=true", None),
    ("DELETE", "/api/queues/{vhost}/shapes.classic?if-unused=true", None),
    ("DELETE", "/api/queues/{vhost}/shapes.exclusive", None),
    ("DELETE", "/api/queues/{vhost}/nothing", None),
    ("PUT", "/api/exchanges/{vhost}/shapes.new", {"type": "fanout"}),
    ("PUT", "/api/exchanges/{vhost}/shapes.new", {"type": "fanout"}),
    ("PUT", "/api/exchanges/{vhost}/shapes.new", {"type": "direct"}),
    ("PUT", "/api/exchanges/{vhost}/shapes.odd", {"type": "round"}),
    ("PUT", "/api/exchanges/{vhost}/amq.mine", {"type": "fanout"}),
    ("POST", "/api/exchanges/{vhost}/shapes.new/publish",
     {"properties": {}, "routing_key": "", "payload": "x", "payload_encoding": "string"}),
    ("POST", "/api/exchanges/{vhost}/amq.default/publish",
     {"properties": {}, "routing_key": "shapes.new", "payload": "x", "payload_encoding": "string"}),
    ("POST", "/api/exchanges/{vhost}/amq.default/publish", {"properties": {}, "routing_key": "shapes.new"}),
    ("POST", "/api/exchanges/{vhost}/amq.default/publish",
     {"properties": {}, "routing_key": "", "payload": "x", "payload_encoding": "morse"}),
    ("POST", "/api/exchanges/{vhost}/nothing/publish",
     {"properties": {}, "routing_key": "", "payload": "x", "payload_encoding": "string"}),
    ("POST", "/api/bindings/{vhost}/e/shapes.new/q/shapes.new", {"routing_key": "a b/c~d", "arguments": {}}),
    ("POST", "/api/bindings/{vhost}/e/shapes.new/q/shapes.new", {"routing_key": "", "arguments": {}}),
    ("POST", "/api/bindings/{vhost}/e/nothing/q/shapes.new", {"routing_key": "k", "arguments": {}}),
    ("POST", "/api/bindings/{vhost}/e/shapes.new/e/shapes.inner", {"routing_key": "k", "arguments": {"x": 1}}),
    ("DELETE", "/api/bindings/{vhost}/e/shapes.new/q/shapes.new/a%2Bb%252Fc%257Ed", None),
    ("DELETE", "/api/bindings/{vhost}/e/shapes.new/q/shapes.new/~", None),
    ("DELETE", "/api/bindings/{vhost}/e/shapes.new/q/shapes.new/nothing", None),
    ("DELETE", "/api/bindings/{vhost}/e/shapes.new/e/shapes.inner/nothing", None),
    ("DELETE", "/api/exchanges/{vhost}/shapes.new", None),
    ("DELETE", "/api/exchanges/{vhost}/shapes.new", None),
    ("DELETE", "/api/exchanges/{vhost}/amq.topic", None),
    ("DELETE", "/api/queues/{vhost}/shapes.new", None),
    ("PUT", "/api/vhosts/shapes.new", {}),
    ("PUT", "/api/vhosts/shapes.new", {"description": "again"}),
    ("POST", "/api/vhosts/shapes.new/start/{node}", {}),
    ("POST", "/api/vhosts/nothing/start/{node}", {}),
    ("POST", "/api/vhosts/shapes.new/start/nothing@nowhere", {}),
    ("DELETE", "/api/vhosts/shapes.new", None),
    ("DELETE", "/api/vhosts/shapes.new", None),
    ("PUT", "/api/users/shapes.new", {"password": "secret", "tags": "management"}),
    ("PUT", "/api/users/shapes.new", {"password": "secret", "tags": "management"}),
    ("PUT", "/api/users/shapes.odd", {"password": "secret"}),
    ("PUT", "/api/user-limits/shapes.new/max-channels", {"value": 5}),
    ("PUT", "/api/user-limits/shapes.new/max-nothing", {"value": 5}),
    ("DELETE", "/api/user-limits/shapes.new/max-channels", None),
    ("PUT", "/api/permissions/{vhost}/shapes.new", {"configure": ".*", "write": ".*", "read": ".*"}),
    ("PUT", "/api/permissions/{vhost}/shapes.new", {"configure": ".*"}),
    ("DELETE", "/api/permissions/{vhost}/shapes.new", None),
    ("PUT", "/api/topic-permissions/{vhost}/shapes.new", {"exchange": "amq.topic", "write": ".*", "read": ".*"}),
    ("DELETE", "/api/topic-permissions/{vhost}/shapes.new", None),
    ("DELETE", "/api/users/shapes.new", None),
    ("DELETE", "/api/users/shapes.new", None),
    ("POST", "/api/users/bulk-delete", {"users": ["shapes.odd"]}),
    ("PUT", "/api/vhost-limits/{vhost}/max-queues", {"value": 1000}),
    ("PUT", "/api/vhost-limits/{vhost}/max-nothing", {"value": 1000}),
    ("DELETE", "/api/vhost-limits/{vhost}/max-queues", None),
    ("PUT", "/api/policies/{vhost}/shapes.new", {"pattern": "^x", "definition": {"max-length": 5}}),
    ("PUT", "/api/policies/{vhost}/shapes.new", {"pattern": "^x", "definition": {"max-length": "x"}}),
    ("PUT", "/api/policies/{vhost}/shapes.new", {"definition": {"max-length": 5}}),
    ("DELETE", "/api/policies/{vhost}/shapes.new", None),
    ("DELETE", "/api/policies/{vhost}/shapes.new", None),
    ("PUT", "/api/operator-policies/{vhost}/shapes.new", {"pattern": "^x", "definition": {"max-length": 5}}),
    ("DELETE", "/api/operator-policies/{vhost}/shapes.new", None),
    ("POST", "/api/rebalance/queues", {}),
    ("PUT", "/api/feature-flags/quorum_queue/enable", {}),
    ("PUT", "/api/feature-flags/nothing/enable", {}),
    ("POST", "/api/queues", {}),
    ("PUT", "/api/overview", {}),
    ("DELETE", "/api/queues", None),
    ("PATCH", "/api/queues", {}),
    ("OPTIONS", "/api/queues", None),
    ("OPTIONS", "/api/queues/{vhost}/shapes.classic", None),
    ("HEAD", "/api/queues", None),
    ("DELETE", "/api/connections/nothing", None),
    ("DELETE", "/api/connections/username/nobody", None),
    ("DELETE", "/api/connections/{other_connection}", None),
    ("DELETE", "/api/connections/username/shapes.user", None),
    # Last, since RabbitMQ forgets its connections by that too.
    ("DELETE", "/api/reset", None),
    ("DELETE", "/api/reset/{node}", None),
    ("DELETE", "/api/reset/nothing@nowhere", None),
]  # fmt: skip


def requests():
    """(label, method, path template, body); equal requests in a row have labels of their own."""
    seen = {}
    for method, template, body in [("GET", path, None) for path in GETS] + CHANGES:
        label = f"{method} {template}"
        if body not in (None, {}):
            label += " " + (body if isinstance(body, str) else json.dumps(body))
        seen[label] = seen.get(label, 0) + 1
        yield (label if seen[label] == 1 else f"{label} #{seen[label]}"), method, template, body


class Scenario:
    """Fills a broker with objects of each kind, and keeps the clients until it is closed."""

    def __init__(self, broker, api):
        self.api = api
        self.made = []
        self.clients = []
        self._define()
        self._run(broker)
        node = api.get("/api/overview").json["node"]
        self.names = {"vhost": VHOST, "node": node, "amqp_port": str(broker.port)}

    def close(self):
        for client in self.clients:
            try:
                client.close()
            except (pika.exceptions.AMQPError, OSError):
                pass  # A request has ended it.
        self.api.delete("/api/users/shapes.user")
        self.api.delete("/api/vhosts/" + VHOST)

    def fill_in(self, template):
        quoted = {key: urllib.parse.quote(value, safe="") for key, value in self.names.items()}
        return template.format(**quoted)

    def _put(self, path, body=None):
        answer = self.api.put(self.fill(path), body or {})
        assert answer.status in (200, 201, 204), (path, answer)

    @staticmethod
    def fill(path):
        return path.replace("{v}", VHOST)

    def _define(self):
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self._put("/api/vhosts/{v}", {"description": "for shapes", "tags": "a,b"})
        self._put("/api/permissions/{v}/guest", everything)
        self._put("/api/users/shapes.user", {"password": "secret", "tags": "monitoring"})
        self._put("/api/permissions/{v}/shapes.user", everything)
        self._put("/api/topic-permissions/{v}/guest", {"exchange": "amq.topic", "write": ".*", "read": ".*"})
        self._put("/api/topic-permissions/{v}/shapes.user", {"exchange": "amq.topic", "write": ".*", "read": ".*"})
        self._put("/api/vhost-limits/{v}/max-connections", {"value": 500})
        self._put("/api/user-limits/shapes.user/max-connections", {"value": 500})
        self._put("/api/policies/{v}/shapes.policy",
                  {"pattern": "^shapes\\.(classic|topic)$", "definition": {"max-length": 1000}, "apply-to": "queues"})
        self._put("/api/operator-policies/{v}/shapes.operator",
                  {"pattern": "^shapes\\.classic$", "definition": {"max-length-bytes": 100000}})

    def _connect(self, broker, user, password):
        credentials = pika.PlainCredentials(user, password)
        connection = pika.BlockingConnection(
            pika.ConnectionParameters(broker.host, broker.port, VHOST, credentials, heartbeat=0,
                                      client_properties={"connection_name": "shapes of " + user}))
        self.clients.append(connection)
        return connection

    def _run(self, broker):
        self.connection = self._connect(broker, "guest", "guest")
        self.other = self._connect(broker, "shapes.user", "secret")
        self.third = self._connect(broker, "shapes.user", "secret")
        channel = self.connection.channel()
        self._declare(channel)
        self._work(channel)

    @staticmethod
    def _declare(channel):
        channel.exchange_declare("shapes.topic", "topic", durable=True, arguments={"alternate-exchange": "amq.fanout"})
        channel.exchange_declare("shapes.inner", "headers", auto_delete=True, internal=True)
        channel.exchange_bind("shapes.inner", "shapes.topic", "")
        channel.queue_declare("shapes.classic", durable=True)
        channel.queue_declare("shapes.idle", durable=True)
        channel.queue_declare("shapes.exclusive", exclusive=True)
        channel.queue_declare("shapes.quorum", durable=True, arguments={"x-queue-type": "quorum"})
        limits = {"x-max-length": 9, "x-message-ttl": 3600000, "x-dead-letter-exchange": "", "x-max-priority": 3}
        channel.queue_declare("shapes.limited", arguments=limits)
        channel.queue_bind("shapes.classic", "shapes.topic", "a.#")
        channel.queue_bind("shapes.classic", "amq.headers", "k", arguments={"x-match": "all", "n": 1})

    def _work(self, channel):
        channel.confirm_delivery()
        properties = pika.BasicProperties(delivery_mode=2, headers={"h": 1}, content_type="text/plain", timestamp=1)
        for queue in ("shapes.classic", "shapes.quorum", "shapes.limited"):
            for _ in range(6):
                channel.basic_publish("", queue, b"body", properties)
        channel.basic_publish("shapes.topic", "a.b", b"body", properties)
        try:
            channel.basic_publish("", "nowhere", b"lost", mandatory=True)
        except pika.exceptions.UnroutableError:
            pass
        for queue in ("shapes.classic", "shapes.quorum"):
            method, _, _ = channel.basic_get(queue)
            channel.basic_ack(method.delivery_tag)
            method, _, _ = channel.basic_get(queue)
            channel.basic_nack(method.delivery_tag, requeue=True)
        consuming = self.connection.channel()
        consuming.basic_qos(prefetch_count=3)
        consuming.basic_consume("shapes.classic", lambda *_: None, consumer_tag="shapes")
        consuming.basic_qos(prefetch_count=10, global_qos=True)
        other = self.other.channel()
        other.tx_select()
        other.basic_get("shapes.limited", auto_ack=True)
        other.basic_consume("shapes.limited", lambda *_: None, auto_ack=True)
        self.connection.process_data_events(0.2)

    def has_samples(self):
        ranges = "lengths_age=60&lengths_incr=5&msg_rates_age=60&msg_rates_incr=5"
        queue = self.api.get(f"/api/queues/{VHOST}/shapes.classic?{ranges}").json
        return "samples" in queue.get("message_stats", {}).get("publish_details", {})

    def find_clients(self):
        """Names of our connections and of a channel, as the API tells them; None while it does not."""
        ports = {c._impl._transport._sock.getsockname()[1]: c for c in self.clients}
        by_port = {c.get("peer_port"): c["name"] for c in self.api.get("/api/connections").json}
        channels = [c["name"] for c in self.api.get("/api/channels").json]
        names = {client: by_port.get(port) for port, client in ports.items()}
        if not all(names.values()):
            return None
        self.names["connection"] = names[self.connection]
        self.names["other_connection"] = names[self.third]
        self.names["channel"] = names[self.connection] + " (2)"
        return self.names["channel"] in channels or None
