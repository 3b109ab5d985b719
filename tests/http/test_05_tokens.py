"""Tokens: passwords for scripts, taken back one by one. And how often somebody has tried to log in."""

import pika
import pytest

from api import Api
from support import broker as brokers
from support import wait


@pytest.fixture
def user(api, name):
    """Somebody who may manage, with the password 'secret'."""
    user = name("user")
    api.put(("users", user), {"password": "secret", "tags": "management"})
    api.put(("permissions", "/", user), {"configure": ".*", "write": ".*", "read": ".*"})
    yield user
    api.delete(("users", user))


def make(api, auth=("guest", "guest"), **body):
    answer = api.request("POST", "/api/x/tokens", body, auth=auth)
    assert answer.status == 201, answer
    return answer.json


def bearer(api, token, target="/api/whoami", method="GET", body=None):
    headers = {"Authorization": "Bearer " + token}
    return api.request(method, target, body, headers, auth=None)


def connect(broker, user, password):
    credentials = pika.PlainCredentials(user, password)
    return pika.BlockingConnection(
        pika.ConnectionParameters(broker.host, broker.port, credentials=credentials)
    )


def is_cut(connection):
    try:
        connection.process_data_events(0.05)
    except pika.exceptions.ConnectionClosedByBroker as closed:
        assert (closed.reply_code, "token" in closed.reply_text) == (320, True), closed
        return True
    return False


def test_a_token_stands_for_its_user(api, broker, user):
    made = make(api, (user, "secret"), description="nightly import")
    assert made["user"] == user and made["expires_at"] is None
    assert bearer(api, made["token"]).json["name"] == user
    assert api.get("/api/whoami", auth=(user, made["token"])).json["name"] == user
    connect(broker, user, made["token"]).close()


def test_a_token_is_listed_without_its_secret(api, user):
    made = make(api, (user, "secret"), description="nightly import")
    listed = api.request("GET", "/api/x/tokens", auth=(user, "secret")).json
    secret = made.pop("token")
    assert listed == [made]
    assert secret not in api.get("/api/x/tokens").body.decode()


def test_a_token_that_is_taken_back_ends_what_it_opened_and_nothing_else(api, broker, user):
    one, other = make(api, user=user), make(api, user=user)
    by_one = connect(broker, user, one["token"])
    by_other = connect(broker, user, other["token"])
    by_password = connect(broker, user, "secret")
    assert api.delete(("x", "tokens", one["id"])).status == 204
    wait.until(lambda: is_cut(by_one), "the end of the connection")
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        connect(broker, user, one["token"])
    assert bearer(api, one["token"]).status == 401
    for connection in (by_other, by_password):
        assert not is_cut(connection)
        connection.close()


def test_a_token_ends_by_itself(api, broker, user):
    made = make(api, user=user, expires_in=1)
    connection = connect(broker, user, made["token"])
    wait.until(lambda: is_cut(connection), "the end of the connection")
    assert bearer(api, made["token"]).status == 401
    mine = api.request("GET", "/api/x/tokens", auth=(user, "secret"))
    wait.until(lambda: made["id"] not in mine.body.decode(), "its removal")


def test_a_token_goes_with_its_user(api, user):
    made = make(api, user=user)
    api.delete(("users", user))
    assert bearer(api, made["token"]).status == 401
    api.put(("users", user), {"password": "secret", "tags": "management"})
    assert bearer(api, made["token"]).status == 401


def test_a_token_makes_no_tokens_and_ends_none(api, user):
    made = make(api, user=user)
    for method, target in (("POST", "/api/x/tokens"), ("DELETE", "/api/x/tokens/" + made["id"])):
        bearer(api, made["token"], target, method, {}).refuses(403, "forbidden", "log in with")


def test_nobody_makes_or_ends_tokens_of_others(api, user):
    foreign = make(api)
    as_user = (user, "secret")
    answer = api.request("POST", "/api/x/tokens", {"user": "guest"}, auth=as_user)
    answer.refuses(403, "forbidden", "only an administrator")
    assert api.request("DELETE", "/api/x/tokens/" + foreign["id"], auth=as_user).status == 404
    assert api.request("GET", "/api/x/tokens?user=guest", auth=as_user).json == []


def test_a_token_is_no_password_of_another_user(api, broker, user):
    made = make(api, user=user)
    assert api.get("/api/whoami", auth=("guest", made["token"])).status == 401
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        connect(broker, "", made["token"])


def test_a_changed_token_is_none(api, user):
    token = make(api, user=user)["token"]
    for wrong in (token[:-1] + ("0" if token[-1] != "0" else "1"), token[:-1], token + "0", "lvt_"):
        assert bearer(api, wrong).status == 401


@pytest.mark.parametrize(
    "body, reason",
    [
        ({"user": "nobody"}, "there is no user 'nobody'"),
        ({"expires_in": 0}, "expires_in has to be seconds from 1"),
        ({"expires_in": 10**12}, "expires_in has to be seconds from 1"),
        ({"description": "x" * 256}, "longer than 255"),
        ({"description": 1}, "description"),
    ],
)
def test_a_wrong_wish_is_told_why(api, body, reason):
    assert reason in api.post("/api/x/tokens", body).refuses(400, "bad_request").json["reason"]


def test_tokens_outlive_a_restart_and_are_in_no_log(tmp_path):
    broker = brokers.from_environment(tmp_path)
    broker.variables = {"LEVERET_LOG_LEVEL": "trace"}
    broker.start()
    try:
        api = Api(broker.host, broker.http_port)
        token = make(api, description="x", expires_in=3600)["token"]
        connect(broker, "guest", token).close()
        bearer(api, token)
        broker.restart()
        answer = bearer(Api(broker.host, broker.http_port), token)
        assert answer.json["name"] == "guest"
        secret = token.rsplit("_", 1)[1]
        for file in tmp_path.rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    finally:
        broker.stop()


def test_logins_are_counted_by_protocol_and_by_source(broker, api, user):
    node = api.get("/api/overview").json["node"]
    attempts = ("auth", "attempts", node)
    assert api.delete(attempts).status == 204
    connect(broker, user, "secret").close()
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        connect(broker, user, "wrong")
    by_protocol = {row.pop("protocol"): row for row in api.get(attempts).json}
    assert by_protocol["amqp091"] == {
        "auth_attempts": 2,
        "auth_attempts_failed": 1,
        "auth_attempts_succeeded": 1,
    }
    assert by_protocol["http"]["auth_attempts_failed"] == 0
    sources = api.get((*attempts, "source")).json
    assert {
        "protocol": "amqp091",
        "remote_address": "127.0.0.1",
        "username": user,
        "auth_attempts": 2,
        "auth_attempts_failed": 1,
        "auth_attempts_succeeded": 1,
    } in sources
    assert api.delete((*attempts, "source")).status == 204
    assert [row["protocol"] for row in api.get(attempts).json] == ["http"]
    assert api.get(("auth", "attempts", "other@node")).status == 404
