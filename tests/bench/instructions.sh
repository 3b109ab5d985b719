#!/usr/bin/env bash
# Counts the instructions of one message through the broker without sockets and disk, a figure that does
# not depend on how busy the machine is, and compares it with the last release's (instructions.json).
#   tests/bench/instructions.sh            shows both
#   tests/bench/instructions.sh --update   writes what was counted into instructions.json: for a release
# COUNT_PATH names a count_path that is already built.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../conf/lib.sh"

install_packages "${BUILD_PACKAGES[@]}" libgtest-dev libgmock-dev valgrind python3
if [ -z "${COUNT_PATH:-}" ]; then
  install_node
  build release count_path
  export COUNT_PATH="$ROOT/build/release/count_path"
fi
exec /usr/bin/python3 -B "$ROOT/tests/bench/instructions.py" "$@"
