#!/bin/sh
# peers.sh [--rounds N] [--shared PATH] [--layers | --isa NAME] [--networks NAMES] [--readme] [--build FOLDER]
#
# Octet beside ONNX Runtime and oneDNN on this machine: installs both where they are missing, builds, and runs float and
# int8 of the same networks in turns, one thread each. Prints Markdown on stdout and progress on stderr.
#
#   --rounds N        how often every contestant gets its turn (30)
#   --shared PATH     folder with models/ and images/ (../shared); without it the networks of random weights remain
#   --layers          each convolution of Octet beside oneDNN's, instead of whole networks
#   --isa NAME        Octet's int8 beside its own float on an instruction set, instead of the peers
#   --networks NAMES  only networks whose names hold one of these words, separated by commas
#   --readme          also write the tables into README.md, between its markers
#   --build FOLDER    the build to use (build/release)
#
# A peer that cannot be installed is a line that says so. Timings decide nothing: the exit status is about errors alone.
set -eu
cd "$(dirname "$0")/../.."
. tests/packages.sh

build=build/release
for argument in "$@"; do
  case "$argument" in
    -h | --help)
      sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
      exit 0
      ;;
  esac
  [ "${previous:-}" = --build ] && build=$argument
  previous=$argument
done
say() { echo "$*" >&2; }

install_packages $BUILD_PACKAGES libcmocka-dev python3 python3-numpy python3-onnx >&2
install_packages libdnnl-dev >&2 || say "SKIPPED: oneDNN: libdnnl-dev cannot be installed"

# The same place as tests/checks/onnxruntime.sh uses.
packages=build/onnxruntime
find_ort() {
  find "$packages/node_modules/onnxruntime-node" -path "*/linux/$machine/*" -name 'libonnxruntime.so*' 2>/dev/null |
    head -n 1
}
case "$(uname -m)" in x86_64) machine=x64 ;; aarch64) machine=arm64 ;; *) machine=none ;; esac
if [ -z "$(find_ort)" ]; then
  if command -v npm >/dev/null 2>&1; then
    mkdir -p "$packages"
    say "installing ONNX Runtime"
    (cd "$packages" && npm install --ignore-scripts --no-audit --no-fund --silent onnxruntime-node >npm.log 2>&1) ||
      say "SKIPPED: ONNX Runtime: npm cannot install onnxruntime-node ($(tail -n 1 "$packages/npm.log"))"
  else
    say "SKIPPED: ONNX Runtime: npm is not here"
  fi
fi
ort=$(find_ort)
[ -n "$ort" ] || say "SKIPPED: ONNX Runtime has no library for this machine"

log=$(mktemp)
say "building"
preset="-B $build"
if [ "$build" = build/release ]; then
  preset="--preset release"
  set -- "$@" --build "$build"
fi
# shellcheck disable=SC2086  # options
if ! { cmake $preset -DOCTET_TESTS=ON -DOCTET_BENCH=ON &&
  cmake --build "$build" --target octet octet-command octet_peers; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  exit 1
fi
rm -f "$log"
exec /usr/bin/python3 tests/bench/peers.py --work build/bench --ort "$ort" "$@"
