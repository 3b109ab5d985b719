"""What a user may do (RabbitMQ, access-control): configure, write and read, by name, and topics."""

import ast
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pika
import pytest

from support import amqp, wait


class Admin:
    """Users and permissions by the management API; they go with the test."""

    def __init__(self, broker):
        self.broker = broker
        self.users = []

    def call(self, method, *segments, body=None):
        path = "/api/" + "/".join(urllib.parse.quote(s, safe="") for s in segments)
        request = urllib.request.Request(
            f"http://{self.broker.host}:{self.broker.http_port}{path}",
            method=method,
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json", "Authorization": "Basic Z3Vlc3Q6Z3Vlc3Q="},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status

    def user(self, name, configure="", write="", read="", vhost="/", tags=""):
        self.call("PUT", "users", name, body={"password": "secret", "tags": tags})
        self.users.append(name)
        self.allow(name, configure, write, read, vhost)

    def allow(self, name, configure="", write="", read="", vhost="/"):
        body = {"configure": configure, "write": write, "read": read}
        self.call("PUT", "permissions", vhost, name, body=body)

    def topics(self, name, exchange, write="", read=""):
        body = {"exchange": exchange, "write": write, "read": read}
        self.call("PUT", "topic-permissions", "/", name, body=body)


@pytest.fixture
def admin(broker):
    admin = Admin(broker)
    yield admin
    for user in admin.users:
        try:
            admin.call("DELETE", "users", user)
        except urllib.error.HTTPError as error:
            assert error.code == 404  # the test deleted it


@pytest.fixture
def login(connect):
    def login(user, **parameters):
        return connect(credentials=pika.PlainCredentials(user, "secret"), **parameters)

    return login


def refused(act, text):
    """`act` closes the channel with 403 and this text; RabbitMQ 4 begins it with the right."""
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as closed:
        act()
    assert closed.value.reply_code == 403
    assert closed.value.reply_text.startswith("ACCESS_REFUSED - ")
    assert closed.value.reply_text.endswith(text), closed.value.reply_text


@pytest.fixture
def alice(admin, login, name):
    """A user who may nothing, and a way to give her rights: alice(write="…") is a new channel."""
    user = name("alice")
    admin.user(user)

    def allow(**rights):
        admin.allow(user, **rights)
        return login(user).channel()

    allow.name = user
    return allow


@pytest.fixture
def queue(channel, name):
    queue = name("queue")
    channel.queue_declare(queue)
    yield queue
    channel.queue_delete(queue)


@pytest.fixture
def exchange(channel, name):
    exchange = name("exchange")
    channel.exchange_declare(exchange, "topic")
    yield exchange
    channel.exchange_delete(exchange)


def of_queue(queue, alice):
    return f"access to queue '{queue}' in vhost '/' refused for user '{alice.name}'"


def of_exchange(exchange, alice):
    return f"access to exchange '{exchange}' in vhost '/' refused for user '{alice.name}'"


def test_declaring_a_queue_needs_configure(alice, name):
    queue = name("mine")
    refused(lambda: alice().queue_declare(queue), of_queue(queue, alice))
    alice(configure=queue).queue_declare(queue, auto_delete=True)
    refused(lambda: alice(write=queue, read=queue).queue_declare(queue), of_queue(queue, alice))


def test_a_pattern_finds_a_part_of_the_name_and_an_empty_one_nothing(alice, name):
    alice(configure="[0-9]").queue_declare(name("mine"), auto_delete=True)
    refused(lambda: alice(configure="^x$").queue_declare("xx"), of_queue("xx", alice))
    refused(lambda: alice(configure="").queue_declare("x"), of_queue("x", alice))


def test_a_name_made_by_the_server_counts_too(alice):
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="access to queue 'amq.gen-"):
        alice().queue_declare("")
    assert alice(configure="^amq[.]gen-").queue_declare("", exclusive=True).method.queue


@pytest.mark.parametrize("right", ["configure", "write", "read"])
def test_a_passive_declare_is_for_whoever_has_any_right(alice, queue, exchange, right):
    alice(**{right: ".*"}).queue_declare(queue, passive=True)
    alice(**{right: ".*"}).exchange_declare(exchange, passive=True)


@pytest.mark.rule(13)
@pytest.mark.leveret_only("passive-declare")
def test_nobody_else_learns_by_a_passive_declare_what_there_is(alice, queue, exchange, name):
    for existing in (queue, name("absent")):
        with amqp.closes_channel(channel := alice(), 403, re.compile("ACCESS_REFUSED - access to queue")):
            channel.queue_declare(existing, passive=True)
    for existing in (exchange, name("absent")):
        with amqp.closes_channel(channel := alice(), 403, re.compile("ACCESS_REFUSED - access to exch")):
            channel.exchange_declare(existing, passive=True)


def test_a_dead_letter_exchange_needs_read_on_the_queue_and_write_on_the_exchange(alice, name):
    queue = name("mine")
    arguments = {"x-dead-letter-exchange": "amq.fanout"}
    declare = lambda channel: channel.queue_declare(queue, auto_delete=True, arguments=arguments)
    refused(lambda: declare(alice(configure=queue)), of_queue(queue, alice))
    refused(lambda: declare(alice(configure=queue, read=queue)), of_exchange("amq.fanout", alice))
    declare(alice(configure=queue, read=queue, write="amq.fanout"))


def test_declaring_an_exchange_needs_configure(alice, name):
    exchange = name("mine")
    refused(lambda: alice(write=".*", read=".*").exchange_declare(exchange), of_exchange(exchange, alice))
    channel = alice(configure=exchange)
    channel.exchange_declare(exchange)
    channel.exchange_delete(exchange)


def test_an_alternate_exchange_needs_read_on_the_one_and_write_on_the_other(alice, name):
    exchange = name("mine")
    arguments = {"alternate-exchange": "amq.fanout"}
    declare = lambda channel: channel.exchange_declare(exchange, arguments=arguments)
    refused(lambda: declare(alice(configure=exchange)), of_exchange(exchange, alice))
    refused(lambda: declare(alice(configure=exchange, read=exchange)), of_exchange("amq.fanout", alice))
    channel = alice(configure=exchange, read=exchange, write="amq.fanout")
    declare(channel)
    channel.exchange_delete(exchange)


@pytest.mark.parametrize("method", ["queue_bind", "queue_unbind"])
def test_binding_a_queue_needs_write_on_it_and_read_on_the_exchange(alice, queue, exchange, method):
    bind = lambda channel: getattr(channel, method)(queue, exchange, "key")
    refused(lambda: bind(alice(read=".*")), of_queue(queue, alice))
    refused(lambda: bind(alice(write=queue)), of_exchange(exchange, alice))
    bind(alice(write=queue, read=exchange))


@pytest.mark.parametrize("method", ["exchange_bind", "exchange_unbind"])
def test_binding_an_exchange_needs_write_on_it_and_read_on_the_source(alice, exchange, method):
    bind = lambda channel: getattr(channel, method)(exchange, "amq.topic", "key")
    refused(lambda: bind(alice(read=".*")), of_exchange(exchange, alice))
    refused(lambda: bind(alice(write=exchange)), of_exchange("amq.topic", alice))
    bind(alice(write=exchange, read="amq.topic"))


def test_publishing_needs_write_on_the_exchange(alice, exchange):
    def publish(channel):
        channel.confirm_delivery()
        channel.basic_publish(exchange, "key", b"")

    refused(lambda: publish(alice(configure=".*", read=".*")), of_exchange(exchange, alice))
    publish(alice(write=exchange))


def test_the_default_exchange_is_called_amq_default(alice, queue):
    def publish(channel):
        channel.confirm_delivery()
        channel.basic_publish("", queue, b"")

    refused(lambda: publish(alice(write=queue)), of_exchange("amq.default", alice))
    publish(alice(write="^amq[.]default$"))


def test_taking_messages_needs_read_on_the_queue(alice, queue):
    consume = lambda channel: channel.basic_consume(queue, lambda *_: None)
    for take in (lambda c: c.basic_get(queue), consume, lambda c: c.queue_purge(queue)):
        refused(lambda: take(alice(configure=".*", write=".*")), of_queue(queue, alice))
        take(alice(read=queue))


def test_deleting_needs_configure(alice, channel, name):
    queue, exchange = name("queue"), name("exchange")
    channel.queue_declare(queue)
    channel.exchange_declare(exchange)
    rest = {"write": ".*", "read": ".*"}
    refused(lambda: alice(**rest).queue_delete(queue), of_queue(queue, alice))
    refused(lambda: alice(**rest).exchange_delete(exchange), of_exchange(exchange, alice))
    owner = alice(configure=".*")
    owner.queue_delete(queue)
    owner.exchange_delete(exchange)


def test_what_does_not_exist_is_refused_first(alice):
    refused(lambda: alice().basic_get("nothing"), of_queue("nothing", alice))
    refused(lambda: alice().queue_delete("nothing"), of_queue("nothing", alice))


def test_topics_limit_publishing_at_a_topic_exchange(admin, alice, exchange):
    admin.topics(alice.name, exchange, write="^a[.]{username}[.]")

    def publish(key):
        channel = alice(write=".*")
        channel.confirm_delivery()
        channel.basic_publish(exchange, key, b"")

    publish(f"a.{alice.name}.x")
    refused(
        lambda: publish("a.bob.x"),
        f"access to topic 'a.bob.x' in exchange '{exchange}' in vhost '/' refused for user '{alice.name}'",
    )
    channel = alice(write=".*")
    channel.confirm_delivery()
    channel.basic_publish("amq.topic", "anything", b"")  # of which nothing is said


def test_topics_limit_binding_to_a_topic_exchange(admin, alice, queue, exchange):
    admin.topics(alice.name, exchange, read="^a")
    alice(write=".*", read=".*").queue_bind(queue, exchange, "a.x")
    refused(
        lambda: alice(write=".*", read=".*").queue_bind(queue, exchange, "b"),
        f"access to topic 'b' in exchange '{exchange}' in vhost '/' refused for user '{alice.name}'",
    )


def test_an_impersonator_publishes_in_others_names(admin, login, queue, name):
    user = name("speaker")
    properties = pika.BasicProperties(user_id="somebody")
    admin.user(user, write=".*")
    channel = login(user).channel()
    channel.confirm_delivery()
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="user_id property set to 'somebody'"):
        channel.basic_publish("", queue, b"", properties)
    admin.call("PUT", "users", user, body={"password": "secret", "tags": "impersonator"})
    channel = login(user).channel()
    channel.confirm_delivery()
    channel.basic_publish("", queue, b"", properties)


def opening(login, user, **parameters):
    """The reply code and text with which connection.open is refused."""
    with pytest.raises(pika.exceptions.ProbableAccessDeniedError) as refused:
        login(user, **parameters)
    code, text = re.match(r"ConnectionClosedByBroker: [(](\d+)[)] (.*)", str(refused.value)).groups()
    return int(code), ast.literal_eval(text)


def test_a_vhost_without_permission_or_that_is_absent_is_not_opened(admin, login, name):
    user, vhost = name("bob"), name("vhost")
    admin.user(user)
    code, text = opening(login, user, virtual_host=vhost)
    assert (code, text) == (530, f"NOT_ALLOWED - vhost {vhost} not found")
    admin.call("PUT", "vhosts", vhost)
    code, text = opening(login, user, virtual_host=vhost)
    assert (code, text) == (530, f"NOT_ALLOWED - access to vhost '{vhost}' refused for user '{user}'")
    admin.allow(user, configure=".*", vhost=vhost)
    login(user, virtual_host=vhost).channel().queue_declare("q")
    admin.call("DELETE", "vhosts", vhost)


def test_limits_of_connections_channels_and_queues(admin, login, name):
    user, vhost = name("bob"), name("vhost")
    admin.call("PUT", "vhosts", vhost)
    admin.user(user, ".*", ".*", ".*", vhost=vhost)
    admin.call("PUT", "vhost-limits", vhost, "max-connections", body={"value": 0})
    text = f"NOT_ALLOWED - access to vhost '{vhost}' refused for user '{user}': connection limit (0) is reached"
    assert opening(login, user, virtual_host=vhost) == (530, text)
    admin.call("DELETE", "vhost-limits", vhost, "max-connections")
    admin.call("PUT", "user-limits", user, "max-connections", body={"value": 0})
    text = f"NOT_ALLOWED - connection refused for user '{user}': user connection limit (0) is reached"
    assert opening(login, user, virtual_host=vhost) == (530, text)
    admin.call("DELETE", "user-limits", user, "max-connections")
    admin.call("PUT", "user-limits", user, "max-channels", body={"value": 1})
    connection = login(user, virtual_host=vhost)
    channel = connection.channel()
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker) as closed:
        connection.channel()
    assert closed.value.args == (
        530,
        f"NOT_ALLOWED - number of channels opened for user '{user}' has reached the maximum allowed user limit of (1)",
    )
    admin.call("DELETE", "user-limits", user, "max-channels")
    admin.call("PUT", "vhost-limits", vhost, "max-queues", body={"value": 1})
    channel = login(user, virtual_host=vhost).channel()
    channel.queue_declare("one")
    channel.queue_declare("one")
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as closed:
        channel.queue_declare("two")
    assert closed.value.args == (
        406,
        f"PRECONDITION_FAILED - cannot declare queue 'two': queue limit in vhost '{vhost}' (1) is reached",
    )
    admin.call("DELETE", "vhosts", vhost)


def closing(connection):
    """How the broker closes an open connection; waits for it."""
    with pytest.raises(pika.exceptions.ConnectionClosedByBroker) as closed:
        wait.until(lambda: connection.process_data_events(0.05), "the connection's end")
    return closed.value.args


def test_a_deleted_users_connections_are_closed(admin, login, name):
    user = name("bob")
    admin.user(user)
    connection = login(user)
    admin.call("DELETE", "users", user)
    assert closing(connection) == (320, f"CONNECTION_FORCED - user '{user}' is deleted")


def test_a_deleted_vhosts_connections_are_closed(admin, login, name):
    user, vhost = name("bob"), name("vhost")
    admin.call("PUT", "vhosts", vhost)
    admin.user(user, vhost=vhost)
    connection = login(user, virtual_host=vhost)
    admin.call("DELETE", "vhosts", vhost)
    assert closing(connection) == (320, f"CONNECTION_FORCED - vhost '{vhost}' is deleted")
