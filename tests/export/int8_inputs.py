#!/usr/bin/env python3
"""Writes an input for each model of a folder that has none: NAME.input.npy.

    int8_inputs.py OCTET FOLDER

Smooth noise over the range that the model's int8 input has, on the values that int8 has: Octet multiplies by the inverse
of the scale where ONNX Runtime and TensorFlow Lite divide by it, so that of other values one in a hundred thousand is
rounded to another step, which is no matter of the file that is compared. The same on every run. Needs numpy.
"""
import json
import os
import subprocess
import sys
import zlib

import numpy as np


def noise(shape, scale, zero_point, seed):
    values = np.random.default_rng(seed).uniform(0, 1, shape)
    for axis in range(max(0, len(shape) - 3), len(shape)):
        values = (values + np.roll(values, 1, axis)) / 2
    values = (values - values.min()) / max(values.max() - values.min(), 1e-9)
    centred = np.rint(-128 + 255 * values) - zero_point
    return np.float32(scale) * centred.astype(np.float32)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    octet, folder = sys.argv[1:]
    for name in sorted(os.listdir(folder)):
        base, ending = os.path.splitext(name)
        target = os.path.join(folder, base + ".input.npy")
        if ending not in (".octet", ".tflite", ".onnx") or os.path.exists(target):
            continue
        done = subprocess.run([octet, "inspect", os.path.join(folder, name), "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{name}: {done.stderr}")
        inputs = json.loads(done.stdout)["inputs"]
        if len(inputs) != 1:
            sys.exit(f"{name}: has {len(inputs)} inputs")
        scale, zero_point = inputs[0]["scale"], inputs[0]["zero_point"]
        if scale is None:
            sys.exit(f"{name}: its input is float32 inside too")
        np.save(target, noise(inputs[0]["shape"], scale, zero_point, zlib.crc32(base.encode())))


if __name__ == "__main__":
    main()
