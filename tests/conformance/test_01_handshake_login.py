"""Logging in: mechanisms, the server's greeting, tuning."""

import struct

import pytest
from pika import spec


def test_plain_is_accepted(raw):
    raw().close()


def test_amqplain_is_accepted(raw):
    """AMQPLAIN sends a field table without its length as the response."""
    response = b"".join(
        bytes([len(key)]) + key + b"S" + struct.pack(">I", len(value)) + value
        for key, value in ((b"LOGIN", b"guest"), (b"PASSWORD", b"guest"))
    )
    raw(mechanism="AMQPLAIN", response=response.decode("latin-1")).close()


def test_the_greeting_offers_both_mechanisms_and_english(raw):
    start = raw().start
    assert (start.version_major, start.version_minor) == (0, 9)
    assert {b"PLAIN", b"AMQPLAIN"} <= set(start.mechanisms.split())
    assert b"en_US" in start.locales.split()


@pytest.mark.rule(76)
def test_the_server_proposes_limits(raw):
    tune = raw().tune
    assert (tune.channel_max, tune.frame_max, tune.heartbeat) == (2047, 131072, 60)


@pytest.mark.rule(76)
def test_smaller_limits_are_accepted(raw, broker):
    client = raw(handshake=False)
    client.log_in()
    client.accept_tune(channel_max=1, frame_max=8192)
    client.send(0, spec.Connection.Open("/"))
    client.expect(0, spec.Connection.OpenOk)


@pytest.mark.rule(80)
def test_a_heartbeat_above_the_servers_is_accepted(raw):
    client = raw(handshake=False)
    client.log_in()
    client.accept_tune(heartbeat=600)
    client.send(0, spec.Connection.Open("/"))
    client.expect(0, spec.Connection.OpenOk)


def test_close_is_answered(raw):
    client = raw()
    client.send(0, spec.Connection.Close(200, "bye", 0, 0))
    client.expect(0, spec.Connection.CloseOk)
