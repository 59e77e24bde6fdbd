#!/usr/bin/env python3
"""Writes small random quantized ONNX models, one per operator and form, with an input each.

    make_quantized_models.py FOLDER

As make_models.py; the outputs are float32 and use about the whole range of their 8 bits, so that one quantum is less
than a hundredth of the largest magnitude. Needs Debian's python3-onnx and python3-numpy.
"""
import sys

import numpy as np
from onnx import TensorProto, helper
from make_models import IMAGE, Case, write

MICROSOFT = "com.microsoft"


class Quantized(Case):
    """A case whose integers are of type `kind`, int8 or uint8. The input x is quantized to `q`."""

    def __init__(self, name, opset=13, shape=IMAGE, kind=np.uint8, outputs=("y",)):
        super().__init__(name, opset, shape, outputs)
        self.kind = kind
        self.x = np.clip(self.x, -3, 3)
        self.quantize("x", "q", 6 / 250, 0)

    def parameters(self, name, scale, shift):
        """Scale and zero point; `shift`: the zero point's distance from the middle of the range."""
        middle = 128 if self.kind == np.uint8 else 0
        self.values(f"{name}_s", np.float32(scale))
        self.values(f"{name}_z", np.asarray(middle + shift, self.kind))
        return [f"{name}_s", f"{name}_z"]

    def quantize(self, source, target, scale, shift):
        return self.node("QuantizeLinear", [source] + self.parameters(target, scale, shift), target)

    def dequantize(self, source, target="y", parameters=None):
        return self.node("DequantizeLinear", [source] + (parameters or [f"{source}_s", f"{source}_z"]), target)

    def constant(self, name, shape, scale, zero_point=0, kind=np.int8):
        """Integers with their scales (along one axis where there are several) and zero points."""
        low, high = (0, 255) if kind == np.uint8 else (-127, 127)
        self.values(name, self.random.integers(low, high + 1, shape).astype(kind))
        self.values(f"{name}_s", np.asarray(scale, np.float32))
        self.values(f"{name}_z", np.full(np.shape(scale), zero_point, kind))
        return [name, f"{name}_s", f"{name}_z"]

    def bias(self, name, count):
        return self.values(name, self.random.integers(-4000, 4000, count).astype(np.int32))


def both(name):
    return ((f"{name}_{kind.__name__}", kind) for kind in (np.uint8, np.int8))


def qdq():
    for opset in 10, 13, 19, 21, 23:
        for name, kind in both(f"qdq_opset{opset}"):
            Quantized(name, opset, kind=kind).dequantize("q")
    case = Case("qdq_no_zero_point", 13)
    case.node("QuantizeLinear", ["x", case.values("s", np.float32(0.02))], "q").node("DequantizeLinear", "q s")
    case = Case("qdq_output_dtype", 21)
    case.node("QuantizeLinear", ["x", case.values("s", np.float32(0.02))], "q", output_dtype=TensorProto.INT8)
    case.node("DequantizeLinear", "q s")
    case = Case("qdq_axis", 13)
    scale = case.values("s", np.array([0.01, 0.02, 0.03, 0.04], np.float32))
    zero = case.values("z", np.array([100, 120, 140, 128], np.uint8))
    case.node("QuantizeLinear", ["x", scale, zero], "q", axis=1).node("DequantizeLinear", "q s z", axis=1)
    case = Quantized("qdq_other_scale")
    case.dequantize("q", parameters=case.parameters("other", 0.05, 9))

    for name, kind in both("qdq_conv"):
        for per_channel in False, True:
            case = Quantized(f"{name}_{'channels' if per_channel else 'tensor'}", kind=kind)
            scale = np.linspace(0.002, 0.006, 6) if per_channel else 0.004
            case.node("DequantizeLinear", case.constant("w", (6, 4, 3, 3), scale), "wf", axis=0)
            case.values("b_s", np.asarray(np.float32(6 / 250) * np.asarray(scale, np.float32), np.float32))
            case.bias("b", 6)
            case.node("DequantizeLinear", ["b", "b_s"], "bf", axis=0)
            case.dequantize("q", "xf").node("Conv", "xf wf bf", "c").quantize("c", "cq", 0.05, 0).dequantize("cq")
    case = Quantized("qdq_conv_fake_quantized_weight")
    case.weight("w", 6, 4, 3, 3)
    case.values("w_s", np.linspace(0.01, 0.02, 6).astype(np.float32))
    case.values("w_z", np.zeros(6, np.int8))
    case.node("QuantizeLinear", "w w_s w_z", "wq", axis=0).node("DequantizeLinear", "wq w_s w_z", "wf", axis=0)
    case.dequantize("q", "xf").node("Conv", "xf wf", "c").quantize("c", "cq", 0.1, 0).dequantize("cq")
    case = Quantized("qdq_conv_unsigned_weight")
    case.node("DequantizeLinear", case.constant("w", (6, 4, 3, 3), 0.004, 120, np.uint8), "wf")
    case.dequantize("q", "xf").node("Conv", "xf wf", "c").quantize("c", "cq", 0.05, 0).dequantize("cq")
    case = Quantized("qdq_mat_mul_transposed", shape=(6, 16))
    case.node("DequantizeLinear", case.constant("w", (10, 16), np.linspace(0.002, 0.006, 10)), "wf", axis=0)
    case.node("Transpose", "wf", "wt", perm=[1, 0]).dequantize("q", "xf").node("MatMul", "xf wt", "c")
    case.quantize("c", "cq", 0.03, 0).dequantize("cq")
    case = Quantized("qdq_gemm", shape=(6, 16))
    case.node("DequantizeLinear", case.constant("w", (10, 16), 0.005), "wf")
    case.dequantize("q", "xf").node("Gemm", "xf wf", "c", transB=1).quantize("c", "cq", 0.04, 0).dequantize("cq")
    for op in "Add", "Mul":
        case = Quantized(f"qdq_{op.lower()}")
        case.node("DequantizeLinear", case.constant("w", (1, 4, 1, 1), 0.01), "wf")
        case.dequantize("q", "xf").node(op, "xf wf", "c").quantize("c", "cq", 0.03, 5).dequantize("cq")


def moves():
    """Integers that are moved or compared between QuantizeLinear and DequantizeLinear."""
    for name, kind in both("moves"):
        case = Quantized(name, kind=kind)
        case.node("MaxPool", "q", "p", kernel_shape=[2, 2]) if kind == np.uint8 else case.node("Identity", "q", "p")
        case.node("Transpose", "p", "t", perm=[0, 2, 3, 1]).node("Concat", "t t", "c", axis=-1)
        case.node("Reshape", ["c", case.ints("shape", 1, -1, 8)], "r")
        case.node("Slice", ["r", case.ints("b", 2), case.ints("e", 30), case.ints("a", 1)], "s")
        case.dequantize("s", parameters=["q_s", "q_z"])
        case = Quantized(f"{name}_pad", kind=kind)
        case.node("Pad", ["q", case.ints("p", 0, 0, 1, 1, 0, 0, 2, 0)], "t").dequantize("t", "y", ["q_s", "q_z"])
        case = Quantized(f"{name}_pad_value", kind=kind)
        case.node("Pad", ["q", case.ints("p", 0, 0, 1, 1, 0, 0, 2, 0), "q_z"], "t").dequantize("t", "y", ["q_s", "q_z"])
        case = Quantized(f"{name}_cast", kind=kind)
        case.node("Cast", "q", "y", to=TensorProto.FLOAT)
    case = Quantized("moves_constant")
    case.node("Concat", ["q", case.constant("w", (1, 2, 9, 7), 1, 0, np.uint8)[0]], "c", axis=1)
    case.dequantize("c", "y", ["q_s", "q_z"])


def qlinear():
    for name, kind in both("QLinearConv"):
        for form, scale in (("tensor", 0.004), ("channels", np.linspace(0.002, 0.006, 6))):
            for bias in False, True:
                case = Quantized(f"{name}_{form}{'_bias' if bias else ''}", 10, kind=kind)
                operands = ["q", "q_s", "q_z"] + case.constant("w", (6, 4, 3, 3), scale)
                operands += case.parameters("c", 0.05, 3) + ([case.bias("b", 6)] if bias else [])
                case.node("QLinearConv", operands, "c", pads=[1, 1, 0, 1], strides=[2, 1]).dequantize("c")
    case = Quantized("QLinearConv_depthwise_unsigned_weight", 13)
    operands = ["q", "q_s", "q_z"] + case.constant("w", (4, 1, 3, 3), 0.01, 131, np.uint8)
    case.node("QLinearConv", operands + case.parameters("c", 0.05, 0), "c", group=4).dequantize("c")
    for name, kind in both("QLinearMatMul"):
        for form, scale in (("tensor", 0.005), ("columns", np.linspace(0.002, 0.006, 10))):
            case = Quantized(f"{name}_{form}", 10 if form == "tensor" else 21, (6, 16), kind)
            operands = ["q", "q_s", "q_z"] + case.constant("w", (16, 10), scale)
            case.node("QLinearMatMul", operands + case.parameters("c", 0.04, -4), "c").dequantize("c")
        case = Quantized(f"{name}_computed", 10, (6, 16), kind).quantize("x", "p", 0.04, 7)
        case.node("Transpose", "p", "t").node("QLinearMatMul", ["q", "q_s", "q_z", "t", "p_s", "p_z"] +
                                              case.parameters("c", 0.2, 0), "c").dequantize("c")
        for op in "QLinearAdd", "QLinearMul":
            case = Quantized(f"{op}_{kind.__name__}", kind=kind).node("Neg", "x", "n").quantize("n", "p", 0.02, 9)
            case.node(op, ["q", "q_s", "q_z", "p", "p_s", "p_z"] + case.parameters("c", 0.03, 30), "c",
                      domain=MICROSOFT).dequantize("c")
            case = Quantized(f"{op}_constant_{kind.__name__}", kind=kind)
            case.node(op, ["q", "q_s", "q_z"] + case.constant("w", (1, 4, 1, 1), 0.02, kind=kind) +
                      case.parameters("c", 0.05, 0), "c", domain=MICROSOFT).dequantize("c")
        case = Quantized(f"QLinearConcat_{kind.__name__}", kind=kind).node("Neg", "x", "n").quantize("n", "p", 0.02, 9)
        case.node("QLinearConcat", case.parameters("c", 0.025, 1) + ["q", "q_s", "q_z", "p", "p_s", "p_z"], "c",
                  domain=MICROSOFT, axis=1).dequantize("c")
        one = lambda op, scale, shift, **attributes: case.node(
            op, ["q", "q_s", "q_z"] + case.parameters("c", scale, shift), "c", domain=MICROSOFT,
            **attributes).dequantize("c")
        case = Quantized(f"QLinearGlobalAveragePool_{kind.__name__}", kind=kind)
        one("QLinearGlobalAveragePool", 0.002, 0)
        case = Quantized(f"QLinearAveragePool_{kind.__name__}", kind=kind)
        one("QLinearAveragePool", 0.008, 0, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        case = Quantized(f"QLinearAveragePool_count_{kind.__name__}", kind=kind)
        one("QLinearAveragePool", 0.01, 0, kernel_shape=[3, 2], pads=[1, 1, 1, 1], count_include_pad=1)
        case = Quantized(f"QLinearSigmoid_{kind.__name__}", kind=kind)
        one("QLinearSigmoid", 1 / 256, -128)
        case = Quantized(f"QLinearLeakyRelu_{kind.__name__}", kind=kind)
        one("QLinearLeakyRelu", 0.015, -60, alpha=0.3)
        case = Quantized(f"QLinearSoftmax_{kind.__name__}", kind=kind)
        one("QLinearSoftmax", 1 / 256, -128, axis=-1, opset=13)
    for form, transposed, scale in (("tensor", 0, 0.005), ("columns", 1, np.linspace(0.002, 0.006, 10))):
        for bias, rounded in ((False, True), (True, True), (True, False)):
            case = Quantized(f"QGemm_{form}{'_bias' if bias else ''}{'' if rounded else '_float'}", shape=(6, 16))
            weight = case.constant("w", (10, 16) if transposed else (16, 10), scale)
            operands = ["q", "q_s", "q_z"] + weight + [case.bias("b", 10) if bias else "-"]
            operands += case.parameters("c", 0.04, 0) if rounded else []
            case.node("QGemm", operands, "c" if rounded else "y", domain=MICROSOFT, transB=transposed, alpha=1.0)
            if rounded:
                case.dequantize("c")


def integers():
    """ConvInteger and MatMulInteger behind QuantizeLinear and behind DynamicQuantizeLinear."""
    for name, kind in both("ConvInteger"):
        case = Quantized(name, 10, kind=kind)
        weight = case.constant("w", (6, 4, 3, 3), 0.004)
        case.node("ConvInteger", ["q", weight[0], "q_z"], "i", pads=[1, 1, 1, 1])
        case.node("Cast", "i", "f", to=TensorProto.FLOAT).node("Mul", ["f", "w_s"])
    case = Quantized("MatMulInteger", 10, (6, 16))
    weight = case.constant("w", (16, 10), 0.004, 119, np.uint8)
    case.node("MatMulInteger", ["q", "w", "q_z", "w_z"], "i")
    case.node("Cast", "i", "f", to=TensorProto.FLOAT).node("Mul", ["f", "w_s"])
    case = Quantized("MatMulInteger_columns", 10, (6, 16))
    case.constant("w", (16, 10), np.linspace(0.002, 0.006, 10), 3)
    case.node("MatMulInteger", ["q", "w", "q_z", "w_z"], "i")
    case.node("Cast", "i", "f", to=TensorProto.FLOAT).node("Mul", ["f", "w_s"])

    def dynamic(name, op, shape, weight, columns):
        case = Case(name, 13, shape)
        case.values("w", case.random.integers(-127, 128, weight).astype(np.int8))
        case.values("w_z", np.int8(2))
        case.values("w_s", np.asarray(0.004, np.float32))
        case.node("DynamicQuantizeLinear", "x", "q s z").node(op, "q w z w_z", "i")
        case.node("Cast", "i", "f", to=TensorProto.FLOAT).node("Mul", "s w_s", "scale")
        case.node("Mul", "f scale", "m").node("Add", ["m", case.weight("b", *columns)])

    dynamic("dynamic_ConvInteger", "ConvInteger", IMAGE, (6, 4, 3, 3), (1, 6, 1, 1))
    dynamic("dynamic_MatMulInteger", "MatMulInteger", (6, 16), (16, 10), (10,))
    case = Case("dynamic_DequantizeLinear", 13)
    case.node("DynamicQuantizeLinear", "x", "q s z").node("DequantizeLinear", "q s z")
    case = Case("DynamicQuantizeMatMul", 13, (6, 16))
    case.values("w", case.random.integers(-127, 128, (16, 10)).astype(np.int8))
    operands = ["x", "w", case.values("s", np.float32(0.004)), case.values("z", np.int8(0)), case.weight("b", 10)]
    case.node("DynamicQuantizeMatMul", operands, domain=MICROSOFT)
    case = Case("MatMulIntegerToFloat", 13, (6, 16))
    case.values("w", case.random.integers(-127, 128, (16, 10)).astype(np.int8))
    case.node("DynamicQuantizeLinear", "x", "q s z")
    operands = ["q", "w", "s", case.values("w_s", np.linspace(0.002, 0.006, 10).astype(np.float32)), "z", "-",
                case.weight("b", 10)]
    case.node("MatMulIntegerToFloat", operands, domain=MICROSOFT)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for group in qdq, moves, qlinear, integers:
        group()
    write(sys.argv[1])


if __name__ == "__main__":
    main()
