#!/usr/bin/env python3
"""Runs every row of rows.py on Leveret and on RabbitMQ in turn; see compare.sh, which installs and builds.

Writes compare.json (all figures and runs), table.md (for the README) and plots/*.svg. With --only, what
compare.json has already is kept, and the table is made of both.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import plots  # noqa: E402
import process  # noqa: E402
import rows  # noqa: E402
import table  # noqa: E402

from support import broker as brokers  # noqa: E402

ROOT = brokers.REPOSITORY
LEVERET = os.environ.get("LEVERET", str(ROOT / "build/release/leveret"))
LEVERETD = os.environ.get("LEVERETD", str(ROOT / "build/release/leveretd"))
BEGAN = time.monotonic()


def say(text):
    """A line of talk, with the minutes that have passed."""
    minutes, seconds = divmod(int(time.monotonic() - BEGAN), 60)
    print(f"[{minutes:3d}:{seconds:02d}] {text}", file=sys.stderr, flush=True)


class Bench:
    """Makes brokers in directories of their own and runs `leveret bench` on them."""

    def __init__(self, directory, targets, machine):
        self.directory = pathlib.Path(directory)
        self.targets = targets
        self.machine = machine
        self._made = 0
        self._rabbitmq = None

    def make(self, target):
        """A broker that is not started yet; `.remove()` takes its directory away."""
        self._made += 1
        at = self.directory / f"{target}-{self._made}"
        broker = brokers.Leveret(at, LEVERETD) if target == "leveret" else brokers.RabbitMQ(at)
        broker.remove = lambda: shutil.rmtree(at, ignore_errors=True)
        return broker

    def start(self, target):
        """A broker that runs. Leveret is a new one each time; the one RabbitMQ stays, since it takes
        long to start and gives memory back."""
        if target == "leveret":
            return self.make(target).start()
        if self._rabbitmq is None:
            self._rabbitmq = self.make(target).start()
        return self._rabbitmq

    def end(self, broker):
        """Stops it, unless it stays."""
        if broker is not self._rabbitmq:
            broker.stop()
            broker.remove()

    def close(self):
        """Stops what has stayed."""
        if self._rabbitmq is not None:
            broker, self._rabbitmq = self._rabbitmq, None
            self.end(broker)

    def run(self, broker, words):
        """One run of a scenario; returns its JSON. Exit status 1 says that it was not clean."""
        command = [LEVERET, "bench", *words, "--json", "--url", broker.url]
        command += ["--server-pid", str(broker.process.pid)]
        # Standard error stays ours: what goes on is shown on a terminal.
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"status {done.returncode} from: {' '.join(command)}")
        report = json.loads(done.stdout)
        if "--sync-dir" in words or not self.machine:  # Then it knows the file system.
            self.machine = report["machine"]
        return report["results"][0]["median"]

    def scenario(self, words, rounds):
        """Rounds of a scenario on the targets in turn: {target: {"figures", "runs", "is_clean"}}.

        `rounds`: how many, by target. What changes on the machine meanwhile touches all alike.
        """
        running = {target: self.start(target) for target in rounds}
        runs = {target: [] for target in rounds}
        out = {}
        try:
            for number in range(max(rounds.values())):
                for target, broker in running.items():
                    if number >= rounds[target] or target in out:
                        continue
                    try:
                        runs[target].append(self.run(broker, words))
                    except RuntimeError as error:
                        say(f"  {target}: {error}")
                        out[target] = {"error": str(error)}
        finally:
            for broker in running.values():
                self.end(broker)
        return {target: out.get(target) or summary(runs[target]) for target in rounds}

    def afresh(self, words, rounds):
        """The same with a new Leveret for each round, where the last one leaves its traces."""
        runs = {target: [] for target in rounds}
        for number in range(max(rounds.values())):
            for target in rounds:
                if number < rounds[target]:
                    got = self.scenario(words, {target: 1})[target]
                    if "error" in got:
                        return {target: got}
                    runs[target] += got["runs"]
        return {target: summary(of_target) for target, of_target in runs.items()}


def summary(runs):
    """Median and spread of every figure that all the runs have."""
    names = [name for name in runs[0]["figures"] if all(name in run["figures"] for run in runs)]
    figures = {}
    for name in names:
        values = [run["figures"][name] for run in runs]
        figures[name] = {
            "median": statistics.median(values),
            "min": min(values),
            "max": max(values),
        }
    wrong = ("lost", "duplicates", "order_violations", "misrouted", "refused", "returned")
    is_clean = not any(run[name] for run in runs for name in wrong)
    return {"figures": figures, "is_clean": is_clean, "runs": runs}


def run_row(bench, row, args):
    """Runs a row on the targets; returns what compare.json keeps of it."""
    words = (row.quick if args.quick else row.words).split()
    if not row.function and any(line.is_of_disk for line in row.lines):
        words += ["--sync-dir", str(bench.directory)]
    ours = 1 if args.quick else row.options.get("rounds", args.rounds)
    rounds = {"leveret": ours}
    if "rabbitmq" in bench.targets:
        rounds["rabbitmq"] = min(ours, row.rabbitmq_rounds or args.rounds)
    if row.function:
        out = {}
        for target, count in rounds.items():
            make = lambda chosen=target: bench.make(chosen)  # noqa: E731
            if row.function == "idle":
                figures = process.idle(make, 2 if args.quick else count)
            else:
                figures = getattr(process, row.function)(make, count, LEVERET, words)
            out[target] = {"figures": figures, "is_clean": True, "runs": []}
        return out
    if row.options.get("fresh"):
        return bench.afresh(words, rounds)
    return bench.scenario(words, rounds)


def run_curve(bench, name, curve, args):
    """The points of one curve: {target: [{"x", figure: value, …}]}."""
    points = {}
    for target in bench.targets:
        points[target] = []
        for x in curve["quick" if args.quick else "full"]:
            if target == "rabbitmq" and x > curve.get("rabbitmq_max", x):
                continue
            say(f"  {name} {x:g} on {target}")
            words = curve["words"].format(x=int(x)).split()
            if args.quick and "--duration" not in words:
                words += ["--duration", "1s"]
            got = bench.scenario(words, {target: 1})[target]
            if "error" in got:
                break
            figures = got["figures"]
            point = {name: figures[name]["median"] for name in curve["figures"] if name in figures}
            points[target].append({"x": x, **point})
            if figures["publish rate"]["median"] < curve.get("stop_below", 0) * x:
                break
    return points


def versions(targets):
    """What is compared, in words."""
    words = {"leveret": command_output([LEVERETD, "--version"])}
    if "rabbitmq" in targets:
        package = command_output(["dpkg-query", "-W", "-f=${Version}", "rabbitmq-server"])
        words["rabbitmq"] = f"RabbitMQ {package} (Debian)"
    return words


def command_output(command):
    """What it prints, or nothing."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return done.stdout.strip()


def arguments():
    parser = argparse.ArgumentParser(
        description="Measures Leveret beside RabbitMQ, row by row.",
        epilog="LEVERETD and LEVERET name the binaries; build/release by default.",
    )
    names = [row.name for row in rows.ROWS] + [f"curve:{name}" for name in rows.CURVES]
    parser.add_argument("--list", action="store_true", help="list the rows and curves")
    parser.add_argument("--quick", action="store_true", help="tiny counts: does it work?")
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=names, help="only these")
    parser.add_argument("--no-curves", action="store_true", help="leave the plots out")
    parser.add_argument("--no-rabbitmq", action="store_true", help="only Leveret")
    parser.add_argument("--rounds", type=int, default=5, help="of each row (%(default)s)")
    parser.add_argument("--out", default=str(ROOT / "build/compare"), help="%(default)s")
    parser.add_argument("--dir", default="/var/tmp", help="on the disk to measure (%(default)s)")
    parser.add_argument("--readme", metavar="FILE", help="put table and plots into it")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds is at least 1")
    if args.list:
        for row in rows.ROWS:
            print(f"{row.name:18} {row.title}")
        for name, curve in rows.CURVES.items():
            print(f"curve:{name:12} {curve['words']}")
        sys.exit(0)
    return args


def chosen(args):
    """The names of what is to run, in order."""
    names = [row.name for row in rows.ROWS] + [f"curve:{name}" for name in rows.CURVES]
    if args.only:
        return [name for name in names if name in args.only]
    return [name for name in names if not (args.no_curves and name.startswith("curve:"))]


def publish(report, markdown, readme):
    """Puts the table into the README, and the plots beside the bench with links to them."""
    directory = pathlib.Path("tests/bench/plots")
    written = plots.write_all(report, readme.parent / directory)
    links = [f"![{title}]({directory / name})" for name, title in written]
    table.replace_between_marks(readme, "\n".join([markdown, *links, ""]) if links else markdown)


def load(path):
    """What an earlier call has left, or nothing."""
    return json.loads(path.read_text()) if path.exists() else nothing()


def nothing():
    """compare.json before anything has been measured."""
    return {"rows": {}, "curves": {}, "measured": {}}


def main():
    args = arguments()
    for binary in (LEVERET, LEVERETD):
        if not os.access(binary, os.X_OK):
            sys.exit(f"there is no {binary}: run tests/bench/compare.sh, which builds it")
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    report = load(out / "compare.json") if args.only else nothing()
    targets = ["leveret"] if args.no_rabbitmq else ["leveret", "rabbitmq"]
    report["versions"] = versions(targets)
    now = {
        "commit": command_output(["git", "describe", "--always", "--dirty"]),
        "date": time.strftime("%Y-%m-%d"),
    }
    report["is_quick"] = args.quick
    by_name = {row.name: row for row in rows.ROWS}
    names = chosen(args)
    failed = []
    if os.getloadavg()[0] > 0.5:
        say(f"the machine is busy (load {os.getloadavg()[0]:.1f}): wait until it is not, for real figures")
    with tempfile.TemporaryDirectory(prefix="leveret-compare-", dir=args.dir) as directory:
        bench = Bench(directory, targets, report.get("machine", ""))
        for number, name in enumerate(names, 1):
            say(f"{number} of {len(names)}: {name}")
            try:
                if name.startswith("curve:"):
                    curve = name.removeprefix("curve:")
                    report["curves"][curve] = run_curve(bench, curve, rows.CURVES[curve], args)
                else:
                    report["rows"][name] = run_row(bench, by_name[name], args)
                    for line in table.lines_of(by_name[name], report):
                        say("  " + table.in_words(line))
            except (RuntimeError, AssertionError, OSError, subprocess.SubprocessError) as error:
                say(f"  FAILED: {error}")
                failed.append(name)
            report["measured"][name] = now
            report["machine"] = bench.machine
            (out / "compare.json").write_text(json.dumps(report, indent=1) + "\n")
        bench.close()
    markdown = table.markdown(report)
    (out / "table.md").write_text(markdown)
    if args.readme:
        publish(report, markdown, pathlib.Path(args.readme))
    plots.write_all(report, out / "plots")
    say(f"written: {out}/compare.json, table.md and plots/")
    missed = table.missed(report)
    for text in missed:
        say("NOT REACHED  " + text)
    dirty = [name for name, row in report["rows"].items() if not table.is_clean(row)]
    for name in failed + dirty:
        say(f"FAILED, or not all verified: {name}")
    say(f"{len(missed)} goals not reached")
    sys.exit(1 if failed or dirty else 0)


if __name__ == "__main__":
    main()
