"""Makes, changes and deletes durable definitions by AMQP and by the HTTP API, and imports many at once."""

from layout import PREFIX
from registers import ABSENT, definitions_found
from step_worker import StepWorker

NAMES = 4  # of each kind


class Definer(StepWorker):
    """Every step names what it sets before it asks, and again when it was answered: then it must last."""

    steps = 0

    def start(self):
        answer = self.api.get(("definitions",))
        assert answer.status == 200, answer
        self.there = definitions_found(answer.json)

    def step(self):
        steps = [self._queue, self._exchange, self._binding, self._user, self._policy, self._parameter, self._vhost]
        weights = [6, 4, 6, 3, 3, 2, 1]
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
        user, permission = f"user:{name}", f"permission:{name}"
        if not self._is_there(user) or changes:
            tags = self.random.choice(("management", "monitoring", "policymaker"))
            self._set({user: tags}, self._ask("PUT", ("users", name), {"password_hash": "", "tags": tags}))
        elif not self._is_there(permission) or self.random.random() < 0.5:
            pattern = f"^{self.random.randrange(1000)}"
            rights = {"configure": pattern, "write": "", "read": ""}
            self._set({permission: pattern}, self._ask("PUT", ("permissions", "/", name), rights))
        else:
            self._set({user: ABSENT, permission: ABSENT}, self._ask("DELETE", ("users", name)))

    def _policy(self, number, changes):
        name = f"{PREFIX}p{number}"
        if not self._is_there(f"policy:{name}") or changes:
            priority = self.random.randrange(1000)
            body = {"pattern": "^nothing$", "definition": {"max-length": 9}, "priority": priority, "apply-to": "queues"}
            self._set({f"policy:{name}": priority}, self._ask("PUT", ("policies", "/", name), body))
        else:
            self._set({f"policy:{name}": ABSENT}, self._ask("DELETE", ("policies", "/", name)))

    def _parameter(self, number, changes):
        name = f"{PREFIX}g{number}"
        if not self._is_there(f"global:{name}") or changes:
            value = self.random.randrange(1000)
            body = {"name": name, "value": value}
            self._set({f"global:{name}": value}, self._ask("PUT", ("global-parameters", name), body))
        else:
            self._set({f"global:{name}": ABSENT}, self._ask("DELETE", ("global-parameters", name)))

    def _vhost(self, number, _):
        name = f"{PREFIX}v{number}"
        there = self._is_there(f"vhost:{name}")
        self._set({f"vhost:{name}": ABSENT if there else 1}, self._ask("DELETE" if there else "PUT", ("vhosts", name)))

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
        add(f"user:{names['u']}", "monitoring", "users", name=names["u"], password_hash="", tags=["monitoring"])
        add(f"permission:{names['u']}", f"^{value}", "permissions", user=names["u"], vhost="/",
            configure=f"^{value}", write="", read="")  # fmt: skip
        add(f"global:{names['g']}", value, "global_parameters", name=names["g"], value=value)
        add(f"vhost:{names['v']}", 1, "vhosts", name=names["v"])
        for key in ("k0", "k1", "k2"):
            add(f"binding:{names['e']}>{names['q']}:{key}", 1, "bindings", source=names["e"], vhost="/",
                destination=names["q"], destination_type="queue", routing_key=key, arguments={})  # fmt: skip
        if values:
            self._set(values, self._ask("POST", ("definitions",), body))
