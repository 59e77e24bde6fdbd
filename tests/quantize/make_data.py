#!/usr/bin/python3
"""Writes data/ranges.txt and data/weights.txt: what the quantizer's methods give on made-up tensors, computed here
directly from the methods' definitions with NumPy. The tensors themselves come from a generator of a few lines that
tests/quantize/generated.h repeats to the bit.

    /usr/bin/python3 tests/quantize/make_data.py
"""
import pathlib

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"
BINS = 4096


class Generator:
    """Numbers in [-1, 1), multiples of 2^-23."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self.state >> 8) * 2.0**-23 - 1.0


def tensor(name, count):
    g = Generator({"relu": 1, "bell": 2, "outliers": 3, "steps": 4, "leaky": 5, "negative": 6}[name])
    values = np.empty(count, np.float32)
    for i in range(count):
        if name == "relu":
            values[i] = max(0.0, g.next() * g.next() * g.next() * 16)
            continue
        bell = g.next() + g.next() + g.next() + g.next()
        values[i] = {
            "bell": bell,
            "outliers": bell * (40 if i % 10007 == 0 else 1),
            "steps": abs(np.floor(bell * 5)) / 4,
            "leaky": bell if bell > 0 else bell * 0.125,
            "negative": -abs(bell) - 1,
        }[name]
    return values


def histogram(x):
    """Centers and counts of the bins over x != 0, and the width."""
    top = float(np.abs(x).max())
    width = 2.0 ** (np.floor(np.log2(top)) + 1 - np.log2(BINS))
    x = x[x != 0].astype(np.float64)
    index = np.floor(np.abs(x) / width).astype(np.int64)
    key, count = np.unique(np.where(x < 0, -index - 1, index), return_counts=True)
    return np.clip((key + 0.5) * width, x.min(), x.max()), count.astype(np.float64), width


def levels(x, clamp):
    """Lowest and highest level used, and the zero point of KL and ADMM."""
    if x.min() >= 0:
        return (0, 255, -128) if clamp == 127 else (0, 2 * clamp, -clamp)
    return -clamp, clamp, 0


def error(bins, scale, zero_point, clamp):
    center, count, _ = bins
    low, high = (-128, 127) if clamp == 127 else (-clamp, clamp)
    q = np.rint(np.clip(center / scale, low - zero_point, high - zero_point))
    return float((count * (center - scale * q) ** 2).sum())


def from_range(low, high, clamp):
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    steps, bottom = (255, -128) if clamp == 127 else (2 * clamp, -clamp)
    scale = float(np.float32((high - low) / steps))
    return scale, bottom + int(np.rint(-low / scale))


def minmax(x, clamp):
    return from_range(x.min(), x.max(), clamp)


def ema(x, clamp, samples=40, batch=4):
    """x cut into equal samples; batches of four."""
    average = None
    parts = x.reshape(samples, -1)
    for start in range(0, samples, batch):
        part = parts[start : start + batch]
        now = np.array([part.min(), part.max()], np.float64)
        average = now if average is None else 0.99 * average + 0.01 * now
    return from_range(np.float32(average[0]), np.float32(average[1]), clamp)


def admm(x, clamp):
    low, high, zero_point = levels(x, clamp)
    center, count, _ = histogram(x)
    scale = float(np.abs(x).max()) / high
    for _ in range(200):
        q = np.rint(np.clip(center / scale, low, high))
        following = float((count * q * center).sum() / (count * q * q).sum())
        if abs(following - scale) <= 1e-9 * scale:
            break
        scale = following
    return float(np.float32(scale)), zero_point


def divergence(counts, cut, level_count):
    inside = counts[:cut]
    p = inside.copy()
    p[-1] += counts[cut:].sum()
    q = np.zeros(cut)
    for level in range(level_count):
        part = slice(level * cut // level_count, (level + 1) * cut // level_count)
        used = inside[part] > 0
        if used.any():
            q[part][used] = inside[part].sum() / used.sum()
    p, q = p / p.sum(), q / q.sum()
    some = p > 0
    return float((p[some] * np.log(p[some] / q[some])).sum())


def kl(x, clamp):
    one_sided = x.min() >= 0
    level_count = (256 if clamp == 127 else 2 * clamp + 1) if one_sided else clamp + 1
    top = float(np.abs(x).max())
    _, _, width = histogram(x)
    magnitude = np.abs(x[x != 0].astype(np.float64))
    counts = np.bincount(np.floor(magnitude / width).astype(np.int64)).astype(np.float64)
    best, least, cut = len(counts), divergence(counts, len(counts), level_count), len(counts)
    while cut > level_count:
        cut -= max(1, cut // 128)
        while cut > 0 and counts[cut - 1] == 0:
            cut -= 1
        if cut == 0:
            break
        found = divergence(counts, cut, level_count)
        if found < least - 1e-12:
            best, least = cut, found
    threshold = float(np.float32(min(best * width, top)))
    if one_sided:
        return from_range(0, threshold, clamp)
    return float(np.float32(threshold / clamp)), 0


def percentile(x, clamp, percent=99.9):
    """Ends at the values themselves; the histogram may be one bin wider."""
    allowed = int((100 - percent) / 100 * len(x))
    ordered = np.sort(x)
    return from_range(ordered[allowed], ordered[len(x) - 1 - allowed], clamp)


def mse(x, clamp):
    """Brute force over a grid of both ends."""
    low, high = min(float(x.min()), 0.0), max(float(x.max()), 0.0)
    shares = np.exp2(-np.arange(0, 5, 1 / 8))
    bins = histogram(x)
    best = None
    for a in shares if low < 0 else [1.0]:
        for b in shares if high > 0 else [1.0]:
            scale, zero_point = from_range(low * a, high * b, clamp)
            found = error(bins, scale, zero_point, clamp)
            if best is None or found < best[0]:
                best = found, scale, zero_point
    return best[1], best[2]


def weight_max_abs(w, clamp):
    return float(np.float32(float(np.abs(w).max()) / clamp))


def weight_error(w, scale, clamp):
    w = w.astype(np.float64)
    return float(((w - scale * np.rint(np.clip(w / scale, -clamp, clamp))) ** 2).sum())


def weight_admm(w, clamp):
    w = w.astype(np.float64)
    scale = float(np.abs(w).max()) / clamp
    for _ in range(100):
        q = np.rint(np.clip(w / scale, -clamp, clamp))
        following = float((w * q).sum() / (q * q).sum())
        if abs(following - scale) <= 1e-9 * scale:
            break
        scale = following
    return float(np.float32(scale))


def weight_mse(w, clamp):
    start = float(np.abs(w).max()) / clamp
    return min((start * share for share in np.linspace(0.5, 1, 2001)), key=lambda scale: weight_error(w, scale, clamp))


def main():
    DATA.mkdir(exist_ok=True)
    with open(DATA / "ranges.txt", "w", encoding="ascii") as out:
        out.write("# tensor count method clamp scale zero_point squared_error; made by make_data.py\n")
        for name in ("relu", "bell", "outliers", "steps", "leaky", "negative"):
            x = tensor(name, 40000)
            for clamp in (127, 100, 15):
                for method in (minmax, ema, kl, admm, percentile, mse):
                    scale, zero_point = method(x, clamp)
                    label = method.__name__.upper()
                    out.write(f"{name} {len(x)} {label} {clamp} {scale:.9g} {zero_point} "
                              f"{error(histogram(x), scale, zero_point, clamp):.12g}\n")
    with open(DATA / "weights.txt", "w", encoding="ascii") as out:
        out.write("# tensor count method clamp scale squared_error sum(q * (1 + index % 7)); made by make_data.py\n")
        for name in ("bell", "outliers", "leaky", "negative"):
            for count in (9, 576):
                w = tensor(name, count)
                for clamp in (127, 7):
                    for label, method in (("MAX_ABS", weight_max_abs), ("ADMM", weight_admm), ("MSE", weight_mse)):
                        scale = method(w, clamp)
                        q = np.rint(np.clip(w.astype(np.float64) / scale, -clamp, clamp)).astype(int)
                        check = int((q * (1 + np.arange(count) % 7)).sum())
                        out.write(f"{name} {count} {label} {clamp} {scale:.9g} {weight_error(w, scale, clamp):.12g} "
                                  f"{check}\n")


if __name__ == "__main__":
    main()
