#!/bin/sh
# onnxruntime.sh OCTET FOLDER [SHARED]: float outputs beside those of ONNX Runtime (npm package onnxruntime-node), on models
# of every operator that the test writes, on the project's own network and, where they are, on those of SHARED.
# FOLDER keeps the package and the models from one run to the next. Skipped aloud where the package cannot be installed.
set -eu
octet=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shared=${3:-}
here=$(cd "$(dirname "$0")/../.." && pwd)
python=/usr/bin/python3

skip() {
  echo "SKIPPED: $1: float outputs are not compared with ONNX Runtime"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
command -v npm >/dev/null 2>&1 || skip "npm is not here"
"$python" -c 'import numpy, onnx' 2>/dev/null || skip "python3-numpy and python3-onnx are not here"
if [ ! -d "$folder/node_modules/onnxruntime-node" ]; then
  (cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --silent onnxruntime-node >npm.log 2>&1) ||
    skip "onnxruntime-node cannot be installed ($(tail -n 1 "$folder/npm.log"))"
fi
models=$folder/models
rm -rf "$models"
mkdir "$models"
"$python" "$here/tests/import/onnx/make_models.py" "$models"
cp "$here/examples/models/"*.onnx "$models/"
if [ -n "$shared" ] && [ -d "$shared/models" ]; then
  for model in "$shared"/models/*/*.onnx; do
    case "$model" in *_qdq.onnx) ;; *) cp "$model" "$models/" ;; esac
  done
else
  echo "SKIPPED: the float networks of the shared folder: it is not here"
fi
"$python" "$here/tests/import/onnx/network_inputs.py" "$models"
node "$here/tests/import/onnx/ort_reference.js" "$folder/node_modules" "$models"
"$python" "$here/tests/import/onnx/compare.py" "$octet" "$models"
