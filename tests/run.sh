#!/bin/sh
# All tests: installs what they need from Debian's packages, builds and runs. Each step prints its log's place and result.
#
#   sh tests/run.sh           everything that fits half an hour or so on two cores
#   sh tests/run.sh --full    also every test with every instruction set, ThreadSanitizer, clang without sanitizers,
#                             clang-tidy, a minute of fuzzing for each target and the accuracy of every method
#
# What needs something that is absent (the network folder beside the project, npm, ...) is skipped aloud.
set -u
cd "$(dirname "$0")/.." || exit 2
. tests/packages.sh

full=no
[ "${1:-}" = --full ] && full=yes
shared=../shared
logs=build/test-logs
mkdir -p "$logs"
passed=0
failed=0
skipped=0
broken=""

# step <name> <command...>: runs it, shows how it ended; its output goes to a log, of which the end is shown on failure.
step() {
  name=$1
  shift
  log=$logs/$(echo "$name" | tr ' /' '__').log
  start=$(date +%s)
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $name ($(($(date +%s) - start)) s)"
  else
    failed=$((failed + 1))
    broken="$broken, $name"
    echo "FAIL  $name ($(($(date +%s) - start)) s), log: $log"
    tail -n 40 "$log"
  fi
  grep -h '^ *SKIPPED' "$log" | sort | uniq -c | sed 's/^/      /'
  skipped=$((skipped + $(grep -ch '^ *SKIPPED' "$log")))
}

build() {
  cmake --preset "$1" && cmake --build --preset "$1"
}

run_ctest() {
  preset=$1
  shift
  ctest --test-dir "build/$preset" --output-on-failure -j 2 "$@"
  result=$?
  grep -h '^ *SKIPPED' "build/$preset/Testing/Temporary/LastTest.log" | sort -u  # what the tests say of themselves
  return $result
}

# tests_with <instruction set> <ctest options...>: the tests once more, with kernels of no better instruction set.
tests_with() {
  isa=$1
  shift
  said=$(OCTET_ISA=$isa build/release/src/octet bench examples/models/shapes.onnx 1 2>&1)
  case $said in *"this CPU does not have it"*)
    echo "SKIPPED instruction set $isa: this CPU does not have it"
    return 0
    ;;
  esac
  OCTET_ISA=$isa run_ctest release "$@"
}

format() {
  find src tests include examples -name '*.cpp' -o -name '*.h' -o -name '*.c' | grep -v '^tests/quantize/data' |
    xargs clang-format --dry-run -Werror
}

tidy() {
  find src -name '*.cpp' | xargs -P 2 -n 4 clang-tidy -p build/clang --quiet --warnings-as-errors='*'
}

if ! install_packages $BUILD_PACKAGES libcmocka-dev clang libclang-rt-14-dev clang-format clang-tidy python3 python3-numpy python3-onnx abigail-tools \
  dpkg-dev golang-go; then
  echo "0 passed, 1 failed"
  exit 1
fi
# Large ones that single steps take; a step without its package says aloud that it is skipped.
install_packages chromium fonts-dejavu-core slurm-wlm munge python3-pil || true
# A Node.js that is here serves, wherever it comes from; Debian's packages would be in its way. Without one, the
# comparison with ONNX Runtime says aloud that it is skipped.
if ! { command -v node && command -v npm; } >/dev/null 2>&1; then
  install_packages nodejs npm || true
fi

step "architecture" sh tests/checks/includes.sh
step "format" format
step "build release" build release
step "tests release" run_ctest release
for isa in $(sed -n 's/^OCTET_ISA_PACKAGE(\([a-z0-9]*\),.*/\1/p' src/cpu/isa.inc); do
  if [ $full = yes ]; then
    step "tests $isa" tests_with "$isa"
  else
    step "tests $isa" tests_with "$isa" -L 'ops|runtime|abi'
  fi
done
step "ONNX Runtime" sh tests/checks/onnxruntime.sh build/release/src/octet build/onnxruntime "$shared"
step "TensorFlow Lite" sh tests/checks/tflite.sh build/release/src/octet build/tflite build/onnxruntime "$shared"
step "export" sh tests/checks/export.sh build/release/src/octet build/export "$shared"
step "round trips" sh tests/checks/round_trips.sh build/release/src/octet build/round-trips "$shared"
step "ONNX node tests" /usr/bin/python3 tests/checks/onnx_backend.py build/release/src/octet build/release/tests/import_list_operators
step "operator table" python3 tests/checks/operator_table.py build/release/tests/import_list_operators README.md
step "MNN files" /usr/bin/python3 tests/checks/mnn_files.py build/release/src/octet "$shared"
step "real networks" python3 tests/checks/shared_models.py build/release/src/octet "$shared"
step "MLPerf Tiny" /usr/bin/python3 tests/checks/mlperf_tiny.py build/release/src/octet "$shared"
step "ABI" sh tests/checks/abi.sh build/release/src/liboctet.so
step "faces" sh tests/checks/faces.sh build/release/src/octet build/faces
step "Slurm" sh tests/checks/slurm.sh build/release/src/octet
step "report" sh tests/checks/report.sh build/release/src/octet build/report
step "quickstart" sh examples/quickstart.sh
step "install" sh tests/checks/install.sh build/quickstart/install
step "manual" sh tests/checks/manual.sh build/quickstart/install
step "C samples" sh tests/checks/c_samples.sh build/quickstart/install
step "Go" sh tests/checks/go.sh build/quickstart/install build/go
step "C#" sh tests/checks/csharp.sh build/quickstart/install
step "build deb" build deb
step "packages" sh tests/checks/package.sh build/deb
step "build runtime" build runtime
step "runtime only" sh tests/checks/runtime_only.sh build/runtime build/quickstart/install
step "build sanitize" build sanitize
step "tests sanitize" run_ctest sanitize
fuzz_seconds=3  # for each target
[ $full = yes ] && fuzz_seconds=60
step "fuzz" sh tests/checks/fuzz.sh build/sanitize --seconds $fuzz_seconds --jobs 2
if [ $full = yes ]; then
  step "build threads" build threads
  step "tests threads" run_ctest threads -L 'runtime|abi'
  step "build clang" build clang
  step "tests clang" run_ctest clang
  step "clang-tidy" tidy
  step "MNN runtime" sh tests/checks/mnn_runtime.sh build/release/src/octet build/release/src build/mnn "$shared"
  step "accuracy" sh tests/bench/accuracy.sh build/release/src/octet "$shared"
fi

[ -n "$broken" ] && echo "failed:${broken#,}"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
