#!/usr/bin/env bash
# Builds the fuzzers with clang and lets each search from its corpus:
#   tests/fuzz/search.sh SECONDS [NAME ...]
# Ends with 1 when one has found something; what it was is in build/fuzz/failed. Each search is another one, unless
# FUZZ_SEED is set.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../conf/lib.sh"

seconds=${1:?for how many seconds each?}
shift
names=("$@")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(cd "$ROOT/tests/fuzz" && ls fuzz_*.cc | sed 's/[.]cc$//')
build=$ROOT/build/fuzz
mkdir -p "$build"

# Optimised a little, since the search is; lines are all that a find needs of debug information.
CC=clang CXX=clang++ cmake -G Ninja -S "$ROOT" -B "$build" -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_CXX_FLAGS="-O1 -gline-tables-only" -DLEVERET_WEB=OFF -DLEVERET_SANITIZE=address,undefined \
  -DLEVERET_FUZZ=ON >"$build/cmake.log" || die "cmake failed; its output is in $build/cmake.log"
cmake --build "$build" --target "${names[@]}"

search() {
  local found=$build/found/$1 failed=$build/failed/$1
  mkdir -p "$found" "$failed"
  local log=$failed/log
  if "$build/tests/$1" -max_total_time="$seconds" -max_len=8192 -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix="$failed/" ${FUZZ_SEED:+"-seed=$FUZZ_SEED"} "$found" "$ROOT/tests/fuzz/corpus/$1" > "$log" 2>&1; then
    say "$1: $(grep -E '^Done [0-9]+ runs' "$log" || tail -1 "$log")"
  else
    tail -40 "$log"
    say "$1 FAILED: what it was is in $failed"
    return 1
  fi
}
export -f search say
export build seconds ROOT
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I NAME bash -c 'search NAME'
