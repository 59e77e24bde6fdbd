#!/bin/sh
# onnxruntime.sh OCTET FOLDER [SHARED]: outputs beside those of ONNX Runtime (npm package onnxruntime-node), on float and
# quantized models of every operator that the test writes, on the project's own network and, where they are, on those of
# SHARED. Quantized models of one operator agree within a quantum; whole networks, in which roundings that differ go on
# to the layers behind, in direction.
# FOLDER keeps the package and the models from one run to the next. Skipped aloud where the package cannot be installed.
set -eu
octet=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shared=${3:-}
here=$(cd "$(dirname "$0")/../.." && pwd)
python=/usr/bin/python3

skip() {
  echo "SKIPPED: $1: outputs are not compared with ONNX Runtime"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
command -v npm >/dev/null 2>&1 || skip "npm is not here"
"$python" -c 'import numpy, onnx' 2>/dev/null || skip "python3-numpy and python3-onnx are not here"
if [ ! -d "$folder/node_modules/onnxruntime-node" ]; then
  (cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --silent onnxruntime-node >npm.log 2>&1) ||
    skip "onnxruntime-node cannot be installed ($(tail -n 1 "$folder/npm.log"))"
fi
failed=0
# compare NAME OPTION...: the models of the folder NAME, with these options of compare.py.
compare() {
  name=$1
  shift
  echo "$name:"
  "$python" "$here/tests/import/onnx/network_inputs.py" "$folder/$name"
  node "$here/tests/import/onnx/ort_reference.js" "$folder/node_modules" "$folder/$name" || failed=1
  "$python" "$here/tests/import/onnx/compare.py" "$octet" "$folder/$name" "$@" || failed=1
}
for name in models opsets quantized quantized_networks; do
  rm -rf "${folder:?}/$name"
  mkdir "$folder/$name"
done
"$python" "$here/tests/import/onnx/make_models.py" "$folder/models"
"$python" "$here/tests/import/onnx/make_opset_models.py" "$folder/opsets"
"$python" "$here/tests/import/onnx/make_quantized_models.py" "$folder/quantized"
cp "$here/examples/models/"*.onnx "$folder/models/"
networks=0
if [ -n "$shared" ] && [ -d "$shared/models" ]; then
  for model in "$shared"/models/*/*.onnx; do
    case "$model" in
      *_qdq.onnx) cp "$model" "$folder/quantized_networks/" && networks=1 ;;
      *) cp "$model" "$folder/models/" ;;
    esac
  done
else
  echo "SKIPPED: the networks of the shared folder: it is not here"
fi
compare models
compare opsets
compare quantized --tolerance 0.01
[ "$networks" = 0 ] || compare quantized_networks --cosine 0.97
exit "$failed"
