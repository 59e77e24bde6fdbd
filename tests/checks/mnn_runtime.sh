#!/bin/sh
# mnn_runtime.sh OCTET LIBRARY FOLDER SHARED: what `octet quantize` writes as .mnn, run by MNN itself. OCTET is the command,
# LIBRARY the folder of liboctet.so, FOLDER takes what is written, SHARED holds models/ and images/. MNN's header and
# library are looked for where the compiler looks, or in MNN_ROOT (include/ and libMNN.a or libMNN.so, also in build/);
# without them this says SKIPPED. For each network the largest output must agree on 98 % of the pictures and the mean
# cosine of each output reach 0.999, by MNN against Octet's own int8.
set -eu
octet=$(realpath "$1")
library=$(realpath "$2")
mkdir -p "$3"
folder=$(realpath "$3")
shared=$4
here=$(cd "$(dirname "$0")/../.." && pwd)
compiler=${CXX:-c++}

root=${MNN_ROOT:-}
found=
for place in "$root" "$root/build" "$root/lib"; do
  for file in libMNN.a libMNN.so; do
    [ -n "$root" ] && [ -z "$found" ] && [ -f "$place/$file" ] && found=$place/$file
  done
done
if [ -n "$root" ] && [ -z "$found" ]; then
  echo "MNN_ROOT: no libMNN.a or libMNN.so in $root, its build/ or its lib/"
  exit 1
fi
case "$found" in
  "") link=-lMNN ;;
  *.a) link="-Wl,--whole-archive $found -Wl,--no-whole-archive" ;;
  *) link="$found -Wl,-rpath,$(dirname "$found")" ;;
esac
if [ -z "$found" ] && ! echo '#include <MNN/Interpreter.hpp>' | "$compiler" -E -x c++ - >/dev/null 2>&1; then
  echo "SKIPPED: MNN is not here (MNN_ROOT names no folder with it)"
  exit 0
fi
if [ ! -d "$shared/models" ]; then
  echo "SKIPPED: $shared/models is not there"
  exit 0
fi
# shellcheck disable=SC2086
"$compiler" -std=c++17 -O1 -I"$here/include" ${root:+-I"$root/include"} "$here/tests/checks/mnn_runtime.cpp" \
  -L"$library" -loctet -Wl,-rpath,"$library" $link -lpthread -ldl -Wl,-z,noexecstack -o "$folder/mnn_runtime"

failures=0
agreement=98 least=0.999
# network NAME SOURCE CONFIG IMAGE...
network() {
  name=$1 source=$2 config=$3
  shift 3
  "$octet" quantize "$source" "$folder/$name.octet" "$config" >/dev/null
  "$octet" convert "$folder/$name.octet" "$folder/$name.mnn" >/dev/null
  answer=$("$folder/mnn_runtime" "$folder/$name.octet" "$folder/$name.mnn" "$config" "$@" 2>/dev/null | tail -n 1)
  if echo "$answer" | awk -v agreement="$agreement" -v least="$least" '
    { bad = !($3 > 0 && $1 * 100 >= $3 * agreement); for (i = 5; i <= NF; i += 2) bad = bad || !($i >= least)
      exit bad || NF < 5 }'; then
    echo "ok   $name: $answer (at least $agreement % and $least)"
  else
    echo "FAIL $name: $answer (at least $agreement % and $least)"
    failures=$((failures + 1))
  fi
}

images=$(cd "$shared/images/imagenet" && pwd)
cat >"$folder/face.json" <<JSON
{"format": "RGB", "mean": [127, 127, 127], "normal": [0.0078125, 0.0078125, 0.0078125], "width": 320, "height": 240,
 "path": "$(cd "$shared/images/faces" && pwd)"}
JSON
cat >"$folder/mobilenet.json" <<JSON
{"format": "RGB", "mean": [127.5, 127.5, 127.5], "normal": [0.00784314, 0.00784314, 0.00784314], "width": 224,
 "height": 224, "resize": {"mode": "crop", "shorter_side": 256}, "path": "$images/calibration"}
JSON
cat >"$folder/squeezenet.json" <<JSON
{"format": "BGR", "mean": [104, 117, 123], "normal": [1, 1, 1], "width": 227, "height": 227,
 "resize": {"mode": "crop", "shorter_side": 256}, "path": "$images/calibration"}
JSON
network RFB-320 "$shared/models/ultraface/RFB-320.mnn" "$folder/face.json" "$shared"/images/faces/*.jpg
# In one step it is the same file.
"$octet" quantize "$shared/models/ultraface/RFB-320.mnn" "$folder/direct.mnn" "$folder/face.json" >/dev/null
cmp "$folder/direct.mnn" "$folder/RFB-320.mnn" || failures=$((failures + 1))
network squeezenet "$shared/models/imagenet/squeezenet_v1.1.onnx" "$folder/squeezenet.json" \
  "$images"/evaluation/*.jpg
network mobilenet "$shared/models/imagenet/mobilenet_v2_1.0_224_float.onnx" "$folder/mobilenet.json" \
  "$images"/evaluation/*.jpg
[ "$failures" = 0 ]
