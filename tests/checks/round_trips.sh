#!/bin/sh
# round_trips.sh OCTET FOLDER [SHARED]: the project's networks, float and int8, and those of SHARED, through files of every
# format and back, two formats each: nothing of them is lost (tests/export/round_trips.py says what is compared). FOLDER is
# for the files.
set -eu
octet=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
shared=${3:-}
here=$(cd "$(dirname "$0")/../.." && pwd)
python=/usr/bin/python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
"$python" -c 'import numpy' 2>/dev/null || { echo "SKIPPED: python3-numpy is not here: formats are not compared"; exit 0; }

set --
for network in shapes faces/faces; do
  model=$here/examples/models/$network.onnx
  int8=$folder/$(basename "$network").octet
  "$octet" quantize "$model" "$int8" "$(dirname "$model")/quantize.json" --method MINMAX >"$folder/quantize.log" 2>&1 ||
    { cat "$folder/quantize.log"; exit 1; }
  set -- "$@" "$model" "$int8"
done
if [ -n "$shared" ] && [ -d "$shared/models" ]; then
  for model in "$shared"/models/mlperf-tiny/*.tflite "$shared"/models/ultraface/*.onnx "$shared"/models/ultraface/*.mnn \
    "$shared"/models/imagenet/*.onnx "$shared"/models/imagenet/*.tflite; do
    set -- "$@" "$model"
  done
else
  echo "SKIPPED: the networks of the shared folder: it is not here"
fi
exec "$python" "$here/tests/export/round_trips.py" "$octet" "$folder/files" "$@"
