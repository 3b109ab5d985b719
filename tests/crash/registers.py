"""Judges definitions: each has the value that was last answered for, or the one that was being set.

Lines of the definer's journal:  S step key value  about to set this; what is deleted becomes "-"
                                 s step            answered: all that the step set is there for good
A step is done whole or not at all.
"""

from layout import PREFIX

ABSENT = "-"


def read_definitions(api):
    answers = api.get(("definitions",)), api.get(("x", "tokens"))
    assert [answer.status for answer in answers] == [200, 200], answers
    return definitions_found(*(answer.json for answer in answers))


def definitions_found(exported, tokens):
    """{key: value} of what the definer makes, from what is exported and the list of tokens."""
    found = {f"token:{token['description']}": 1 for token in tokens}
    for queue in exported["queues"]:
        found[f"queue:{queue['name']}"] = queue["arguments"].get("x-max-length", 0)
    for exchange in exported["exchanges"]:
        found[f"exchange:{exchange['name']}"] = exchange["type"]
    for binding in exported["bindings"]:
        found[f"binding:{binding['source']}>{binding['destination']}:{binding['routing_key']}"] = 1
    for user in exported["users"]:
        found[f"user:{user['name']}"] = ",".join((*user["tags"], user["password_hash"]))
        for limit in user["limits"].values():
            found[f"user-limit:{user['name']}"] = limit
    for permission in exported["permissions"]:
        found[f"permission:{permission['user']}"] = permission["configure"]
    for permission in exported["topic_permissions"]:
        found[f"topic-permission:{permission['user']}"] = permission["write"]
    for policy in exported["policies"]:
        found[f"policy:{policy['name']}"] = policy["priority"]
    for parameter in exported["parameters"]:
        if parameter["component"] == "operator_policy":
            found[f"operator-policy:{parameter['name']}"] = parameter["value"]["priority"]
        elif parameter["component"] == "vhost-limits":
            for limit in parameter["value"].values():
                found[f"vhost-limit:{parameter['vhost']}"] = limit
    for parameter in exported["global_parameters"]:
        found[f"global:{parameter['name']}"] = parameter["value"]
    for vhost in exported["vhosts"]:
        found[f"vhost:{vhost['name']}"] = 1
    return {key: str(value) for key, value in found.items() if key.split(":")[1].startswith(PREFIX)}


class Registers:
    def __init__(self, find):
        self._find = find
        self.values = {}  # key -> what was last answered for
        self.pending = {}  # step -> {key: value}
        self.answered = 0

    def read(self, lines):
        for kind, step, *rest in (line.split() for line in lines):
            if kind == "S":
                key, value = rest
                self.pending.setdefault(step, {})[key] = value
            else:
                self.values.update(self.pending.pop(step))
                self.answered += 1

    def audit(self, found):
        """What the broker has after a restart."""
        open_keys = {key for values in self.pending.values() for key in values}
        for key in sorted((self.values.keys() | found.keys()) - open_keys):
            self._judge(key, found, (self.values.get(key, ABSENT),))
        for step, values in self.pending.items():
            for key, value in values.items():
                self._judge(key, found, (self.values.get(key, ABSENT), value))
            # What the step would not change says nothing.
            changed = {key: value for key, value in values.items() if value != self.values.get(key, ABSENT)}
            if len({found.get(key, ABSENT) == value for key, value in changed.items()}) > 1:
                self._find("TORN", f"step {step} is there in part: {changed}")
        self.values = dict(found)
        self.pending.clear()

    def _judge(self, key, found, right):
        value = found.get(key, ABSENT)
        if value not in right:
            self._find("TOPOLOGY", f"{key} is {value}, {' or '.join(right)} is right")
