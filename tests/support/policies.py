"""Policies by RabbitMQ's management API, which both brokers have."""

import base64
import http.client
import json
import urllib.parse


class Policies:
    def __init__(self, broker):
        self.broker = broker
        self.declared = set()

    def set(self, name, pattern, definition, operator=False, **fields):
        """Declares it, or replaces the one of that name. `fields`: priority, apply_to."""
        body = {"pattern": pattern, "definition": definition, "priority": 0, "apply-to": "all"}
        body |= {key.replace("_", "-"): value for key, value in fields.items()}
        status = self._request("PUT", name, operator, body)
        assert status in (201, 204), f"policy {name}: status {status}"
        self.declared.add((name, operator))

    def delete(self, name, operator=False):
        status = self._request("DELETE", name, operator)
        assert status == 204, f"policy {name}: status {status}"
        self.declared.discard((name, operator))

    def delete_all(self):
        for name, operator in list(self.declared):
            self.delete(name, operator)

    def _request(self, method, name, operator, body=None):
        kind = "operator-policies" if operator else "policies"
        credentials = base64.b64encode(b"guest:guest").decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(self.broker.host, self.broker.http_port, timeout=30)
        try:
            path = f"/api/{kind}/%2F/{urllib.parse.quote(name, safe='')}"
            connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()
