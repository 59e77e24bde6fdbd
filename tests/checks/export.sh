#!/bin/sh
# export.sh OCTET FOLDER [SHARED]: models that Octet writes as .onnx and .tflite, run by ONNX Runtime (npm package
# onnxruntime-node) and TensorFlow Lite (npm package @tensorflow/tfjs-tflite), beside Octet's own answers: float models of
# every operator that the tests write, and the project's networks and, where they are, those of SHARED, float and int8.
# .onnx files also pass ONNX's checker. FOLDER keeps the packages from one run to the next. A runtime that cannot be
# installed is skipped aloud.
set -eu
octet=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shared=${3:-}
[ -n "$shared" ] && [ -d "$shared/models" ] && shared=$(realpath "$shared") || shared=
here=$(cd "$(dirname "$0")/../.." && pwd)
python=/usr/bin/python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

skip_all() {
  echo "SKIPPED: $1: exported models are not run by other runtimes"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
}
command -v npm >/dev/null 2>&1 || skip_all "npm is not here"
"$python" -c 'import numpy, onnx' 2>/dev/null || skip_all "python3-numpy and python3-onnx are not here"

# runtime PACKAGE: installed in the folder, now or before.
runtime() {
  [ -d "$folder/node_modules/$1" ] && return 0
  (cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --silent "$1" >npm.log 2>&1) && return 0
  echo "SKIPPED: $1 cannot be installed ($(tail -n 1 "$folder/npm.log")): what it would run is not compared"
  return 1
}

# Float models with their inputs, and int8 ones: quantized here, or as TensorFlow Lite has them.
rm -rf "$folder/float" "$folder/int8"
mkdir "$folder/float" "$folder/int8"
"$python" "$here/tests/import/onnx/make_models.py" "$folder/float"
quantize() {  # NAME MODEL CONFIG
  "$octet" quantize "$2" "$folder/int8/$1.octet" "$3" >"$folder/quantize.log" 2>&1 || { cat "$folder/quantize.log"; exit 1; }
}
for network in shapes faces/faces; do
  model=$here/examples/models/$network.onnx
  cp "$model" "$folder/float/"
  quantize "$(basename "$network")" "$model" "$(dirname "$model")/quantize.json"
done
if [ -n "$shared" ]; then
  for model in "$shared"/models/*/*.onnx; do
    case "$model" in *_qdq.onnx) ;; *) cp "$model" "$folder/float/" ;; esac
  done
  cp "$shared"/models/mlperf-tiny/*_int8.tflite "$shared"/models/mlperf-tiny/*_quant.tflite \
    "$shared"/models/mlperf-tiny/kws_ref_model.tflite "$folder/int8/"
  config() {  # NAME PICTURES FORMAT MEAN NORMAL WIDTH HEIGHT RESIZE
    printf '{"format": "%s", "mean": [%s], "normal": [%s], "width": %s, "height": %s, "resize": %s, "path": "%s",
             "used_image_num": 12, "feature_quantize_method": "MINMAX"}' "$3" "$4" "$5" "$6" "$7" "$8" "$2" >"$folder/$1.json"
  }
  config rfb "$shared/images/faces" RGB 127,127,127 0.0078125,0.0078125,0.0078125 320 240 '{"mode": "stretch"}'
  quantize rfb_320 "$shared/models/ultraface/version-RFB-320_simplified.onnx" "$folder/rfb.json"
  crop='{"mode": "crop", "shorter_side": 256}'
  pictures=$shared/images/imagenet/calibration
  config mobilenet "$pictures" RGB 127.5,127.5,127.5 0.00784314,0.00784314,0.00784314 224 224 "$crop"
  quantize mobilenet_v2 "$shared/models/imagenet/mobilenet_v2_1.0_224_float.onnx" "$folder/mobilenet.json"
  config squeezenet "$pictures" BGR 104,117,123 1,1,1 227 227 "$crop"
  quantize squeezenet "$shared/models/imagenet/squeezenet_v1.1.onnx" "$folder/squeezenet.json"
else
  echo "SKIPPED: the networks of the shared folder: it is not here"
fi
"$python" "$here/tests/import/onnx/network_inputs.py" "$folder/float"
"$python" "$here/tests/export/int8_inputs.py" "$octet" "$folder/int8"

failed=0
# compared KIND FORMAT REFERENCE...: models of a kind written as a format, run by REFERENCE, compared.
compared() {
  kind=$1
  format=$2
  shift 2
  out=$folder/$kind.$format
  rm -rf "$out"
  echo "== $kind models as .$format"
  "$python" "$here/tests/export/export_models.py" "$octet" "$folder/$kind" "$format" "$out" || failed=1
  node "$@" || failed=1
  precision=$kind
  [ "$kind" != open ] || precision=int8  # which a float network keeps as well
  "$python" "$here/tests/export/compare_runtimes.py" "$octet" "$folder/$kind" "$out" "$precision" || failed=1
}
if runtime onnxruntime-node; then
  reference=$here/tests/import/onnx/ort_reference.js
  compared float onnx "$reference" "$folder/node_modules" "$folder/float.onnx"
  compared int8 onnx "$reference" "$folder/node_modules" "$folder/int8.onnx" all
  # Networks of open sizes, run at others than they are written at.
  rm -rf "$folder/open"
  set --
  [ -z "$shared" ] || set -- "$shared"/models/mlperf-tiny/*_int8.tflite "$shared"/models/mlperf-tiny/*_quant.tflite
  "$python" "$here/tests/export/open_models.py" "$octet" "$here/examples/models/shapes.onnx" \
    "$here/examples/models/quantize.json" "$folder/open" "$@"
  compared open onnx "$reference" "$folder/node_modules" "$folder/open.onnx" all
fi
if runtime @tensorflow/tfjs-tflite; then
  reference=$here/tests/export/tflite_reference.js
  compared float tflite "$reference" "$folder" "$folder/float.tflite"
  compared int8 tflite "$reference" "$folder" "$folder/int8.tflite"
fi
exit $failed
