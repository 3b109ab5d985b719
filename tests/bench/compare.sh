#!/usr/bin/env bash
# Measures Leveret beside Debian's RabbitMQ: every row of the table in the README, and the plots.
#   tests/bench/compare.sh                  all of it, about two hours
#   tests/bench/compare.sh --quick          the same with tiny counts, to see that it works: minutes
#   tests/bench/compare.sh --only jobs topic-1k
#   tests/bench/compare.sh --list           the rows
# Installs what is missing, builds, and runs both brokers on free ports and directories of their own.
# LEVERETD and LEVERET name binaries that are already built. More: compare.sh --help.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../conf/lib.sh"

for word in "$@"; do
  case "$word" in
    -h | --help | --list)
      install_packages python3 python3-pika >/dev/null
      exec /usr/bin/python3 -B "$ROOT/tests/bench/compare.py" "$@"
      ;;
  esac
done
has_rabbitmq=no
is_installed rabbitmq-server && has_rabbitmq=yes
install_packages "${BUILD_PACKAGES[@]}" python3 python3-pika rabbitmq-server
if [ "$has_rabbitmq" = no ] && command -v systemctl >/dev/null && systemctl is-active -q rabbitmq-server; then
  say "Debian has started the RabbitMQ that was just installed: stopping that one, ours are started by hand"
  as_root systemctl stop rabbitmq-server
fi
if [ -z "${LEVERETD:-}" ] || [ -z "${LEVERET:-}" ]; then
  install_node
  build release leveretd leveret
  export LEVERETD="$ROOT/build/release/leveretd" LEVERET="$ROOT/build/release/leveret"
fi
exec /usr/bin/python3 -B "$ROOT/tests/bench/compare.py" "$@"
