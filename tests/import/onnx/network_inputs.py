#!/usr/bin/env python3
"""Writes an input for each NAME.onnx of a folder that has none: NAME.input.npy.

    network_inputs.py FOLDER

For whole networks with one input that is not a weight. Smooth noise in [-1, 1], as normalised pictures have; the same on
every run. Needs Debian's python3-onnx and python3-numpy.
"""
import glob
import os
import sys
import zlib

import numpy as np
import onnx


def input_shape(path):
    graph = onnx.load(path, load_external_data=False).graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    if len(inputs) != 1:
        sys.exit(f"{path}: has {len(inputs)} inputs")
    return [max(1, dim.dim_value) for dim in inputs[0].type.tensor_type.shape.dim]


def smooth_noise(shape, seed):
    random = np.random.default_rng(seed)
    values = random.uniform(-1, 1, shape)
    for axis in (-1, -2):
        values = (values + np.roll(values, 1, axis) + np.roll(values, 2, axis)) / 3
    return (values / np.abs(values).max()).astype(np.float32)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.onnx"))):
        base = path[:-len(".onnx")]
        if not os.path.exists(base + ".input.npy"):
            np.save(base + ".input.npy", smooth_noise(input_shape(path), zlib.crc32(os.path.basename(base).encode())))


main()
