#!/bin/sh
# Makes tests/fuzz/corpus anew, from what the project's own tests write: the networks of the importers' and exporters'
# tests, the images of the decoders', the configurations, tensors and statistics; the networks that the scripts for the
# comparison with ONNX Runtime write; and what the command makes of those networks in other formats. Of all of them those
# stay that together reach everything that all of them reach. Needs Debian's python3-onnx.
#
#   sh tests/fuzz/make_corpus.sh BUILD_FOLDER [OTHER_BUILD_FOLDER]
#
# BUILD_FOLDER        of the preset sanitize, with the fuzz targets built
# OTHER_BUILD_FOLDER  whose tests and command write the files; BUILD_FOLDER without it
set -eu
usage="usage: make_corpus.sh BUILD_FOLDER [OTHER_BUILD_FOLDER]"
build=$(cd "${1:?$usage}" && pwd)
other=$(cd "${2:-$1}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
seeds=$build/fuzz/seeds
most=4096 # bytes of a file

rm -rf "$seeds" "$build/fuzz/models"
mkdir -p "$seeds/octet" "$seeds/graph"
OCTET_TEST_FILES=$seeds ctest --test-dir "$other" -j 2 --output-on-failure \
  -R '^(import|export|image|model)/|^quantize/test_(config|statistics)$'

for script in "$here/make_networks.py" "$here"/../import/onnx/make_*models.py; do
  /usr/bin/python3 "$script" "$build/fuzz/models"
done
for file in "$build/fuzz/models"/*.onnx; do
  cp "$file" "$seeds/onnx/$(basename "$file" .onnx)"
  for format in mnn tflite; do
    if "$other/src/octet" convert "$file" "$build/fuzz/network.$format" >"$build/fuzz/convert.log" 2>&1; then
      cp "$build/fuzz/network.$format" "$seeds/$format/$(basename "$file" .onnx)"
    fi
  done
done

for format in onnx mnn tflite; do
  for file in "$seeds/$format"/*; do
    cp "$file" "$build/fuzz/network.$format"
    # Many of the networks are wrong on purpose.
    if "$other/src/octet" convert "$build/fuzz/network.$format" "$build/fuzz/network.octet" >"$build/fuzz/convert.log" 2>&1; then
      cp "$build/fuzz/network.octet" "$seeds/octet/$format-$(basename "$file")"
    fi
  done
done
cp "$here"/../golden/*.octet "$seeds/octet"
cp -R "$seeds/octet" "$seeds/export"
# Nobody writes what this target reads: it finds its seeds itself.
graph=$build/fuzz/work/graph
if [ ! -d "$graph" ]; then
  mkdir -p "$graph"
  "$build/tests/fuzz/fuzz_graph" -max_total_time=300 -len_control=0 -max_len=200 "$graph" >"$build/fuzz/graph.log" 2>&1
fi
cp "$graph"/* "$seeds/graph"

for target in "$build"/tests/fuzz/fuzz_*; do
  name=$(basename "$target" | sed 's/fuzz_//')
  rm -rf "$here/corpus/$name"
  mkdir -p "$here/corpus/$name"
  "$target" -set_cover_merge=1 -use_counters=0 "-max_len=$most" "$here/corpus/$name" "$seeds/$name" >"$build/fuzz/$name.log" 2>&1
  find "$here/corpus/$name" -type f -size "+${most}c" -delete
  echo "$name: $(find "$here/corpus/$name" -type f | wc -l) files, $(cat "$here/corpus/$name"/* | wc -c) bytes"
done
