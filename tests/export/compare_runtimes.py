#!/usr/bin/env python3
"""Compares what another runtime gives for exported models with what Octet gives for the models that they come from.

    compare_runtimes.py OCTET FOLDER OUT int8|float

FOLDER: the models (NAME.onnx, NAME.tflite, NAME.octet); OUT: NAME.input.npy and the other runtime's
NAME.expected.npy or NAME.expected_OUTPUT.npy.

float: no element differs by more than 1e-4 of the output's largest magnitude.
int8: no element differs by more than a quantum. Outputs are float32; a quantum is 1/255 of the range that the output's
values take, or 1e-6. In MobileNetV2 a few results of its residual additions, of hundreds of thousands, lie so near the
middle of two steps that other runtimes, which add the zero points at another place in the sum, round them to the other
side; behind the many layers that follow this is more than a quantum. There the cosine is at least 0.999 and the
likeliest class the same. Needs numpy.
"""
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np

ROUNDED_OTHERWISE = "mobilenet_v2"


def difference(actual, expected, quantized, name):
    """What is wrong with an output of the other runtime, or None."""
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    usual = np.isfinite(expected)
    if not np.array_equal(actual[~usual], expected[~usual], equal_nan=True):
        return "infinite or undefined elements differ"
    if not usual.any():
        return None
    a, b = actual[usual].astype(np.float64), expected[usual].astype(np.float64)
    error = np.abs(a - b).max()
    if not quantized:
        bound = 1e-4 * np.abs(b).max()
        return None if error <= bound else f"largest error {error:.3g}, allowed {bound:.3g}"
    quantum = max((b.max() - b.min()) / 255, 1e-6)
    if error <= quantum:
        return None
    if name.startswith(ROUNDED_OTHERWISE):
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        if cosine >= 0.999 and a.argmax() == b.argmax():
            print(f"{name}: up to {error / quantum:.1f} quanta, cosine {cosine:.5f}, the same class")
            return None
    return f"largest error {error:.3g}, {error / quantum:.2f} quanta"


def main():
    if len(sys.argv) != 5 or sys.argv[4] not in ("int8", "float"):
        sys.exit(__doc__)
    octet, folder, out, kind = sys.argv[1:]
    passed = failed = 0
    for model in sorted(glob.glob(os.path.join(glob.escape(folder), "*.*"))):
        base, ending = os.path.splitext(os.path.basename(model))
        references = sorted(glob.glob(os.path.join(glob.escape(out), glob.escape(base) + ".expected*.npy")))
        if ending not in (".onnx", ".tflite", ".octet") or not references:
            continue
        problems = []
        with tempfile.TemporaryDirectory() as scratch:
            given = os.path.join(out, base + ".input.npy")
            sizes = "x".join(map(str, np.load(given).shape))  # the model's own, or others where these are open
            done = subprocess.run([octet, "run", model, "--input", given, "--output", os.path.join(scratch, "y.npy"),
                                   *(["--shape", sizes] if sizes else [])], capture_output=True, text=True)
            if done.returncode != 0:
                problems.append(done.stderr.strip())
            for reference in references if not problems else []:
                output = os.path.basename(reference)[len(base + ".expected"):-len(".npy")]
                ours = os.path.join(scratch, f"y{output}.npy")
                if not os.path.exists(ours):
                    problems.append(f"output '{output[1:]}' is not of the model")
                    continue
                problem = difference(np.load(reference), np.load(ours), kind == "int8", base)
                if problem:
                    problems.append((f"output '{output[1:]}': " if output else "") + problem)
        for problem in problems:
            print(f"{base}: {problem}")
        passed, failed = passed + (not problems), failed + bool(problems)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
