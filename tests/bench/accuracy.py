#!/usr/bin/python3
"""What each method of the quantizer costs in accuracy, measured with the command; the work of accuracy.sh.

    accuracy.py OCTET SHARED [--only PART] [--splits N]

Standard library only. Judged on images that did not calibrate. --splits N judges AUTO on N random halves of the
calibration images instead, each calibrated on the other half: what recipes are chosen by.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

METHODS = ("AUTO", "KL", "ADMM", "EMA", "MINMAX", "PERCENTILE", "MSE")
RECIPE = {"equalize": True, "bias_correction": True, "adaptive_rounding": True}  # AUTO has all of it by itself
CROP = {"mode": "crop", "shorter_side": 256}
CLASSIFIERS = {
    "SqueezeNet 1.1": ("squeezenet_v1.1.onnx", 0, dict(format="BGR", mean=[104, 117, 123], normal=[1, 1, 1], width=227,
                                                      height=227, resize=CROP)),
    "MobileNetV2": ("mobilenet_v2_1.0_224_float.onnx", 1, dict(format="RGB", mean=[127.5] * 3, normal=[1 / 127.5] * 3,
                                                               width=224, height=224, resize=CROP)),
}
DETECTORS = {"RFB-320": "RFB-320.mnn", "slim-320": "slim-320.mnn"}
DETECTOR_KEYS = dict(format="RGB", mean=[127] * 3, normal=[1 / 128] * 3, width=320, height=240)


class Octet:
    def __init__(self, command, folder):
        self.command = os.path.abspath(command)
        self.folder = folder

    def run(self, *arguments):
        done = subprocess.run([self.command, *arguments, "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"octet {' '.join(arguments)}: status {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)

    def judge(self, source, keys, images, *arguments):
        """Quantizes and compares; the reports of both."""
        config = os.path.join(self.folder, "config.json")
        made = os.path.join(self.folder, "made.octet")
        with open(config, "w") as file:
            json.dump(keys, file)
        quantized = self.run("quantize", source, made, config)
        return quantized, self.run("compare", source, made, config, "--images", images, *arguments)

    def link(self, name, source, names):
        """A folder of some of the files of another."""
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        for one in names:
            os.symlink(os.path.abspath(os.path.join(source, one)), os.path.join(folder, one))
        return folder


def before_softmax(report):
    """Signal to noise, in dB, of what goes into the last softmax."""
    last = max(i for i, layer in enumerate(report["layers"]) if layer["op"] == "softmax")
    return next(layer["sqnr_db"] for layer in reversed(report["layers"][:last]) if layer["op"] != "reshape")


def recipes():
    for method in METHODS:
        if method == "AUTO":
            yield "AUTO (default)", {}
            continue
        yield method, {"feature_quantize_method": method}
        yield f"{method}, recipe", {"feature_quantize_method": method, **RECIPE}


def classifiers(octet, shared, only):
    images = os.path.join(shared, "images/imagenet")
    print("| network | method | float top-1 | int8 top-1 | agreement | dB before the softmax | seconds |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for title, (model, offset, keys) in CLASSIFIERS.items():
        if only not in title:
            continue
        for name, recipe in recipes():
            made, report = octet.judge(os.path.join(shared, "models/imagenet", model),
                                       dict(keys, path=os.path.join(images, "calibration"), **recipe),
                                       os.path.join(images, "evaluation"), "--labels",
                                       os.path.join(images, "labels.tsv"), "--label-offset", str(offset))
            print(f"| {title} | {name} | {report['float_top1']:.1%} | {report['int8_top1']:.1%} | "
                  f"{report['agreement']:.1%} | {before_softmax(report):.1f} | {made['seconds']:.1f} |", flush=True)
            title = ""


def detectors(octet, shared, only):
    images = os.path.join(shared, "images/faces")
    names = sorted(os.listdir(images), key=lambda name: name.encode())
    even, odd = octet.link("even", images, names[0::2]), octet.link("odd", images, names[1::2])
    print("\n| detector | method | boxes, cosine | scores, cosine |\n|---|---|---:|---:|")
    for title, model in DETECTORS.items():
        if only not in title:
            continue
        for name, recipe in recipes():
            _, report = octet.judge(os.path.join(shared, "models/ultraface", model),
                                    dict(DETECTOR_KEYS, path=even, **recipe), odd)
            cosines = {output["name"]: output["mean_cosine"] for output in report["outputs"]}
            print(f"| {title} | {name} | {cosines['boxes']:.5f} | {cosines['scores']:.5f} |", flush=True)
            title = ""


def splits(octet, shared, count, only):
    folder = os.path.join(shared, "images/imagenet/calibration")
    names = sorted(os.listdir(folder))
    print("| network | half | agreement | dB before the softmax |\n|---|---|---:|---:|")
    for title, (model, _, keys) in CLASSIFIERS.items():
        if only not in title:
            continue
        for seed in range(count):
            mixed = names[:]
            random.Random(seed).shuffle(mixed)
            half = len(mixed) // 2
            a = octet.link(f"{model}{seed}a", folder, mixed[:half])
            b = octet.link(f"{model}{seed}b", folder, mixed[half:])
            for calibration, judged in ((a, b), (b, a)):
                _, report = octet.judge(os.path.join(shared, "models/imagenet", model), dict(keys, path=calibration),
                                        judged)
                print(f"| {title} | {seed}{calibration[-1]} | {report['agreement']:.1%} | "
                      f"{before_softmax(report):.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("octet")
    parser.add_argument("shared")
    parser.add_argument("--only", default="")
    parser.add_argument("--splits", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        octet = Octet(options.octet, folder)
        if options.splits:
            splits(octet, options.shared, options.splits, options.only)
            return
        classifiers(octet, options.shared, options.only)
        detectors(octet, options.shared, options.only)


if __name__ == "__main__":
    main()
