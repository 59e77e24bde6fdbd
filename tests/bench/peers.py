#!/usr/bin/env python3
"""Octet beside ONNX Runtime and oneDNN on the same networks, taking turns; see peers.sh, which installs and builds.

Prints Markdown. Timings decide nothing: the exit status is 0 where everything that is here could be measured.
"""
import argparse
import json
import os
import subprocess
import sys

import onnx

import layers
import report
import resnet

RUN_IMAGES = 16  # calibration images: speed does not depend on them

NETWORKS = {
    "MobileNetV2": dict(
        float="models/imagenet/mobilenet_v2_1.0_224_float.onnx", qdq="models/imagenet/mobilenet_v2_1.0_224_qdq.onnx",
        images="images/imagenet/calibration",
        config=dict(format="RGB", mean=[127.5] * 3, normal=[1 / 127.5] * 3, width=224, height=224)),
    "SqueezeNet 1.1": dict(
        float="models/imagenet/squeezenet_v1.1.onnx", qdq="models/imagenet/squeezenet_v1.1_qdq.onnx",
        images="images/imagenet/calibration",
        config=dict(format="BGR", mean=[104, 117, 123], normal=[1] * 3, width=227, height=227)),
    "RFB-320": dict(
        float="models/ultraface/version-RFB-320_simplified.onnx", qdq="models/ultraface/version-RFB-320_qdq.onnx",
        images="images/faces",
        config=dict(format="RGB", mean=[127] * 3, normal=[1 / 128] * 3, width=320, height=240)),
    **{f"ResNet-{depth}": dict(
        float=f"resnet{depth}.onnx", qdq=f"resnet{depth}_qdq.onnx", images="images", own=True,
        config=dict(format="RGB", mean=[127.5] * 3, normal=[1 / 127.5] * 3, width=resnet.SIZE, height=resnet.SIZE,
                    feature_quantize_method="MINMAX"))
       for depth in resnet.BLOCKS},
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line]
    return lines[-1] if lines else "no message"


class Tools:
    """The programs, and where their files lie."""

    def __init__(self, options):
        self.octet = os.path.join(options.build, "src", "octet")
        self.peers = os.path.join(options.build, "tests", "bench", "octet_peers")
        self.ort = options.ort
        self.work = options.work
        # oneDNN's threads are OpenMP's.
        self.environment = dict(os.environ, OMP_NUM_THREADS="1")
        self.environment.pop("OCTET_ISA", None)

    def run(self, mode, **keys):
        """What octet_peers found, or None after saying why not."""
        command = [self.peers, mode] + [f"{key}={value}" for key, value in keys.items() if value]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
        if done.returncode != 0:
            say(f"FAILED: octet_peers {mode}: {last_line(done.stderr)}")
            return None
        return json.loads(done.stdout)

    def ranges(self, model, inputs, elements):
        found = self.run("ranges", ort=self.ort, ort_float=model, inputs=inputs, input_elements=elements)
        if found is None:
            sys.exit(1)
        return found


class Network:
    """Files of one network, made where they are missing or older than the command."""

    def __init__(self, name, description, tools, shared):
        self.name = name
        folder = tools.work if description.get("own") else shared
        stem = os.path.join(tools.work, name.replace(" ", "_"))
        self.source = os.path.join(folder, description["float"])
        self.qdq = os.path.join(folder, description["qdq"])
        self.present = os.path.exists(self.source)
        if not self.present:
            return
        model = onnx.load(self.source)
        self.stripped = layers.strip_constant_inputs(model)
        self.float = stem + "_float.onnx"
        onnx.save(model, self.float)
        self.layers = stem + ".layers"
        with open(self.layers, "w") as file:
            lines = layers.conv_lines(model)
            file.write("\n".join(lines) + "\n")
        self.macs = sum(map(layers.macs_of, lines))
        if os.path.exists(self.qdq) and not layers.is_u8s8(onnx.load(self.qdq)):
            say(f"note: {self.qdq} is not of uint8 activations and int8 weights, which ONNX Runtime is fastest at")
        self.int8 = stem + ".octet"
        if not os.path.exists(self.int8) or os.path.getmtime(self.int8) < os.path.getmtime(tools.octet):
            self.quantize(description, tools, os.path.join(folder, description["images"]), stem + ".json")

    def quantize(self, description, tools, images, config):
        say(f"quantizing {self.name}")
        with open(config, "w") as file:
            json.dump(dict(description["config"], path=os.path.abspath(images), used_image_num=RUN_IMAGES), file)
        done = subprocess.run([tools.octet, "quantize", self.float, self.int8, config], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"octet quantize {self.float}: {last_line(done.stderr)}")

    def peers_of(self, tools):
        """Keys of the contestants that are here."""
        keys = dict(layers=self.layers)
        if tools.ort:
            keys.update(ort=tools.ort, ort_float=self.float, ort_int8=self.qdq if os.path.exists(self.qdq) else "",
                        ort_as_published=self.source if self.stripped else "")
        return keys


def shortest(tools, mode, field, repeats, **keys):
    found = [tools.run(mode, **keys) for _ in range(repeats)]
    return min((f[field] for f in found if f), default=None)


def measure(network, tools, rounds):
    """All figures of one network; absent where a peer is."""
    say(f"measuring {network.name}")
    own = dict(octet_float=network.float, octet_int8=network.int8)
    found = dict(macs=network.macs, turns=tools.run("turns", rounds=rounds, **own, **network.peers_of(tools)) or {})
    found["threads"] = tools.run("turns", rounds=rounds, octet_int8=network.int8, octet_float=network.float,
                                 threads=2) or {}
    found["load"] = shortest(tools, "load", "load_ms", 7, octet_int8=network.int8)
    if tools.ort and os.path.exists(network.qdq):
        found["ort_load"] = shortest(tools, "load", "load_ms", 3, ort=tools.ort, ort_int8=network.qdq)
    empty = shortest(tools, "memory", "peak_bytes", 3)
    full = shortest(tools, "memory", "peak_bytes", 3, octet_int8=network.int8)
    if empty and full:
        found["memory"] = full - empty
        found["data"] = shortest(tools, "memory", "data_bytes", 1, octet_int8=network.int8)
    return found


def parse():
    parser = argparse.ArgumentParser(prog="peers.sh", description=__doc__)
    parser.add_argument("--build", required=True, help="build folder with octet and octet_peers")
    parser.add_argument("--work", required=True, help="folder for the files that are made")
    parser.add_argument("--ort", default="", help="ONNX Runtime's shared library; empty: it is left out")
    parser.add_argument("--shared", default="../shared", help="folder with models/ and images/")
    parser.add_argument("--rounds", type=int, default=30, help="how often every contestant gets its turn")
    parser.add_argument("--layers", action="store_true", help="each convolution beside oneDNN's, not networks")
    parser.add_argument("--isa", default="", help="Octet's int8 beside its float on this instruction set alone")
    parser.add_argument("--readme", action="store_true", help="write the tables into README.md, between its markers")
    parser.add_argument("--networks", default="", help="only those whose names hold one of these, separated by commas")
    return parser.parse_args()


def chosen_networks(options, tools):
    wanted = [word.lower() for word in options.networks.split(",") if word]
    names = [name for name in NETWORKS if not wanted or any(word in name.lower() for word in wanted)]
    if any(NETWORKS[name].get("own") for name in names):
        resnet.write_all(tools.work, tools.ranges if tools.ort else None)
    for name in names:
        network = Network(name, NETWORKS[name], tools, options.shared)
        if network.present:
            yield network
        else:
            say(f"SKIPPED: {name}: '{network.source}' is not here")


def main():
    options = parse()
    tools = Tools(options)
    os.makedirs(tools.work, exist_ok=True)
    networks = list(chosen_networks(options, tools))
    if options.isa:
        rows = []
        for network in networks:
            say(f"measuring {network.name}")
            keys = dict(octet_float=network.float, octet_int8=network.int8, isa=options.isa, rounds=options.rounds)
            rows.append((network.name, tools.run("turns", **keys) or {}))
        text = report.isa_table(rows, options.isa)
    elif options.layers:
        texts = []
        for network in networks:
            say(f"measuring the layers of {network.name}")
            found = tools.run("layers", octet_float=network.float, octet_int8=network.int8, layers=network.layers,
                              rounds=options.rounds)
            if found:
                texts.append(report.layer_table(network.name, found))
        text = "\n\n".join(texts)
    else:
        text = report.network_tables([(network.name, measure(network, tools, options.rounds)) for network in networks])
    text += "\n\n" + report.footer(options.rounds, tools.ort)
    print(text)
    if options.readme:
        report.write_between_markers("README.md", text)


if __name__ == "__main__":
    main()
