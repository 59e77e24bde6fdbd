"""Float .tflite networks in NumPy, for the operators of MLPerf Tiny's networks; weights may be integers."""
import numpy as np

import arithmetic as a
from reference import ADD, AVERAGE_POOL, CONV, DEPTHWISE, FULLY_CONNECTED, MAX_POOL, RESHAPE, SOFTMAX


def activated(x, activation):
    low, high = {0: (-np.inf, np.inf), 1: (0, np.inf), 2: (-1, 1), 3: (0, 6)}[activation]
    return np.clip(x, low, high)


def real(tensor):
    """A constant's numbers: integers, with a scale for all or for each place of an axis, or float32."""
    values = tensor.data.astype(np.float64)
    if not tensor.quantized:
        return values
    shape = [1] * values.ndim
    if tensor.scale.size > 1:
        shape[tensor.axis] = -1
    return tensor.scale.astype(np.float64).reshape(shape) * (values - tensor.zero_point.reshape(shape))


def answer(network, x):
    """Of the network's first output, in double precision."""
    values = {i: real(t) for i, t in enumerate(network.tensors) if t.data is not None}
    values[network.inputs[0]] = x.astype(np.float64)
    for operator in network.operators:
        inputs = [values[i] for i in operator.inputs if i >= 0]
        out = network.tensors[operator.outputs[0]]
        values[operator.outputs[0]] = step(operator, inputs).reshape(out.shape)
    return values[network.outputs[0]]


def step(operator, inputs):
    kind, option = operator.kind, operator.option
    x = inputs[0]
    if kind in (CONV, DEPTHWISE):
        later = 1 if kind == DEPTHWISE else 0
        weight = inputs[1]
        view, inside = a.patches(x, weight.shape[1:3], (option(2), option(1)),
                                 (option(5 + later, default=1), option(4 + later, default=1)), option(0, "b"))
        view = np.where(inside[None, ..., None], view, 0)
        if kind == DEPTHWISE:
            y = np.einsum("nhwklc,klc->nhwc", np.repeat(view, weight.shape[3] // x.shape[3], axis=-1), weight[0])
        else:
            y = np.tensordot(view, weight, ([3, 4, 5], [1, 2, 3]))
        return activated(y + (inputs[2] if len(inputs) > 2 else 0), option(3 + later, "b"))
    if kind == FULLY_CONNECTED:
        y = x.reshape(-1, inputs[1].shape[1]) @ inputs[1].T + (inputs[2] if len(inputs) > 2 else 0)
        return activated(y, option(0, "b"))
    if kind in (AVERAGE_POOL, MAX_POOL):
        view, inside = a.patches(x, (option(4), option(3)), (option(2), option(1)), (1, 1), option(0, "b"))
        inside = np.broadcast_to(inside[None, ..., None], view.shape)
        if kind == AVERAGE_POOL:
            y = view.mean(axis=(3, 4), where=inside)
        else:
            y = view.max(axis=(3, 4), where=inside, initial=-np.inf)
        return activated(y, option(5, "b"))
    if kind == ADD:
        return activated(x + inputs[1], option(0, "b"))
    if kind == RESHAPE:
        return x
    if kind == SOFTMAX:
        e = np.exp(option(0, "f") * (x - x.max(axis=-1, keepdims=True)))
        return e / e.sum(axis=-1, keepdims=True)
    raise SystemExit(f"operator {kind} has no reference here")
