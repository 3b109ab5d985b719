"""The real broker on a disk that fails: nothing confirmed is lost, and a full one is waited for."""

import errno
import os
import shutil
import threading

import pika
import pytest

from support import broker as brokers
from support import confirms, wait
from support.failing_disk import MAKE, SYNC, WRITE, FailingDisk

EXIT_IO_ERROR = 74
LOG = ".db-wal"
JOB = b"job" * 100
LARGE_JOB = b"j" * 100_000


@pytest.fixture
def disk(tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    return FailingDisk(tmp_path)


@pytest.fixture
def victim(tmp_path, disk):
    """A broker on that disk."""
    broker = brokers.from_environment(tmp_path / "broker")
    broker.variables = disk.variables
    try:
        yield broker.start()
    finally:
        broker.kill()


@pytest.mark.parametrize("after", [0, 1, 7])
@pytest.mark.parametrize("call, code", [(SYNC, errno.EIO), (WRITE, errno.EIO), (WRITE, errno.EROFS)])
@pytest.mark.parametrize(
    "part, body",
    [("-redo", JOB), (LOG, JOB), ("-bodies-", LARGE_JOB)],
    ids=["redo log", "log", "bodies"],
)
def test_a_failed_sync_or_write_ends_it_and_what_was_confirmed_is_there(
    victim, disk, part, body, call, code, after
):
    if part == LOG:
        victim.leave_out_redo_log()
    publisher = confirms.Publisher(victim)
    publisher.publish(body)
    disk.fail(call, part, code, after)
    with pytest.raises(pika.exceptions.AMQPError):
        for _ in range(100):
            publisher.publish(body)
    wait.until(lambda: not victim.is_running(), "the end of the broker")
    assert victim.process.returncode == EXIT_IO_ERROR
    assert "vhost-1.db" in victim.log_tail() and "disk I/O error" in victim.log_tail()
    disk.heal()
    victim.start()
    # The last may have reached the disk, too.
    assert confirms.count(victim) in (publisher.confirmed, publisher.confirmed + 1)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_directory_that_takes_no_new_file_ends_it(victim, disk, code):
    publisher = confirms.Publisher(victim)
    publisher.publish(JOB)
    disk.fail(MAKE, "-bodies-", code)
    with pytest.raises(pika.exceptions.AMQPError):
        publisher.publish(LARGE_JOB)
    wait.until(lambda: not victim.is_running(), "the end of the broker")
    assert victim.process.returncode == EXIT_IO_ERROR
    assert f"vhost-1.db-bodies-1: cannot be made: {os.strerror(code)}" in victim.log_tail()
    disk.heal()
    victim.start()
    assert confirms.count(victim) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize(
    "call, part, body",
    [(WRITE, LOG, JOB), (WRITE, "-bodies-", LARGE_JOB), (MAKE, "-bodies-", LARGE_JOB)],
    ids=["log", "bodies", "new file of bodies"],
)
def test_a_full_disk_is_waited_for(victim, disk, call, part, body, code):
    if part == LOG:
        victim.leave_out_redo_log()
    publisher = confirms.Publisher(victim)
    blocked = []
    connection = publisher.channel.connection
    connection.add_on_connection_blocked_callback(lambda _, frame: blocked.append(frame.method.reason))
    for _ in range(5):
        publisher.publish(body if call == WRITE else JOB)
    disk.fail(call, part, code)
    thread = threading.Thread(target=publisher.publish, args=(body,))
    thread.start()
    wait.until(lambda: "the disk is full; publishers wait" in victim.log_tail(), "the alarm")
    assert publisher.confirmed == 5
    disk.heal()
    thread.join()
    connection.process_data_events(time_limit=0)
    assert blocked == ["low on disk"]
    assert publisher.confirmed == 6
    assert "the disk has room again" in victim.log_tail()
    victim.kill()
    victim.start()
    assert confirms.count(victim) == 6


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", [MAKE, WRITE], ids=["new", "there"])
def test_without_room_for_the_redo_log_it_goes_on_without(victim, disk, call, code):
    publisher = confirms.Publisher(victim)
    if call == WRITE:
        publisher.publish(JOB)
    disk.fail(call, "-redo", code)
    for _ in range(10):
        publisher.publish(JOB)
    assert "the disk is full" not in victim.log_tail()
    victim.kill()
    victim.start()
    assert confirms.count(victim) == publisher.confirmed


def test_writes_that_are_cut_short_are_gone_on_with(victim, disk):
    publisher = confirms.Publisher(victim)
    disk.fail(WRITE, ".db", 0)
    for body in [JOB, LARGE_JOB] * 10:
        publisher.publish(body)
    victim.kill()
    victim.start()
    assert confirms.count(victim) == 20
