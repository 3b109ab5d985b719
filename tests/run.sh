#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test:
#   tests/run.sh              all of them
#   tests/run.sh unit cli     only these parts; tests/run.sh --list names them
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../conf/lib.sh"
export PATH="$PATH:/usr/sbin:/sbin"

PARTS=(unit sim sanitize tsan fuzz conformance cli http web story crash)
TEST_PACKAGES=(libgtest-dev libgmock-dev libbenchmark-dev python3-pytest python3-pika python3-celery
  celery amqp-tools chromium openssl)
# Clients of other languages, for the conformance tests.
CLIENT_PACKAGES=(python3-aio-pika librabbitmq-dev php-cli php-amqplib ruby-bunny golang-go
  golang-github-rabbitmq-amqp091-go-dev default-jdk-headless librabbitmq-client-java)

case "${1:-}" in
  -h | --help)
    sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  --list)
    printf '%s\n' "${PARTS[@]}"
    exit 0
    ;;
esac
chosen=("$@")
[ ${#chosen[@]} -gt 0 ] || chosen=("${PARTS[@]}")
for part in "${chosen[@]}"; do
  [[ " ${PARTS[*]} " == *" $part "* ]] || die "there is no test part '$part'; there are: ${PARTS[*]}"
done

[[ " ${chosen[*]} " != *" http "* ]] || TEST_PACKAGES+=(prometheus python3-jsonschema
  openapi-specification)
[[ " ${chosen[*]} " != *" conformance "* ]] || TEST_PACKAGES+=("${CLIENT_PACKAGES[@]}")
[[ " ${chosen[*]} " != *" fuzz "* ]] || TEST_PACKAGES+=(clang libclang-rt-14-dev)
install_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
install_node
build release

export LEVERETD="$ROOT/build/release/leveretd" LEVERET="$ROOT/build/release/leveret"
PYTEST=(/usr/bin/python3 -m pytest -q -p no:cacheprovider)
export PYTHONDONTWRITEBYTECODE=1

run_unit() {
  ctest --test-dir "$ROOT/build/release" --output-on-failure -j "$(nproc)" -LE bench
}
# Some thousands of simulated runs; tests/sim/README.md says how to have millions.
run_sim() {
  "$ROOT/build/release/tests/leveret_sim" --seeds 1..6000 --jobs "$(nproc)" --shrink
}
# show_reports FOLDER: what sanitizers have written there; a report of a broker that a test has stopped fails no test.
show_reports() {
  local found=0
  if compgen -G "$1/*" >/dev/null; then
    cat "$1"/*
    found=1
  fi
  rm -r "$1"
  return $found
}
# The same again with AddressSanitizer and UndefinedBehaviorSanitizer, and the whole broker with frames and requests of
# every kind.
SANITIZE_HTTP=(02_protocol.py 26_definitions.py 30_messages.py 31_dead_letters.py 40_events.py 62_rules.py
  74_hostile.py)
run_sanitize() {
  local reports failed=0
  build debug
  ctest --test-dir "$ROOT/build/debug" --output-on-failure -j "$(nproc)" -LE bench || failed=1
  reports=$(mktemp -d)
  export ASAN_OPTIONS="log_path=$reports/asan" UBSAN_OPTIONS="log_path=$reports/ubsan:print_stacktrace=1"
  export LEVERETD="$ROOT/build/debug/leveretd"
  "${PYTEST[@]}" "$ROOT"/tests/conformance/test_[0-8]*.py || failed=1
  # Without what is about speed.
  "${PYTEST[@]}" "${SANITIZE_HTTP[@]/#/$ROOT/tests/http/test_}" -k "not lists_that and not lists_of and not do_not_stall" || failed=1
  show_reports "$reports" || failed=1
  return $failed
}
# What has threads, under ThreadSanitizer: unit tests without those that only go through many places of a file, and
# real clients of every part of the broker without what is about speed.
TSAN_CONFORMANCE=(08_tls.py 42_publish_confirms.py 51_consume.py 60_dead_letter.py 73_transactions.py 85_restart.py)
TSAN_HTTP=(03_tls.py 04_settings.py 26_definitions.py 30_messages.py 31_dead_letters.py 40_events.py 60_vhosts.py
  61_users.py 71_prometheus.py 80_alarms.py 81_limits.py)
run_tsan() {
  local tests=(leveret_base_tests leveret_auth_tests leveret_store_tests leveret_server_tests) reports failed=0 name
  build tsan leveretd "${tests[@]}"
  reports=$(mktemp -d)
  export TSAN_OPTIONS="log_path=$reports/report second_deadlock_stack=1"
  for name in "${tests[@]}"; do
    "$ROOT/build/tsan/tests/$name" --gtest_brief=1 \
      --gtest_filter='-PowerCut.*:FailedIo.*:SystemCalls.*:LogDamage.*:Damage.OneChangedBit*:Schema.*CutAnywhere*:Store.HoldsWhatAModel*' || failed=1
  done
  export LEVERETD="$ROOT/build/tsan/leveretd"
  "${PYTEST[@]}" "${TSAN_CONFORMANCE[@]/#/$ROOT/tests/conformance/test_}" || failed=1
  # Sessions on other loops than their virtual host's.
  LEVERET_THREADS_IO_LOOPS=3 "${PYTEST[@]}" "${TSAN_CONFORMANCE[@]/#/$ROOT/tests/conformance/test_}" || failed=1
  "${PYTEST[@]}" "${TSAN_HTTP[@]/#/$ROOT/tests/http/test_}" -k "not do_not_stall" || failed=1
  show_reports "$reports" || failed=1
  return $failed
}
# Each fuzzer searches for a minute, from the same seed, so that what it finds comes from what has changed.
run_fuzz() { FUZZ_SEED=${FUZZ_SEED:-1} "$ROOT/tests/fuzz/search.sh" "${FUZZ_SECONDS:-60}"; }
run_conformance() {
  local folder
  for folder in node frameworks/nest frameworks/moleculer; do
    (cd "$ROOT/tests/conformance/$folder" && npm ci --no-audit --no-fund --silent) ||
      die "npm could not install the packages of tests/conformance/$folder"
  done
  local answers=${TMPDIR:-/tmp}/leveret-answers.json
  "${PYTEST[@]}" "$ROOT/tests/conformance" --answers "$answers" &&
    "$ROOT/tests/conformance/table.py" --check "$answers"
}
run_cli() { "${PYTEST[@]}" "$ROOT/tests/cli"; }
run_http() { "${PYTEST[@]}" "$ROOT/tests/http"; }
run_web() {
  (cd "$ROOT/web" && npm ci --no-audit --no-fund --silent && npm test) ||
    die "the dashboard's own tests failed"
  node "$ROOT/tests/web/run.mjs"
}
run_story() { "${PYTEST[@]}" "$ROOT/tests/story"; }
run_crash() {
  "${PYTEST[@]}" "$ROOT/tests/crash" && CRASH_FLAGS=strict /usr/bin/python3 "$ROOT/tests/crash/crash_test.py"
}

failed=()
for part in "${chosen[@]}"; do
  say "Tests: $part"
  if (set -e; "run_$part"); then
    say "Tests: $part passed"
  else
    failed+=("$part")
    say "Tests: $part FAILED"
  fi
done
say "$((${#chosen[@]} - ${#failed[@]})) of ${#chosen[@]} parts passed${failed:+; failed: ${failed[*]}}"
[ ${#failed[@]} = 0 ]
