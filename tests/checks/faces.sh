#!/bin/sh
# faces.sh OCTET FOLDER: the project's face detector, from its float network to a drawing. Quantized with nothing but its
# configuration it must find the faces that the float network finds in every test picture, and draw those of people.jpg.
# FOLDER takes what is written. Needs python3, with nothing beyond its own library.
set -eu
octet=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
here=$(cd "$(dirname "$0")/../.." && pwd)
faces=$here/examples/models/faces
python=/usr/bin/python3
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

"$octet" quantize "$faces/faces.onnx" "$folder/faces.octet" "$faces/quantize.json"
"$python" "$faces/judge.py" "$octet" "$faces/faces.onnx"
"$python" "$faces/judge.py" "$octet" "$folder/faces.octet" --like "$faces/faces.onnx"

# A person's first try: no option but the picture.
rm -f "$folder/boxes.png"
found=$("$octet" run "$folder/faces.octet" --image "$faces/people.jpg" --draw "$folder/boxes.png" | grep -c '^face ' || true)
faces_there=$(grep -c '^people.jpg' "$faces/boxes.tsv")
if [ "$found" != "$faces_there" ]; then
  echo "people.jpg: $found faces found, $faces_there are there"
  exit 1
fi
"$python" - "$folder/boxes.png" <<'PYTHON'
import struct, sys
head = open(sys.argv[1], "rb").read(24)
assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", head[16:24]) == (640, 480), "not a PNG of 640x480"
PYTHON
echo "people.jpg: all $found faces found and drawn"
