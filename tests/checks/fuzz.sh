#!/bin/sh
# Runs the fuzz targets: on every file of the corpora and the regressions, then on what libFuzzer makes of them for some
# time. Fails where one breaks a promise of the library (tests/fuzz/README.md), and says which bytes did it.
#
#   sh tests/checks/fuzz.sh BUILD_FOLDER [--seconds N] [--jobs N] [--target NAME]
#
# BUILD_FOLDER    of the preset sanitize, or any other with OCTET_FUZZ
# --seconds N     for each target; 3 without it. What is found new is kept in BUILD_FOLDER/fuzz/work and used again.
# --jobs N        targets at a time; 2 without it
# --target NAME   this one alone
set -u

build=${1:?usage: fuzz.sh BUILD_FOLDER [--seconds N] [--jobs N] [--target NAME]}
shift
seconds=3
jobs=2
only=""
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2 ;;
    --jobs) jobs=$2 ;;
    --target) only=$2 ;;
    *)
      echo "error: unknown argument '$1'" >&2
      exit 2
      ;;
  esac
  shift 2
done

here=$(cd "$(dirname "$0")/../fuzz" && pwd) || exit 2
# An input takes milliseconds; these are what no input may take (an input is 100 KiB at most).
limits="-timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=512"

# The value behind a word in the last line of a log that has it.
value() {
  grep -a "$1" "$2" | tail -n 1 | sed "s/.*$1 *\([0-9]*\).*/\1/"
}

fuzz_one() {
  name=$1
  program=$build/tests/fuzz/fuzz_$name
  work=$build/fuzz/work/$name
  found=$build/fuzz/findings
  log=$build/fuzz/$name.log
  mkdir -p "$work" "$found"
  # A file of a target's own, or that of the formats whose bytes are numbers.
  dictionary=$here/$name.dict
  [ -f "$dictionary" ] || dictionary=$here/numbers.dict
  kept=""
  for folder in "$here/corpus/$name" "$here/regressions/$name"; do
    [ -d "$folder" ] && kept="$kept $folder"
  done
  # shellcheck disable=SC2086  # lists of words
  if ! "$program" -runs=0 $limits "-artifact_prefix=$found/$name-" $kept >"$log" 2>&1; then
    report "$name" "a file of its corpus"
    return 1
  fi
  # shellcheck disable=SC2086
  if ! "$program" "-max_total_time=$seconds" $limits -max_len=102400 "-dict=$dictionary" -print_final_stats=1 \
    "-artifact_prefix=$found/$name-" "$work" $kept >"$log" 2>&1; then
    report "$name" "what libFuzzer made"
    return 1
  fi
  echo "$name: $(value number_of_executed_units: "$log") executions, $(value cov: "$log") edges," \
    "$(find "$work" -type f | wc -l) inputs of its own, no finding"
}

report() {
  input=$(sed -n 's/.*Test unit written to //p' "$build/fuzz/$1.log" | tail -n 1)
  echo "$1: FINDING in $2: $(grep -a -m 1 -e 'broken promise' -e 'runtime error' -e 'ERROR' "$build/fuzz/$1.log")"
  echo "  input:     ${input:-(none was written, see the log)}"
  echo "  log:       $build/fuzz/$1.log"
  echo "  reproduce: $build/tests/fuzz/fuzz_$1 ${input:-INPUT}"
  echo "  next:      -minimize_crash=1 makes it smaller; then repair the library and keep it in" \
    "tests/fuzz/regressions/$1/, named for what it was"
}

if [ -n "$only" ]; then
  fuzz_one "$only"
  exit
fi

targets=$(find "$build/tests/fuzz" -maxdepth 1 -name 'fuzz_*' -type f -perm -u+x 2>/dev/null | sed 's/.*fuzz_//' | sort)
first=$(echo "$targets" | head -n 1)
if [ -z "$first" ] || ! "$build/tests/fuzz/fuzz_$first" -help=1 2>&1 | grep -q "To run fuzzing"; then
  echo "SKIPPED fuzzing: '$build' has no targets that are linked with libFuzzer (clang, preset sanitize, OCTET_FUZZ)"
  exit 0
fi
echo "$targets" | xargs -P "$jobs" -I NAME sh "$0" "$build" --seconds "$seconds" --target NAME
