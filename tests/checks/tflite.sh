#!/bin/sh
# tflite.sh OCTET FOLDER MODULES [SHARED]: .tflite networks beside TensorFlow Lite's arithmetic in NumPy, on networks
# that the test writes and, where they are, on those of SHARED (MLPerf Tiny, MobileNetV2); MobileNetV2 also beside its
# ONNX twin in ONNX Runtime (MODULES: a folder with the npm package onnxruntime-node; checks/onnxruntime.sh keeps one).
# FOLDER: for what the test writes. Skipped aloud where something is absent.
set -eu
octet=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
modules=$3
shared=${4:-}
here=$(cd "$(dirname "$0")/../import/tflite" && pwd)
python=/usr/bin/python3

if ! "$python" -c 'import numpy' 2>/dev/null; then
  echo "SKIPPED: python3-numpy is not here: .tflite networks are not compared with TensorFlow Lite's arithmetic"
  exit 0
fi
failed=0

if command -v flatc >/dev/null 2>&1; then
  "$python" "$here/make_networks.py" "$folder/data"
  "$python" "$here/compare.py" "$octet" "$folder"/data/*.tflite || failed=1
else
  echo "SKIPPED: flatc is not here: no networks are written"
fi
"$python" "$here/compare.py" "$octet" "$here"/data/*.tflite || failed=1

if [ -z "$shared" ] || [ ! -d "$shared/models/mlperf-tiny" ]; then
  echo "SKIPPED: MLPerf Tiny's networks and MobileNetV2: the shared folder is not here"
  exit $failed
fi
images=
if "$python" -c 'import PIL' 2>/dev/null; then
  images="--images $shared/images/imagenet/evaluation"
else
  echo "SKIPPED: python3-pil is not here: noise instead of photographs, and no comparison of classes"
fi
# The paths of this project have no spaces.
"$python" "$here/compare.py" "$octet" "$shared"/models/mlperf-tiny/*.tflite $images || failed=1
"$python" "$here/compare.py" "$octet" "$shared"/models/imagenet/*.tflite $images --samples 4 || failed=1
if [ -n "$images" ] && command -v node >/dev/null 2>&1 && [ -d "$modules/node_modules/onnxruntime-node" ]; then
  "$python" "$here/agreement.py" "$octet" "$modules" "$shared" || failed=1
else
  echo "SKIPPED: ONNX Runtime is not in $modules: MobileNetV2 is not compared with it"
fi
exit $failed
