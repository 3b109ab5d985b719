"""Who may ask: HTTP basic authentication, origins, host names."""

import base64

import pytest

from support import wait


def test_without_a_user_the_browser_is_asked_for_one(api):
    answer = api.get(("overview",), auth=None).refuses(401, "not_authorised")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Leveret"'


def test_the_dashboard_gets_no_native_prompt(api):
    answer = api.get(("overview",), auth=None, headers={"X-Requested-With": "leveret-ui"})
    answer.refuses(401, "not_authorised")
    assert answer.headers["WWW-Authenticate"] is None


@pytest.mark.parametrize("auth", [("guest", "wrong"), ("guest", ""), ("nobody", "guest"), ("", "")])
def test_a_wrong_password_is_refused(api, auth):
    api.get(("overview",), auth=auth).refuses(401, "not_authorised", "Login failed")


def test_a_refused_login_is_in_the_log_but_not_its_password(api, broker, name):
    user = name("user") + "\r\n2026-01-01 [info] forged"
    password = "s3cr3t" + name("password")

    def told():
        """Of very many only one a second is."""
        api.get(("overview",), auth=(user, password)).refuses(401, "not_authorised")
        return [line for line in log().splitlines() if user.split()[0] in line]

    def log():
        return broker.log_tail(1_000_000)

    line = wait.until(told, "a line in the log")[0]
    assert "[warn]" in line and 'address="127.0.0.1"' in line
    assert "x0a2026-01-01 [info] forged" in line
    assert password not in log()
    assert base64.b64encode(password.encode()).decode().rstrip("=") not in log()


def test_a_refused_token_is_in_the_log_without_itself(api, broker, name):
    token = "s3cr3t" + name("token")

    def told():
        answer = api.get(("overview",), auth=None, headers={"Authorization": "Bearer " + token})
        answer.refuses(401, "not_authorised")
        return 'reason="login refused' in broker.log_tail(1_000_000)

    wait.until(told, "a line in the log")
    assert token not in broker.log_tail(1_000_000)


@pytest.mark.parametrize(
    "header", ["Basic", "Basic ", "Basic !!!", "Bearer abc", "Basic " + base64.b64encode(b"guest").decode()]
)
def test_a_broken_header_is_refused(api, header):
    api.get(("overview",), auth=None, headers={"Authorization": header}).refuses(401, "not_authorised")


def test_unknown_paths_tell_nothing_without_a_user(api):
    api.get(("nothing",), auth=None).refuses(401, "not_authorised")
    api.get(("nothing",)).refuses(404, "not_found")


def test_whoami(api):
    assert api.get(("whoami",)).json == {"name": "guest", "tags": ["administrator"]}


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_changes_nothing(api, name, origin):
    queue = name("queue")
    answer = api.put(("queues", "/", queue), headers={"Origin": origin})
    answer.refuses(403, "forbidden")
    api.get(("queues", "/", queue)).refuses(404, "not_found")


def test_our_own_page_may(api, name):
    queue = name("queue")
    origin = f"http://{api.host}:{api.port}"
    assert api.put(("queues", "/", queue), headers={"Origin": origin}).status == 201
    assert api.delete(("queues", "/", queue), headers={"Origin": origin}).status == 204
    api.get(("x", "events"), headers={"Origin": origin}).refuses(400, "bad_request", "'topics' is missing")


def test_a_foreign_name_for_the_loopback_address_is_refused(api):
    api.get(("overview",), headers={"Host": "evil.example"}).refuses(403, "forbidden", "evil.example")
    assert api.get(("overview",), headers={"Host": "localhost:1"}).status == 200
