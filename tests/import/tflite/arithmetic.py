"""TensorFlow Lite's integer arithmetic in NumPy, as its quantization specification and its kernels define it.

Multipliers are 31-bit fixed point numbers with a shift. A product is rounded to the result once, as where TensorFlow
Lite is built with TFLITE_SINGLE_ROUNDING and in its XNNPACK kernels, which run by default; or twice (to the high half,
then by the shift), in its other kernels. Averages likewise: halves to even, or away from zero.
"""
import numpy as np


def multiplier(real):
    """(31-bit fixed point, power of two) of a positive factor; 0 stays 0."""
    if real == 0:
        return 0, 0
    fraction, exponent = np.frexp(np.float64(real))
    fixed = int(np.floor(fraction * (1 << 31) + 0.5))
    if fixed == 1 << 31:
        fixed //= 2
        exponent += 1
    return (0, 0) if exponent < -31 else (fixed, int(exponent))


def scaled_once(x, real):
    """int64 array times a positive factor, rounded once, halves up."""
    fixed, exponent = multiplier(real)
    shift = 31 - exponent
    return (np.asarray(x, np.int64) * fixed + (1 << (shift - 1))) >> shift


def scaled_twice(x, real):
    """The same with the rounding of the high half, halves away from zero, before that of the shift."""
    fixed, exponent = multiplier(real)
    product = np.asarray(x, np.int64) * (1 << max(exponent, 0)) * fixed
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))
    shift = max(-exponent, 0)
    mask = (1 << shift) - 1
    return (high >> shift) + ((high & mask) > (mask >> 1) + (high < 0))


def rounded(x):
    """To the nearest integer, halves away from zero."""
    return (np.sign(x) * np.floor(np.abs(x) + 0.5)).astype(np.int64)


def limits(tensor, activation):
    """Least and largest integer that a fused activation leaves: 0 none, 1 relu, 2 -1..1, 3 relu6."""
    info = np.iinfo(tensor.dtype)
    low, high = {0: (None, None), 1: (0, None), 2: (-1, 1), 3: (0, 6)}[activation]
    place = lambda real: int(tensor.zero_point[0]) + int(rounded(np.float32(real) / tensor.scale[0]))
    return (info.min if low is None else max(info.min, place(low)),
            info.max if high is None else min(info.max, place(high)))


def windows(size, kernel, stride, dilation, padding):
    """(first place of each window, pad before) along one axis; padding 0: SAME, 1: VALID."""
    extent = (kernel - 1) * dilation + 1
    count = -(-size // stride) if padding == 0 else -(-(size - extent + 1) // stride)
    before = max((count - 1) * stride + extent - size, 0) // 2 if padding == 0 else 0
    return [i * stride - before for i in range(count)]


def patches(x, kernel, stride, dilation, padding):
    """Views of NHWC values, [N, OH, OW, kh, kw, C], and which of them lie inside, [OH, OW, kh, kw]."""
    n, height, width, channels = x.shape
    rows = windows(height, kernel[0], stride[0], dilation[0], padding)
    columns = windows(width, kernel[1], stride[1], dilation[1], padding)
    row = np.add.outer(rows, np.arange(kernel[0]) * dilation[0])
    column = np.add.outer(columns, np.arange(kernel[1]) * dilation[1])
    inside_row, inside_column = (row >= 0) & (row < height), (column >= 0) & (column < width)
    picked = x[:, np.clip(row, 0, height - 1)][:, :, :, np.clip(column, 0, width - 1)]
    inside = inside_row[:, None, :, None] & inside_column[None, :, None, :]
    return picked.transpose(0, 1, 3, 2, 4, 5), inside


def conv(x, weight, kernel, stride, dilation, padding, depthwise):
    """Sums of products of centred integers, NHWC; weights [O, kh, kw, I], depthwise [1, kh, kw, I * multiplier]."""
    view, inside = patches(x, kernel, stride, dilation, padding)
    view = np.where(inside[None, ..., None], view, 0)
    if depthwise:
        view = np.repeat(view, weight.shape[3] // x.shape[3], axis=-1)
        return np.einsum("nhwklc,klc->nhwc", view, weight[0])
    flat = view.reshape(view.shape[:3] + (-1,)).astype(np.float64)  # exact: the sums stay far below 2^53
    return (flat @ weight.reshape(weight.shape[0], -1).T.astype(np.float64)).astype(np.int64)


def add(a, b, scale_a, scale_b, scale_out, sign, scaled):
    """Sum or difference of centred integers: both are brought to twice the larger scale with 20 more bits."""
    twice = 2.0 * max(float(scale_a), float(scale_b))
    left = scaled(a << 20, float(scale_a) / twice)
    right = scaled(b << 20, float(scale_b) / twice)
    return scaled(left + sign * right, twice / ((1 << 20) * float(scale_out)))


def average(x, kernel, stride, padding):
    """(sums of raw integers, how many) of each window."""
    view, inside = patches(x, kernel, stride, (1, 1), padding)
    return np.where(inside[None, ..., None], view, 0).sum(axis=(3, 4)), inside.sum(axis=(2, 3))[None, :, :, None]


def largest(x, kernel, stride, padding):
    view, inside = patches(x, kernel, stride, (1, 1), padding)
    return np.where(inside[None, ..., None], view, np.iinfo(np.int64).min).max(axis=(3, 4))


def softmax(x, scale, beta):
    """Probabilities in steps of 1/256, from a float32 table of exponentials."""
    distance = x.max(axis=-1, keepdims=True) - x
    exponential = np.exp(-np.float32(beta) * np.float32(scale) * distance.astype(np.float32)).astype(np.float32)
    probability = exponential / exponential.sum(axis=-1, keepdims=True, dtype=np.float32)
    return np.floor(probability * np.float32(256) + np.float32(0.5)).astype(np.int64)
