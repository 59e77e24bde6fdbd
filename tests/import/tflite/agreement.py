#!/usr/bin/env python3
"""A quantized classifier in Octet beside its twin as ONNX QDQ in ONNX Runtime, on labelled images.

    agreement.py OCTET MODULES SHARED [--least 0.98] [--points 0.5]

MODULES: see ort_batch.js. Every .tflite of MobileNetV2 in SHARED is compared with mobilenet_v2_1.0_224_qdq.onnx: how
many of the evaluation images get the same class, and how many the right one. Outputs are multiples of 1/256, so that
classes tie: each of n best ones counts 1/n. ONNX Runtime runs without optimizations, which is what the file says, and,
to see how far integers alone go, with them. Needs numpy and Pillow.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

from reader import Network

SIZE, SHORTER = 224, 256


def pixels(path):
    """The square in the middle after scaling the shorter side, [224, 224, 3] of 0...255."""
    with Image.open(path) as image:
        scale = SHORTER / min(image.size)
        width, height = (round(side * scale) for side in image.size)
        small = np.asarray(image.convert("RGB").resize((width, height), Image.BILINEAR))
    top, left = (height - SIZE) // 2, (width - SIZE) // 2
    return small[top:top + SIZE, left:left + SIZE]


def onnx_runtime(modules, model, inputs, folder, level):
    source, result = os.path.join(folder, "inputs.f32"), os.path.join(folder, "outputs.f32")
    inputs.transpose(0, 3, 1, 2).astype(np.float32).tofile(source)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ort_batch.js")
    subprocess.run(["node", script, modules, model, source, result, level], check=True)
    return np.fromfile(result, np.float32).reshape(len(inputs), -1)


def octet_answers(octet, model, inputs, folder):
    source, result = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
    answers = []
    for value in inputs:
        np.save(source, value[None].astype(np.float32))
        subprocess.run([octet, "run", model, "--input", source, "--output", result], check=True, capture_output=True)
        answers.append(np.load(result).ravel())
    return np.array(answers)


def top1(answers, labels):
    best = answers == answers.max(axis=1, keepdims=True)
    return np.mean(best[np.arange(len(labels)), labels] / best.sum(axis=1))


def same(a, b):
    return np.mean(a.argmax(1) == b.argmax(1))


def main():
    parser = argparse.ArgumentParser(description="Quantized MobileNetV2 beside ONNX Runtime.")
    parser.add_argument("octet")
    parser.add_argument("modules")
    parser.add_argument("shared")
    parser.add_argument("--least", type=float, default=0.98)
    parser.add_argument("--points", type=float, default=0.5)
    options = parser.parse_args()
    folder = os.path.join(options.shared, "images/imagenet")
    names = sorted(os.listdir(os.path.join(folder, "evaluation")))
    with open(os.path.join(folder, "labels.tsv")) as file:
        classes = dict(line.split("\t")[:2] for line in file.read().splitlines() if "\t" in line)
    # Class 0 of these networks is the background.
    labels = np.array([int(next(classes[key] for key in (name, "evaluation/" + name) if key in classes)) + 1
                       for name in names])
    integers = np.array([pixels(os.path.join(folder, "evaluation", name)) for name in names]).astype(np.float32)
    failed = 0
    models = sorted(glob.glob(os.path.join(options.shared, "models/imagenet/mobilenet_v2*.tflite")))
    with tempfile.TemporaryDirectory() as scratch:
        for model in models:
            network = Network(model)
            source = network.tensors[network.inputs[0]]
            # The numbers whose integers the pixels are.
            inputs = source.scale[0] * (integers - source.zero_point[0])
            twin = os.path.join(options.shared, "models/imagenet/mobilenet_v2_1.0_224_qdq.onnx")
            plain, optimized = (onnx_runtime(options.modules, twin, inputs, scratch, level)
                                for level in ("disabled", "all"))
            mine = octet_answers(options.octet, model, inputs, scratch)
            # The uint8 network was trained otherwise: its answers are its own, and only have to be as good.
            agrees = same(mine, plain) >= options.least or "_int8" not in os.path.basename(model)
            ok = agrees and top1(mine, labels) >= top1(plain, labels) - options.points / 100 - 1e-9
            failed += not ok
            print(f"{'ok  ' if ok else 'FAIL'} {os.path.basename(model)}: top-1 {top1(mine, labels):.2%}, its ONNX "
                  f"twin {top1(plain, labels):.2%} (optimized {top1(optimized, labels):.2%}); the same class for "
                  f"{same(mine, plain):.1%} of {len(names)} images (optimized {same(mine, optimized):.1%}, which "
                  f"agrees with its own plain run on {same(plain, optimized):.1%})", flush=True)
    print(f"{len(models) - failed} passed, {failed} failed")
    return 1 if failed or not models else 0


if __name__ == "__main__":
    sys.exit(main())
