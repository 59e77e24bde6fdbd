"""Draws what is round and has marks, as faces do, but is no face, and what stands behind it all.

A thing is drawn with a pen in its own coordinates, from -1 to 1 both ways; a background fills the picture.
"""

import math

import numpy as np
from PIL import Image, ImageDraw

import heads

WIDTH, HEIGHT = 160, 120  # what the network sees; all lengths are in pixels of it

# --- Backgrounds ------------------------------------------------------------------------------------------------------


def _mix(share, first, second):
    """A picture from how much of the second colour there is at each place (0 to 1)."""
    first, second = np.asarray(first, dtype=np.float32), np.asarray(second, dtype=np.float32)
    return Image.fromarray(np.clip(first + (second - first) * share[..., None], 0, 255).astype(np.uint8))


def _noise(columns, rows, rng):
    """Random clouds: few random values, enlarged smoothly."""
    few = Image.fromarray(rng.integers(0, 256, (rows, columns), dtype=np.uint8))
    return np.asarray(few.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype=np.float32) / 255


def _texture(kind, rng):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32) / HEIGHT
    turn = rng.uniform(0, 2 * math.pi)
    along, across = x * math.cos(turn) + y * math.sin(turn), y * math.cos(turn) - x * math.sin(turn)
    if kind == "plain":
        return np.zeros((HEIGHT, WIDTH), np.float32)
    if kind == "slope":
        return np.clip(along / 2 + 0.5, 0, 1)
    if kind == "clouds":
        rows = int(rng.integers(2, 8))
        return _noise(rows * 4 // 3 + 1, rows, rng)
    if kind == "grain":
        rows = int(rng.integers(15, 60))
        return _noise(rows * 4 // 3, rows, rng)
    if kind == "stripes":
        return np.clip(np.sin(along * rng.uniform(12, 80)) * rng.uniform(1, 4) + 0.5, 0, 1)
    if kind == "checks":
        pitch = rng.uniform(12, 50)
        return np.clip(np.sin(along * pitch) * np.sin(across * pitch) * 4 + 0.5, 0, 1)
    if kind == "rings":
        centre = rng.uniform(0, 1.2, 2)
        return np.clip(np.sin(np.hypot(x - centre[0], y - centre[1]) * rng.uniform(15, 60)) * 3 + 0.5, 0, 1)
    if kind == "dots":
        pitch, size = rng.uniform(20, 60), rng.uniform(0.2, 0.9)
        return np.clip((np.cos(along * pitch) + np.cos(across * pitch) - size) * 4, 0, 1)
    if kind == "bricks":
        rows = rng.uniform(6, 16)
        row = np.floor(y * rows)
        column = x * rows / 2 + row % 2 / 2
        mortar = (y * rows - row < 0.15) | (column - np.floor(column) < 0.08)
        return np.where(mortar, 1, 0.2 * (row % 3)).astype(np.float32)
    raise ValueError(kind)


def _clutter(draw, scale, rng):
    """Lines, boxes, discs and triangles in any colour."""
    for _ in range(int(rng.integers(3, 16))):
        x, y = rng.uniform(0, WIDTH) * scale, rng.uniform(0, HEIGHT) * scale
        half = rng.uniform(3, 35, 2) * scale
        colour = (*heads.any_colour(rng), int(rng.integers(90, 256)))
        kind = rng.integers(4)
        if kind == 0:
            draw.line([x - half[0], y - half[1], x + half[0], y + half[1]], colour, int(rng.integers(1, 8) * scale))
        elif kind == 1:
            draw.rectangle([x - half[0], y - half[1], x + half[0], y + half[1]], fill=colour)
        elif kind == 2:
            draw.ellipse([x - half[0], y - half[1], x + half[0], y + half[1]], fill=colour)
        else:
            turns = rng.uniform(0, 6.3, 3)
            draw.polygon([(x + half[0] * math.cos(t), y + half[1] * math.sin(t)) for t in turns], fill=colour)


def _landscape(draw, scale, rng):
    """Sky, hills, a few trees."""
    horizon = rng.uniform(0.35, 0.75) * HEIGHT
    sky = tuple(int(c) for c in rng.uniform((90, 140, 190), (200, 225, 255)))
    draw.rectangle([0, 0, WIDTH * scale, HEIGHT * scale], fill=sky)
    for layer in range(3):
        phase, bend = rng.uniform(0, 6.3), rng.uniform(3, 12)
        top = horizon + layer * 14
        colour = tuple(int(c) for c in rng.uniform((40, 90, 30), (130, 180, 100)))
        x = np.linspace(0, WIDTH, 24)
        y = top + bend * np.sin(x / rng.uniform(15, 50) + phase)
        draw.polygon([(0, HEIGHT * scale), *zip(x * scale, y * scale), (WIDTH * scale, HEIGHT * scale)], fill=colour)
    for _ in range(int(rng.integers(0, 6))):
        pen = heads.Pen(draw, (rng.uniform(0, WIDTH) * scale, (horizon + rng.uniform(0, 20)) * scale),
                        (rng.uniform(3, 12) * scale, rng.uniform(5, 16) * scale))
        pen.polygon([(-0.2, 0), (0.2, 0), (0.2, 2), (-0.2, 2)], (90, 60, 40))
        pen.ellipse(0, -0.3, 1, 1, tuple(int(c) for c in rng.uniform((20, 70, 20), (90, 150, 70))))


def _room(draw, scale, rng):
    """A wall with pictures, windows or shelves, and a floor."""
    floor = rng.uniform(0.6, 0.95) * HEIGHT * scale
    draw.rectangle([0, floor, WIDTH * scale, HEIGHT * scale], fill=heads.any_colour(rng))
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.uniform(0, WIDTH), rng.uniform(0, 0.6 * HEIGHT)
        w, h = rng.uniform(8, 45), rng.uniform(8, 40)
        rim, inside = heads.any_colour(rng), heads.any_colour(rng)
        draw.rectangle([x * scale, y * scale, (x + w) * scale, (y + h) * scale], fill=rim)
        draw.rectangle([(x + 2) * scale, (y + 2) * scale, (x + w - 2) * scale, (y + h - 2) * scale], fill=inside)
        if rng.random() < 0.5:
            middle = (x + w / 2) * scale
            draw.line([middle, y * scale, middle, (y + h) * scale], fill=rim, width=max(1, int(scale * 1.5)))


def background(scale, rng):
    """The picture before anybody stands in it, `scale` times as large, and what to draw on it with."""
    kind = str(rng.choice(["plain", "slope", "clouds", "grain", "stripes", "checks", "rings", "dots", "bricks"]))
    first, second = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    if rng.random() < 0.15:  # as bright and as warm as skin, where a head is hard to see
        first = np.array(heads.skin_tone(rng)) + rng.normal(0, 15, 3)
    picture = _mix(_texture(kind, rng), first, first + (second - first) * rng.uniform(0.15, 1))
    picture = picture.resize((WIDTH * scale, HEIGHT * scale), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(picture, "RGBA")
    more = rng.random()
    if more < 0.3:
        _clutter(draw, scale, rng)
    elif more < 0.5:
        _room(draw, scale, rng)
    elif more < 0.6:
        _landscape(draw, scale, rng)
    return picture, draw


# --- Things that are no faces -----------------------------------------------------------------------------------------


def _clock(pen, rng):
    face = heads.shade(heads.any_colour(rng), rng.uniform(1, 1.9))
    ink = heads.shade(heads.any_colour(rng), 0.35)
    pen.ellipse(0, 0, 1, 1, ink)
    pen.ellipse(0, 0, 0.88, 0.88, face)
    for k in range(12):
        s, c = math.sin(k * math.pi / 6), math.cos(k * math.pi / 6)
        pen.line([(s * 0.68, c * 0.68), (s * 0.8, c * 0.8)], ink, 0.06)
    for length in (0.42, 0.66):
        turn = rng.uniform(0, 2 * math.pi)
        pen.line([(0, 0), (length * math.sin(turn), length * math.cos(turn))], ink, 0.08)


def _button(pen, rng):
    colour = heads.skin_tone(rng) if rng.random() < 0.4 else heads.any_colour(rng)
    pen.ellipse(0, 0, 1, 1, heads.shade(colour, 0.7))
    pen.ellipse(0, 0, 0.85, 0.85, colour)
    rows = (0,) if rng.random() < 0.5 else (-0.25, 0.25)
    holes = [(u, v) for v in rows for u in (-0.25, 0.25)]
    for u, v in holes:
        pen.ellipse(u, v, 0.12, 0.12, (25, 25, 25))


def _ball(pen, rng):
    colour = heads.skin_tone(rng) if rng.random() < 0.4 else heads.any_colour(rng)
    pen.ellipse(0, 0, 1, 1, colour)
    kind = rng.integers(3)
    if kind == 0:  # spots, as on a football
        turn = rng.uniform(0, 2)
        pen.ellipse(0, 0, 0.26, 0.26, heads.shade(colour, 0.25))
        for k in range(5):
            t = turn + k * 2 * math.pi / 5
            pen.ellipse(0.72 * math.cos(t), 0.72 * math.sin(t), 0.18, 0.18, heads.shade(colour, 0.25))
    elif kind == 1:  # seams
        for bend in (-0.5, 0, 0.5):
            first, last = (2.4, 3.9) if bend >= 0 else (-0.7, 0.7)
            pen.arc(bend * 2.4, 0, 1 + abs(bend), 1.2, first, last, (40, 30, 30), 0.06)
    pen.ellipse(-0.35, -0.35, 0.22, 0.16, (255, 255, 255, 120))


def _target(pen, rng):
    first, second = heads.any_colour(rng), heads.any_colour(rng)
    for k, radius in enumerate(np.linspace(1, 0.2, int(rng.integers(3, 6)))):
        pen.ellipse(0, 0, radius, radius, first if k % 2 else second)


def _socket(pen, rng):
    colour = heads.shade(heads.any_colour(rng), 1.7)
    pen.polygon([(-1, -1), (1, -1), (1, 1), (-1, 1)], colour)
    pen.ellipse(0, 0, 0.78, 0.78, heads.shade(colour, 0.85))
    for side in (-1, 1):
        pen.ellipse(side * 0.32, rng.uniform(-0.05, 0.05), 0.13, 0.13, (20, 20, 20))


def _flower(pen, rng):
    petal = heads.any_colour(rng)
    count = int(rng.integers(5, 10))
    for k in range(count):
        t = k * 2 * math.pi / count
        pen.ellipse(0.62 * math.cos(t), 0.62 * math.sin(t), 0.36, 0.36, petal)
    pen.ellipse(0, 0, 0.4, 0.4, heads.any_colour(rng))


def _car(pen, rng):
    """From the front: two lamps and a grill are a face to whoever looks for one."""
    colour = heads.any_colour(rng)
    pen.polygon([(-0.6, -0.9), (0.6, -0.9), (0.85, -0.1), (-0.85, -0.1)], colour)
    pen.polygon([(-0.5, -0.78), (0.5, -0.78), (0.68, -0.15), (-0.68, -0.15)], (150, 190, 210))
    pen.polygon([(-1, -0.1), (1, -0.1), (1, 0.75), (-1, 0.75)], heads.shade(colour, 0.85))
    for side in (-1, 1):
        pen.ellipse(side * 0.68, 0.2, 0.2, 0.2, (250, 245, 200))
        pen.polygon([(side * 0.9, 0.75), (side * 0.6, 0.75), (side * 0.6, 1), (side * 0.9, 1)], (25, 25, 25))
    pen.polygon([(-0.35, 0.1), (0.35, 0.1), (0.35, 0.5), (-0.35, 0.5)], (40, 40, 45))


def _blank(pen, rng):
    """An oval in the colour of skin with nothing on it."""
    pen.ellipse(0, 0, rng.uniform(0.7, 1), 1, heads.skin_tone(rng))


def _jumble(pen, rng):
    """Parts of a face where no face has them."""
    pen.ellipse(0, 0, 0.9, 1, heads.skin_tone(rng))
    for _ in range(int(rng.integers(1, 5))):
        u, v = rng.uniform(-0.6, 0.6, 2)
        pen.ellipse(u, v, rng.uniform(0.1, 0.3), rng.uniform(0.08, 0.3), heads.any_colour(rng))


def _from_behind(pen, rng):
    skin, hair, cloth = heads.skin_tone(rng), heads.hair_colour(rng), heads.any_colour(rng)
    pen.polygon([(-0.45, 0.5), (0.45, 0.5), (0.45, 1.5), (-0.45, 1.5)], heads.shade(skin, 0.85))
    pen.ellipse(0, 2.3, 2, 1, cloth)
    pen.polygon([(-2, 2.3), (2, 2.3), (2, 9), (-2, 9)], cloth)
    for side in (-1, 1):
        pen.ellipse(side * 0.9, 0.02, 0.14, 0.2, skin)
    pen.ellipse(0, 0, 0.86, 1, skin)
    pen.ellipse(0, -0.12, 0.95, rng.uniform(0.9, 1.1), hair)


THINGS = (_clock, _button, _ball, _target, _socket, _flower, _car, _blank, _jumble, _from_behind)
