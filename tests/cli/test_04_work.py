"""leveret work: the contract between the worker and its commands."""

import json
import os
import signal

import pytest
from support import wait


def drain(leveret, queue, *command, options=(), **run):
    """Works until the queue is empty."""
    return leveret.run("work", queue.name, "--drain", *options, "--", *command, **run)


def test_body_is_standard_input(leveret, queue):
    body = bytes(range(256)) * 4000
    queue.put(body)
    queue.put("short")
    out = drain(leveret, queue, "wc", "-c").stdout.split()
    assert out == [str(len(body)), "5"]
    assert queue.ready() == 0


def test_properties_are_variables_and_headers_are_a_file(leveret, queue):
    queue.put(
        "x",
        message_id="m1",
        content_type="text/plain",
        correlation_id="c1",
        reply_to="r1",
        type="t1",
        priority=4,
        headers={"tenant": "acme", "n": 7, "list": [1, "a"]},
    )
    out = drain(leveret, queue, "sh", "-c", "env; cat $LEVERET_HEADERS_FILE").stdout
    lines = out.splitlines()
    variables = dict(line.split("=", 1) for line in lines if "=" in line)
    assert variables["LEVERET_QUEUE"] == queue.name
    assert variables["LEVERET_ROUTING_KEY"] == queue.name
    assert variables["LEVERET_EXCHANGE"] == ""
    assert variables["LEVERET_ID"] == "m1"
    assert variables["LEVERET_CONTENT_TYPE"] == "text/plain"
    assert variables["LEVERET_CORRELATION_ID"] == "c1"
    assert variables["LEVERET_REPLY_TO"] == "r1"
    assert variables["LEVERET_TYPE"] == "t1"
    assert variables["LEVERET_PRIORITY"] == "4"
    assert variables["LEVERET_ATTEMPT"] == "1"
    assert variables["LEVERET_REDELIVERED"] == "0"
    assert json.loads(lines[-1]) == {"tenant": "acme", "n": 7, "list": [1, "a"]}
    assert not os.path.exists(variables["LEVERET_HEADERS_FILE"])


def test_the_commands_own_options_are_not_ours(leveret, queue):
    queue.put("x", "y")
    words = ["printf", "%s,", "-n", "--json", "--", "--url"]
    assert drain(leveret, queue, *words).stdout == "-n,--json,--,--url," * 2
    queue.put("x")
    out = leveret.run("work", "--drain", queue.name, "sh", "-c", "echo .$0 $1", "-n", "--json").stdout
    assert out == ".-n --json\n"


@pytest.mark.parametrize("status", [65, 100, 1, 3, 75, 111])
def test_failure_dead_letters_by_default(leveret, queue, status):
    queue.put("job")
    done = drain(leveret, queue, "sh", "-c", f"exit {status}")
    assert f"exit status {status}" in done.stderr and "dead" in done.stderr
    [(_, properties, body)] = queue.take_all(queue.dlq)
    assert body == b"job"
    assert properties.headers["x-death"][0]["reason"] == "rejected"
    assert queue.ready() == 0


def test_99_drops(leveret, queue):
    queue.put("job")
    report = json.loads(drain(leveret, queue, "sh", "-c", "exit 99", options=["--json"]).stdout)
    assert report["dropped"] == 1 and report["acked"] == 0
    assert queue.ready() == queue.ready(queue.dlq) == 0


def test_retry_comes_back_until_it_works(leveret, queue, tmp_path):
    queue.put("job")
    script = f"echo x >> {tmp_path}/tries; test $(wc -l < {tmp_path}/tries) -ge 3"
    done = drain(leveret, queue, "sh", "-c", script, options=["--on-fail", "retry", "--json"])
    report = json.loads(done.stdout)
    assert (report["retried"], report["acked"]) == (2, 1)
    assert queue.ready() == queue.ready(queue.dlq) == 0


def test_retry_ends_at_the_delivery_limit(leveret, make_queue, api):
    queue = make_queue({"x-delivery-limit": 2})
    queue.put("job")
    script = "echo $LEVERET_ATTEMPT; exit 1"
    out = drain(leveret, queue, "sh", "-c", script, options=["--on-fail", "retry"]).stdout
    assert out.split() == ["1", "2", "3"]
    [(_, properties, _)] = queue.take_all(queue.dlq)
    assert properties.headers["x-death"][0]["reason"] == "delivery_limit"


def test_permanent_failure_is_not_retried(leveret, queue):
    queue.put("job")
    drain(leveret, queue, "sh", "-c", "exit 65", options=["--on-fail", "retry"])
    assert queue.bodies(queue.dlq) == ["job"]


@pytest.mark.parametrize("command", [["/no/such/command"], ["sh", "-c", "no-such-command"]])
def test_a_missing_command_burns_nothing(leveret, queue, command):
    queue.put("a", "b", "c")
    leveret.run("work", queue.name, "--", *command, status=78)
    wait.until(lambda: queue.ready() == 3, "return of the jobs")
    assert queue.bodies() == ["a", "b", "c"]
    assert queue.ready(queue.dlq) == 0


def test_timeout_ends_the_whole_process_group(leveret, queue, tmp_path):
    queue.put("job")
    script = f"trap '' TERM; sleep 1000 & echo $! > {tmp_path}/pid; wait; sleep 1000"
    options = ["--timeout", "200ms", "--grace", "200ms"]
    done = drain(leveret, queue, "sh", "-c", script, options=options)
    assert "timed out" in done.stderr
    assert queue.bodies(queue.dlq) == ["job"]
    child = int((tmp_path / "pid").read_text())
    wait.until(lambda: not is_running(child), "end of the command's child")


def test_a_command_ended_by_a_signal_has_failed(leveret, queue):
    queue.put("job")
    assert "signal 9" in drain(leveret, queue, "sh", "-c", "kill -9 $$").stderr
    assert queue.bodies(queue.dlq) == ["job"]


def test_jobs_run_at_the_same_time(leveret, queue, tmp_path):
    """Each of three waits for the two others."""
    queue.put("1", "2", "3")
    script = f"touch {tmp_path}/$(cat); while [ $(ls {tmp_path} | wc -l) -lt 3 ]; do sleep 0.01; done"
    drain(leveret, queue, "sh", "-c", script, options=["-n", "3"])
    assert queue.ready() == queue.ready(queue.dlq) == 0


def test_sigterm_finishes_what_runs(leveret, queue, tmp_path):
    queue.put("1", "2", "3")
    script = f"touch {tmp_path}/$(cat); while [ ! -e {tmp_path}/go ]; do sleep 0.01; done"
    worker = leveret.start("work", queue.name, "-n", "2", "--", "sh", "-c", script)
    wait.until(lambda: len(os.listdir(tmp_path)) == 2, "start of two jobs")
    worker.send_signal(signal.SIGTERM)
    assert "finishing 2 running jobs" in worker.stderr.readline()
    (tmp_path / "go").touch()
    _, err = worker.communicate()
    assert worker.returncode == 0
    assert "acked 2" in err
    wait.until(lambda: queue.ready() == 1, "the third job, untouched")
    assert queue.bodies() == ["3"]


def test_a_second_signal_puts_the_jobs_back(leveret, queue, tmp_path):
    queue.put("1", "2")
    script = f"touch {tmp_path}/$(cat); sleep 1000"
    worker = leveret.start("work", queue.name, "-n", "2", "--", "sh", "-c", script)
    wait.until(lambda: len(os.listdir(tmp_path)) == 2, "start of two jobs")
    worker.send_signal(signal.SIGTERM)
    assert "finishing" in worker.stderr.readline()
    worker.send_signal(signal.SIGTERM)
    worker.communicate()
    assert worker.returncode == 130
    wait.until(lambda: queue.ready() == 2, "return of the jobs")
    assert queue.bodies() == ["1", "2"]
    assert queue.ready(queue.dlq) == 0


def test_a_killed_workers_job_goes_to_another(leveret, queue, tmp_path):
    """Even while the dead worker's command still runs."""
    queue.put("job")
    script = f"echo $$ > {tmp_path}/pid; sleep 1000"
    worker = leveret.start("work", queue.name, "--", "sh", "-c", script)
    wait.until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "start")
    worker.kill()
    worker.wait()
    wait.until(lambda: queue.ready() == 1, "return of the job")
    out = drain(leveret, queue, "sh", "-c", "echo $LEVERET_REDELIVERED").stdout
    os.killpg(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert out == "1\n"


def test_it_reconnects(leveret, channel, queue, tmp_path, cut_connections):
    """The connection is cut under a worker; it comes back and goes on."""
    consumers = count_consumers(channel, queue)
    worker = leveret.start("work", queue.name, "--", "sh", "-c", f"touch {tmp_path}/$(cat)")
    wait.until(lambda: consumers() == 1, "the worker's consumer")
    cut_connections(worker.pid)
    queue.put("after")
    wait.until(lambda: (tmp_path / "after").exists(), "the job after the reconnect")
    worker.terminate()
    _, err = worker.communicate()
    assert worker.returncode == 0, err


def test_missing_queue_and_missing_command(leveret, queue):
    assert "NOT_FOUND" in leveret.run("work", "no-such-queue", "--", "true", status=66).stderr
    assert "no command to run" in leveret.run("work", queue.name, status=64).stderr
    assert "queue is required" in leveret.run("work", "--", "true", status=64).stderr


def test_a_deleted_queue_ends_the_worker(leveret, channel, make_queue):
    queue = make_queue()
    consumers = count_consumers(channel, queue)
    worker = leveret.start("work", queue.name, "--", "true")
    wait.until(lambda: consumers() == 1, "the worker's consumer")
    channel.queue_delete(queue.name)
    _, err = worker.communicate()
    assert worker.returncode == 66
    assert "queue was deleted" in err


def test_json_keeps_standard_output_to_one_document(leveret, queue):
    queue.put("x")
    done = drain(leveret, queue, "echo", "the command's own words", options=["--json"])
    assert json.loads(done.stdout)["acked"] == 1
    assert "the command's own words" in done.stderr


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"


def count_consumers(channel, queue):
    return lambda: channel.queue_declare(queue.name, passive=True).method.consumer_count
