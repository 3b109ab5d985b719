"""leveret bench: it counts right and cleans up. How fast it is is no matter here."""

import os


def test_list(leveret):
    out = leveret.run("bench", "--list").stdout
    for name in ("transient", "jobs", "latency", "fanout"):
        assert name in out


def test_every_message_is_accounted_for(leveret):
    for name in ("transient", "jobs", "roundtrip", "fanout"):
        report = leveret.json("bench", name, "--messages", "200")
        [server] = report["results"]
        result = server["median"]
        copies = 10 if name == "fanout" else 1
        assert result["published"] == 200, name
        assert result["delivered"] == 200 * copies, name
        assert result["lost"] == result["duplicates"] == result["order_violations"] == 0, name
        assert "guest" not in server["server"]


def test_confirms_and_latencies(leveret):
    result = leveret.json("bench", "jobs", "--messages", "500")["results"][0]["median"]
    assert result["confirmed"] == 500
    for kind in ("confirm_latency_us", "deliver_latency_us"):
        latency = result[kind]
        assert 0 < latency["p50"] <= latency["p99"] <= latency["p99.9"] <= latency["max"]


def test_without_consumers_only_the_confirms_count(leveret):
    result = leveret.json("bench", "latency", "--messages", "50")["results"][0]["median"]
    assert (result["published"], result["confirmed"], result["delivered"]) == (50, 50, 0)
    assert result["lost"] == 0


def test_two_brokers_in_turn(leveret, broker):
    report = leveret.json(
        "bench", "jobs", "--messages", "100", "--rounds", "3", "--against", broker.url
    )
    assert [len(server["runs"]) for server in report["results"]] == [3, 3]
    assert report["ratios"]["publish rate"] > 0


def test_server_process(leveret):
    report = leveret.json("bench", "jobs", "--messages", "100", "--server-pid", os.getpid())
    assert report["results"][0]["median"]["server_rss_peak_bytes"] > 0
    leveret.run("bench", "jobs", "--messages", "1", "--server-pid", "999999999", status=66)


def test_leaves_no_queue_behind(leveret, api):
    leveret.run("bench", "fanout", "--messages", "10")
    assert leveret.json("queues", "leveret.bench.") == []


def test_wrong_usage(leveret):
    assert "did you mean: jobs" in leveret.run("bench", "jbos", status=64).stderr
    assert "at least 24 bytes" in leveret.run("bench", "jobs", "--size", "3", status=64).stderr
    leveret.run("bench", "jobs", "--ack-every", "500", status=64)
