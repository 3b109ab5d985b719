"""librabbitmq's command-line tools: declare, publish, get, consume, delete."""

import subprocess

import pytest

from support.amqp import exists, get, put, take, wait_ready


@pytest.fixture
def tool(broker):
    """Runs one of the tools against the broker and returns its CompletedProcess."""

    def run(command, *arguments, stdin="", check=True):
        done = subprocess.run(
            [command, "--url", broker.url, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done

    return run


def test_a_queue_is_declared_filled_read_and_deleted(tool, connection, name):
    queue = name()
    assert tool("amqp-declare-queue", "-d", "-q", queue).stdout.strip() == queue
    tool("amqp-publish", "-r", queue, "-p", "-b", "hello")
    wait_ready(connection.channel(), queue, 1)
    assert tool("amqp-get", "-q", queue).stdout == "hello"
    assert tool("amqp-get", "-q", queue, check=False).returncode != 0, "the queue is empty"
    assert tool("amqp-delete-queue", "-q", queue).stdout.strip() == "0"
    assert not exists(connection, queue)


def test_a_server_named_queue_is_declared(tool):
    assert tool("amqp-declare-queue", "-d", "-q", "").stdout.startswith("amq.gen-")


def test_properties_and_headers_of_the_tool_arrive(tool, channel, name):
    queue = name()
    channel.queue_declare(queue)
    tool(
        "amqp-publish",
        "-r",
        queue,
        "-C",
        "text/csv",
        "-t",
        "answers",
        "-H",
        "kind: video",
        "-p",
        "-b",
        "a,b",
    )
    _, properties, body = get(channel, queue)
    assert (properties.content_type, properties.reply_to) == ("text/csv", "answers")
    assert (properties.delivery_mode, properties.headers) == (2, {"kind": "video"})
    assert body == b"a,b"


def test_every_line_of_the_input_is_a_message(tool, channel, name):
    queue = name()
    channel.queue_declare(queue)
    tool("amqp-publish", "-r", queue, "-l", stdin="one\ntwo\nthree\n")
    lines = [line.rstrip("\n") for line in take(channel, queue, 3)]
    assert lines == ["one", "two", "three"]


def test_a_body_of_several_frames_passes_through_the_tool(tool, channel, name):
    queue = name()
    channel.queue_declare(queue)
    body = "x" * 500_000
    tool("amqp-publish", "-r", queue, stdin=body)
    wait_ready(channel, queue, 1)
    assert tool("amqp-get", "-q", queue).stdout == body


def test_consume_runs_a_command_for_each_message(tool, channel, name):
    queue = name()
    channel.queue_declare(queue)
    put(channel, queue, "a", "b", "c")
    wait_ready(channel, queue, 3)
    done = tool("amqp-consume", "-q", queue, "-c", "3", "-p", "1", "cat")
    assert done.stdout == "abc"
    wait_ready(channel, queue, 0)


def test_consume_binds_a_queue_of_its_own_to_an_exchange(broker, channel, name):
    exchange = name("x")
    channel.exchange_declare(exchange, "topic")
    command = ["amqp-consume", "--url", broker.url, "-q", "", "-x", "-e", exchange]
    consumer = subprocess.Popen(
        [*command, "-r", "jobs.#", "-c", "1", "cat"], stdout=subprocess.PIPE, text=True
    )
    try:
        while consumer.poll() is None:  # Until its binding is there, messages go nowhere.
            channel.basic_publish(exchange, "jobs.video", b"found")
            channel.connection.process_data_events(time_limit=0.02)
        assert consumer.communicate()[0] == "found"
    finally:
        consumer.kill()
        consumer.wait()


def test_the_tool_tells_of_a_refusal(tool, name):
    done = tool("amqp-get", "-q", name("absent"), check=False)
    assert done.returncode != 0
    assert "404" in done.stderr and "NOT_FOUND" in done.stderr, done.stderr
