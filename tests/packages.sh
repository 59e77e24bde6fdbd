# install_packages <package...>: installs what is missing from Debian's packages. Sourced by examples/quickstart.sh and
# tests/run.sh. Needs root, or the packages already there.
install_packages() {
  missing=""
  for package in "$@"; do
    if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed"; then
      missing="$missing $package"
    fi
  done
  [ -z "$missing" ] && return 0
  echo "installing from Debian:$missing"
  if [ "$(id -u)" != 0 ]; then
    echo "error: these packages are missing and only root can install them:$missing" >&2
    return 1
  fi
  DEBIAN_FRONTEND=noninteractive
  export DEBIAN_FRONTEND
  log=$(mktemp)
  # shellcheck disable=SC2086  # a list of names
  if apt-get update >"$log" 2>&1 && apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; then
    rm -f "$log"
  else
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "error: apt-get could not install:$missing" >&2
    return 1
  fi
}

# What building the library and the command takes.
BUILD_PACKAGES="g++ cmake ninja-build pkg-config flatbuffers-compiler libflatbuffers-dev libprotozero-dev nlohmann-json3-dev
  libcli11-dev libjpeg62-turbo-dev libpng-dev"
