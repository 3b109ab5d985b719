"""What the system may do to the process, and what it leaves behind."""

import pathlib
import resource

import pika
import pytest

from support import broker as brokers
from support import confirms, wait


def limits_of(broker):
    """Soft and hard, by name."""
    lines = pathlib.Path(f"/proc/{broker.process.pid}/limits").read_text().splitlines()
    return {line[:26].strip(): line[26:].split()[:2] for line in lines[1:]}


def test_it_leaves_no_core_dump(broker):
    assert limits_of(broker)["Max core file size"] == ["0", "0"]


@pytest.fixture
def limited(tmp_path):
    """A broker whose files may not get longer than so."""
    broker = brokers.from_environment(tmp_path)
    yield broker
    broker.kill()


def test_a_limit_of_file_sizes_is_a_failed_write_and_no_signal(limited):
    limited.start()
    pid = limited.process.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    publisher = confirms.Publisher(limited)
    with pytest.raises(pika.exceptions.AMQPError):
        for _ in range(1000):
            publisher.publish(b"x" * 50_000)
    wait.until(lambda: not limited.is_running(), "the end of the broker")
    assert limited.process.returncode == 74
    assert "disk I/O error" in limited.log_tail()
    limited.start()
    assert confirms.count(limited) >= publisher.confirmed > 0
