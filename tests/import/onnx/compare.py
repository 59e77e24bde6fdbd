#!/usr/bin/env python3
"""Runs Octet on a folder of ONNX models and compares its outputs with the expected ones.

    compare.py OCTET FOLDER [--tolerance 1e-4 | --cosine LEAST] [--only PART]

FOLDER: NAME.onnx and NAME.input.npy (make_models.py) and NAME.expected.npy or NAME.expected_OUTPUT.npy
(ort_reference.js). An output passes where no element differs by more than the tolerance times the largest magnitude
of the expected output, or with --cosine where the cosine of the two is at least that. Prints a line for each model that
fails, and how many passed. Needs numpy.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

import numpy as np


def difference(actual, expected, tolerance, cosine):
    """What is wrong with an output, or None."""
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    special = ~np.isfinite(expected)
    if not np.array_equal(actual[special], expected[special], equal_nan=True):
        return "infinite or undefined elements differ"
    usual = expected[~special]
    if usual.size == 0:
        return None
    if cosine is not None:
        a, b = actual[~special].ravel().astype(np.float64), usual.ravel().astype(np.float64)
        found = a @ b / np.sqrt((a @ a) * (b @ b))
        return None if found >= cosine else f"cosine {found:.4f}"
    scale = np.max(np.abs(usual))
    error = np.max(np.abs(actual[~special] - usual))
    if not error <= tolerance * scale:
        return f"largest error {error:.3g} where the largest magnitude is {scale:.3g}"
    return None


def check(octet, model, arguments, folder):
    """What is wrong with a model, or None."""
    base = model[:-len(".onnx")]
    output = os.path.join(folder, "out.npy")
    command = [octet, "run", model, "--input", base + ".input.npy", "--output", output]
    try:
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120)
    except subprocess.TimeoutExpired:
        return "did not end within 120 s"
    if run.returncode != 0:
        message = (run.stderr or run.stdout).strip().splitlines()
        return f"exit status {run.returncode}: {message[-1] if message else 'no message'}"
    expected_files = sorted(glob.glob(glob.escape(base) + ".expected*.npy"))
    if not expected_files:
        return "there is no expected output"
    for expected_file in expected_files:
        ending = expected_file[len(base + ".expected"):-len(".npy")]
        actual_file = os.path.join(folder, f"out{ending}.npy")
        if not os.path.exists(actual_file):
            return f"output '{ending[1:]}' was not written"
        problem = difference(np.load(actual_file), np.load(expected_file), arguments.tolerance,
                             arguments.cosine)
        if problem:
            return (f"output '{ending[1:]}': " if ending else "") + problem
    return None


def main():
    parser = argparse.ArgumentParser(description="Compares Octet's outputs with the expected ones.")
    parser.add_argument("octet")
    parser.add_argument("folder")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--cosine", type=float, help="compare directions instead of values")
    parser.add_argument("--only", default="", help="models whose name contains this")
    arguments = parser.parse_args()
    models = sorted(m for m in glob.glob(os.path.join(glob.escape(arguments.folder), "*.onnx"))
                    if arguments.only in os.path.basename(m))
    failed = 0
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            problem = check(arguments.octet, model, arguments, folder)
        if problem:
            failed += 1
            print(f"{os.path.basename(model)}: {problem}")
    print(f"{len(models) - failed} passed, {failed} failed")
    return 0 if models and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
