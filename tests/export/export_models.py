#!/usr/bin/env python3
"""Writes the models of a folder in another format, for the runtime of that format.

    export_models.py OCTET FOLDER FORMAT OUT

FOLDER: NAME.onnx, NAME.tflite or NAME.octet, each with NAME.input.npy, on which the runtime is to run. OUT gets
NAME.FORMAT with a copy of the input. What the patterns of not_in_FORMAT.txt beside this script match must be refused,
nothing else.
.onnx files also pass ONNX's checker. Needs Debian's python3-onnx for FORMAT onnx.
"""
import fnmatch
import os
import shutil
import subprocess
import sys

ENDINGS = (".onnx", ".tflite", ".octet")


def refused_patterns(format_name):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"not_in_{format_name}.txt")
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [line.split()[0] for line in file if line.strip() and not line.startswith("#")]


def check(path):
    """What ONNX's checker says of a file, or None."""
    import onnx
    try:
        onnx.checker.check_model(path, full_check=True)
    except onnx.checker.ValidationError as error:
        if "ir_version is higher" in str(error):
            print(f"SKIPPED the checker of {os.path.basename(path)}: it is newer than python3-onnx")
            return None
        return f"ONNX's checker: {error}"
    except Exception as error:  # of shape inference, which has no type of its own in all versions
        return f"ONNX's shape inference: {error}"
    return None


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    octet, folder, format_name, out = sys.argv[1:]
    patterns = refused_patterns(format_name)
    os.makedirs(out, exist_ok=True)
    written = refused = failed = 0
    for name in sorted(os.listdir(folder)):
        base, ending = os.path.splitext(name)
        if ending not in ENDINGS:
            continue
        target = os.path.join(out, f"{base}.{format_name}")
        words = []
        if os.path.exists(os.path.join(folder, f"{base}.shape")):  # sizes that the file leaves open
            with open(os.path.join(folder, f"{base}.shape")) as file:
                words = ["--shape", file.read().strip()]
        done = subprocess.run([octet, "convert", os.path.join(folder, name), target, *words], capture_output=True, text=True)
        expected = any(fnmatch.fnmatchcase(base, pattern) for pattern in patterns)
        if (done.returncode != 0) != expected:
            failed += 1
            print(f"{name} as .{format_name}: {done.stderr.strip() or 'is written, though the list says that it cannot be'}")
            continue
        if done.returncode != 0:
            refused += 1
            if f".{format_name} cannot carry: node " not in done.stderr or os.path.exists(target):
                failed += 1
                print(f"{name} as .{format_name}: refused in other words than those of an exporter: {done.stderr.strip()}")
            continue
        problem = check(target) if format_name == "onnx" else None
        if problem:
            failed += 1
            print(f"{name}: {problem}")
        written += 1
        shutil.copy(os.path.join(folder, f"{base}.input.npy"), out)
    print(f"{written} models written as .{format_name}, {refused} cannot be, {failed} failed")
    return 0 if written and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
