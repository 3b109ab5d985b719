"""leveretd --ephemeral: a broker for other people's tests, without files and on free ports."""

import re
import signal
import subprocess

import pika
import pytest


READY = re.compile(r"leveretd \S+ ready amqp=(\d+) http=(\d+) data=memory\n")


@pytest.fixture
def start(broker, tmp_path):
    """Starts one as a test of another project would: reads the line, has the ports."""
    started = []

    def start(*options):
        process = subprocess.Popen(
            [broker.binary, "--ephemeral", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=tmp_path,
        )
        started.append(process)
        ready = READY.fullmatch(process.stdout.readline())
        assert ready
        return process, int(ready[1]), int(ready[2])

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        process.stdout.close()


def connect(port):
    return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))


def test_two_of_them_share_nothing_and_leave_no_file(start, tmp_path):
    (_, first, _), (_, second, _) = start(), start()
    with connect(first) as one, connect(second) as other:
        one.channel().queue_declare("jobs", durable=True)
        with pytest.raises(pika.exceptions.ChannelClosedByBroker):
            other.channel().queue_declare("jobs", passive=True)
    assert list(tmp_path.iterdir()) == []


def test_it_is_the_whole_broker(start, leveret):
    """More than a queue keeps at hand, so that it reads back; confirms; virtual hosts and users."""
    _, port, http = start()
    addresses = {"LEVERET_URL": f"amqp://127.0.0.1:{port}", "LEVERET_API": f"http://127.0.0.1:{http}"}
    lines = "".join(f"job {number}\n" for number in range(20_000))
    with connect(port) as connection:
        channel = connection.channel()
        channel.queue_declare("jobs", durable=True)
        leveret.run("publish", "jobs", "--lines", stdin=lines, **addresses)
        channel.basic_qos(prefetch_count=500)
        numbers = []
        for method, _, body in channel.consume("jobs", inactivity_timeout=60):
            numbers.append(int(body.split()[1]))
            channel.basic_ack(method.delivery_tag)
            if len(numbers) == 20_000:
                break
        assert numbers == list(range(20_000))
    leveret.run("vhosts", "add", "tests", **addresses)
    leveret.run("vhosts", "delete", "tests", "--yes", **addresses)
    leveret.run("vhosts", "add", "tests", **addresses)


def test_ports_may_be_chosen(start):
    process, port, _ = start("--http-port", "0")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    _, again, _ = start("--amqp-port", str(port))
    assert again == port


def test_a_data_directory_beside_it_is_a_contradiction(broker):
    done = subprocess.run(
        [broker.binary, "--ephemeral", "--data-dir", "x"], capture_output=True, text=True
    )
    assert done.returncode == 64
    assert "--data-dir" in done.stderr
