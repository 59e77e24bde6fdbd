#!/usr/bin/env python3
"""Networks whose input sizes are open, with inputs of other sizes than they are converted at.

    open_models.py OCTET SHAPES CONFIG FOLDER [TFLITE...]

SHAPES: the project's classifier, examples/models/shapes.onnx, CONFIG its configuration: batch, height and width of its
input are left open in FOLDER/shapes_open.onnx, of which FOLDER/shapes_open_int8.octet is made. TFLITE: int8 networks of
open batch. Each gets NAME.input.npy and, where it cannot be loaded without, NAME.shape, the sizes for --shape. Needs
numpy and python3-onnx.
"""
import json
import os
import shutil
import subprocess
import sys
import zlib

import numpy as np
import onnx

from int8_inputs import noise


def inspect(octet, path, shape):
    words = [octet, "inspect", path, "--json"] + (["--shape", shape] if shape else [])
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    octet, source, config, folder, *tflites = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    network = onnx.load(source)
    for dimension, name in ((0, "batch"), (2, "height"), (3, "width")):
        network.graph.input[0].type.tensor_type.shape.dim[dimension].dim_param = name
    for output in network.graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = "batch"
    path = os.path.join(folder, "shapes_open.onnx")
    onnx.save(network, path)
    subprocess.run([octet, "quantize", path, os.path.join(folder, "shapes_open_int8.octet"), config, "--method", "MINMAX",
                    "--shape", "1x3x64x64"], check=True, capture_output=True)
    for tflite in tflites:
        shutil.copy(tflite, folder)
    for name in sorted(os.listdir(folder)):
        base, ending = os.path.splitext(name)
        if ending not in (".onnx", ".octet", ".tflite"):
            continue
        shape = "1x3x64x64" if ending == ".onnx" else ""
        facts = inspect(octet, os.path.join(folder, name), shape)
        if facts["open_sizes"][0][0] is None:
            sys.exit(f"{name}: its batch is not open")
        if shape:
            with open(os.path.join(folder, base + ".shape"), "w") as file:
                file.write(shape)
        first = facts["inputs"][0]
        dims = [3] + first["shape"][1:]
        if base.startswith("shapes"):
            dims[2:] = [80, 56]
        seed = zlib.crc32(base.encode())
        if first["scale"] is None:
            values = np.random.default_rng(seed).uniform(-1, 1, dims).astype(np.float32)
        else:
            values = noise(dims, first["scale"], first["zero_point"], seed)
        np.save(os.path.join(folder, base + ".input.npy"), values)


if __name__ == "__main__":
    main()
