#!/usr/bin/env python3
"""Runs quantized .tflite networks with TensorFlow Lite's integer arithmetic, in NumPy alone.

    reference.py MODEL.tflite INPUT.npy OUTPUT.npy [--twice]     integers in (the network's type), integers out

--twice: products are rounded twice and averages away from zero, see arithmetic.py.

What the operators of MLPerf Tiny's and MobileNet's networks need; another operator is an error.
"""
import sys

import numpy as np

import arithmetic as a
from reader import Network

ADD, AVERAGE_POOL, CONCATENATION, CONV, DEPTHWISE, FULLY_CONNECTED, LOGISTIC, MAX_POOL = 0, 1, 2, 3, 4, 9, 14, 17
MUL, RELU, RELU6, RESHAPE, SOFTMAX, TANH, PAD, MEAN, SUB, SQUEEZE = 18, 19, 21, 22, 25, 28, 34, 40, 41, 43
DEQUANTIZE, QUANTIZE = 6, 114


class Reference:
    def __init__(self, network, twice=False):
        self.network = network
        self.twice = twice
        self.scaled_by_one = a.scaled_twice if twice else a.scaled_once
        self.values = {}

    def run(self, *inputs):
        """Integers of each output."""
        network = self.network
        self.values = {i: t.data for i, t in enumerate(network.tensors) if t.data is not None}
        for index, value in zip(network.inputs, inputs):
            self.values[index] = np.asarray(value, network.tensors[index].dtype).reshape(network.tensors[index].shape)
        for operator in network.operators:
            self.step(operator)
        return [self.values[index] for index in network.outputs]

    def scaled(self, x, real):
        """Times a factor, or one for each place of the last dimension."""
        if np.ndim(real) == 0:
            return self.scaled_by_one(x, real)
        return np.stack([self.scaled_by_one(x[..., c], real[c]) for c in range(len(real))], axis=-1)

    def tensor(self, operator, i):
        return self.network.tensors[operator.inputs[i]]

    def raw(self, operator, i):
        return self.values[operator.inputs[i]].astype(np.int64)

    def centred(self, operator, i):
        """Integers less their zero point; per channel along the tensor's axis."""
        tensor = self.tensor(operator, i)
        zero = tensor.zero_point
        if zero.size > 1:
            shape = [1] * len(tensor.shape)
            shape[tensor.axis] = zero.size
            zero = zero.reshape(shape)
        return self.raw(operator, i) - zero

    def finish(self, operator, values, activation=0):
        """`values` are less the result's zero point."""
        out = self.network.tensors[operator.outputs[0]]
        low, high = a.limits(out, activation)
        values = np.clip(values + int(out.zero_point[0]), low, high)
        self.values[operator.outputs[0]] = values.astype(out.dtype).reshape(out.shape)

    def linear(self, operator, sums, activation):
        x, weight = self.tensor(operator, 0), self.tensor(operator, 1)
        out = self.network.tensors[operator.outputs[0]]
        if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
            sums = sums + self.raw(operator, 2)
        factor = np.float64(x.scale[0]) * weight.scale.astype(np.float64) / np.float64(out.scale[0])
        self.finish(operator, self.scaled(sums, factor if factor.size > 1 else factor[0]), activation)

    def function(self, operator, f):
        """A function of each value, through its real number: what a table of 256 entries gives."""
        x, out = self.tensor(operator, 0), self.network.tensors[operator.outputs[0]]
        real = x.scale[0] * self.centred(operator, 0).astype(np.float32)
        self.finish(operator, a.rounded(f(real) / out.scale[0]))

    def rescaled(self, operator, i):
        x, out = self.tensor(operator, i), self.network.tensors[operator.outputs[0]]
        if x.scale[0] == out.scale[0]:
            return self.centred(operator, i)
        return self.scaled(self.centred(operator, i), np.float64(x.scale[0]) / np.float64(out.scale[0]))

    def average(self, x, kernel, stride, padding):
        total, count = a.average(x, kernel, stride, padding)
        return a.rounded(total / count) if self.twice else np.rint(total / count).astype(np.int64)

    def step(self, operator):
        kind = operator.kind
        x = self.tensor(operator, 0)
        out = self.network.tensors[operator.outputs[0]]
        if kind in (CONV, DEPTHWISE):
            depthwise = kind == DEPTHWISE
            later = 1 if depthwise else 0
            kernel = self.tensor(operator, 1).shape[1:3]
            sums = a.conv(self.centred(operator, 0), self.centred(operator, 1), kernel,
                          (operator.option(2), operator.option(1)),
                          (operator.option(5 + later, default=1), operator.option(4 + later, default=1)),
                          operator.option(0, "b"), depthwise)
            self.linear(operator, sums, operator.option(3 + later, "b"))
        elif kind == FULLY_CONNECTED:
            weight = self.centred(operator, 1)
            rows = self.centred(operator, 0).reshape(-1, weight.shape[1])
            self.linear(operator, rows @ weight.T, operator.option(0, "b"))
        elif kind in (AVERAGE_POOL, MAX_POOL):
            kernel, stride = (operator.option(4), operator.option(3)), (operator.option(2), operator.option(1))
            pool = self.average if kind == AVERAGE_POOL else a.largest
            pooled = pool(self.raw(operator, 0), kernel, stride, operator.option(0, "b"))
            self.finish(operator, pooled - int(out.zero_point[0]), operator.option(5, "b"))
        elif kind in (ADD, SUB):
            y = self.tensor(operator, 1)
            sums = a.add(self.centred(operator, 0), self.centred(operator, 1), x.scale[0], y.scale[0], out.scale[0],
                         1 if kind == ADD else -1, self.scaled_by_one)
            self.finish(operator, sums, operator.option(0, "b"))
        elif kind == MUL:
            factor = np.float64(x.scale[0]) * np.float64(self.tensor(operator, 1).scale[0]) / np.float64(out.scale[0])
            product = self.centred(operator, 0) * self.centred(operator, 1)
            self.finish(operator, self.scaled(product, factor), operator.option(0, "b"))
        elif kind == MEAN:
            axes = tuple(int(axis) for axis in np.atleast_1d(self.values[operator.inputs[1]]))
            total = self.centred(operator, 0).sum(axis=axes)
            count = np.prod([x.shape[axis] for axis in axes])
            self.finish(operator, a.rounded(total * (np.float64(x.scale[0]) / np.float64(out.scale[0]) / count)))
        elif kind == SOFTMAX:
            probability = a.softmax(self.raw(operator, 0), x.scale[0], operator.option(0, "f"))
            self.finish(operator, probability)
        elif kind == LOGISTIC:
            self.function(operator, lambda real: 1 / (1 + np.exp(-real)))
        elif kind == TANH:
            self.function(operator, np.tanh)
        elif kind in (RELU, RELU6):
            self.finish(operator, self.rescaled(operator, 0), 1 if kind == RELU else 3)
        elif kind in (RESHAPE, SQUEEZE):
            self.values[operator.outputs[0]] = self.values[operator.inputs[0]].reshape(out.shape)
        elif kind == PAD:
            pads = self.values[operator.inputs[1]]
            self.finish(operator, np.pad(self.centred(operator, 0), [tuple(p) for p in pads]))
        elif kind == CONCATENATION:
            parts = [self.rescaled(operator, i) for i in range(len(operator.inputs))]
            self.finish(operator, np.concatenate(parts, axis=operator.option(0)))
        elif kind == QUANTIZE and x.quantized:
            # uint8 and int8 of one scale lie 128 apart; other pairs are scaled.
            self.finish(operator, self.rescaled(operator, 0))
        elif kind == QUANTIZE:
            self.finish(operator, a.rounded(self.values[operator.inputs[0]] / out.scale[0]))
        elif kind == DEQUANTIZE:
            self.values[operator.outputs[0]] = x.scale[0] * self.centred(operator, 0).astype(np.float32)
        else:
            raise SystemExit(f"operator {kind} has no reference here")


def main():
    if len(sys.argv) != 4 and sys.argv[4:] != ["--twice"]:
        raise SystemExit(__doc__)
    reference = Reference(Network(sys.argv[1]), twice=len(sys.argv) > 4)
    np.save(sys.argv[3], reference.run(np.load(sys.argv[2]))[0])


if __name__ == "__main__":
    main()
