"""Makes, changes and deletes durable definitions by AMQP and by the HTTP API, and imports many at once."""

import base64

from layout import PREFIX
from registers import ABSENT, read_definitions
from step_worker import StepWorker

NAMES = 4  # of each kind
HASHING = "rabbit_password_hashing_sha256"


class Definer(StepWorker):
    """Every step names what it sets before it asks, and again when it was answered: then it must last."""

    steps = 0

    def start(self):
        self.there = read_definitions(self.api)

    def step(self):
        steps = [self._queue, self._exchange, self._binding, self._user, self._policy, self._parameter, self._vhost]
        steps.append(self._token)
        weights = [6, 4, 6, 6, 4, 2, 2, 2]
        if self.random.random() < 0.1:
            self._import()
        else:
            self.random.choices(steps, weights)[0](self.random.randrange(NAMES), self.random.random() < 0.5)

    # One step is one change: whole or not at all.

    def _set(self, values, do):
        Definer.steps += 1
        group = f"{self.name}.{Definer.steps}"
        for key, value in values.items():
            self.journal.write("S", group, key, value)
        do()
        self.journal.write("s", group)
        for key, value in values.items():
            self.there[key] = value

    def _is_there(self, key):
        return self.there.get(key, ABSENT) != ABSENT

    def _ask(self, method, target, body=None):
        def ask():
            answer = self.api.request(method, target, body)
            assert answer.status in (201, 204), (method, target, answer)

        return ask

    def _queue(self, number, by_http):
        name = f"{PREFIX}q{number}"
        if not self._is_there(f"queue:{name}"):
            limit = self.random.randrange(1, 1000)
            by_amqp = lambda: self.channel.queue_declare(name, durable=True, arguments={"x-max-length": limit})
            body = {"durable": True, "arguments": {"x-max-length": limit}}
            put = self._ask("PUT", ("queues", "/", name), body)
            self._set({f"queue:{name}": limit}, put if by_http else by_amqp)
        else:
            by_amqp = lambda: self.channel.queue_delete(name)
            delete = self._ask("DELETE", ("queues", "/", name))
            self._set(self._without(f"queue:{name}", f">{name}:"), delete if by_http else by_amqp)

    def _exchange(self, number, by_http):
        name = f"{PREFIX}e{number}"
        if not self._is_there(f"exchange:{name}"):
            kind = self.random.choice(("direct", "topic", "fanout"))
            by_amqp = lambda: self.channel.exchange_declare(name, kind, durable=True)
            put = self._ask("PUT", ("exchanges", "/", name), {"type": kind, "durable": True})
            self._set({f"exchange:{name}": kind}, put if by_http else by_amqp)
        else:
            by_amqp = lambda: self.channel.exchange_delete(name)
            delete = self._ask("DELETE", ("exchanges", "/", name))
            self._set(self._without(f"exchange:{name}", f"binding:{name}>"), delete if by_http else by_amqp)

    def _without(self, key, binding_part):
        """What is gone with it: its bindings too."""
        bindings = [each for each in self.there if each.startswith("binding:") and binding_part in each]
        return dict.fromkeys([key, *filter(self._is_there, bindings)], ABSENT)

    def _binding(self, number, by_http):
        source, target = f"{PREFIX}e{number}", f"{PREFIX}q{self.random.randrange(NAMES)}"
        if not (self._is_there(f"exchange:{source}") and self._is_there(f"queue:{target}")):
            return
        key = f"k{self.random.randrange(3)}"
        register = f"binding:{source}>{target}:{key}"
        if not self._is_there(register):
            by_amqp = lambda: self.channel.queue_bind(target, source, key)
            post = self._ask("POST", ("bindings", "/", "e", source, "q", target), {"routing_key": key})
            self._set({register: 1}, post if by_http else by_amqp)
        else:
            by_amqp = lambda: self.channel.queue_unbind(target, source, key)
            delete = self._ask("DELETE", ("bindings", "/", "e", source, "q", target, key))
            self._set({register: ABSENT}, delete if by_http else by_amqp)

    def _user(self, number, changes):
        name = f"{PREFIX}u{number}"
        user, *others = (f"{kind}:{name}" for kind in ("user", "permission", "topic-permission", "user-limit"))
        permission, topic, limit = others
        if not self._is_there(user) or changes:
            tags, password = self.random.choice(("management", "monitoring", "policymaker")), self._password_hash()
            body = {"password_hash": password, "hashing_algorithm": HASHING, "tags": tags}
            self._set({user: f"{tags},{password}"}, self._ask("PUT", ("users", name), body))
            return
        value = self.random.randrange(1, 1000)
        pattern = f"^{value}"
        rights = {"configure": pattern, "write": "", "read": ""}
        topics = {"exchange": "amq.topic", "write": pattern, "read": ""}
        limits = ("user-limits", name, "max-connections")
        steps = [
            ({permission: pattern}, "PUT", ("permissions", "/", name), rights),
            ({topic: pattern}, "PUT", ("topic-permissions", "/", name), topics),
            ({limit: value}, "PUT", limits, {"value": value}),
            ({limit: ABSENT}, "DELETE", limits),
            (dict.fromkeys((user, *others), ABSENT), "DELETE", ("users", name)),
        ]
        values, *request = self.random.choice(steps)
        self._set(values, self._ask(*request))

    def _password_hash(self):
        """A salt and a digest; whose, is nobody's business."""
        return base64.b64encode(self.random.randbytes(4 + 32)).decode()

    def _policy(self, number, changes):
        kind, target = self.random.choice((("policy", "policies"), ("operator-policy", "operator-policies")))
        name = f"{PREFIX}p{number}"
        if not self._is_there(f"{kind}:{name}") or changes:
            priority = self.random.randrange(1000)
            body = {"pattern": "^nothing$", "definition": {"max-length": 9}, "priority": priority, "apply-to": "queues"}
            self._set({f"{kind}:{name}": priority}, self._ask("PUT", (target, "/", name), body))
        else:
            self._set({f"{kind}:{name}": ABSENT}, self._ask("DELETE", (target, "/", name)))

    def _token(self, number, _):
        """Told apart by what they are for: what they are called the broker says."""
        name = f"{PREFIX}t{number}"
        ids = [token["id"] for token in self.api.get(("x", "tokens")).json if token["description"] == name]
        if not ids:
            self._set({f"token:{name}": 1}, self._ask("POST", ("x", "tokens"), {"description": name}))
        else:
            self._set({f"token:{name}": ABSENT}, self._ask("DELETE", ("x", "tokens", *ids)))

    def _parameter(self, number, changes):
        name = f"{PREFIX}g{number}"
        if not self._is_there(f"global:{name}") or changes:
            value = self.random.randrange(1000)
            body = {"name": name, "value": value}
            self._set({f"global:{name}": value}, self._ask("PUT", ("global-parameters", name), body))
        else:
            self._set({f"global:{name}": ABSENT}, self._ask("DELETE", ("global-parameters", name)))

    def _vhost(self, number, changes):
        name = f"{PREFIX}v{number}"
        vhost, limit = f"vhost:{name}", f"vhost-limit:{name}"
        if not self._is_there(vhost):
            self._set({vhost: 1}, self._ask("PUT", ("vhosts", name)))
        elif changes:
            value = self.random.randrange(1, 1000)
            body = {"value": value}
            self._set({limit: value}, self._ask("PUT", ("vhost-limits", name, "max-queues"), body))
        else:
            self._set({vhost: ABSENT, limit: ABSENT}, self._ask("DELETE", ("vhosts", name)))

    def _import(self):
        """Adds what is missing of one name of each kind, in all its parts or not at all."""
        number = self.random.randrange(NAMES)
        names = {kind: f"{PREFIX}{kind}{number}" for kind in "qeugv"}
        value = self.random.randrange(1, 1000)
        body, values = {}, {}

        def add(register, chosen, group, **fields):
            if not self._is_there(register):
                values[register] = chosen
                body.setdefault(group, []).append(fields)

        add(f"queue:{names['q']}", value, "queues", name=names["q"], vhost="/", durable=True,
            arguments={"x-max-length": value})  # fmt: skip
        add(f"exchange:{names['e']}", "topic", "exchanges", name=names["e"], vhost="/", type="topic", durable=True)
        password = self._password_hash()
        add(f"user:{names['u']}", f"monitoring,{password}", "users", name=names["u"], password_hash=password,
            hashing_algorithm=HASHING, tags=["monitoring"])  # fmt: skip
        add(f"permission:{names['u']}", f"^{value}", "permissions", user=names["u"], vhost="/",
            configure=f"^{value}", write="", read="")  # fmt: skip
        add(f"topic-permission:{names['u']}", f"^{value}", "topic_permissions", user=names["u"], vhost="/",
            exchange="amq.topic", write=f"^{value}", read="")  # fmt: skip
        add(f"global:{names['g']}", value, "global_parameters", name=names["g"], value=value)
        add(f"vhost:{names['v']}", 1, "vhosts", name=names["v"])
        for key in ("k0", "k1", "k2"):
            add(f"binding:{names['e']}>{names['q']}:{key}", 1, "bindings", source=names["e"], vhost="/",
                destination=names["q"], destination_type="queue", routing_key=key, arguments={})  # fmt: skip
        if values:
            self._set(values, self._ask("POST", ("definitions",), body))
