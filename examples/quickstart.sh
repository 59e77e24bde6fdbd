#!/bin/sh
# From a fresh Debian 12 to an int8 network: installs what building takes, builds, quantizes the project's own network
# with its 100 calibration images, compares it with the float one on 200 others and times both.
#
#   sh examples/quickstart.sh            # as root the first time, for the packages
#
# What it makes stays under build/quickstart/: the model, the reports, and an installed tree in build/quickstart/install.
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh
install_packages $BUILD_PACKAGES

out=build/quickstart
log=$out/build.log
mkdir -p "$out"
rm -rf "$out/install"  # nothing of an older version stays
echo "building (log: $log)"
if ! { cmake --preset package && cmake --build --preset package && cmake --install build/package --prefix "$out/install"; } \
  >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "error: the build failed; the whole log is $log" >&2
  exit 1
fi

octet=$out/install/bin/octet
models=examples/models
echo
echo "== quantize: 100 images -> $out/shapes.octet, report in $out/report.html"
"$octet" quantize $models/shapes.onnx $out/shapes.octet $models/quantize.json --report $out/report.html
echo
echo "== compare: 200 other images with labels"
"$octet" compare $models/shapes.onnx $out/shapes.octet $models/quantize.json --images $models/test --labels $models/labels.tsv
echo
echo "== bench: float beside int8, one thread"
"$octet" bench $models/shapes.onnx $out/shapes.octet 100
echo
echo "Next: $octet quantize <your model> <int8 model>.octet <config.json>; $octet --help"
