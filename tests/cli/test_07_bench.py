"""leveret bench: it counts right and cleans up. How fast it is is no matter here."""

import os

import pytest

# Every scenario, so small that it is over at once; all that is left is whether it verifies.
TINY = {
    "transient": "--messages 200",
    "jobs": "--messages 200",
    "jobs-4x4": "--messages 200",
    "workers": "--messages 200 --consumers 5",
    "submit": "--messages 200",
    "latency": "--messages 20",
    "submitters": "--messages 100 --producers 5",
    "roundtrip": "--messages 20",
    "steady": "--messages 200 --rate 2000",
    "fanout": "--messages 200",
    "fanout-transient": "--messages 200",
    "topic": "--messages 200 --bindings 40",
    "backlog": "--messages 2000",
    "large": "--messages 4 --size 1M",
    "connections": "--messages 200 --connections 20 --rate 2000",
    "many-queues": "--messages 200 --queues 40 --rate 2000",
}
COPIES = {"fanout": 8, "fanout-transient": 8}
WITHOUT_CONSUMER = ("submit", "latency", "submitters")


def test_list(leveret):
    out = leveret.run("bench", "--list").stdout
    listed = [line.split()[0] for line in out.splitlines()[1:]]
    assert listed == list(TINY)


@pytest.mark.parametrize("name", TINY)
def test_every_message_is_accounted_for(leveret, name):
    words = TINY[name].split()
    report = leveret.json("bench", name, *words, "--server-pid", os.getpid())
    [server] = report["results"]
    result = server["median"]
    published = int(words[1])
    assert result["published"] == published
    assert result["delivered"] == (0 if name in WITHOUT_CONSUMER else published * COPIES.get(name, 1))
    assert result["lost"] == result["duplicates"] == result["order_violations"] == 0
    assert result["misrouted"] == result["refused"] == 0
    assert server["is_clean"]
    assert "guest" not in server["server"]


def test_confirms_and_latencies(leveret):
    result = leveret.json("bench", "jobs", "--messages", "500")["results"][0]["median"]
    assert result["confirmed"] == 500
    for kind in ("confirm_latency_us", "deliver_latency_us"):
        latency = result[kind]
        assert 0 < latency["p50"] <= latency["p99"] <= latency["p99.9"] <= latency["max"]


def test_a_rate_is_kept(leveret):
    """As many as the clock asks for, and never sooner."""
    report = leveret.json("bench", "steady", "--rate", "500", "--messages", "100")
    assert report["results"][0]["median"]["publish_rate"] <= 510


def test_a_message_that_is_late_counts_from_when_it_was_due(leveret):
    """With a window of one, a rate beyond what the broker can do makes a queue before it."""
    report = leveret.json(
        "bench", "latency", "--messages", "400", "--rate", "10M", "--confirm-window", "1"
    )
    result = report["results"][0]["median"]
    whole_us = 1e6 * result["published"] / result["publish_rate"]
    assert result["confirm_latency_us"]["max"] > whole_us / 2, "the last waited for all before it"


def test_disk_figures(leveret, tmp_path):
    words = ("bench", "latency", "--messages", "20", "--sync-dir", tmp_path)
    figures = leveret.json(*words)["results"][0]["figures"]
    assert figures["fdatasync of an overwrite p50"]["median"] > 0
    assert figures["confirm p50 / fdatasync of an append"]["median"] > 0
    assert list(tmp_path.iterdir()) == []
    assert "fdatasync" in leveret.run(*words).stdout


def test_figures_have_medians_and_spreads(leveret):
    report = leveret.json("bench", "submit", "--messages", "100", "--rounds", "3")
    assert "core" in report["machine"] and "Linux" in report["machine"]
    figure = report["results"][0]["figures"]["publish rate"]
    assert figure["unit"] == "1/s"
    assert 0 < figure["min"] <= figure["median"] <= figure["max"]
    assert "MEDIAN" in leveret.run("bench", "submit", "--messages", "100", "--rounds", "3").stdout


def test_histogram(leveret):
    words = ("bench", "jobs", "--messages", "300", "--histogram")
    histograms = leveret.json(*words)["results"][0]["histograms"]
    for kind in ("confirm", "deliver"):
        assert sum(count for _, count in histograms[kind]["buckets"]) == 300
        percentiles = list(histograms[kind]["percentiles"].values())
        assert percentiles == sorted(percentiles) and len(percentiles) > 8
    assert "99.99" in leveret.run(*words).stdout


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


def test_a_local_server_is_found(leveret, broker):
    if not hasattr(broker, "process"):
        pytest.skip("the broker is not ours")
    own = f"--server-pid={broker.process.pid}"
    words = ("bench", "submit", "--messages", "50")
    found = leveret.json(*words)["results"][0]["figures"]["server memory"]["median"]
    named = leveret.json(*words, own)["results"][0]["figures"]["server memory"]["median"]
    assert 0.5 < found / named < 2


def test_leaves_no_queue_behind(leveret, api):
    for name in ("fanout", "topic", "connections"):
        leveret.run("bench", name, *TINY[name].split())
    assert leveret.json("queues", "leveret.bench.") == []


def test_keeps_the_queue_when_asked(leveret, channel):
    report = leveret.json("bench", "submit", "--messages", "7", "--keep")
    [queue] = report["results"][0]["median"]["queues"]
    try:
        assert channel.queue_declare(queue, passive=True).method.message_count == 7
    finally:
        channel.queue_delete(queue)


def test_wrong_usage(leveret):
    assert "did you mean: jobs" in leveret.run("bench", "jbos", status=64).stderr
    assert "at least 16 bytes" in leveret.run("bench", "jobs", "--size", "3", status=64).stderr
    leveret.run("bench", "jobs", "--ack-every", "500", status=64)
    for option in ("--rate", "--queues", "--connections", "--sync-dir"):
        leveret.run("bench", "jobs", option, "nonsense", status=64)
