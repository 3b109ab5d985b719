"""A small client of the HTTP API, on http.client so that nothing is done behind a test's back."""

import base64
import dataclasses
import http.client
import json
import urllib.parse

from support import wait


def path(*segments):
    """/api/... of segments that are encoded one by one."""
    return "/api/" + "/".join(urllib.parse.quote(str(s), safe="") for s in segments)


@dataclasses.dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def refuses(self, status, error, reason=None):
        """It is an error of this kind; `reason` is a part of its sentence."""
        assert self.status == status, self
        assert self.json["error"] == error, self
        assert reason is None or reason in self.json["reason"], self
        return self


class Api:
    def __init__(self, host, port, tls=None):
        """`tls`: an ssl.SSLContext, for HTTPS."""
        self.host = host
        self.port = port
        self.tls = tls

    def connect(self):
        if self.tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=120, context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=120)

    def request(self, method, target, body=None, headers=None, auth=("guest", "guest")):
        """One request on a connection of its own; `target` is a path or a tuple of segments."""
        headers = dict(headers or {})
        if auth is not None:
            text = base64.b64encode(":".join(auth).encode()).decode()
            headers.setdefault("Authorization", "Basic " + text)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = self.connect()
        try:
            connection.request(method, target if isinstance(target, str) else path(*target), body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, target, headers=None, auth=("guest", "guest"), **query):
        target = target if isinstance(target, str) else path(*target)
        if query:
            target += "?" + urllib.parse.urlencode(query)
        return self.request("GET", target, headers=headers, auth=auth)

    def put(self, target, body=None, **options):
        return self.request("PUT", target, {} if body is None else body, **options)

    def post(self, target, body=None, **options):
        return self.request("POST", target, {} if body is None else body, **options)

    def delete(self, target, **options):
        return self.request("DELETE", target, **options)

    def publish(self, queue, payload, properties=None, **fields):
        body = {"properties": properties or {}, "routing_key": queue, "payload": payload}
        body = {"payload_encoding": "string", **body, **fields}
        return self.post(("exchanges", "/", "amq.default", "publish"), body)

    def take(self, queue, count=1, ackmode="ack_requeue_false", **fields):
        body = {"count": count, "ackmode": ackmode, "encoding": "auto", **fields}
        answer = self.post(("queues", "/", queue, "get"), body)
        assert answer.status == 200, answer
        return answer.json

    def queue(self, queue):
        answer = self.get(("queues", "/", queue))
        assert answer.status == 200, answer
        return answer.json

    def wait_ready(self, queue, count, at_least=False):
        def has_come():
            ready = self.queue(queue)["messages_ready"]
            return ready >= count if at_least else ready == count

        wait.until(has_come, f"{count} ready messages in {queue}")

    def wait_operation(self, operation_id):
        """The operation when it has ended."""

        def ended():
            operation = self.get(("x", "operations", operation_id)).json
            return operation if operation["state"] != "running" else None

        return wait.until(ended, f"the end of operation {operation_id}")
