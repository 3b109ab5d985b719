# Shared by conf/run.sh and tests/run.sh: installs what is missing, builds, says what it does.
# Sourced, not run. Sets ROOT, the top of the checkout.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
START_SECONDS=$SECONDS

say() { printf '\n==> [%4ds] %s\n' "$((SECONDS - START_SECONDS))" "$*"; }
die() {
  printf '\nleveret: %s\n' "$*" >&2
  exit 1
}

BUILD_PACKAGES=(g++ cmake ninja-build ccache mold pkg-config libboost1.81-dev libsqlite3-dev
  nlohmann-json3-dev libspdlog-dev libssl-dev libtomlplusplus-dev libcli11-dev)
WEB_PACKAGES=(nodejs npm)

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "root is needed to install packages ($*): run this as root, or install sudo"
  fi
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages NAME...: those that are not there yet, by apt-get.
install_packages() {
  command -v apt-get >/dev/null ||
    die "this script installs Debian packages and there is no apt-get here; install these by hand: $*"
  local missing=() package
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  if [ ${#missing[@]} = 0 ]; then
    say "All ${#} Debian packages are there"
    return
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  as_root apt-get update -qq || die "'apt-get update' failed: is the network up?"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >"${TMPDIR:-/tmp}/leveret-apt.log" 2>&1 ||
    die "apt-get could not install the packages; its output is in ${TMPDIR:-/tmp}/leveret-apt.log"
}

# Node from elsewhere is as good as Debian's, if it is new enough for the dashboard's tools.
install_node() {
  if command -v npm >/dev/null && node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)'; then
    say "Node.js $(node --version) is there"
  else
    install_packages "${WEB_PACKAGES[@]}"
  fi
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  say "Building ($preset): the first time takes some minutes"
  (cd "$ROOT" && cmake --preset "$preset" >"${TMPDIR:-/tmp}/leveret-cmake.log" 2>&1) ||
    die "cmake failed; its output is in ${TMPDIR:-/tmp}/leveret-cmake.log"
  (cd "$ROOT" && cmake --build --preset "$preset" ${1:+--target "$@"}) ||
    die "the build failed; the compiler's words are above"
}
