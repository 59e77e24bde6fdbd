#!/usr/bin/env python3
"""Writes small random ONNX models, one per operator and form, with an input each.

    make_models.py FOLDER

For every case FOLDER gets NAME.onnx and NAME.input.npy (the only input, named x, float32). ort_reference.js adds the
expected outputs, compare.py runs Octet on them. The models are the same on every run.
Needs Debian's python3-onnx and python3-numpy.
"""
import os
import sys
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE = (1, 4, 9, 7)
CASES = {}


class Case:
    """One model: nodes on the input x, the last of which makes y (or the outputs that are named)."""

    def __init__(self, name, opset, shape=IMAGE, outputs=("y",), positive=False, scale=1.0, ir_version=None):
        if name in CASES:
            raise ValueError(f"two cases are called {name}")
        CASES[name] = self
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.opset, self.shape, self.outputs = opset, shape, outputs
        self.ir_version = ir_version or (8 if opset < 20 else 10 if opset < 23 else 11)
        x = self.random.standard_normal(shape).astype(np.float32) * np.float32(scale)
        self.x = np.abs(x) + np.float32(0.1) if positive else x
        self.nodes, self.initializers = [], []

    def values(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, name, *shape):
        return self.values(name, self.random.standard_normal(shape).astype(np.float32) * np.float32(0.5))

    def ints(self, name, *values):
        return self.values(name, np.array(values, dtype=np.int64))

    def node(self, op, inputs, outputs="y", **attributes):
        as_list = lambda names: names.split() if isinstance(names, str) else list(names)
        names = ["" if name == "-" else name for name in as_list(inputs)]
        self.nodes.append(helper.make_node(op, names, as_list(outputs), **attributes))
        return self

    def model(self):
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)]
        if self.ir_version < 4:  # weights are inputs with a default there
            inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in self.initializers]
        outputs = [helper.make_empty_tensor_value_info(name) for name in self.outputs]
        for value in outputs:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
        graph = helper.make_graph(self.nodes, "case", inputs, outputs, self.initializers)
        domains = sorted({"", *(node.domain for node in self.nodes)})
        versions = [helper.make_opsetid(domain, 1 if domain else self.opset) for domain in domains]
        model = helper.make_model(graph, opset_imports=versions)
        model.ir_version = self.ir_version
        return model


def windows():
    def conv(name, weight, opset=11, shape=IMAGE, bias=True, **attributes):
        case = Case(name, opset, shape)
        inputs = ["x", case.weight("w", *weight)] + ([case.weight("b", weight[0])] if bias else [])
        return case.node("Conv", inputs, **attributes)

    conv("conv", (6, 4, 3, 3))
    conv("conv_no_bias", (6, 4, 3, 3), bias=False)
    conv("conv_1x1", (6, 4, 1, 1))
    conv("conv_kernel_shape", (6, 4, 3, 2), kernel_shape=[3, 2])
    conv("conv_pads", (6, 4, 3, 3), pads=[0, 1, 2, 1])
    conv("conv_strides", (6, 4, 3, 3), strides=[2, 3], pads=[1, 1, 1, 1])
    conv("conv_dilations", (6, 4, 3, 2), dilations=[2, 3])
    conv("conv_groups", (6, 2, 3, 3), group=2)
    conv("conv_depthwise", (8, 1, 3, 3), group=4, pads=[1, 1, 1, 1])
    for mode in "SAME_UPPER", "SAME_LOWER", "VALID":
        conv(f"conv_{mode.lower()}", (6, 4, 4, 3), auto_pad=mode, strides=[2, 2])
    conv("conv_1d", (6, 4, 3), shape=(1, 4, 12), pads=[1, 2], strides=[2])
    conv("conv_1d_groups", (4, 1, 3), shape=(1, 4, 12), group=4, dilations=[2])
    conv("conv_opset23", (6, 4, 3, 3), opset=23)

    case = Case("conv_weights_among_inputs", 7, ir_version=3)
    case.node("Conv", ["x", case.weight("w", 6, 4, 3, 3), case.weight("b", 6)])
    case = Case("conv_half_weights", 13)
    half = lambda name, *shape: case.values(name, case.random.standard_normal(shape).astype(np.float16))
    case.node("Cast", half("wh", 6, 4, 3, 3), "w", to=TensorProto.FLOAT)
    case.node("Conv", "x w", kernel_shape=[3, 3])
    case = Case("conv_identity_weights", 13)
    case.node("Identity", case.weight("w", 6, 4, 3, 3), "v").node("Conv", "x v")

    def transposed(name, weight, outputs, shape=IMAGE, **attributes):
        case = Case(name, 11, shape)
        case.node("ConvTranspose", ["x", case.weight("w", *weight), case.weight("b", outputs)], **attributes)

    transposed("conv_transpose", (4, 5, 3, 3), 5)
    transposed("conv_transpose_strides", (4, 5, 3, 2), 5, strides=[2, 3], pads=[1, 0, 1, 1])
    transposed("conv_transpose_groups", (4, 3, 3, 3), 6, group=2, strides=[2, 2])
    transposed("conv_transpose_dilations", (4, 5, 3, 3), 5, dilations=[2, 2])
    transposed("conv_transpose_output_padding", (4, 5, 3, 3), 5, strides=[2, 2], output_padding=[1, 1],
               pads=[1, 1, 1, 1])
    transposed("conv_transpose_output_shape", (4, 5, 3, 3), 5, strides=[2, 2], output_shape=[18, 14])
    transposed("conv_transpose_same_upper", (4, 5, 3, 3), 5, strides=[2, 2], auto_pad="SAME_UPPER")
    transposed("conv_transpose_same_lower", (4, 5, 4, 4), 5, strides=[2, 2], auto_pad="SAME_LOWER")
    transposed("conv_transpose_1d", (4, 5, 3), 5, shape=(1, 4, 9), strides=[2], pads=[1, 0])

    for op, short in (("MaxPool", "max_pool"), ("AveragePool", "average_pool")):
        pool = lambda name, opset=12, shape=IMAGE, **attributes: Case(f"{short}{name}", opset, shape).node(
            op, "x", **attributes)
        pool("", kernel_shape=[3, 2])
        pool("_opset8", opset=8, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        pool("_pads", kernel_shape=[3, 3], strides=[2, 1], pads=[0, 1, 2, 1])
        pool("_ceil", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
        pool("_ceil_pads", kernel_shape=[2, 2], strides=[3, 3], pads=[0, 0, 1, 1], ceil_mode=1)
        pool("_same_upper", kernel_shape=[3, 2], strides=[2, 2], auto_pad="SAME_UPPER")
        pool("_same_lower", kernel_shape=[2, 3], strides=[2, 2], auto_pad="SAME_LOWER")
        pool("_valid", kernel_shape=[3, 3], strides=[2, 2], auto_pad="VALID")
        pool("_1d", shape=(1, 4, 12), kernel_shape=[3], strides=[2], pads=[1, 1])
        pool("_dilations", opset=19, kernel_shape=[2, 2], dilations=[2, 3], pads=[1, 1, 1, 1])
        pool("_opset22", opset=22, kernel_shape=[2, 2])
    count = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    Case("average_pool_count_pads", 11).node("AveragePool", "x", strides=[2, 2], **count)
    Case("average_pool_count_pads_ceil", 19).node("AveragePool", "x", strides=[2, 2], ceil_mode=1, **count)
    for op in "GlobalAveragePool", "GlobalMaxPool":
        Case(op, 11).node(op, "x")
        Case(f"{op}_1d", 11, (1, 4, 12)).node(op, "x")


def matrices():
    def gemm(name, b, c, shape=(2, 5), opset=11, **attributes):
        case = Case(name, opset, shape)
        inputs = ["x", case.weight("w", *b)] + ([case.weight("b", *c)] if c is not None else [])
        case.node("Gemm", inputs, **attributes)

    gemm("gemm", (5, 3), (3,))
    gemm("gemm_trans_b", (3, 5), (3,), transB=1)
    gemm("gemm_trans_a", (2, 3), (3,), transA=1)
    gemm("gemm_alpha_beta", (3, 5), (3,), transB=1, alpha=0.5, beta=2.0)
    gemm("gemm_alpha", (3, 5), (3,), transB=1, alpha=0.5)
    gemm("gemm_beta_zero", (3, 5), (3,), transB=1, beta=0.0)
    gemm("gemm_row_bias", (5, 3), (1, 3))
    gemm("gemm_column_bias", (5, 3), (2, 1))
    gemm("gemm_matrix_bias", (5, 3), (2, 3), alpha=0.25)
    gemm("gemm_scalar_bias", (5, 3), ())
    gemm("gemm_one_bias", (5, 3), (1,))
    gemm("gemm_no_bias", (5, 3), None, opset=13)
    gemm("gemm_opset7", (5, 3), (3,), opset=7)
    case = Case("gemm_computed", 13, (3, 5))
    case.node("Exp", "x", "e").node("Gemm", "x e", transB=1, alpha=0.1)

    def mat_mul(name, shape, weight):
        case = Case(name, 13, shape)
        case.node("MatMul", ["x", case.weight("w", *weight)])

    mat_mul("mat_mul", (2, 5), (5, 3))
    mat_mul("mat_mul_batched", (2, 4, 5), (5, 3))
    mat_mul("mat_mul_stacked_weight", (2, 4, 5), (2, 5, 3))
    mat_mul("mat_mul_vector_weight", (2, 4, 5), (5,))
    mat_mul("mat_mul_vector_input", (5,), (5, 3))
    case = Case("mat_mul_weight_left", 13, (5, 3))
    case.node("MatMul", [case.weight("w", 2, 5), "x"])
    case = Case("mat_mul_vector_left", 13, (2, 5, 3))
    case.node("MatMul", [case.weight("w", 5), "x"])
    case = Case("mat_mul_transposed_weight", 13, (2, 5))
    case.node("Transpose", case.weight("w", 3, 5), "t").node("MatMul", "x t")
    case = Case("mat_mul_computed", 13, (2, 4, 5))
    case.node("Transpose", "x", "t", perm=[0, 2, 1]).node("MatMul", "x t")


def normalizations():
    def batch_norm(name, opset, shape=IMAGE, **attributes):
        case = Case(name, opset, shape)
        names = ["x"] + [case.weight(n, shape[1]) for n in ("scale", "bias", "mean")]
        names.append(case.values("variance", case.random.uniform(0.5, 2, shape[1]).astype(np.float32)))
        return case, names, attributes

    for name, opset, shape, attributes in (
            ("batch_norm_opset7", 7, IMAGE, {"spatial": 1, "epsilon": 1e-3}), ("batch_norm_opset9", 9, IMAGE, {}),
            ("batch_norm_opset15", 15, IMAGE, {"momentum": 0.5, "training_mode": 0}),
            ("batch_norm_2d", 9, (3, 4), {}), ("batch_norm_1d", 9, (1, 4, 6), {})):
        case, names, attributes = batch_norm(name, opset, shape, **attributes)
        case.node("BatchNormalization", names, **attributes)
    case, names, _ = batch_norm("batch_norm_after_conv", 13)
    case.node("Conv", ["x", case.weight("w", 4, 4, 3, 3)], "c").node("BatchNormalization", ["c"] + names[1:])
    case, names, _ = batch_norm("batch_norm_before_conv", 13)
    case.node("BatchNormalization", names, "n").node("Conv", ["n", case.weight("w", 6, 4, 3, 3)], pads=[1, 1, 1, 1])

    for shape in IMAGE, (1, 4, 12):
        case = Case(f"instance_norm_{len(shape)}", 13, shape)
        case.node("InstanceNormalization", ["x", case.weight("s", 4), case.weight("b", 4)], epsilon=1e-3)
    for axis, shape in ((-1, (7,)), (2, (9, 7)), (1, (4, 9, 7))):
        case = Case(f"layer_norm_axis{axis}", 17)
        case.node("LayerNormalization", ["x", case.weight("s", *shape), case.weight("b", *shape)], axis=axis)
    case = Case("layer_norm_no_bias", 17)
    case.node("LayerNormalization", ["x", case.weight("s", 7)])
    case = Case("group_norm_opset21", 21)
    case.node("GroupNormalization", ["x", case.weight("s", 4), case.weight("b", 4)], num_groups=2)
    case = Case("group_norm_opset18", 18)
    case.node("GroupNormalization", ["x", case.weight("s", 2), case.weight("b", 2)], num_groups=2)
    for size in 3, 5:
        Case(f"lrn_{size}", 13, (1, 8, 5, 4)).node("LRN", "x", size=size, alpha=0.3, beta=0.6, bias=1.5)
    Case("mean_variance_norm", 13).node("MeanVarianceNormalization", "x")
    for p in 1, 2:
        Case(f"lp_norm_{p}", 13).node("LpNormalization", "x", p=p, axis=1)
    for op in "Softmax", "LogSoftmax":
        for opset, axis in ((11, None), (11, 1), (11, 2), (11, 3), (11, 0), (11, -2), (13, None), (13, 1), (13, -2)):
            attributes = {} if axis is None else {"axis": axis}
            Case(f"{op}_opset{opset}_axis{axis}", opset).node(op, "x", **attributes)
        Case(f"{op}_matrix", 9, (3, 5)).node(op, "x")


def elementwise():
    signed = [("Abs", 13), ("Neg", 13), ("Exp", 13), ("Floor", 13), ("Ceil", 13), ("Round", 11), ("Erf", 13),
              ("Reciprocal", 13), ("Sin", 7), ("Cos", 7), ("Sign", 13), ("Softplus", 1), ("Softsign", 1),
              ("Tanh", 13), ("Sigmoid", 13), ("Relu", 14), ("HardSwish", 14), ("Identity", 13)]
    for op, opset in signed:
        Case(op, max(opset, 7), scale=3.0).node(op, "x")
    for op in "Sqrt", "Log":
        Case(op, 13, positive=True).node(op, "x")
    Case("Mish", 18).node("Mish", "x")
    Case("Gelu", 20).node("Gelu", "x")
    Case("Gelu_tanh", 20).node("Gelu", "x", approximate="tanh")
    Case("Elu", 7).node("Elu", "x")
    Case("Elu_alpha", 7).node("Elu", "x", alpha=0.3)
    Case("Celu", 12).node("Celu", "x", alpha=0.7)
    Case("Selu", 7).node("Selu", "x")
    Case("Selu_gamma", 7).node("Selu", "x", alpha=1.2, gamma=0.8)
    Case("LeakyRelu", 7).node("LeakyRelu", "x")
    Case("LeakyRelu_alpha", 16).node("LeakyRelu", "x", alpha=0.3)
    Case("HardSigmoid", 7, scale=4.0).node("HardSigmoid", "x")
    Case("HardSigmoid_alpha", 7, scale=4.0).node("HardSigmoid", "x", alpha=1 / 6, beta=0.4)
    Case("ThresholdedRelu", 10).node("ThresholdedRelu", "x", alpha=0.4)
    Case("Clip_opset7", 7).node("Clip", "x", min=-0.5, max=0.75)
    Case("Clip_opset7_max", 7).node("Clip", "x", max=0.75)
    Case("Clip_none", 13).node("Clip", "x")
    case = Case("Clip_inputs", 11)
    case.node("Clip", ["x", case.values("low", np.float32(-0.5)), case.values("high", np.float32(0.75))])
    case = Case("Clip_high", 13)
    case.node("Clip", ["x", "-", case.values("high", np.float32(0.75))])
    case = Case("Clip_computed", 13)
    case.node("Cast", case.values("i", np.int64(1)), "high", to=TensorProto.FLOAT).node("Neg", "high", "low")
    case.node("Clip", "x low high")
    for name, shape in (("channel", (4, 1, 1)), ("one", (1,)), ("full", (1, 4, 9, 7))):
        case = Case(f"PRelu_{name}", 9)
        case.node("PRelu", ["x", case.weight("slope", *shape)])

    for op in "Add", "Sub", "Mul", "Div":
        for name, shape in (("channel", (1, 4, 1, 1)), ("row", (7,)), ("scalar", ()), ("grows", (2, 1, 4, 9, 1))):
            case = Case(f"{op}_{name}", 13)
            case.node(op, ["x", case.weight("c", *shape)])
        case = Case(f"{op}_left", 7)
        case.node(op, [case.weight("c", 4, 1, 1), "x"])
        case = Case(f"{op}_computed", 14)
        case.node("Exp", "x", "e").node(op, "x e")
    case = Case("Pow", 7, positive=True)
    case.node("Pow", ["x", case.values("e", np.float32(1.7))])
    case = Case("Pow_int", 13)
    case.node("Pow", ["x", case.values("e", np.int64(2))])
    case = Case("Pow_tensor", 13, positive=True)
    case.node("Pow", ["x", case.weight("e", 4, 1, 1)])
    for op in "Max", "Min", "Sum", "Mean":
        Case(f"{op}_one", 8).node(op, "x")
        case = Case(f"{op}_three", 13)
        case.node("Neg", "x", "n").node(op, ["x", "n", case.weight("c", 4, 1, 1)])
    for op, opset in ReductionOpsets.items():
        reduction(op, opset)


# The opset in which axes became an input.
ReductionOpsets = {"ReduceMean": 18, "ReduceMax": 18, "ReduceMin": 18, "ReduceProd": 18, "ReduceL1": 18,
                   "ReduceL2": 18, "ReduceSumSquare": 18, "ReduceLogSum": 18, "ReduceLogSumExp": 18, "ReduceSum": 13}


def reduction(op, opset):
    positive = op == "ReduceLogSum"
    shape = (1, 4, 3, 5)
    Case(f"{op}_all", 11, shape, positive=positive).node(op, "x", keepdims=0)
    Case(f"{op}_axes", 11, shape, positive=positive).node(op, "x", axes=[2, 3])
    Case(f"{op}_drop", 11, shape, positive=positive).node(op, "x", axes=[1, -1], keepdims=0)
    Case(f"{op}_channel", 12 if opset > 13 else 11, shape, positive=positive).node(op, "x", axes=[1])
    case = Case(f"{op}_input", opset, shape, positive=positive)
    case.node(op, ["x", case.ints("axes", -2)], keepdims=0)
    Case(f"{op}_noop", opset, shape, positive=positive).node(op, "x") if op != "ReduceMean" else Case(
        f"{op}_noop", opset, shape).node(op, "x", noop_with_empty_axes=1)


def layouts():
    for name, axis in (("channels", 1), ("last", -1), ("batch", 0)):
        Case(f"Concat_{name}", 13).node("Neg", "x", "n").node("Concat", "x n x", axis=axis)
    case = Case("Concat_constant", 13)
    case.node("Concat", ["x", case.weight("c", 1, 2, 9, 7)], axis=1)
    Case("Split_equal_opset11", 11, outputs=("y0", "y1")).node("Split", "x", "y0 y1", axis=1)
    Case("Split_sizes_opset11", 11, outputs=("y0", "y1")).node("Split", "x", "y0 y1", axis=2, split=[2, 7])
    case = Case("Split_sizes_opset13", 13, outputs=("y0", "y1", "y2"))
    case.node("Split", ["x", case.ints("s", 1, 2, 1)], "y0 y1 y2", axis=1)
    Case("Split_num_outputs", 18, outputs=("y0", "y1")).node("Split", "x", "y0 y1", axis=-1, num_outputs=2)
    Case("Split_used_once", 13).node("Split", "x", "a b", axis=1).node("Relu", "b")
    Case("Slice_opset9", 9).node("Slice", "x", starts=[1, -3], ends=[-1, 1000], axes=[2, 3])
    Case("Slice_opset9_no_axes", 9).node("Slice", "x", starts=[0, 1], ends=[1, 3])
    case = Case("Slice_inputs", 13)
    case.node("Slice", ["x", case.ints("s", 1, 8), case.ints("e", 4, -1000), case.ints("a", 1, -2),
                        case.ints("t", 2, -2)])
    case = Case("Slice_int32", 11)
    narrow = lambda name, *values: case.values(name, np.array(values, np.int32))
    case.node("Slice", ["x", narrow("s", 1), narrow("e", 3), narrow("a", 1)])
    case = Case("Slice_no_axes", 10)
    case.node("Slice", ["x", case.ints("s", 0, 1), case.ints("e", 1, 3)])
    pads = [0, 0, 1, 2, 0, 1, 2, 1]
    for mode in "constant", "reflect", "edge":
        mode_pads = pads if mode != "reflect" else [0, 0, 1, 2, 0, 0, 2, 1]
        Case(f"Pad_{mode}_opset10", 10).node("Pad", "x", mode=mode, pads=mode_pads)
        case = Case(f"Pad_{mode}_input", 13)
        case.node("Pad", ["x", case.ints("p", *mode_pads)], mode=mode)
    Case("Pad_value_opset10", 10).node("Pad", "x", pads=pads, value=1.5)
    case = Case("Pad_value_input", 11)
    case.node("Pad", ["x", case.ints("p", *pads), case.values("v", np.float32(-2.5))])
    case = Case("Pad_axes", 18)
    case.node("Pad", ["x", case.ints("p", 1, 2, 0, 1), "-", case.ints("a", -1, 2)])
    case = Case("Pad_before_conv", 13)
    case.node("Pad", ["x", case.ints("p", 0, 0, 1, 2, 0, 0, 2, 1)], "p1")
    case.node("Conv", ["p1", case.weight("w", 6, 4, 3, 3)])

    for name, shape, opset, attributes in (("", (0, -1), 5, {}), ("_copy", (0, 2, 2, -1), 13, {}),
                                           ("_flat", (-1,), 14, {"allowzero": 0})):
        case = Case(f"Reshape{name}", max(opset, 7))
        case.node("Reshape", ["x", case.ints("s", *shape)], **attributes)
    for axis in 0, 1, 2, 4, -1:
        Case(f"Flatten_{axis}", 13).node("Flatten", "x", axis=axis)
    Case("Squeeze_opset11", 11, (1, 4, 1, 5)).node("Squeeze", "x", axes=[0, 2])
    Case("Squeeze_all", 11, (1, 4, 1, 5)).node("Squeeze", "x")
    case = Case("Squeeze_input", 13, (1, 4, 1, 5))
    case.node("Squeeze", ["x", case.ints("a", -2)])
    Case("Unsqueeze_opset11", 11, (4, 5)).node("Unsqueeze", "x", axes=[0, 3])
    case = Case("Unsqueeze_input", 13, (4, 5))
    case.node("Unsqueeze", ["x", case.ints("a", -1, 0)])
    Case("Transpose", 13).node("Transpose", "x", perm=[0, 2, 3, 1])
    Case("Transpose_default", 13, (2, 3, 4)).node("Transpose", "x")
    for mode in "DCR", "CRD":
        Case(f"DepthToSpace_{mode}", 11, (1, 8, 3, 2)).node("DepthToSpace", "x", blocksize=2, mode=mode)
    Case("DepthToSpace_opset7", 7, (1, 8, 3, 2)).node("DepthToSpace", "x", blocksize=2)
    Case("SpaceToDepth", 13, (1, 3, 4, 6)).node("SpaceToDepth", "x", blocksize=2)
    for name, axis, indices in (("", 0, [0]), ("_axis", 1, [3, 0, -1]), ("_matrix", -1, [[0, 1], [6, 2]])):
        case = Case(f"Gather{name}", 13)
        case.node("Gather", ["x", case.values("i", np.array(indices, np.int64))], axis=axis)
    case = Case("Gather_scalar_int32", 13)
    case.node("Gather", ["x", case.values("i", np.int32(2))], axis=2)
    case = Case("Expand", 8, (1, 4, 1, 7))
    case.node("Expand", ["x", case.ints("s", 2, 1, 3, 1)])
    case = Case("Tile", 13, (1, 2, 3, 2))
    case.node("Tile", ["x", case.ints("r", 1, 2, 1, 3)])
    Case("Dropout_opset7", 7).node("Dropout", "x", "d", ratio=0.4).node("Relu", "d")
    case = Case("Dropout_opset12", 12)
    case.node("Dropout", ["x", case.values("r", np.float32(0.5)), case.values("t", np.array(False))], "d")
    case.node("Relu", "d")


def resizes():
    for mode in "nearest", "linear":
        Case(f"Upsample_opset7_{mode}", 7).node("Upsample", "x", mode=mode, scales=[1.0, 1.0, 2.0, 3.0])
        for opset in 9, 10:
            case = Case(f"{'Upsample' if opset == 9 else 'Resize'}_opset{opset}_{mode}", opset)
            scales = case.values("s", np.array([1, 1, 2, 1.5], np.float32))
            case.node("Upsample" if opset == 9 else "Resize", ["x", scales], mode=mode)
    for mode in "nearest", "linear", "cubic":
        for coordinates in "half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel":
            short = f"{mode}_{coordinates}"
            case = Case(f"Resize_{short}_up", 13)
            case.node("Resize", ["x", "-", case.values("s", np.array([1, 1, 2.5, 2], np.float32))], mode=mode,
                      coordinate_transformation_mode=coordinates)
            case = Case(f"Resize_{short}_sizes", 11)
            case.node("Resize", ["x", case.values("r", np.zeros(0, np.float32)),
                                 case.values("s", np.zeros(0, np.float32)), case.ints("z", 1, 4, 5, 13)],
                      mode=mode, coordinate_transformation_mode=coordinates)
    for nearest in "round_prefer_floor", "round_prefer_ceil", "floor", "ceil":
        case = Case(f"Resize_{nearest}", 13)
        case.node("Resize", ["x", "-", case.values("s", np.array([1, 1, 1.6, 0.55], np.float32))], mode="nearest",
                  nearest_mode=nearest)
    case = Case("Resize_cubic_coefficient", 13)
    case.node("Resize", ["x", "-", case.values("s", np.array([1, 1, 2, 2], np.float32))], mode="cubic",
              cubic_coeff_a=-0.5)
    case = Case("Resize_axes", 18)
    case.node("Resize", ["x", "-", "-", case.ints("z", 12, 9)], axes=[2, 3], mode="linear")
    case = Case("Resize_opset19", 19)
    case.node("Resize", ["x", "-", case.values("s", np.array([2, 2], np.float32))], axes=[-2, -1], mode="linear")
    case = Case("Resize_computed_sizes", 13)  # as PyTorch writes interpolate(size=...)
    case.node("Shape", "x", "d").node("Slice", ["d", case.ints("s", 0), case.ints("e", 2), case.ints("a", 0)], "n")
    case.node("Concat", ["n", case.ints("hw", 10, 11)], "z", axis=0).node("Resize", "x - - z", mode="linear")


def shape_arithmetic():
    case = Case("reshape_by_shape", 11)  # view(x.size(0), -1)
    case.node("Shape", "x", "d").node("Gather", ["d", case.values("zero", np.int64(0))], "n", axis=0)
    case.node("Unsqueeze", "n", "n1", axes=[0]).node("Concat", ["n1", case.ints("rest", -1)], "s", axis=0)
    case.node("Reshape", "x s")
    case = Case("reshape_by_arithmetic", 13)
    case.node("Shape", "x", "d").node("Gather", ["d", case.ints("one", 1)], "c")
    case.node("Div", ["c", case.ints("two", 2)], "half").node("Mul", ["half", "two"], "again")
    case.node("Sub", ["again", "two"], "less").node("Add", ["less", "two"], "sum")
    case.node("Concat", [case.ints("b", 1), "sum", case.ints("e", -1)], "s", axis=0).node("Reshape", "x s")
    case = Case("shape_start_end", 15)
    case.node("Shape", "x", "d", start=1, end=-1).node("Concat", ["d", case.ints("e", -1)], "s", axis=0)
    case.node("Reshape", "x s")
    case = Case("size_of_input", 13)
    case.node("Size", "x", "n").node("Cast", "n", "f", to=TensorProto.FLOAT).node("Div", "x f")
    case = Case("expand_by_where", 13, (1, 4, 1, 7))  # as PyTorch writes expand(-1, ...)
    minus = case.ints("m", -1)
    case.node("ConstantOfShape", case.ints("four", 4), "ones",
              value=helper.make_tensor("v", TensorProto.INT64, [1], [1]))
    case.node("Mul", ["ones", minus], "negative").node("Equal", [case.ints("want", -1, 4, 3, -1), "negative"], "same")
    case.node("Where", ["same", "ones", "want"], "s").node("Expand", "x s")
    case = Case("range_gather", 13)
    case.node("Shape", "x", "d").node("Gather", ["d", case.values("i", np.int64(1))], "c")
    case.node("Range", [case.values("zero", np.int64(0)), "c", case.values("two", np.int64(2))], "even")
    case.node("Gather", "x even", axis=1)
    case = Case("cast_scale", 13)
    case.node("Shape", "x", "d").node("Gather", ["d", case.ints("i", 3)], "w")
    case.node("Cast", "w", "f", to=TensorProto.FLOAT).node("Sqrt", "f", "r").node("Div", "x r")
    case = Case("constants", 13)
    case.node("Constant", [], "a", value_float=2.0).node("Mul", "x a", "p")
    case.node("Constant", [], "b", value_floats=[1.0] * 7).node("Add", "p b", "q")
    case.node("Constant", [], "c", value=numpy_helper.from_array(np.arange(9, dtype=np.float32).reshape(9, 1)))
    case.node("Add", "q c", "r").node("Constant", [], "s", value_ints=[4, -1]).node("Reshape", "r s")
    case = Case("compare_folded", 13)
    case.node("Constant", [], "t", value=numpy_helper.from_array(np.array([1, 5, 3, 2, 9, 0, 7], np.float32)))
    case.node("Constant", [], "u", value_float=3.0)
    for i, op in enumerate(("Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Equal")):
        case.node(op, "t u", f"k{i}").node("Cast", f"k{i}", f"f{i}", to=TensorProto.FLOAT)
    case.node("Not", "k0", "n").node("And", "n k2", "an").node("Or", "an k1", "o").node("Cast", "o", "fo", to=1)
    case.node("Sum", "f0 f1 f2 f3 f4 fo", "sum").node("Mul", "x sum")


def networks():
    case = Case("residual_block", 13)
    case.node("Conv", ["x", case.weight("w1", 4, 4, 3, 3), case.weight("b1", 4)], "c", pads=[1, 1, 1, 1])
    case.node("Relu", "c", "r").node("Conv", ["r", case.weight("w2", 4, 4, 3, 3)], "d", pads=[1, 1, 1, 1])
    case.node("Add", "d x", "s").node("Relu", "s")
    case = Case("squeeze_excite", 13)
    case.node("GlobalAveragePool", "x", "g").node("Conv", ["g", case.weight("w1", 2, 4, 1, 1)], "c")
    case.node("Relu", "c", "r").node("Conv", ["r", case.weight("w2", 4, 2, 1, 1)], "d").node("HardSigmoid", "d", "h")
    case.node("Mul", "x h")
    Case("spelled_silu", 13).node("Sigmoid", "x", "s").node("Mul", "x s")
    case = Case("spelled_hard_swish", 13, scale=3.0)
    case.node("Add", ["x", case.values("three", np.float32(3))], "a")
    case.node("Clip", ["a", case.values("zero", np.float32(0)), case.values("six", np.float32(6))], "c")
    case.node("Mul", "x c", "m").node("Div", "m six")
    case = Case("spelled_gelu", 13)
    case.node("Div", ["x", case.values("root", np.float32(2 ** 0.5))], "d").node("Erf", "d", "e")
    case.node("Add", ["e", case.values("one", np.float32(1))], "a").node("Mul", "x a", "m")
    case.node("Mul", ["m", case.values("half", np.float32(0.5))])
    case = Case("channel_shuffle", 13, (1, 6, 4, 5))
    case.node("Reshape", ["x", case.ints("s", 1, 2, 3, 4, 5)], "a").node("Transpose", "a", "t", perm=[0, 2, 1, 3, 4])
    case.node("Reshape", ["t", case.ints("u", 1, 6, 4, 5)])
    case = Case("scale_shift_after_conv", 13)
    case.node("Conv", ["x", case.weight("w", 6, 4, 3, 3), case.weight("b", 6)], "c")
    case.node("Mul", ["c", case.weight("m", 6, 1, 1)], "d").node("Add", ["d", case.weight("a", 1, 6, 1, 1)])
    case = Case("classifier", 11, (1, 3, 12, 12))
    case.node("Conv", ["x", case.weight("w", 8, 3, 3, 3)], "c", strides=[2, 2]).node("Relu", "c", "r")
    case.node("MaxPool", "r", "p", kernel_shape=[2, 2], strides=[2, 2]).node("Flatten", "p", "f")
    case.node("Gemm", ["f", case.weight("m", 10, 32), case.weight("b", 10)], "l", transB=1).node("Softmax", "l")


def write(folder):
    """Writes all cases that were made."""
    os.makedirs(folder, exist_ok=True)
    for name, case in CASES.items():
        onnx.save(case.model(), os.path.join(folder, f"{name}.onnx"))
        np.save(os.path.join(folder, f"{name}.input.npy"), case.x)
    print(f"{len(CASES)} models in {folder}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for group in windows, matrices, normalizations, elementwise, layouts, resizes, shape_arithmetic, networks:
        group()
    write(sys.argv[1])


if __name__ == "__main__":
    main()
