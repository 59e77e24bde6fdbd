#!/usr/bin/env python3
"""Octet beside TensorFlow Lite's arithmetic on .tflite networks (reference.py, float_reference.py).

    compare.py OCTET MODEL.tflite... [--images FOLDER] [--samples 40] [--share 0.99]

Networks of images with three channels get those of the folder (with Pillow), others random inputs of full range. A
quantized network passes where at least the share of its output values differs by one quantum at most, a float one where
no value differs by more than 1e-5 of the largest. Prints a line for each network, and how many passed. Needs numpy.

The reference rounds once. Where TensorFlow Lite's other kernels round twice, one value in a thousand differs behind the
first layer, and deep networks make more of it: how far both are from each other is printed beside.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

import float_reference
from reader import Network
from reference import Reference


def run_octet(octet, model, real, folder):
    source, result = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
    np.save(source, real.astype(np.float32))
    run = subprocess.run([octet, "run", model, "--input", source, "--output", result], capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{model}: exit status {run.returncode}: {run.stderr.strip()}")
    return np.load(result)


def integers_of(tensor, real):
    return np.rint(real / tensor.scale[0]).astype(np.int64) + int(tensor.zero_point[0])


def smooth_noise(tensor, samples):
    """Neighbouring values alike, as in spectra: white noise averages to nothing in deep networks."""
    random = np.random.default_rng(5)
    info = np.iinfo(tensor.dtype if tensor.quantized else np.uint8)
    for _ in range(samples):
        noise = random.random([max(1, d // 4) if d > 4 else d for d in tensor.shape])
        for axis, size in enumerate(tensor.shape):
            noise = np.repeat(noise, -(-size // noise.shape[axis]), axis=axis).take(range(size), axis=axis)
        integers = info.min + 255 * (noise + random.normal(0, 0.05, tensor.shape))
        yield np.clip(np.rint(integers), info.min, info.max).astype(tensor.dtype)  # a float network takes any number


def images(tensor, samples, folder):
    """The square in the middle of each image, in the network's size; pixels are the integers, less 128 for int8."""
    least = np.iinfo(tensor.dtype).min if tensor.quantized else 0
    from PIL import Image
    _, height, width, _ = tensor.shape
    for name in sorted(os.listdir(folder))[:samples]:
        with Image.open(os.path.join(folder, name)) as image:
            edge = min(image.size)
            left, top = (image.width - edge) // 2, (image.height - edge) // 2
            box = (left, top, left + edge, top + edge)
            pixels = np.asarray(image.convert("RGB").resize((width, height), Image.BILINEAR, box), np.int16)
        yield (pixels + least).astype(tensor.dtype)[None]


def samples_of(tensor, options):
    pictures = options.images and len(tensor.shape) == 4 and tensor.shape[3] == 3
    return images(tensor, options.samples, options.images) if pictures else smooth_noise(tensor, options.samples)


def near(a, b):
    return f"{np.mean(abs(a - b) <= 1):.2%}"


def compare_integers(model, network, options, folder):
    """(passed, figures) of a quantized network."""
    once, twice = Reference(network), Reference(network, twice=True)
    source, result = network.tensors[network.inputs[0]], network.tensors[network.outputs[0]]
    found = []
    for integers in samples_of(source, options):
        real = source.scale[0] * (integers.astype(np.float32) - source.zero_point[0])
        octet = integers_of(result, run_octet(options.octet, model, real, folder))
        found.append([x.astype(np.int64).ravel() for x in (octet, once.run(integers)[0], twice.run(integers)[0])])
    octet, once, twice = np.moveaxis(np.array(found), 1, 0)
    difference = np.abs(octet - once)
    return np.mean(difference <= 1) >= options.share, (
        f"{near(octet, once)} of {difference.size} values within one quantum, {np.mean(difference == 0):.2%} equal, "
        f"largest difference {difference.max()}; rounded twice {near(octet, twice)}, the references of each other "
        f"{near(once, twice)}")


def compare_floats(model, network, options, folder):
    worst = 0
    for x in samples_of(network.tensors[network.inputs[0]], options):
        x = x / np.float32(255)
        expected = float_reference.answer(network, x)
        worst = max(worst, np.abs(run_octet(options.octet, model, x, folder) - expected).max() / np.abs(expected).max())
    return worst <= 1e-5, f"float, largest difference {worst:.1e} of the largest value"


def main():
    parser = argparse.ArgumentParser(description="Octet beside TensorFlow Lite's arithmetic.")
    parser.add_argument("octet")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--images")
    parser.add_argument("--share", type=float, default=0.99)
    options = parser.parse_args()
    passed = 0
    for model in options.models:
        network = Network(model)
        kind = compare_integers if network.tensors[network.inputs[0]].quantized else compare_floats
        with tempfile.TemporaryDirectory() as folder:
            ok, figures = kind(model, network, options, folder)
        passed += ok
        print(f"{'ok  ' if ok else 'FAIL'} {os.path.basename(model)}: {figures}", flush=True)
    print(f"{passed} passed, {len(options.models) - passed} failed")
    return 0 if passed == len(options.models) else 1


if __name__ == "__main__":
    sys.exit(main())
