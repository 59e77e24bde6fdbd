#!/bin/sh
# c_samples.sh PREFIX: the samples of examples/c build against an installed tree with their own Makefile, without a
# warning, and print what they should; a second time with AddressSanitizer, which also finds what they leak.
set -eu
prefix=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

pc=$(find "$prefix" -name octet.pc)
[ -n "$pc" ] || { echo "no octet.pc below $prefix"; exit 1; }
PKG_CONFIG_PATH=$(dirname "$pc")
LD_LIBRARY_PATH=$(dirname "$PKG_CONFIG_PATH")
export PKG_CONFIG_PATH LD_LIBRARY_PATH

# A copy, as somebody would make one: nothing is written into the repository.
cp -r "$here/examples/c" "$folder/c"
ln -s "$here/examples/models" "$folder/models"
cd "$folder/c"

# expect PATTERN FILE: some line is like this.
expect() {
  grep -qE "$1" "$2" || { echo "no line '$1' in:"; cat "$2"; exit 1; }
}
# refuses PATTERN COMMAND...: ends with 1 and says so on stderr.
refuses() {
  pattern=$1
  shift
  status=0
  "$@" >out 2>err || status=$?
  [ $status = 1 ] || { echo "$*: status $status instead of 1"; cat out err; exit 1; }
  expect "$pattern" err
}

# faces_are_right FILE: each box there lies on a face of people.jpg, as boxes.tsv has them (intersection over union
# above 0.4), each on another one, and one face at most has none.
faces_are_right() {
  awk '
    function least(a, b) { return a < b ? a : b }
    function most(a, b) { return a > b ? a : b }
    NR == FNR { if ($1 == "people.jpg" && NF == 5) { ++n; x1[n] = $2; y1[n] = $3; x2[n] = $4; y2[n] = $5 } next }
    {
      on = 0
      for (i = 1; i <= n; ++i) {
        w = most(0, least($3, x2[i]) - most($1, x1[i]))
        h = most(0, least($4, y2[i]) - most($2, y1[i]))
        if (w * h > 0.4 * (($3 - $1) * ($4 - $2) + (x2[i] - x1[i]) * (y2[i] - y1[i]) - w * h)) on = i
      }
      if (!on || found[on]++) { print "no face, or one that is found already: " $0; bad = 1 }
      else ++count
    }
    END {
      print "faces found in people.jpg: " count + 0 " of " n + 0
      exit bad || n < 1 || count < n - 1
    }' ../models/faces/boxes.tsv "$1" || { cat "$1"; exit 1; }
}

try_all() {
  rm -f shapes.octet faces.png
  ./quantize_and_run >out 2>err || { cat out err; exit 1; }
  expect '^shapes\.octet: weights of [0-9]+ bytes instead of [0-9]+; agrees .* on (9[5-9]\.[0-9]|100\.0) %' out
  expect '^.*0005\.png: class 4, probability 0\.[5-9][0-9]+$' out
  expect '[0-9]+ of [0-9]+' err
  [ -s shapes.octet ] || { echo "quantize_and_run has not written shapes.octet"; exit 1; }
  refuses '^Q_E_IO: .*none\.json' ./quantize_and_run none.json

  # However many sessions share the frames, the classes are the same.
  for sessions in 1 3; do
    ./classify_stream shapes.octet $sessions 600 >stream.$sessions || { cat stream.$sessions; exit 1; }
    expect "^600 frames, $sessions sessions: [1-9][0-9]* frames per second$" stream.$sessions
    grep '^class [0-9]*: [1-9][0-9]* frames$' stream.$sessions >classes.$sessions
    [ "$(wc -l <classes.$sessions)" = 3 ] || { echo "no three classes:"; cat stream.$sessions; exit 1; }
  done
  cmp classes.1 classes.3 || { echo "other classes with 3 sessions"; exit 1; }
  ./classify_stream >out || { cat out; exit 1; }
  refuses '^Q_E_IO: ' ./classify_stream none.octet

  # Together as alone, float and int8.
  for model in shapes.octet ../models/shapes.onnx; do
    ./classify_batch $model ../models/test/0005.png ../models/test/0009.png >both || { cat both; exit 1; }
    for picture in 0005 0009; do ./classify_batch $model ../models/test/$picture.png; done >alone
    cmp both alone || { echo "other classes in one run"; cat both alone; exit 1; }
    expect '^.*0005\.png: class 4, probability 0\.[5-9][0-9]+$' both
  done
  ./classify_batch >out || { cat out; exit 1; }
  [ "$(grep -c 'class [0-9]*, probability' out)" = 3 ] || { cat out; exit 1; }
  refuses '^Q_E_IO: ' ./classify_batch shapes.octet none.png

  ./calibrate_from_memory >out || { cat out; exit 1; }
  expect '^calibrated with 64 tensors from memory$' out
  expect '^float and int8 agree on (9[5-9]\.[0-9]|100\.0) % of 200 test pictures; .* 0\.[89][0-9]+$' out

  refuses 'no detector' ./detect_faces shapes.octet
  if [ -f ../models/faces/faces.onnx ]; then
    ./detect_faces >out 2>err || { cat out err; exit 1; }
    [ "$(grep -cE '^(-?[0-9]+\.[0-9] ){4}(0\.[7-9][0-9]*|1\.000)$' out)" = "$(wc -l <out)" ] || { cat out; exit 1; }
    faces_are_right out
    # What it has drawn is a picture, with the same people in it.
    ./detect_faces ../models/faces/faces.onnx faces.png again.png >again 2>err || { cat err; exit 1; }
    [ -s again ] && [ -s again.png ] || { echo "nobody is left in faces.png"; exit 1; }
  else
    echo "SKIPPED detect_faces on its own network: examples/models/faces/faces.onnx is not here"
  fi
}

make CFLAGS="-O2 -Werror" >log 2>&1 || { cat log; exit 1; }
try_all
make clean >/dev/null
make CFLAGS="-O1 -g -Werror -fsanitize=address,undefined -fno-sanitize-recover=all" >log 2>&1 || { cat log; exit 1; }
try_all
echo "the samples in C work"
