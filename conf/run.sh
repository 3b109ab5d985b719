#!/usr/bin/env bash
# Installs what is missing, builds Leveret and starts it. Arguments go to leveretd:
#   conf/run.sh --data-dir /var/lib/leveret --amqp-port 5673
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
  -h | --help)
    sed -n '2,3s/^# //p' "${BASH_SOURCE[0]}"
    echo "Run it again whenever you like: what is there already is kept."
    exit 0
    ;;
esac

install_packages "${BUILD_PACKAGES[@]}"
install_node
build release leveretd leveret

say "Starting Leveret. Ctrl-C stops it; so does: kill -TERM \$(pidof leveretd)"
cat <<TEXT
    client:   $ROOT/build/release/leveret --help
    login:    guest / guest (from this machine only)
    settings: $ROOT/build/release/leveretd --help, conf/leveret.toml
    The line that comes next says on which ports it listens and where its data is.
TEXT
cd "$ROOT"
exec "$ROOT/build/release/leveretd" "$@"
