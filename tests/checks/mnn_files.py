#!/usr/bin/env python3
"""The quantized .mnn files of 2019 find the faces that the float networks find.

    mnn_files.py OCTET SHARED

SHARED: the folder with models/ and images/. Standard library only. On the 24 photographs, each file must find every face
of its float network that is not tiny (its height in the network's input of 240 lines is below), and hardly a face, one in
500, that the float network does not see. What is tiny depends on the file: the ranges that MNN's tool chose for slim-320 cut off the
layer that the smallest faces are found by, and MNN itself answers the same with it.
Prints a line for each file and 'N passed, N failed' at the end.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

FILES = [("RFB-320-quant-KL-5792.mnn", "RFB-320.mnn", 13), ("RFB-320-quant-ADMM-32.mnn", "RFB-320.mnn", 13),
         ("slim-320-quant-ADMM-50.mnn", "slim-320.mnn", 20)]
LINES = 240


def faces(octet, model, image, config, threshold):
    done = subprocess.run([octet, "run", model, "--image", image, "--config", config, "--score-threshold", threshold,
                           "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"octet run {model} --image {image}: status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["faces"]


def overlap(a, b):
    """Intersection over union of two boxes."""
    width = min(a["x2"], b["x2"]) - max(a["x1"], b["x1"])
    height = min(a["y2"], b["y2"]) - max(a["y1"], b["y1"])
    if width <= 0 or height <= 0:
        return 0
    area = lambda box: (box["x2"] - box["x1"]) * (box["y2"] - box["y1"])
    return width * height / (area(a) + area(b) - width * height)


def missed(first, second):
    return [face for face in first if all(overlap(face, other) < 0.5 for other in second)]


def jpeg_height(path):
    """Lines of a JPEG, from its frame header."""
    with open(path, "rb") as file:
        data = file.read()
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2:at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return struct.unpack(">H", data[at + 5:at + 7])[0]
        at += 2 + length
    sys.exit(f"{path}: no JPEG")


def main():
    octet, shared = sys.argv[1], sys.argv[2]
    models, photographs = (os.path.join(shared, part) for part in ("models/ultraface", "images/faces"))
    for folder in (models, photographs):
        if not os.path.isdir(folder):
            print(f"SKIPPED: {folder} is not there")
            return 0
    images = [os.path.join(photographs, name) for name in sorted(os.listdir(photographs)) if name.endswith(".jpg")]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "face.json")
        with open(config, "w") as file:
            json.dump({"format": "RGB", "mean": [127] * 3, "normal": [1 / 128] * 3, "width": 320, "height": LINES,
                       "path": photographs}, file)
        for quantized, plain, tiny in FILES:
            count = lost = lost_tiny = invented = 0
            for image in images:
                run = lambda model, threshold: faces(octet, os.path.join(models, model), image, config, threshold)
                wanted = run(plain, "0.7")
                count += len(wanted)
                scale = LINES / jpeg_height(image)
                for face in missed(wanted, run(quantized, "0.5")):
                    small = (face["y2"] - face["y1"]) * scale < tiny
                    lost_tiny, lost = lost_tiny + small, lost + (not small)
                invented += len(missed(run(quantized, "0.7"), run(plain, "0.4")))
            good = lost == 0 and invented <= count // 500 and count > 0
            passed, failed = passed + good, failed + (not good)
            print(f"{'ok  ' if good else 'FAIL'} {quantized}: of {count} faces of {plain} {lost} of {tiny} lines and more are "
                  f"missing, {lost_tiny} smaller ones; {invented} are found by it alone", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
