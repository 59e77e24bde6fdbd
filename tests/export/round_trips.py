#!/usr/bin/env python3
"""Networks through files of every format and back, by the command alone.

    round_trips.py OCTET FOLDER MODEL...

Each MODEL is written in every format, each of these files in every format again, and what comes out is compared with
MODEL: names, shapes, order and open sizes of inputs and outputs; the outputs of one input that is always the same, and
of twice as many samples where the batch is open. An int8 network keeps the scales and zero points of its layers and
the integers of its outputs, a float network its outputs but for the last bits of functions that a format says by
others. What a format cannot carry must be listed in REFUSED. FOLDER is for the files.
"""
import fnmatch
import json
import os
import subprocess
import sys

import numpy

FORMATS = ("octet", "onnx", "mnn", "tflite")

# (file name of the model, format): why the format cannot carry it, as the message says.
REFUSED = {}

# (pattern of file names, format): an int8 network that the format has partly as floats between its integers. Its outputs
# differ by at most so much (of the largest output), and the scales of what is float there are gone.
PARTLY_FLOAT = {
    # MNN has no int8 hard_swish, and no weights with zero points; TFLite has these in uint8 networks alone.
    ("shapes.octet", "mnn"): 0.02,
    ("*_uint8.tflite", "mnn"): 0.3,
    ("*_uint8.tflite", "tflite"): 0.3,
}


def run(octet, *words):
    done = subprocess.run([octet, *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr.strip()


class Network:
    """A file, and what it answers."""

    def __init__(self, octet, path):
        self.octet, self.path = octet, path
        status, text, error = run(octet, "inspect", path, "--layers", "--json")
        if status != 0:
            raise RuntimeError(f"{path}: {error}")
        self.facts = json.loads(text)
        self.inputs = [(i["name"], i["shape"]) for i in self.facts["inputs"]]
        self.outputs = [(o["name"], o["shape"]) for o in self.facts["outputs"]]
        self.open = self.facts["open_sizes"]
        self.int8 = self.facts["int8_layer_count"] > 0

    def quantizations(self):
        """Scales and zero points of what the int8 layers make, each once."""
        return {(layer["output"]["scale"], layer["output"]["zero_point"])
                for layer in self.facts["layers"] if layer["output"]["scale"] is not None}

    def answers(self, folder, samples):
        """The outputs for pseudo-random inputs; samples 0: of the model's own batch."""
        words = []
        for number, (name, shape) in enumerate(self.inputs):
            dims = list(shape)
            if samples:
                dims[0] = samples
                words += ["--shape", "x".join(map(str, dims))]
            values = numpy.random.default_rng(number).uniform(-1, 1, dims).astype(numpy.float32)
            path = os.path.join(folder, f"input{number}.npy")
            numpy.save(path, values)
            words += ["--input", path]
        out = os.path.join(folder, "answer.npy")
        for name in os.listdir(folder):
            if name.startswith("answer"):
                os.remove(os.path.join(folder, name))
        status, _, error = run(self.octet, "run", self.path, *words, "--output", out)
        if status != 0:
            raise RuntimeError(f"{self.path}: {error}")
        if os.path.exists(out):
            return [numpy.load(out)]
        names = ["".join(c if c.isalnum() and c.isascii() or c in "_.-" else "_" for c in name) for name, _ in self.outputs]
        return [numpy.load(os.path.join(folder, f"answer_{name}.npy")) for name in names]


def difference(expected, found):
    """0: the same bits; else the largest difference, of the largest value."""
    worst = 0
    for a, b in zip(expected, found):
        if a.shape != b.shape:
            return numpy.inf
        if a.tobytes() != b.tobytes():
            worst = max(worst, float(numpy.abs(a - b).max() / max(numpy.abs(a).max(), 1e-30)), 1e-12)
    return worst


class Check:
    def __init__(self, octet, folder):
        self.octet, self.folder = octet, folder
        self.passed = self.refused = 0
        self.problems = []

    def convert(self, source, target, name, format_name):
        status, _, error = run(self.octet, "convert", source, target)
        reason = REFUSED.get((name, format_name))
        if status == 0 and reason is None:
            return True
        if status == 0:
            self.problems.append(f"{name} as .{format_name}: is written, though REFUSED says that it cannot be")
        elif reason is None or reason not in error or os.path.exists(target):
            self.problems.append(f"{name} as .{format_name}: {error}")
        self.refused += 1
        return False

    def compare(self, name, way, expected, path):
        found = Network(self.octet, path)
        label = f"{name} {' '.join(way)}"
        for what in ("inputs", "outputs", "open"):
            if getattr(found, what) != getattr(expected, what):
                self.problems.append(f"{label}: {what} are {getattr(found, what)}, not {getattr(expected, what)}")
        if found.int8 != expected.int8:
            self.problems.append(f"{label}: is {'int8' if found.int8 else 'float'}")
        partly = [value for (pattern, format_name), value in PARTLY_FLOAT.items()
                  if format_name in way and fnmatch.fnmatchcase(name, pattern)]
        missing = expected.quantizations() - found.quantizations()
        if missing and not partly:
            self.problems.append(f"{label}: {len(missing)} quantizations are lost: {sorted(missing)[:3]}")
        samples = [0]
        if all(sizes and sizes[0] for sizes in expected.open):
            samples.append(2)
        for count in samples:
            worst = difference(self.answers(expected, count), self.answers(found, count))
            if worst > max(partly, default=0 if expected.int8 else 2e-6):
                self.problems.append(f"{label}, {count or 'its'} samples: outputs differ by {worst:.2g} of the largest")
        self.passed += 1

    def answers(self, network, samples):
        key = "known" if samples == 0 else f"known{samples}"
        if not hasattr(network, key):
            setattr(network, key, network.answers(self.folder, samples))
        return getattr(network, key)

    def model(self, path):
        name = os.path.basename(path)
        original = Network(self.octet, path)
        for first in FORMATS:
            there = os.path.join(self.folder, f"there.{first}")
            if os.path.exists(there):
                os.remove(there)
            if not self.convert(path, there, name, first):
                continue
            self.compare(name, (first,), original, there)
            for second in FORMATS:
                if second == first or (name, second) in REFUSED:
                    continue
                back = os.path.join(self.folder, f"back.{second}")
                if os.path.exists(back):
                    os.remove(back)
                if self.convert(there, back, name, second):
                    self.compare(name, (first, second), original, back)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    check = Check(sys.argv[1], sys.argv[2])
    os.makedirs(sys.argv[2], exist_ok=True)
    for path in sys.argv[3:]:
        before = len(check.problems)
        try:
            check.model(path)
        except RuntimeError as error:
            check.problems.append(str(error))
        for problem in check.problems[before:]:
            print(problem, flush=True)
    print(f"{check.passed} files compared, {check.refused} cannot be written, {len(check.problems)} problems")
    return 0 if check.passed and not check.problems else 1


if __name__ == "__main__":
    sys.exit(main())
