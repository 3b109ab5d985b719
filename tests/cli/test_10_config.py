"""leveret config, and leveretd --check-config."""

import json
import subprocess

import pytest


def test_every_setting_is_shown_with_its_origin(leveret):
    out = leveret.run("config", "show", "--origin").stdout
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert rows["SETTING"].split() == ["SETTING", "VALUE", "ORIGIN", "CHANGES"]
    assert rows["bind"].split() == ["bind", "127.0.0.1", "--bind", "at", "a", "restart"]
    assert rows["amqp.heartbeat_s"].split() == ["amqp.heartbeat_s", "60", "default", "at", "once"]


def test_the_settings_of_the_command_itself_are_shown_without_a_password(leveret, broker):
    def mine(*words, **environment):
        shown = json.loads(leveret.run("config", "show", "--json", *words, **environment).stdout)
        return {row["name"]: (row["value"], row["origin"]) for row in shown if row["name"].startswith("cli.")}

    rows = mine()
    assert rows["cli.url"][1] == "environment variable LEVERET_URL"
    assert rows["cli.api"] == (f"http://guest@127.0.0.1:{broker.http_port}", "environment variable LEVERET_API")
    assert rows["cli.output"] == ("json", "--json")
    api = f"http://guest:guest@127.0.0.1:{broker.http_port}"
    rows = mine("--url", "amqp://ann:hunter2@host:1/v", "--api", api)
    assert rows["cli.url"][1] == rows["cli.api"][1].replace("--api", "--url") == "--url"
    assert rows["cli.url"][0].startswith("amqp://ann@host:1")
    text = leveret.run("config", "show", "--origin", "--url", "amqp://ann:hunter2@host:1/v", "--api", api).stdout
    assert "cli.url" in text and "hunter2" not in text
    assert "guest:guest" not in text
    rows = mine(LEVERET_URL="", LEVERET_API=api)
    assert rows["cli.url"][1] == "default"


def test_only_what_differs_is_shown_when_asked_for(leveret):
    rows = json.loads(leveret.run("config", "show", "--changed", "--json").stdout)
    assert {row["name"] for row in rows} >= {"bind", "data_dir"}
    assert all(row["value"] != row["default"] for row in rows)


def test_a_setting_is_set_and_taken_back(leveret):
    out = leveret.run("config", "set", "log_level", "debug").stdout
    assert out == "log_level is now debug, was info\n"
    assert "set while running" in leveret.run("config", "show", "--origin").stdout
    assert leveret.run("config", "unset", "log_level").stdout == "log_level is now info, was debug\n"
    assert "nothing has changed" in leveret.run("config", "reload").stderr


def test_a_wrong_setting_is_told_what_would_be_right(leveret):
    done = leveret.run("config", "set", "log_levle", "debug", status=66)
    assert "did you mean 'log_level'?" in done.stderr
    done = leveret.run("config", "set", "amqp.port", "1", status=65)
    assert "cannot change while the broker runs" in done.stderr


@pytest.fixture
def check(broker, tmp_path):
    def check(text, status):
        file = tmp_path / "leveret.toml"
        file.write_text(text)
        done = subprocess.run(
            [broker.binary, "--check-config", "--config", str(file)],
            capture_output=True,
            text=True,
            env={"LEVERET_AMQP_CHANNEL_MAX": "5"},
        )
        assert done.returncode == status, done
        assert list(tmp_path.iterdir()) == [file], "it starts nothing"
        return (done.stdout + done.stderr).replace(str(file), "FILE")

    return check


def test_a_right_configuration_is_shown_with_its_origins(check):
    assert check("log_level = 'warn'\n", 0) == (
        "leveretd: the configuration is right\n"
        '  log_level = "warn"  (FILE:1)\n'
        "  amqp.channel_max = 5  (environment variable LEVERET_AMQP_CHANNEL_MAX)\n"
    )


def test_a_wrong_configuration_is_refused_without_a_start(check):
    assert check("[amqp]\nport = 70000\n", 78) == (
        "leveretd: FILE:2: amqp.port is 70000, but has to be a port from 0 (any free one) to 65535, "
        'or "none"\n'
    )
    out = check("[tls]\ncertfile = '/nowhere.pem'\nkeyfile = '/nowhere.pem'\n", 78)
    assert "/nowhere.pem" in out
