"""What the server says of itself: clients switch features on these."""

import pytest


@pytest.mark.rule(87)
@pytest.mark.parametrize(
    "capability",
    [
        "publisher_confirms",
        "exchange_exchange_bindings",
        "basic.nack",
        "consumer_cancel_notify",
        "connection.blocked",
        "consumer_priorities",
        "authentication_failure_close",
        "per_consumer_qos",
        "direct_reply_to",
    ],
)
def test_the_server_announces(raw, capability):
    assert raw().start.server_properties["capabilities"][capability] is True


def test_the_server_names_itself(raw):
    properties = raw().start.server_properties
    for key in ("product", "version", "platform"):
        assert properties[key]
