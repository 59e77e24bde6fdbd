#!/usr/bin/env python3
"""Writes small random ONNX models of every operator in each opset in which its definition changed.

    make_opset_models.py FOLDER

As make_models.py, which has the operators' forms; here the same computation is written as the opset wants it. Needs
Debian's python3-onnx and python3-numpy.
"""
import sys

import numpy as np
from onnx import TensorProto, helper
from make_models import IMAGE, Case, write

NEWEST = 23


def sweep(name, opsets, build, shape=IMAGE, **options):
    """One case for each opset; the newest is always among them."""
    for opset in sorted({*opsets, NEWEST}):
        case = Case(f"{name}_in_opset{opset}", opset, shape, **options)
        build(case, opset)


def plain(op, opsets, shape=IMAGE, options=None, **attributes):
    sweep(op, opsets, lambda case, opset: case.node(op, "x", **attributes), shape, **(options or {}))


def ints_operand(case, opset, since, name, values):
    """An operand that is an attribute before the opset `since`: (further inputs, attributes)."""
    return ([], {name: list(values)}) if opset < since else ([case.ints(f"{name}_values", *values)], {})


def unary():
    for op, opsets in {"Abs": (7, 13), "Ceil": (7, 13), "Celu": (12,), "Cos": (7, 22), "Elu": (7, 22), "Erf": (9, 13),
                       "Exp": (7, 13), "Floor": (7, 13), "Gelu": (20,), "GlobalAveragePool": (7, 22),
                       "GlobalMaxPool": (7, 22), "HardSigmoid": (7, 22), "HardSwish": (14, 22),
                       "Identity": (7, 13, 14, 16, 19, 21), "LeakyRelu": (7, 16), "Mish": (18, 22), "Neg": (7, 13),
                       "Reciprocal": (7, 13), "Relu": (7, 13, 14), "Round": (11, 22), "Selu": (7, 22),
                       "Sigmoid": (7, 13), "Sign": (9, 13), "Sin": (7, 22), "Softplus": (7, 22), "Softsign": (7, 22),
                       "Tanh": (7, 13), "ThresholdedRelu": (10, 22), "MeanVarianceNormalization": (9, 13)}.items():
        plain(op, opsets)
    for op, opsets in {"Log": (7, 13), "Sqrt": (7, 13)}.items():
        plain(op, opsets, options={"positive": True})
    for op in "Softmax", "LogSoftmax":
        plain(op, (7, 11, 13), axis=2)
        sweep(f"{op}_default", (7, 11, 13), lambda case, opset, op=op: case.node(op, "x"), (2, 3, 4))
    plain("LRN", (7, 13), size=3)
    plain("LpNormalization", (7, 22), axis=1, p=2)
    plain("Flatten", (7, 9, 11, 13, 21), axis=2)
    plain("Transpose", (7, 13, 21), perm=[0, 2, 3, 1])
    plain("DepthToSpace", (7, 11, 13), (1, 8, 3, 2), blocksize=2)
    plain("SpaceToDepth", (7, 13), (1, 3, 4, 6), blocksize=2)

    def clip(case, opset):
        if opset < 11:
            return case.node("Clip", "x", min=-0.5, max=0.75)
        low, high = case.values("low", np.float32(-0.5)), case.values("high", np.float32(0.75))
        return case.node("Clip", ["x", low, high])
    sweep("Clip", (7, 11, 12, 13), clip)

    def dropout(case, opset):
        inputs = ["x"] + ([case.values("ratio", np.float32(0.4))] if opset >= 12 else [])
        case.node("Dropout", inputs, "d", **({} if opset >= 12 else {"ratio": 0.4})).node("Neg", "d")
    sweep("Dropout", (7, 10, 12, 13, 22), dropout)
    sweep("Cast", (7, 9, 13, 19, 21), lambda case, opset: case.node("Cast", "x", to=TensorProto.FLOAT))


def windows():
    for op, opsets in {"MaxPool": (7, 8, 10, 11, 12, 22), "AveragePool": (7, 10, 11, 19, 22)}.items():
        plain(op, opsets, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
        sweep(f"{op}_ceil", [n for n in opsets if n >= 10],
              lambda case, opset, op=op: case.node(op, "x", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1))
    conv = lambda case, opset: case.node("Conv", ["x", case.weight("w", 6, 2, 3, 3), case.weight("b", 6)], group=2)
    sweep("Conv", (7, 11, 22), conv)
    sweep("ConvTranspose", (7, 11, 22),
          lambda case, opset: case.node("ConvTranspose", ["x", case.weight("w", 4, 5, 3, 3)], strides=[2, 2]))


def matrices():
    sweep("Gemm", (7, 9, 11, 13),
          lambda case, opset: case.node("Gemm", ["x", case.weight("w", 5, 3), case.weight("b", 3)]), (2, 5))
    sweep("MatMul", (7, 9, 13), lambda case, opset: case.node("MatMul", ["x", case.weight("w", 5, 3)]), (2, 5))


def normalizations():
    def batch_norm(case, opset):
        names = ["x"] + [case.weight(n, 4) for n in ("scale", "bias", "mean")]
        names.append(case.values("variance", case.random.uniform(0.5, 2, 4).astype(np.float32)))
        case.node("BatchNormalization", names)
    sweep("BatchNormalization", (7, 9, 14, 15), batch_norm)
    sweep("InstanceNormalization", (7, 22),
          lambda case, opset: case.node("InstanceNormalization", ["x", case.weight("s", 4), case.weight("b", 4)]))
    sweep("LayerNormalization", (17,),
          lambda case, opset: case.node("LayerNormalization", ["x", case.weight("s", 7), case.weight("b", 7)]))

    def group_norm(case, opset):
        count = 2 if opset < 21 else 4
        case.node("GroupNormalization", ["x", case.weight("s", count), case.weight("b", count)], num_groups=2)
    sweep("GroupNormalization", (18, 21), group_norm)
    sweep("PRelu", (7, 9, 16), lambda case, opset: case.node("PRelu", ["x", case.weight("slope", 4, 1, 1)]))


def binary():
    for op in "Add", "Sub", "Mul", "Div":
        sweep(op, (7, 13, 14), lambda case, opset, op=op: case.node(op, ["x", case.weight("c", 4, 1, 1)]))
    sweep("Pow", (7, 12, 13, 15), lambda case, opset: case.node("Pow", ["x", case.values("e", np.float32(2))]))
    for op, opsets in {"Max": (8, 12, 13), "Min": (8, 12, 13), "Sum": (8, 13), "Mean": (8, 13)}.items():
        sweep(op, opsets, lambda case, opset, op=op: case.node(op, ["x", case.weight("c", 4, 1, 1)]))
        full = lambda case, opset, op=op: case.node(op, ["x", case.weight("c", *IMAGE)])  # no broadcasting before 8
        full(Case(f"{op}_in_opset7", 7), 7)

    def folded(op):
        def build(case, opset):
            case.node(op, [case.weight("a", 7), case.weight("b", 7)], "k").node("Cast", "k", "f", to=TensorProto.FLOAT)
            case.node("Mul", "x f")
        return build
    for op, opsets in {"Less": (7, 9, 13), "Greater": (7, 9, 13), "LessOrEqual": (12, 16),
                       "GreaterOrEqual": (12, 16), "Equal": (11, 13, 19)}.items():
        sweep(op, opsets, folded(op))

    def where(case, opset):
        condition = case.values("k", np.array([True, False, True, True, False, False, True]))
        case.node("Where", [condition, case.weight("a", 7), case.weight("b", 7)], "f").node("Mul", "x f")
    sweep("Where", (9, 16), where)


def reductions():
    for op, since in {"ReduceMean": 18, "ReduceMax": 18, "ReduceMin": 18, "ReduceProd": 18, "ReduceL1": 18,
                      "ReduceL2": 18, "ReduceSumSquare": 18, "ReduceLogSum": 18, "ReduceLogSumExp": 18,
                      "ReduceSum": 13}.items():
        opsets = (7, 11, 13, 18) + ((12, 20) if op in ("ReduceMax", "ReduceMin") else ())

        def build(case, opset, op=op, since=since):
            more, attributes = ints_operand(case, opset, since, "axes", [1, 3] if opset < 11 else [1, -1])
            case.node(op, ["x"] + more, keepdims=0, **attributes)
        sweep(op, opsets, build, positive=op == "ReduceLogSum")


def layouts():
    sweep("Concat", (7, 11, 13),
          lambda case, opset: case.node("Concat", ["x", case.weight("c", 1, 2, 9, 7)], axis=1))

    def split(case, opset):
        more, attributes = ints_operand(case, opset, 13, "split", [1, 3])
        case.node("Split", ["x"] + more, "y0 y1", axis=1, **attributes)
    sweep("Split", (7, 11, 13, 18), split, outputs=("y0", "y1"))

    def slices(case, opset):
        if opset < 10:
            return case.node("Slice", "x", starts=[1, 2], ends=[8, 1000], axes=[2, 3])
        return case.node("Slice", ["x", case.ints("s", 1, 2), case.ints("e", 8, 1000), case.ints("a", 2, 3)])
    sweep("Slice", (7, 10, 11, 13), slices)

    def pad(case, opset):
        more, attributes = ints_operand(case, opset, 11, "pads", [0, 0, 1, 2, 0, 1, 2, 1])
        if opset < 11:
            return case.node("Pad", "x", value=1.5, **attributes)
        return case.node("Pad", ["x"] + more + [case.values("v", np.float32(1.5))])
    sweep("Pad", (7, 11, 13, 18, 19, 21), pad)
    for op, axes, shape in (("Squeeze", [0, 2], (1, 4, 1, 5)), ("Unsqueeze", [0, 3], (4, 5))):
        def build(case, opset, op=op, axes=axes):
            more, attributes = ints_operand(case, opset, 13, "axes", axes)
            case.node(op, ["x"] + more, **attributes)
        sweep(op, (7, 11, 13, 21), build, shape)
    sweep("Reshape", (7, 13, 14, 19, 21), lambda case, opset: case.node("Reshape", ["x", case.ints("s", 0, 2, 2, -1)]))
    sweep("Expand", (8, 13), lambda case, opset: case.node("Expand", ["x", case.ints("s", 2, 1, 3, 1)]), (1, 4, 1, 7))
    sweep("Tile", (7, 13), lambda case, opset: case.node("Tile", ["x", case.ints("r", 1, 2, 1, 3)]))
    sweep("Gather", (7, 11, 13),
          lambda case, opset: case.node("Gather", ["x", case.ints("i", 3, 0) if opset < 11 else case.ints("i", -1, 0)],
                                        axis=1))

    def by_shape(case, opset):
        case.node("Shape", "x", "d").node("Cast", "d", "f", to=TensorProto.FLOAT)
        case.node("Gather", ["f", case.ints("i", 2)], "g").node("Div", "x g")
    sweep("Shape", (7, 13, 15, 19, 21), by_shape)

    def fill(case, opset):
        value = helper.make_tensor("v", TensorProto.FLOAT, [1], [2.5])
        case.node("ConstantOfShape", case.ints("s", 4, 1, 1), "c", value=value).node("Mul", "x c")
    sweep("ConstantOfShape", (9, 20, 21), fill)

    def constant(case, opset):
        value = helper.make_tensor("v", TensorProto.FLOAT, [1], [2.5])
        case.node("Constant", [], "c", **({"value": value} if opset < 12 else {"value_float": 2.5})).node("Mul", "x c")
    sweep("Constant", (7, 9, 11, 12, 13, 19, 21), constant)
    def steps(case, opset):
        bounds = [case.values(n, np.int64(v)) for n, v in (("b", 0), ("e", 4), ("t", 2))]
        case.node("Range", bounds, "r").node("Gather", "x r", axis=1)
    sweep("Range", (11,), steps)


def resizes():
    for mode in "nearest", "linear":
        def build(case, opset, mode=mode):
            scales = np.array([1, 1, 2, 3], np.float32)
            if opset < 9:
                return case.node("Upsample", "x", mode=mode, scales=scales.tolist())
            if opset < 11:
                return case.node("Upsample" if opset == 9 else "Resize", ["x", case.values("s", scales)], mode=mode)
            region = "-" if opset >= 13 else case.values("r", np.zeros(0, np.float32))
            return case.node("Resize", ["x", region, case.values("s", scales)], mode=mode)
        sweep(f"Resize_{mode}", (7, 8, 9, 10, 11, 13, 18, 19), build)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for group in unary, windows, matrices, normalizations, binary, reductions, layouts, resizes:
        group()
    write(sys.argv[1])


if __name__ == "__main__":
    main()
