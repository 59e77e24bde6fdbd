#!/usr/bin/env python3
"""Writes small ONNX networks on large images: what Octet divides among threads or runs some rows at a time.

    make_networks.py FOLDER

They have few weights, so that they are small files, and few products. Needs Debian's python3-onnx and python3-numpy.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 160


class Layers:
    """A network, layer by layer; `quantized`: each result goes through int8."""

    def __init__(self, name, channels, quantized):
        self.name, self.quantized, self.channels = name, quantized, channels
        self.nodes, self.constants = [], []
        self.random = np.random.default_rng(1)
        self.inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, channels, SIDE, SIDE])]
        self.last = "x"
        self.constant("scale", np.float32(0.05))
        self.constant("zero", np.int8(3))
        self.constant("weight_zero", np.int8(0))
        self.through_int8()

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, op, operands, **attributes):
        self.last = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, operands, [self.last], **attributes))
        return self.last

    def through_int8(self):
        if self.quantized:
            integers = self.node("QuantizeLinear", [self.last, "scale", "zero"])
            self.node("DequantizeLinear", [integers, "scale", "zero"])

    def conv(self, channels, kernel, groups=1, stride=1):
        shape = (channels, self.channels // groups, kernel, kernel)
        name = f"w{len(self.nodes)}"
        integers = self.random.integers(-9, 10, shape).astype(np.int8)
        x = self.last
        if self.quantized:
            weight = self.node("DequantizeLinear", [self.constant(name, integers), "scale", "weight_zero"])
        else:
            weight = self.constant(name, integers.astype(np.float32) / 9)
        self.node("Conv", [x, weight], group=groups, pads=[kernel // 2] * 4, strides=[stride] * 2)
        self.channels = channels
        self.through_int8()
        return self

    def depthwise(self, stride=1):
        return self.conv(self.channels, 3, self.channels, stride)

    def simple(self, op, *others, **attributes):
        self.node(op, [self.last, *others], **attributes)
        self.through_int8()
        return self

    def write(self, folder):
        graph = helper.make_graph(self.nodes, self.name, self.inputs,
                                  [helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.save(model, os.path.join(folder, self.name + ".onnx"))


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for quantized in (False, True):
        kind = "int8" if quantized else "float"
        Layers(f"inverted_{kind}", 3, quantized).conv(12, 1).depthwise().conv(3, 1).write(folder)
        Layers(f"strided_{kind}", 8, quantized).depthwise(2).conv(10, 1).depthwise().simple("Relu").write(folder)
        residual = Layers(f"residual_{kind}", 6, quantized).depthwise()
        residual.simple("Add", "x" if not quantized else residual.nodes[1].output[0]).simple("Sigmoid").write(folder)
        pools = Layers(f"pools_{kind}", 6, quantized)
        pools.depthwise().simple("MaxPool", kernel_shape=[3, 3], strides=[2, 2]).conv(5, 1).write(folder)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
