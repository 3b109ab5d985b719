"""Opening, closing and reusing channel numbers."""

import re

import pytest
from pika import spec


@pytest.mark.rule(84)
def test_a_channel_number_is_free_again_after_close(raw):
    client = raw()
    client.send(1, spec.Channel.Close(200, "done", 0, 0))
    client.expect(1, spec.Channel.CloseOk)
    client.open_channel(1)


@pytest.mark.rule(84)
def test_a_channel_number_is_free_again_after_an_error(raw):
    client = raw()
    client.send(1, spec.Queue.Declare(queue="does-not-exist", passive=True))
    client.expect_channel_close(1, 404)
    client.open_channel(1)
    client.expect_nothing_before(1)


@pytest.mark.rule(84)
def test_what_follows_an_error_on_its_channel_is_ignored(raw, name):
    client = raw()
    queue = name()
    client.send(1, spec.Queue.Declare(queue="does-not-exist", passive=True))
    client.send(1, spec.Queue.Declare(queue=queue))
    client.send(1, spec.Queue.Declare(queue=queue))
    client.expect_channel_close(1, 404)
    client.open_channel(1)
    client.send(1, spec.Queue.Declare(queue=queue, passive=True))
    client.expect_channel_close(1, 404)


@pytest.mark.rule(89)
def test_an_error_closes_its_own_channel_only(raw):
    client = raw(channels=2)
    client.send(1, spec.Queue.Declare(queue="does-not-exist", passive=True))
    client.expect_channel_close(1, 404)
    client.expect_nothing_before(2)


@pytest.mark.rule(89)
def test_the_close_names_the_failed_method(raw):
    client = raw()
    client.send(1, spec.Queue.Declare(queue="does-not-exist", passive=True))
    close = client.expect_channel_close(
        1, 404, "NOT_FOUND - no queue 'does-not-exist' in vhost '/'"
    )
    assert (close.class_id, close.method_id) == (50, 10)


@pytest.mark.rule(85)
def test_a_second_open_is_504(raw):
    client = raw()
    client.send(1, spec.Channel.Open())
    client.expect_connection_close(504, "CHANNEL_ERROR - second 'channel.open' seen")


@pytest.mark.rule(85)
def test_a_method_on_a_channel_never_opened_is_504(raw):
    client = raw()
    client.send(7, spec.Queue.Declare(queue="q"))
    client.expect_connection_close(504, "CHANNEL_ERROR - expected 'channel.open'")


@pytest.mark.rule(85)
def test_more_channels_than_negotiated_are_530(raw):
    client = raw(handshake=False)
    client.log_in()
    client.accept_tune(channel_max=2)
    client.send(0, spec.Connection.Open("/"))
    client.expect(0, spec.Connection.OpenOk)
    client.open_channel(1)
    client.open_channel(2)
    client.send(3, spec.Channel.Open())
    client.expect_connection_close(530, re.compile(r"^NOT_ALLOWED - .*\(2\)"))


@pytest.mark.rule(55)
def test_flow_true_is_answered_and_flow_false_is_540(raw):
    client = raw()
    client.send(1, spec.Channel.Flow(active=True))
    assert client.expect(1, spec.Channel.FlowOk).active is True
    client.send(1, spec.Channel.Flow(active=False))
    client.expect_connection_close(540, "NOT_IMPLEMENTED - active=false")


def test_close_ok_for_a_client_close_comes_while_messages_flow(raw, name):
    client = raw(channels=2)
    queue = name()
    client.send(1, spec.Queue.Declare(queue=queue, exclusive=True))
    client.expect(1, spec.Queue.DeclareOk)
    for _ in range(50):
        client.publish(1, "", queue, b"x")
    client.send(1, spec.Channel.Close(200, "done", 0, 0))
    client.expect(1, spec.Channel.CloseOk)
    client.send(2, spec.Queue.Declare(queue=queue, passive=True))
    assert client.expect(2, spec.Queue.DeclareOk).message_count == 50
