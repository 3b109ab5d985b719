"""The management API as RabbitMQ has it, as far as tests of AMQP need it."""

import base64
import http.client
import json
import urllib.parse


def request(broker, method, path, body=None):
    """As guest; returns status and the decoded answer."""
    credentials = base64.b64encode(b"guest:guest").decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(broker.host, broker.http_port, timeout=30)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


def get(broker, path):
    status, answer = request(broker, "GET", path)
    assert status == 200, f"GET {path}: status {status}"
    return answer


def put_user(broker, name, password=None):
    """A user who may do everything in the default virtual host."""
    user = urllib.parse.quote(name, safe="")
    secret = {"password": password} if password else {"password_hash": ""}
    status, answer = request(broker, "PUT", f"/api/users/{user}", {"tags": "", **secret})
    assert status in (201, 204), f"user {name}: status {status}, {answer}"
    permissions = {"configure": ".*", "write": ".*", "read": ".*"}
    status, answer = request(broker, "PUT", f"/api/permissions/%2F/{user}", permissions)
    assert status in (201, 204), f"permissions of {name}: status {status}, {answer}"
