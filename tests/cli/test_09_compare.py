"""tests/bench/compare.py: it runs, and writes a table and plots. What it measures is no matter here."""

import json
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEVERET = os.environ.get("LEVERET", str(ROOT / "build/release/leveret"))
LEVERETD = os.environ.get("LEVERETD", str(ROOT / "build/release/leveretd"))
BENCH = ROOT / "tests/bench"
sys.path.insert(0, str(BENCH))

import rows  # noqa: E402
import table  # noqa: E402


def test_rows_and_a_curve_on_leveret_alone(leveret, tmp_path):
    chosen = ["latency", "submitters", "restart", "idle", "curve:bindings"]
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    done = subprocess.run(
        [sys.executable, "-B", BENCH / "compare.py", "--quick", "--no-rabbitmq", "--out", tmp_path]
        + ["--dir", tmp_path, "--readme", readme, "--only", *chosen],
        capture_output=True,
        text=True,
        env={**os.environ, "LEVERET": LEVERET, "LEVERETD": LEVERETD},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "compare.json").read_text())
    assert sorted(report["rows"]) == sorted(name for name in chosen if ":" not in name)
    markdown = (tmp_path / "table.md").read_text()
    assert "start to first delivery" in markdown
    assert "Nothing was lost" in markdown
    text = readme.read_text()
    assert text.startswith(f"before\n{table.BEGIN}\n{markdown}")
    assert text.endswith(f"{table.END}\nafter\n")
    assert "](tests/bench/plots/cost-by-bindings.svg)" in text
    for plots in (tmp_path / "plots", tmp_path / "tests/bench/plots"):
        xml.etree.ElementTree.parse(plots / "cost-by-bindings.svg")
    assert [path.name for path in tmp_path.glob("leveret-compare-*")] == [], "all removed again"


def test_every_row_names_a_scenario(leveret):
    listed = {line.split()[0] for line in leveret.run("bench", "--list").stdout.splitlines()[1:]}
    for row in rows.ROWS:
        if row.function != "idle":
            assert row.words.split()[0] in listed, row.name
            assert row.quick.split()[0] in listed, row.name
    assert all(curve["words"].split()[0] in listed for curve in rows.CURVES.values())


def test_goals_are_told_from_what_misses_them():
    def report_of(leveret, rabbitmq):
        spread = {"min": 1, "max": 1}
        figures = [{"deliver rate": {"median": median, **spread}} for median in (leveret, rabbitmq)]
        return {
            "rows": {
                "transient": {
                    "leveret": {"figures": figures[0], "is_clean": True},
                    "rabbitmq": {"figures": figures[1], "is_clean": True},
                }
            }
        }

    assert table.missed(report_of(1000, 100)) == []
    [missed] = table.missed(report_of(999, 100))
    assert "goal ≥ 10 ×: NOT REACHED" in missed


def test_units_follow_from_names():
    assert table.unit_of("deliver rate") == "1/s"
    assert table.unit_of("confirm p50 / fdatasync of an append") == "ratio"
    assert table.unit_of("fdatasync of an overwrite p50") == "us"
    assert table.unit_of("server memory per connection") == "bytes"
    assert table.unit_of("server cpu per message") == "us"
    assert table.unit_of("publish rate, last tenth / first") == "ratio"


def test_usage():
    def run(*words):
        return subprocess.run(
            [sys.executable, "-B", BENCH / "compare.py", *words],
            capture_output=True,
            text=True,
            env={**os.environ, "LEVERETD": "/nowhere"},
            check=False,
        )

    assert "topic-100k" in run("--list").stdout
    assert "invalid choice: 'jbos'" in run("--only", "jbos").stderr
    assert "run tests/bench/compare.sh" in run("--only", "jobs").stderr
