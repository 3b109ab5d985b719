"""Heartbeats: sent when idle, expected when asked for, off with 0."""

import time

import pytest
from pika import frame, spec


def _open(client, heartbeat):
    client.log_in()
    client.accept_tune(heartbeat=heartbeat)
    client.send(0, spec.Connection.Open("/"))
    client.expect(0, spec.Connection.OpenOk)


@pytest.mark.rule(80)
def test_an_idle_server_sends_heartbeats(raw):
    client = raw(handshake=False)
    _open(client, heartbeat=1)
    assert isinstance(client.receive_any(), frame.Heartbeat)


@pytest.mark.rule(80)
def test_a_silent_client_is_dropped(raw):
    client = raw(handshake=False)
    _open(client, heartbeat=1)
    client.expect_end()


@pytest.mark.rule(81)
def test_any_traffic_keeps_the_connection(raw):
    client = raw(handshake=False)
    _open(client, heartbeat=1)
    client.open_channel()
    end = time.monotonic() + 4  # The heartbeat itself is the clock: a silent one ends in 2 to 3 s.
    while time.monotonic() < end:
        client.expect_nothing_before(1)
        time.sleep(0.1)
    client.close()


@pytest.mark.rule(80, 81)
def test_heartbeats_keep_the_connection(raw):
    client = raw(handshake=False)
    _open(client, heartbeat=1)
    end = time.monotonic() + 4
    while time.monotonic() < end:
        client.send_bytes(frame.Heartbeat().marshal())
        assert isinstance(client.receive_any(), frame.Heartbeat)
    client.close()


@pytest.mark.rule(81)
def test_a_heartbeat_on_a_channel_is_an_error(raw, expect):
    client = raw()
    client.send_frame(spec.FRAME_HEARTBEAT, 1, b"")
    close = client.expect(0, spec.Connection.Close)
    assert close.reply_code in (501, 505), close.reply_text
