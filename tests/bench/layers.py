"""The convolutions of an ONNX file, for oneDNN: shapes, and the activation that is fused into each."""
import onnx
from onnx import numpy_helper, shape_inference


def strip_constant_inputs(model):
    """Old exporters list constants as inputs too; ONNX Runtime does not fold what a caller might replace.

    Whether there were any.
    """
    constants = {c.name for c in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in constants]
    found = len(inputs) < len(model.graph.input)
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return found


def shapes_of(model):
    graph = shape_inference.infer_shapes(model).graph
    shapes = {c.name: list(c.dims) for c in graph.initializer}
    for value in [*graph.input, *graph.output, *graph.value_info]:
        shapes[value.name] = [d.dim_value for d in value.type.tensor_type.shape.dim]
    return shapes


def activation_after(model, name, readers):
    """What follows a tensor, where nothing else reads it."""
    nodes = readers.get(name, [])
    if len(nodes) != 1:
        return "none"
    node = nodes[0]
    if node.op_type == "Relu":
        return "relu"
    if node.op_type == "Clip":
        constants = {c.name: c for c in model.graph.initializer}
        high = [float(numpy_helper.to_array(constants[i])) for i in node.input[2:3] if i in constants]
        high += [a.f for a in node.attribute if a.name == "max"]
        return "relu6" if high == [6.0] else "relu"
    return "none"


def conv_line(node, shapes, activation):
    attributes = {a.name: list(a.ints) or a.i for a in node.attribute if a.name != "auto_pad"}
    padding = [a.s.decode() for a in node.attribute if a.name == "auto_pad" and a.s not in (b"NOTSET", b"VALID")]
    if padding:
        raise ValueError(f"{node.name}: auto_pad {padding[0]} is not handled")
    _, in_c, in_h, in_w = shapes[node.input[0]]
    out_c, _, kernel_h, kernel_w = shapes[node.input[1]]
    _, _, out_h, out_w = shapes[node.output[0]]
    numbers = [in_c, in_h, in_w, out_c, out_h, out_w, kernel_h, kernel_w, *attributes.get("strides", [1, 1]),
               *attributes.get("dilations", [1, 1]), *attributes.get("pads", [0] * 4), attributes.get("group", 1)]
    return " ".join([(node.name or node.output[0]).replace(" ", "_"), *map(str, numbers), activation])


def conv_lines(model):
    shapes = shapes_of(model)
    readers = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return [conv_line(node, shapes, activation_after(model, node.output[0], readers))
            for node in model.graph.node if node.op_type == "Conv"]


def macs_of(line):
    """Multiply-accumulates of a line of conv_lines."""
    in_c, _, _, out_c, out_h, out_w, kernel_h, kernel_w = map(int, line.split()[1:9])
    return out_c * out_h * out_w * in_c // int(line.split()[-2]) * kernel_h * kernel_w


def is_u8s8(model):
    """Whether an int8 file has what ONNX Runtime is fastest at: uint8 activations and int8 weights."""
    constants = {c.name: c.data_type for c in model.graph.initializer}
    activations = {constants.get(n.input[2]) for n in model.graph.node if n.op_type == "QuantizeLinear"}
    weights = {constants[n.input[0]] for n in model.graph.node
               if n.op_type == "DequantizeLinear" and n.input[0] in constants}
    return activations == {onnx.TensorProto.UINT8} and onnx.TensorProto.INT8 in weights
