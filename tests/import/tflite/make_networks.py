#!/usr/bin/env python3
"""Makes small quantized .tflite networks with random weights, inputs for them, and what TensorFlow Lite answers.

    make_networks.py FOLDER [--flatc flatc]

For each network NAME.tflite, NAME.input.bin (whole inputs behind each other) and NAME.expected.bin: integers in the
networks' types, by reference.py. data/ beside this file is its output, for the tests that run without Python: run it
with that folder after a change. Needs numpy and the FlatBuffers compiler, which turns JSON into a file by the
importer's schema.
"""
import argparse
import json
import os
import subprocess
import tempfile

import numpy as np

import arithmetic as a
from reader import Network
from reference import Reference

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../src/import/tflite/tflite.fbs")
SAMPLES = 4
TYPES = {"INT8": np.int8, "UINT8": np.uint8, "INT32": np.int32, "FLOAT32": np.float32}


class Builder:
    """A network, layer by layer; the reals of some samples go along and give each tensor its scale."""

    def __init__(self, seed, kind, shape):
        self.random = np.random.default_rng(seed)
        self.kind = kind
        self.tensors, self.operators, self.codes, self.buffers = [], [], [], [{}]
        self.reals = {}
        self.input = self.activation("input", self.random.uniform(-1, 1, (SAMPLES,) + shape[1:]))

    def tensor(self, name, shape, kind, scale=(), zero_point=(), axis=0, data=None):
        if data is not None:
            self.buffers.append({"data": list(np.ascontiguousarray(data, TYPES[kind]).tobytes())})
        tensor = {"name": name, "shape": [int(d) for d in shape], "type": kind,
                  "buffer": len(self.buffers) - 1 if data is not None else 0}
        if len(scale):
            tensor["quantization"] = {"scale": [float(s) for s in scale], "zero_point": [int(z) for z in zero_point],
                                      "quantized_dimension": axis}
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def activation(self, name, reals, quant=None):
        low, high = min(0.0, reals.min()), max(0.0, reals.max())
        least = np.iinfo(TYPES[self.kind]).min
        scale = np.float32((high - low) / 255)
        scale, zero_point = quant or (scale, int(np.clip(np.rint(least - low / scale), least, least + 255)))
        index = self.tensor(name, (1,) + reals.shape[1:], self.kind, [scale], [zero_point])
        self.reals[index] = reals
        return index

    def quant(self, index):
        quantization = self.tensors[index]["quantization"]
        return np.float32(quantization["scale"][0]), quantization["zero_point"][0]

    def operator(self, code, kind, inputs, output, options=None):
        if (code, kind) not in self.codes:
            self.codes.append((code, kind))
        operator = {"opcode_index": self.codes.index((code, kind)), "inputs": inputs, "outputs": [output]}
        if options is not None:
            operator["builtin_options_type"], operator["builtin_options"] = options
        self.operators.append(operator)
        return output

    def weights(self, name, shape, axis, fan_in):
        """int8: symmetric, a scale for each place of the axis; uint8: one scale and zero point."""
        reals = self.random.normal(0, 1.5 / np.sqrt(fan_in), shape)
        if self.kind == "UINT8":
            low, high = reals.min(), reals.max()
            scale = np.float32((high - low) / 254)
            zero_point = int(np.rint(1 - low / scale))
            integers = np.clip(np.rint(reals / scale) + zero_point, 1, 255)
            index = self.tensor(name, shape, "UINT8", [scale], [zero_point], 0, integers)
            return index, scale * (integers - zero_point)
        others = tuple(d for d in range(len(shape)) if d != axis)
        scales = (np.abs(reals).max(axis=others) / 127).astype(np.float32)
        spread = scales.reshape([-1 if d == axis else 1 for d in range(len(shape))])
        integers = np.rint(reals / spread)
        return self.tensor(name, shape, "INT8", scales, np.zeros(scales.size), axis, integers), spread * integers

    def bias(self, name, x, weight, count):
        scales = np.float32(self.quant(x)[0]) * np.array(self.tensors[weight]["quantization"]["scale"], np.float32)
        integers = np.rint(self.random.normal(0, 0.2, count) / scales)
        return self.tensor(name, [count], "INT32", scales, np.zeros(scales.size), 0, integers), scales * integers

    def conv(self, name, x, outputs, kernel, stride, padding="SAME", activation="NONE", depthwise=False):
        channels = self.reals[x].shape[3]
        shape = (1, kernel, kernel, outputs) if depthwise else (outputs, kernel, kernel, channels)
        fan_in = kernel * kernel * (1 if depthwise else channels)
        weight, weight_reals = self.weights(name + "/weights", shape, 3 if depthwise else 0, fan_in)
        bias, bias_reals = self.bias(name + "/bias", x, weight, outputs)
        view, inside = a.patches(self.reals[x], (kernel, kernel), (stride, stride), (1, 1), int(padding != "SAME"))
        view = np.where(inside[None, ..., None], view, 0)
        if depthwise:
            y = np.einsum("nhwklc,klc->nhwc", np.repeat(view, outputs // channels, axis=-1), weight_reals[0])
        else:
            y = np.einsum("nhwklc,oklc->nhwo", view, weight_reals)
        y = self.activated(y + bias_reals, activation)
        options = {"padding": padding, "stride_w": stride, "stride_h": stride, "fused_activation_function": activation}
        if depthwise:
            options["depth_multiplier"] = outputs // channels
        code, kind, table = (4, "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions") if depthwise else (
            3, "CONV_2D", "Conv2DOptions")
        return self.operator(code, kind, [x, weight, bias], self.activation(name, y), (table, options))

    @staticmethod
    def activated(reals, activation):
        low, high = {"NONE": (-np.inf, np.inf), "RELU": (0, np.inf), "RELU6": (0, 6)}[activation]
        return np.clip(reals, low, high)

    def dense(self, name, x, outputs):
        rows = self.reals[x].reshape(SAMPLES, -1)
        weight, weight_reals = self.weights(name + "/weights", (outputs, rows.shape[1]), 0, rows.shape[1])
        if self.kind == "INT8":  # of a whole matrix, as the converters of that time wrote it
            self.one_scale(weight, weight_reals)
            weight_reals = self.dequantized(weight)
        bias, bias_reals = self.bias(name + "/bias", x, weight, outputs)
        return self.operator(9, "FULLY_CONNECTED", [x, weight, bias],
                             self.activation(name, rows @ weight_reals.T + bias_reals), ("FullyConnectedOptions", {}))

    def one_scale(self, weight, reals):
        scale = np.float32(np.abs(reals).max() / 127)
        tensor = self.tensors[weight]
        tensor["quantization"] = {"scale": [float(scale)], "zero_point": [0]}
        self.buffers[tensor["buffer"]] = {"data": list(np.rint(reals / scale).astype(np.int8).tobytes())}

    def dequantized(self, index):
        tensor = self.tensors[index]
        data = np.array(self.buffers[tensor["buffer"]]["data"], np.uint8).view(TYPES[tensor["type"]])
        return np.float32(tensor["quantization"]["scale"][0]) * data.reshape(tensor["shape"])

    def add(self, name, x, y, activation="NONE"):
        reals = self.activated(self.reals[x] + self.reals[y], activation)
        return self.operator(0, "ADD", [x, y], self.activation(name, reals),
                             ("AddOptions", {"fused_activation_function": activation}))

    def multiply(self, name, x, y):
        reals = self.reals[x] * self.reals[y]
        return self.operator(18, "MUL", [x, y], self.activation(name, reals), ("MulOptions", {}))

    def pool(self, name, x, size, kind):
        view, _ = a.patches(self.reals[x], (size, size), (size, size), (1, 1), 1)
        reals = view.max(axis=(3, 4)) if kind == "MAX_POOL_2D" else view.mean(axis=(3, 4))
        options = {"padding": "VALID", "stride_w": size, "stride_h": size, "filter_width": size, "filter_height": size}
        return self.operator(17 if kind == "MAX_POOL_2D" else 1, kind, [x], self.activation(name, reals, self.quant(x)),
                             ("Pool2DOptions", options))

    def pad(self, name, x, edge):
        pads = self.tensor(name + "/pads", [4, 2], "INT32", data=[[0, 0], [edge, edge], [edge, edge], [0, 0]])
        reals = np.pad(self.reals[x], [(0, 0), (edge, edge), (edge, edge), (0, 0)])
        return self.operator(34, "PAD", [x, pads], self.activation(name, reals, self.quant(x)))

    def mean(self, name, x):
        axes = self.tensor(name + "/axes", [2], "INT32", data=[1, 2])
        return self.operator(40, "MEAN", [x, axes], self.activation(name, self.reals[x].mean(axis=(1, 2))),
                             ("ReducerOptions", {"keep_dims": False}))

    def concatenate(self, name, parts):
        reals = np.concatenate([self.reals[part] for part in parts], axis=3)
        return self.operator(2, "CONCATENATION", parts, self.activation(name, reals),
                             ("ConcatenationOptions", {"axis": 3}))

    def reshape(self, name, x):
        reals = self.reals[x].reshape(SAMPLES, -1)
        shape = self.tensor(name + "/shape", [2], "INT32", data=[1, reals.shape[1]])
        return self.operator(22, "RESHAPE", [x, shape], self.activation(name, reals, self.quant(x)))

    def fixed(self, name, x, code, kind, reals, options=None):
        """Softmax and sigmoid: their results have the scale 1/256."""
        quant = (np.float32(1 / 256), np.iinfo(TYPES[self.kind]).min)
        return self.operator(code, kind, [x], self.activation(name, reals, quant), options)

    def softmax(self, name, x):
        return self.fixed(name, x, 25, "SOFTMAX", np.zeros(self.reals[x].shape), ("SoftmaxOptions", {"beta": 1.0}))

    def sigmoid(self, name, x):
        return self.fixed(name, x, 14, "LOGISTIC", 1 / (1 + np.exp(-self.reals[x])))

    def write(self, path, output, flatc):
        codes = [{"deprecated_builtin_code": code, "builtin_code": kind, "version": 1} for code, kind in self.codes]
        network = {"tensors": self.tensors, "inputs": [self.input], "outputs": [output], "operators": self.operators,
                   "name": "main"}
        model = {"version": 3, "operator_codes": codes, "subgraphs": [network], "buffers": self.buffers}
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "network.json")
            with open(source, "w") as file:
                json.dump(model, file)
            subprocess.run([flatc, "-b", "-o", folder, SCHEMA, source], check=True)
            made = next(name for name in os.listdir(folder) if name != "network.json")
            with open(os.path.join(folder, made), "rb") as file, open(path, "wb") as target:
                target.write(file.read())


def residual(b):
    x = b.conv("stem", b.input, 8, 3, 2, activation="RELU6")
    y = b.conv("depthwise", x, 8, 3, 1, activation="RELU6", depthwise=True)
    x = b.add("sum", x, b.conv("project", y, 8, 1, 1), "RELU")
    x = b.conv("wide", b.pad("pad", x, 1), 16, 3, 1, padding="VALID", depthwise=True)
    return b.softmax("output", b.dense("logits", b.mean("mean", b.pool("pool", x, 2, "AVERAGE_POOL_2D")), 5))


def branches(b):
    x = b.pool("pool", b.conv("stem", b.input, 6, 5, 1, activation="RELU6"), 2, "MAX_POOL_2D")
    left = b.conv("left", x, 4, 3, 2)
    right = b.conv("right", x, 6, 3, 2, activation="RELU", depthwise=True)
    x = b.concatenate("joined", [left, right])
    x = b.multiply("gated", x, b.sigmoid("gate", x))
    return b.sigmoid("output", b.dense("logits", b.reshape("flat", x), 7))


NETWORKS = {
    "int8_residual": lambda: (Builder(1, "INT8", (1, 12, 10, 3)), residual),
    "int8_branches": lambda: (Builder(2, "INT8", (1, 12, 8, 2)), branches),
    "uint8_residual": lambda: (Builder(3, "UINT8", (1, 10, 12, 3)), residual),
    "uint8_branches": lambda: (Builder(4, "UINT8", (1, 8, 12, 1)), branches),
}


def main():
    parser = argparse.ArgumentParser(description="Makes small quantized .tflite networks and what they answer.")
    parser.add_argument("folder")
    parser.add_argument("--flatc", default="flatc")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    for name, make in NETWORKS.items():
        builder, layers = make()
        path = os.path.join(options.folder, name)
        builder.write(path + ".tflite", layers(builder), options.flatc)
        network = Network(path + ".tflite")
        source = network.tensors[network.inputs[0]]
        random = np.random.default_rng(7)
        info = np.iinfo(source.dtype)
        inputs = random.integers(info.min, info.max + 1, (8,) + source.shape[1:]).astype(source.dtype)
        reference = Reference(network)
        expected = np.concatenate([reference.run(x[None])[0].ravel() for x in inputs])
        inputs.tofile(path + ".input.bin")
        expected.tofile(path + ".expected.bin")


if __name__ == "__main__":
    main()
