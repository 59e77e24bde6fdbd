"""ResNet-18 and ResNet-50 with random weights: their shapes, and what ONNX Runtime's int8 needs beside them.

Batch normalization is already folded into the convolutions. Weights are drawn by He's rule, the last convolution of
each block smaller, so that activations keep their magnitude through the network.
"""
import os
import struct
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = 224
IMAGES = 8
BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}
CLASSES = 1000


class Network:
    """Nodes and constants in the making."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes = []
        self.constants = []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def conv(self, x, name, in_c, out_c, kernel, stride=1, gain=2.0):
        deviation = np.sqrt(gain / (in_c * kernel * kernel))
        weight = self.random.standard_normal((out_c, in_c, kernel, kernel), dtype=np.float32) * np.float32(deviation)
        bias = self.random.standard_normal(out_c, dtype=np.float32) * np.float32(0.05)
        pad = kernel // 2
        return self.node("Conv", [x, self.constant(name + "_w", weight), self.constant(name + "_b", bias)], name,
                         kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def relu(self, x):
        return self.node("Relu", [x], x + "_relu")


def add_block(net, x, name, in_c, width, stride, deep):
    """A residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1 where the network is deep."""
    out_c = width * 4 if deep else width
    if deep:
        y = net.relu(net.conv(x, name + "_conv1", in_c, width, 1))
        y = net.relu(net.conv(y, name + "_conv2", width, width, 3, stride))
        y = net.conv(y, name + "_conv3", width, out_c, 1, gain=0.5)
    else:
        y = net.relu(net.conv(x, name + "_conv1", in_c, width, 3, stride))
        y = net.conv(y, name + "_conv2", width, out_c, 3, gain=0.5)
    if stride != 1 or in_c != out_c:
        x = net.conv(x, name + "_down", in_c, out_c, 1, stride, gain=1.0)
    return net.relu(net.node("Add", [y, x], name + "_add")), out_c


def make(depth):
    net = Network(depth)
    x = net.relu(net.conv("image", "stem", 3, 64, 7, 2))
    x = net.node("MaxPool", [x], "pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = 64
    for stage, count in enumerate(BLOCKS[depth]):
        for block in range(count):
            x, channels = add_block(net, x, f"layer{stage + 1}_{block}", channels, 64 << stage,
                                    2 if stage > 0 and block == 0 else 1, depth >= 50)
    x = net.node("GlobalAveragePool", [x], "average")
    x = net.node("Flatten", [x], "features")
    weight = net.random.standard_normal((CLASSES, channels), dtype=np.float32) * np.float32(np.sqrt(1 / channels))
    net.node("Gemm", [x, net.constant("fc_w", weight), net.constant("fc_b", np.zeros(CLASSES, np.float32))], "scores",
             transB=1)
    graph = helper.make_graph(
        net.nodes, f"resnet{depth}", [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CLASSES])], net.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    onnx.checker.check_model(model)
    return model


def write_png(path, pixels):
    """pixels: height x width x 3 bytes."""
    height, width, _ = pixels.shape
    chunk = lambda kind, data: (struct.pack(">I", len(data)) + kind + data +
                                struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def random_images():
    """Smooth random colours with noise: neighbours are alike, as in photographs."""
    random = np.random.default_rng(1)
    for _ in range(IMAGES):
        coarse = random.random((8, 8, 3)) * 255
        smooth = np.kron(coarse, np.ones((SIZE // 8, SIZE // 8, 1)))
        yield np.clip(smooth + random.normal(0, 20, smooth.shape), 0, 255).astype(np.uint8)


def quantized_tensors(model):
    """Activations that the int8 network holds as bytes: the inputs and results of what runs in int8."""
    names = ["image"]
    replaced = {}  # the result of a convolution or addition that a ReLU follows is never stored
    for node in model.graph.node:
        if node.op_type == "Relu":
            replaced[node.input[0]] = node.output[0]
    for node in model.graph.node:
        if node.output[0] not in replaced:
            names.append(node.output[0])
    return names


def ranges_of(model, path, run_ranges):
    """Least and largest value of every activation over the images, as ONNX Runtime computes them."""
    names = [name for name in quantized_tensors(model) if name != "image"]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    probe_path, inputs_path = path + ".probe.onnx", path + ".inputs"
    onnx.save(probe, probe_path)
    inputs = np.stack([to_input(image) for image in random_images()])
    inputs.astype(np.float32).tofile(inputs_path)
    found = run_ranges(probe_path, inputs_path, 3 * SIZE * SIZE)
    os.remove(probe_path)
    os.remove(inputs_path)
    found["image"] = [float(inputs.min()), float(inputs.max())]
    return found


def to_input(pixels):
    return ((pixels.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)


def make_qdq(model, ranges):
    """The int8 twin: QuantizeLinear and DequantizeLinear around every tensor; weights have a scale for each channel."""
    net = Network(0)
    constants = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    scales = {}

    def boundary(name, source):
        low, high = min(ranges[name][0], 0.0), max(ranges[name][1], 0.0)
        scale = np.float32(max(high - low, 1e-6) / 255)
        scales[name] = scale
        zero = np.uint8(np.clip(np.round(-low / scale), 0, 255))
        parameters = [net.constant(name + "_s", scale), net.constant(name + "_z", zero)]
        net.node("QuantizeLinear", [source] + parameters, name + "_q")
        net.node("DequantizeLinear", [name + "_q"] + parameters, name + "_dq")

    def constant_weights(node):
        weight, bias = constants[node.input[1]], constants[node.input[2]]
        scale = (np.abs(weight.reshape(weight.shape[0], -1)).max(axis=1) / 127).astype(np.float32)
        shaped = scale.reshape((-1,) + (1,) * (weight.ndim - 1))
        name = node.output[0]
        s = net.constant(name + "_ws", scale)
        w = net.constant(name + "_w8", np.round(weight / shaped).astype(np.int8))
        z = net.constant(name + "_wz", np.zeros(len(scale), np.int8))
        net.node("DequantizeLinear", [w, s, z], name + "_wdq", axis=0)
        bias_scale = scale * scales[node.input[0]]
        bs = net.constant(name + "_bs", bias_scale)
        b = net.constant(name + "_b32", np.round(bias / bias_scale).astype(np.int32))
        bz = net.constant(name + "_bz", np.zeros(len(scale), np.int32))
        net.node("DequantizeLinear", [b, bs, bz], name + "_bdq", axis=0)
        return [name + "_wdq", name + "_bdq"]

    stored = set(quantized_tensors(model))
    boundary("image", "image")
    for node in model.graph.node:
        inputs = [name + "_dq" if name in stored else name for name in node.input if name not in constants]
        if node.op_type in ("Conv", "Gemm"):
            inputs += constant_weights(node)
        copy = helper.make_node(node.op_type, inputs, list(node.output), name=node.name)
        copy.attribute.extend(node.attribute)
        net.nodes.append(copy)
        if node.output[0] in stored:
            boundary(node.output[0], node.output[0])
    net.nodes[-1].output[0] = "scores_out"
    graph = helper.make_graph(net.nodes, model.graph.name + "_qdq", list(model.graph.input),
                              [helper.make_tensor_value_info("scores_out", TensorProto.FLOAT, [1, CLASSES])],
                              net.constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 7
    onnx.checker.check_model(made)
    return made


def write_all(folder, run_ranges):
    """Writes images/, resnetN.onnx and, where run_ranges is given, resnetN_qdq.onnx; keeps what is there."""
    images = os.path.join(folder, "images")
    if not os.path.isdir(images):
        os.makedirs(images)
        for i, pixels in enumerate(random_images()):
            write_png(os.path.join(images, f"{i}.png"), pixels)
    for depth in BLOCKS:
        path = os.path.join(folder, f"resnet{depth}.onnx")
        if not os.path.exists(path):
            onnx.save(make(depth), path)
        twin = os.path.join(folder, f"resnet{depth}_qdq.onnx")
        if run_ranges is not None and not os.path.exists(twin):
            model = onnx.load(path)
            onnx.save(make_qdq(model, ranges_of(model, path, run_ranges)), twin)
