#!/usr/bin/python3
"""Writes data/equalized.txt and data/rounded.txt: small networks equalized, and layers with rounded weights, computed
here in float64 with NumPy from the published formulas. test_equalize.cpp and test_round_weights_data.cpp build the same
networks, with numbers of the same generator.

    /usr/bin/python3 tests/quantize/make_network_data.py
"""
import itertools

import numpy as np

from make_data import DATA, Generator

SAMPLES = 4


def noise(seed, *shape):
    g = Generator(seed)
    return np.array([g.next() for _ in range(int(np.prod(shape)))]).reshape(shape)


def sample(index, *shape):
    return noise(100 + index, *shape)


def taps(x, kernel, stride=1, pad=0):
    """[channels, kernel, kernel, rows, columns]: what each weight of a square window meets at each position."""
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(1, 2))
    return windows[:, ::stride, ::stride].transpose(0, 3, 4, 1, 2)


def conv(x, w, b, stride=1, pad=0, groups=1):
    met = taps(x, w.shape[2], stride, pad)
    parts = [np.einsum("oikl,iklhw->ohw", of_weights, of_input)
             for of_weights, of_input in zip(np.split(w, groups), np.split(met, groups))]
    return np.concatenate(parts) + b[:, None, None]


def conv_transpose(x, w, b, stride, groups):
    """w: [inputs, outputs of a group, kernel, kernel]."""
    kernel = w.shape[2]
    y = np.zeros((w.shape[1] * groups, (x.shape[1] - 1) * stride + kernel, (x.shape[2] - 1) * stride + kernel))
    for i, o in itertools.product(range(w.shape[0]), range(w.shape[1])):
        target = y[i // (w.shape[0] // groups) * w.shape[1] + o]
        for row, column in itertools.product(range(x.shape[1]), range(x.shape[2])):
            target[row * stride : row * stride + kernel, column * stride : column * stride + kernel] += (
                x[i, row, column] * w[i, o])
    return y + b[:, None, None]


def relu(x, high=np.inf):
    return np.clip(x, 0, high)


def max_pool(x):
    channels, rows, columns = x.shape
    return x.reshape(channels, rows // 2, 2, columns // 2, 2).max(axis=(2, 4))


# Equalization. The factor of channel c, of those that must be scaled together (equalize.h):
#   r(c)  its greatest magnitude over all samples as a share of the tensor's; of several tensors the greatest share
#   w(c)  the greatest magnitude of a weight that reads it as a share of all weights of the same output channel
#   s(c)  sqrt(r(c) / w(c)), where Nagel et al. have sqrt(r1(c) / r2(c)) for two tensors with one scale each (eq. 11);
#         r(c) where only a depthwise layer reads it, whose weights have a scale for each channel
# as a share of the largest, and not below 1 / 1024. A channel that is always 0 keeps its size.


def magnitudes(values):
    """values: of one tensor, sample by sample."""
    most = np.max([np.abs(v).reshape(len(v), -1).max(axis=1) for v in values], axis=0)
    return most / most.max()


def reading(w):
    """w: [outputs, inputs, ...] of one group."""
    size = np.abs(w).reshape(w.shape[0], w.shape[1], -1).max(axis=2)
    return (size / size.max(axis=1, keepdims=True)).max(axis=0)


def factors(r, w=None):
    s = r if w is None else np.sqrt(r / w)
    return np.where(r > 0, np.maximum(s / s.max(), 1 / 1024), 1)


def columns(factor):
    return factor.reshape(-1, 1, 1, 1)


def rows(*exponents):
    """Powers of two for the input channels of a convolution."""
    return 2.0 ** np.array(exponents)[None, :, None, None]


def run_chain(p, x, limit):
    expand = relu(conv(x, p["expand.weights"], p["expand.bias"]), limit)
    depthwise = relu(conv(expand, p["depthwise.weights"], p["depthwise.bias"], pad=1, groups=4))
    return expand, depthwise, conv(depthwise, p["project.weights"], p["project.bias"])


def chain(limit=np.inf):
    """conv relu -> depthwise relu -> conv; channels of the first powers of two apart, the last of them below what a
    factor evens out; the last of the second is always 0. `limit` cuts off the first."""
    far = columns(2.0 ** np.array([4, 0, -3, -14]))
    p = {"expand.weights": noise(11, 4, 2, 1, 1) * far, "expand.bias": noise(12, 4) * far.ravel(),
         "depthwise.weights": noise(13, 4, 1, 3, 3), "depthwise.bias": noise(14, 4) + [1, 1, 1, 0],
         "project.weights": noise(15, 3, 4, 1, 1) * rows(-2, 0, 1, -3), "project.bias": noise(16, 3)}
    inputs = [sample(i, 2, 6, 6) for i in range(SAMPLES)]
    expand, depthwise, before = zip(*[run_chain(p, x, limit) for x in inputs])
    first = np.ones(4) if max(v.max() for v in expand) > limit / 2 else factors(magnitudes(expand))
    second = factors(magnitudes(depthwise), reading(p["project.weights"]))
    q = {"expand.weights": p["expand.weights"] / columns(first), "expand.bias": p["expand.bias"] / first,
         "depthwise.weights": p["depthwise.weights"] * columns(first / second),
         "depthwise.bias": p["depthwise.bias"] / second,
         "project.weights": p["project.weights"] * second[None, :, None, None], "project.bias": p["project.bias"]}
    kept = limit if (first == 1).all() else np.inf
    return q, before, [run_chain(q, x, kept)[-1] for x in inputs]


def limited():
    """Values reach the limit: those channels keep their size."""
    return chain(limit=1)


def freed():
    """No value comes near the limit: it goes."""
    return chain(limit=1000)


def run_branches(p, x):
    narrow = relu(conv(x, p["narrow.weights"], p["narrow.bias"]))
    wide = relu(conv(x, p["wide.weights"], p["wide.bias"], pad=1))
    joined = np.concatenate([narrow, wide])
    pooled = max_pool(joined)
    body = relu(conv(pooled, p["body.weights"], p["body.bias"]))
    sum_ = pooled + body
    return narrow, wide, joined, pooled, body, sum_, conv(sum_, p["last.weights"], p["last.bias"])


def branches():
    """Two convolutions joined, pooled, and added to a convolution of the pooled values: five channels, each with one
    factor everywhere."""
    p = {"narrow.weights": noise(21, 2, 2, 1, 1) * 32, "narrow.bias": noise(22, 2) * 32,
         "wide.weights": noise(23, 3, 2, 3, 3) / 8, "wide.bias": noise(24, 3) / 8,
         "body.weights": noise(25, 5, 5, 1, 1) * rows(0, -2, -1, -3, 0), "body.bias": noise(26, 5),
         "last.weights": noise(27, 2, 5, 1, 1) * rows(0, -1, -4, -2, -2), "last.bias": noise(28, 2)}
    inputs = [sample(i, 2, 8, 8) for i in range(SAMPLES)]
    narrow, wide, *whole, before = zip(*[run_branches(p, x) for x in inputs])
    shares = [magnitudes(values) for values in whole]
    shares.append(np.concatenate([magnitudes(narrow), magnitudes(wide)]))
    s = factors(np.max(shares, axis=0), np.maximum(reading(p["body.weights"]), reading(p["last.weights"])))
    q = {"narrow.weights": p["narrow.weights"] / columns(s[:2]), "narrow.bias": p["narrow.bias"] / s[:2],
         "wide.weights": p["wide.weights"] / columns(s[2:]), "wide.bias": p["wide.bias"] / s[2:],
         "body.weights": p["body.weights"] * s[None, :, None, None] / columns(s), "body.bias": p["body.bias"] / s,
         "last.weights": p["last.weights"] * s[None, :, None, None], "last.bias": p["last.bias"]}
    return q, before, [run_branches(q, x)[-1] for x in inputs]


def run_upwards(p, x):
    first = relu(conv(x, p["first.weights"], p["first.bias"]))
    up = relu(conv_transpose(first, p["up.weights"], p["up.bias"], stride=2, groups=2))
    mean = up.mean(axis=(1, 2))
    return first, up, mean, p["classes.weights"] @ mean + p["classes.bias"]


def upwards():
    """conv relu -> transposed convolution in two groups, relu -> mean of each channel -> fully connected."""
    far = columns(2.0 ** np.array([3, -2, 0, -5]))
    p = {"first.weights": noise(31, 4, 2, 1, 1) * far, "first.bias": noise(32, 4) * far.ravel(),
         "up.weights": noise(33, 4, 3, 3, 3), "up.bias": noise(34, 6),
         "classes.weights": noise(35, 3, 6), "classes.bias": noise(36, 3)}
    inputs = [sample(i, 2, 4, 4) for i in range(SAMPLES)]
    first, up, mean, before = zip(*[run_upwards(p, x) for x in inputs])
    by_group = [w.transpose(1, 0, 2, 3) for w in np.split(p["up.weights"], 2)]
    s = factors(magnitudes(first), np.concatenate([reading(w) for w in by_group]))
    t = factors(np.maximum(magnitudes(up), magnitudes(mean)), reading(p["classes.weights"]))
    out_of = np.repeat(t.reshape(2, 3), 2, axis=0)  # [input channel, output of its group]
    q = {"first.weights": p["first.weights"] / columns(s), "first.bias": p["first.bias"] / s,
         "up.weights": p["up.weights"] * columns(s) / out_of[:, :, None, None], "up.bias": p["up.bias"] / t,
         "classes.weights": p["classes.weights"] * t, "classes.bias": p["classes.bias"]}
    return q, before, [run_upwards(q, x)[-1] for x in inputs]


def write_equalized(out):
    out.write("# network layer.operand values; made by make_network_data.py\n")
    for network in (chain, limited, freed, branches, upwards):
        operands, before, after = network()
        assert np.allclose(before, after, rtol=1e-9, atol=1e-9), network.__name__
        for name, values in operands.items():
            out.write(f"{network.__name__} {name} {' '.join(f'{v:.9g}' for v in values.ravel())}\n")


# Bias correction (Nagel et al., section 4.2): the bias takes what rounding changes in the mean of the layer's output,
# E[W x] - E[W~ x], here with both outputs computed. Weights lie at (n + 0.3) / 128 with a largest one of 127 / 128, so
# that their scale is 1 / 128 and every one is rounded down.


def biased_weights(seed, *shape, channel_axis=0):
    w = (np.rint(noise(seed, *shape) * 120) + 0.3) / 128
    for channel in np.moveaxis(w, channel_axis, 0):
        channel.flat[0] = 127 / 128
    return w.astype(np.float32).astype(np.float64)


def rounded_down(w):
    return np.rint(w * 128) / 128


LAYERS = {
    "strided": (biased_weights(41, 4, 3, 3, 3), lambda x, w: conv(x, w, np.zeros(4), stride=2, pad=1)),
    "depthwise": (biased_weights(42, 3, 1, 3, 3), lambda x, w: conv(x, w, np.zeros(3), pad=1, groups=3)),
    "pointwise": (biased_weights(43, 5, 3, 1, 1), lambda x, w: conv(x, w, np.zeros(5))),
    "transposed": (biased_weights(44, 3, 2, 2, 2, channel_axis=1),
                   lambda x, w: conv_transpose(x, w, np.zeros(2), stride=2, groups=1)),
    "dense": (biased_weights(45, 4, 108), lambda x, w: (w @ x.ravel())[:, None, None]),
}


def write_bias_shifts(out):
    for name, (w, layer) in LAYERS.items():
        inputs = [np.abs(sample(i, 3, 6, 6)) for i in range(SAMPLES)]
        error = np.array([layer(x, rounded_down(w)) - layer(x, w) for x in inputs])
        shift = -error.mean(axis=(0, 2, 3))
        out.write(f"shift {name} {' '.join(f'{v:.9g}' for v in shift)}\n")


# Rounding by the error of the output, e^T C e with e = s q - w and the covariance C of the inputs (round_weights.h).


def best_of_all(w, covariance, levels_beside):
    """The least error over the scales that are tried and all levels within `levels_beside` of the nearest."""
    least = np.inf
    start = np.abs(w).max() / 127
    for share in (1, 0.95, 0.9, 0.85, 0.8):
        scale = start * share
        nearest = np.rint(np.clip(w / scale, -127, 127))
        moves = np.array(list(itertools.product(range(-levels_beside, levels_beside + 1), repeat=len(w))))
        e = np.clip(nearest + moves, -127, 127) * scale - w
        error = np.einsum("ni,ij,nj->n", e, covariance, e)
        least = min(least, float(error.min()))
    return least


def write_adapted(out):
    """Six inputs that move together by far more than each moves alone."""
    depth, rows = 6, 300
    common, own = noise(51, rows, 1), noise(52, rows, depth)
    x = (1 + common + own / 8).astype(np.float32).astype(np.float64)
    covariance = np.cov(x.T, bias=True) * rows
    for channel in range(8):
        w = noise(1000 * channel + 60, depth)
        e = np.rint(w / (np.abs(w).max() / 127)) * np.abs(w).max() / 127 - w
        out.write(f"adapted {channel} {e @ covariance @ e:.9g} {best_of_all(w, covariance, 1):.9g}\n")


def write_independent(out):
    """Inputs that do not move together at all: C is diagonal, each weight is best by itself at its nearest level, and
    only the scale is left to choose."""
    signs = np.array([[1]])
    for _ in range(3):
        signs = np.block([[signs, signs], [signs, -signs]])
    size = 2.0 ** np.arange(-3, 4)
    x = signs[:, 1:] * size  # every column of it is at right angles to the others and has a mean of 0
    weight = (x**2).sum(axis=0)
    for channel in range(8):
        w = noise(1000 * channel + 70, 7)
        tried = []
        for share in (1, 0.95, 0.9, 0.85, 0.8):
            scale = np.abs(w).max() / 127 * share
            q = np.rint(np.clip(w / scale, -127, 127))
            tried.append((float((weight * (scale * q - w) ** 2).sum()), scale, q))
        _, scale, q = min(tried, key=lambda t: t[0])
        out.write(f"independent {channel} {scale:.9g} {' '.join(str(int(v)) for v in q)}\n")


def main():
    DATA.mkdir(exist_ok=True)
    with open(DATA / "equalized.txt", "w", encoding="ascii") as out:
        write_equalized(out)
    with open(DATA / "rounded.txt", "w", encoding="ascii") as out:
        out.write("# shift layer bias_shift...; adapted channel error_of_nearest least_error; "
                  "independent channel scale levels...; made by make_network_data.py\n")
        write_bias_shifts(out)
        write_adapted(out)
        write_independent(out)


if __name__ == "__main__":
    main()
