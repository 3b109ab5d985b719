#!/usr/bin/env python3
"""Instructions per message by callgrind; see instructions.sh, which installs and builds."""

import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KNOWN = HERE / "instructions.json"
COUNT_PATH = os.environ.get("COUNT_PATH", str(HERE.parents[1] / "build/release/count_path"))
KINDS = {
    "transient": "16 B, memory only, no acknowledgement",
    "job": "1 KiB, persistent, confirmed, acknowledged",
}
# Two runs of different length: what starting takes is in both, and goes out with the difference.
FEW, MANY = 3_200, 16_000
VERSION = re.compile(r"project\(leveret VERSION ([0-9.]+)")


def count(kind, messages):
    """All instructions of one run."""
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/out"]
            + [COUNT_PATH, kind, str(messages)],
            capture_output=True,
            text=True,
            check=False,
        )
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not collected:
        sys.exit(f"valgrind failed on {COUNT_PATH}:\n{done.stderr}")
    return int(collected[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write instructions.json")
    args = parser.parse_args()
    version = VERSION.search((HERE.parents[1] / "CMakeLists.txt").read_text())[1]
    known = json.loads(KNOWN.read_text()) if KNOWN.exists() else {"release": "none", "counts": {}}
    counts = {}
    print(f"instructions per message, {platform.machine()}; release {known['release']} in parentheses")
    for kind, words in KINDS.items():
        counts[kind] = round((count(kind, MANY) - count(kind, FEW)) / (MANY - FEW))
        before = known["counts"].get(kind)
        change = f"  ({before:,}; {100 * (counts[kind] - before) / before:+.1f} %)" if before else ""
        print(f"{kind:10} {counts[kind]:8,}{change}  {words}", flush=True)
    if args.update:
        KNOWN.write_text(json.dumps({"release": version, "counts": counts}, indent=1) + "\n")


if __name__ == "__main__":
    main()
