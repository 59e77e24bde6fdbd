#!/usr/bin/env python3
"""Quantized .tflite networks in Octet beside TensorFlow Lite's integer arithmetic (reference.py).

    compare.py OCTET MODEL.tflite... [--images FOLDER] [--samples 40] [--share 0.99]

Networks of images with three channels get those of the folder (with Pillow), others random inputs of full range. Passes
where at least the share of a network's output values differs by one quantum at most. Prints a line for each network, and
how many passed. Needs numpy.

The reference rounds once. Where TensorFlow Lite's other kernels round twice, one value in a thousand differs behind the
first layer, and deep networks make more of it: how far both are from each other is printed beside.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

from reader import Network
from reference import Reference


def run_octet(octet, model, tensor, real, folder):
    source, result = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
    np.save(source, real.astype(np.float32))
    run = subprocess.run([octet, "run", model, "--input", source, "--output", result], capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{model}: exit status {run.returncode}: {run.stderr.strip()}")
    real = np.load(result)
    return np.rint(real / tensor.scale[0]).astype(np.int64) + int(tensor.zero_point[0])


def smooth_noise(tensor, samples):
    """Neighbouring values alike, as in spectra: white noise averages to nothing in deep networks."""
    random = np.random.default_rng(5)
    info = np.iinfo(tensor.dtype)
    for _ in range(samples):
        noise = random.random([max(1, d // 4) if d > 4 else d for d in tensor.shape])
        for axis, size in enumerate(tensor.shape):
            noise = np.repeat(noise, -(-size // noise.shape[axis]), axis=axis).take(range(size), axis=axis)
        integers = info.min + 255 * (noise + random.normal(0, 0.05, tensor.shape))
        yield np.clip(np.rint(integers), info.min, info.max).astype(tensor.dtype)


def images(tensor, samples, folder):
    """The square in the middle of each image, in the network's size; pixels are the integers, less 128 for int8."""
    from PIL import Image
    _, height, width, _ = tensor.shape
    for name in sorted(os.listdir(folder))[:samples]:
        with Image.open(os.path.join(folder, name)) as image:
            edge = min(image.size)
            left, top = (image.width - edge) // 2, (image.height - edge) // 2
            box = (left, top, left + edge, top + edge)
            pixels = np.asarray(image.convert("RGB").resize((width, height), Image.BILINEAR, box), np.int16)
        yield (pixels + np.iinfo(tensor.dtype).min).astype(tensor.dtype)[None]


def compare(octet, model, samples, folder):
    """Output values of all samples: Octet's and those of the two references, integers [samples, values]."""
    network = Network(model)
    once, twice = Reference(network), Reference(network, twice=True)
    source, result = network.tensors[network.inputs[0]], network.tensors[network.outputs[0]]
    pictures = folder and len(source.shape) == 4 and source.shape[3] == 3
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for integers in images(source, samples, folder) if pictures else smooth_noise(source, samples):
            real = source.scale[0] * (integers.astype(np.float32) - source.zero_point[0])
            answers = [run_octet(octet, model, result, real, scratch), once.run(integers)[0], twice.run(integers)[0]]
            found.append([answer.astype(np.int64).ravel() for answer in answers])
    return np.moveaxis(np.array(found), 1, 0)


def near(a, b):
    return f"{np.mean(abs(a - b) <= 1):.2%}"


def main():
    parser = argparse.ArgumentParser(description="Octet beside TensorFlow Lite's integer arithmetic.")
    parser.add_argument("octet")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--images")
    parser.add_argument("--share", type=float, default=0.99)
    options = parser.parse_args()
    passed = 0
    for model in options.models:
        octet, once, twice = compare(options.octet, model, options.samples, options.images)
        difference = np.abs(octet - once)
        ok = np.mean(difference <= 1) >= options.share
        passed += ok
        print(f"{'ok  ' if ok else 'FAIL'} {os.path.basename(model)}: {near(octet, once)} of {difference.size} values within "
              f"one quantum, {np.mean(difference == 0):.2%} equal, largest difference {difference.max()}; with products "
              f"rounded twice {near(octet, twice)}, the references of each other {near(once, twice)}", flush=True)
    print(f"{passed} passed, {len(options.models) - passed} failed")
    return 0 if passed == len(options.models) else 1


if __name__ == "__main__":
    sys.exit(main())
