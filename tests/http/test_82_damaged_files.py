"""Files of the data directory removed or damaged: what goes into a removed one nobody finds again, so the
broker ends and confirms nothing more."""

import pika
import pytest

from api import Api
from support import broker as brokers
from support import confirms, wait

EXIT_IO_ERROR = 74


@pytest.fixture
def victim(tmp_path):
    """A broker of the test's own, which ends in the course of it."""
    broker = brokers.from_environment(tmp_path)
    try:
        yield broker.start()
    finally:
        broker.kill()


def remove_and_publish(broker, end, body):
    """Removes the file of the first virtual host with that end of its name. Returns how many
    messages had been confirmed; none is any more."""
    publisher = confirms.Publisher(broker)
    for _ in range(10):
        publisher.publish(body)
    file = broker.directory / "data" / f"vhost-1.db{end}"
    file.unlink()
    with pytest.raises(pika.exceptions.AMQPError):
        publisher.publish(body)
    wait.until(lambda: not broker.is_running(), "the end of the broker")
    assert broker.process.returncode == EXIT_IO_ERROR
    assert f"{file} was removed or replaced while the broker was using it" in broker.log_tail()
    assert publisher.confirmed == 10
    return publisher.confirmed


@pytest.mark.parametrize("end, body", [("", b"job"), ("-bodies-1", b"j" * 100_000)], ids=["file", "bodies"])
def test_a_removed_file_ends_the_broker_before_it_confirms_more(victim, end, body):
    remove_and_publish(victim, end, body)
    assert "restore the data directory from a backup" in victim.log_tail()


@pytest.mark.parametrize("end", ["-wal", "-redo"], ids=["log", "redo log"])
def test_a_removed_log_ends_it_too_and_loses_nothing(victim, end):
    confirmed = remove_and_publish(victim, end, b"job")
    assert "Nothing is lost" in victim.log_tail()
    victim.start()
    assert confirms.count(victim) >= confirmed


def test_without_its_catalog_it_refuses_changes_and_says_what_to_do(victim):
    file = victim.directory / "data" / "leveret.db"
    api = Api(victim.host, victim.http_port)
    file.unlink()
    assert api.put(("vhosts", "more"), {}).status == 500
    assert f"{file} was removed or replaced" in victim.log_tail()
    assert "export the definitions" in victim.log_tail()
    # What it has in memory is all there.
    assert [each["name"] for each in api.get(("definitions",)).json["vhosts"]] == ["/"]


def _start_with_a_bit_changed(victim, end, place):
    """After twenty confirmed messages and a kill; how many were confirmed."""
    if end == "-wal":
        victim.leave_out_redo_log()
    publisher = confirms.Publisher(victim)
    for _ in range(20):
        publisher.publish(b"job")
    victim.kill()
    log = victim.directory / "data" / f"vhost-1.db{end}"
    content = bytearray(log.read_bytes())
    content[place] ^= 1
    log.write_bytes(content)
    victim.start()
    assert f"{log} is damaged" in victim.log_tail()
    return publisher.confirmed


@pytest.mark.parametrize(
    "end, place", [("-wal", 32 + 8 * (16384 + 24) + 100), ("-redo", 8 * 4096 + 40)], ids=["log", "redo log"]
)
def test_a_damaged_log_is_told_of_at_the_start(victim, end, place):
    confirmed = _start_with_a_bit_changed(victim, end, place)
    assert 0 < confirms.count(victim) < confirmed


def test_a_log_with_a_damaged_header_is_told_of_at_the_start(victim):
    _start_with_a_bit_changed(victim, "-wal", 20)
    assert "What had been copied from it into the file is there" in victim.log_tail()
