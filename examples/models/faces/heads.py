"""Draws one cartoon person: head, hair, eyes, glasses, hat, shoulders, each in many kinds.

Everything is drawn in the coordinates of the head: its middle is (0, 0), its outline reaches from -1 to 1 both ways,
and a pen turns that into pixels. So one head is drawn alike at 12 pixels and at 400, upright and tilted.
"""

import dataclasses
import math

import numpy as np

# Anchors between which skin is mixed, from very light to very dark.
_SKIN = np.array([(255, 226, 205), (243, 200, 165), (226, 172, 128), (198, 136, 94), (150, 94, 62), (100, 64, 44),
                  (64, 42, 32)], dtype=float)
_HAIR = ((22, 18, 18), (48, 32, 24), (92, 60, 36), (150, 100, 50), (214, 172, 96), (168, 70, 34), (150, 150, 150),
         (226, 224, 220))
_TURN = np.linspace(0, 2 * math.pi, 48, endpoint=False)


class Pen:
    """Draws on a canvas in an object's own coordinates: middle in pixels, half width and half height, turned."""

    def __init__(self, draw, middle, half, turn=0.0):
        self._draw, self._middle = draw, np.asarray(middle, dtype=float)
        across = np.array((math.cos(turn), math.sin(turn)))
        self._axes = np.stack((across * half[0], np.array((-across[1], across[0])) * half[1]))
        self._unit = half[0]

    def place(self, points):
        """Pixels of points (N, 2)."""
        return np.asarray(points, dtype=float) @ self._axes + self._middle

    def polygon(self, points, fill):
        self._draw.polygon([tuple(p) for p in self.place(points)], fill=fill)

    def ellipse(self, u, v, ru, rv, fill, first=0.0, last=2 * math.pi):
        """An ellipse, or the segment of one from one angle to another (clockwise from the right)."""
        turns = _TURN if last - first >= 2 * math.pi else np.linspace(first, last, 24)
        self.polygon(np.stack((u + ru * np.cos(turns), v + rv * np.sin(turns)), 1), fill)

    def line(self, points, fill, width):
        """A line of a width in half widths of the object, at least one pixel."""
        pixels = [tuple(p) for p in self.place(points)]
        self._draw.line(pixels, fill=fill, width=max(1, round(width * self._unit)), joint="curve")

    def arc(self, u, v, ru, rv, first, last, fill, width):
        turns = np.linspace(first, last, 16)
        self.line(np.stack((u + ru * np.cos(turns), v + rv * np.sin(turns)), 1), fill, width)

    def ring(self, u, v, ru, rv, fill, width):
        self.arc(u, v, ru, rv, 0, 2 * math.pi * 16 / 15, fill, width)  # past its start, so that no gap stays


def _rgb(colour):
    return tuple(int(c) for c in np.clip(np.rint(colour), 0, 255))


def shade(colour, factor):
    """The colour made darker (factor below 1) or lighter (above 1, towards white)."""
    colour = np.asarray(colour, dtype=float)
    return _rgb(colour * factor if factor <= 1 else 255 - (255 - colour) * (2 - factor))


def any_colour(rng):
    return _rgb(rng.uniform(0, 255, 3))


@dataclasses.dataclass
class Head:
    """Where a head is and everything that is decided about it before it is drawn. Sizes in pixels of the picture."""

    x: float
    y: float
    half_width: float
    half_height: float
    tilt: float  # radians, clockwise
    yaw: float  # -1 to 1: features move to the left or to the right
    pitch: float  # -1 to 1: features move up or down
    outline: np.ndarray  # (N, 2) in head coordinates
    skin: tuple
    hair: tuple
    hair_kind: str
    hat_kind: str
    seed: int

    def corners(self):
        """Outline in pixels of the picture."""
        across = np.array((math.cos(self.tilt), math.sin(self.tilt)))
        axes = np.stack((across * self.half_width, np.array((-across[1], across[0])) * self.half_height))
        return self.outline @ axes + (self.x, self.y)

    def box(self):
        """x1, y1, x2, y2 around the outline: the head without hair, ears and hat."""
        corners = self.corners()
        return np.concatenate((corners.min(0), corners.max(0)))


def skin_tone(rng):
    place = rng.uniform(0, len(_SKIN) - 1)
    low = min(int(place), len(_SKIN) - 2)
    return _rgb(_SKIN[low] + (_SKIN[low + 1] - _SKIN[low]) * (place - low) + rng.normal(0, 7, 3))


def hair_colour(rng):
    if rng.random() < 0.12:
        return any_colour(rng)
    return _rgb(np.array(_HAIR[rng.integers(len(_HAIR))]) + rng.normal(0, 8, 3))


def make_head(x, y, height, rng):
    """A head of that height with its middle at (x, y)."""
    u, v = np.cos(_TURN), np.sin(_TURN)
    power = rng.uniform(0.82, 1.0)  # below 1: squarer than an ellipse
    u, v = np.sign(u) * np.abs(u) ** power, np.sign(v) * np.abs(v) ** power
    u = u * (1 - rng.uniform(0, 0.3) * np.clip(v, 0, 1) ** 1.5)  # towards the chin heads grow narrower
    return Head(
        x=x, y=y, half_width=height / 2 * rng.uniform(0.68, 0.92), half_height=height / 2,
        tilt=float(np.clip(rng.normal(0, 0.2), -0.6, 0.6)), yaw=float(np.clip(rng.normal(0, 0.45), -1, 1)),
        pitch=float(rng.uniform(-1, 1)), outline=np.stack((u, v), 1), skin=skin_tone(rng), hair=hair_colour(rng),
        hair_kind=str(rng.choice(["none", "short", "long", "curly", "bun", "spikes", "bob"],
                                 p=[0.12, 0.3, 0.18, 0.14, 0.08, 0.08, 0.1])),
        hat_kind=str(rng.choice(["none", "cap", "beanie", "brim", "band", "cone"],
                                p=[0.72, 0.08, 0.08, 0.06, 0.04, 0.02])),
        seed=int(rng.integers(2**32)),
    )


# --- Parts, from the back to the front --------------------------------------------------------------------------------


def draw_shoulders(draw, head, scale):
    """Neck and clothes, which stay upright under a tilted head."""
    rng = np.random.default_rng((head.seed, 1))
    pen = Pen(draw, (head.x * scale, head.y * scale), (head.half_width * scale, head.half_height * scale))
    lean = math.sin(head.tilt) * -0.8
    cloth = any_colour(rng)
    neck, width = rng.uniform(0.35, 0.55), rng.uniform(1.5, 2.3)
    left, right = lean - neck, lean + neck
    pen.polygon([(left, 0.5), (right, 0.5), (right, 1.5), (left, 1.5)], shade(head.skin, 0.82))
    pen.ellipse(lean, 2.3, width, rng.uniform(0.95, 1.15), cloth)
    pen.polygon([(lean - width, 2.3), (lean + width, 2.3), (lean + width, 9), (lean - width, 9)], cloth)
    if rng.random() < 0.4:  # a collar or the opening of a shirt
        pen.polygon([(lean - 0.5, 1.25), (lean + 0.5, 1.25), (lean, rng.uniform(1.6, 2.2))],
                    head.skin if rng.random() < 0.5 else any_colour(rng))


def _draw_back_hair(pen, head, rng):
    """What lies behind the head."""
    if head.hair_kind == "long":
        width, down = rng.uniform(1.15, 1.4), rng.uniform(1.0, 2.0)
        pen.ellipse(0, -0.15, width, 1.05, head.hair)
        pen.polygon([(-width, -0.2), (width, -0.2), (width * 0.9, down), (-width * 0.9, down)], head.hair)
    elif head.hair_kind == "bob":
        width = rng.uniform(1.15, 1.35)
        pen.ellipse(0, -0.1, width, rng.uniform(1.05, 1.2), head.hair)
    elif head.hair_kind == "curly":
        radius = rng.uniform(0.22, 0.42)
        for turn in np.linspace(-0.3, math.pi + 0.3, 13):
            pen.ellipse(1.02 * math.cos(turn), -0.95 * math.sin(turn) - 0.05, radius, radius * 0.85, head.hair)
    elif head.hair_kind == "bun":
        pen.ellipse(rng.uniform(-0.3, 0.3), -1.2, 0.42, 0.34, shade(head.hair, 0.9))
        pen.ellipse(0, -0.2, 1.06, 0.92, head.hair)
    elif head.hair_kind == "spikes":
        for place in np.linspace(-0.9, 0.9, 7):
            top = -1.0 - rng.uniform(0.2, 0.55)
            tip = (place + rng.uniform(-0.15, 0.15), top)
            pen.polygon([(place - 0.22, -0.5), tip, (place + 0.22, -0.5)], head.hair)
    elif head.hair_kind == "short":
        pen.ellipse(0, -0.25, 1.07, 0.87, head.hair)


def _draw_front_hair(pen, head, rng):
    """The part over the forehead: between the outline and a hairline, so it never leaves the head."""
    if head.hair_kind == "none":
        return
    line = rng.uniform(-0.78, -0.5)
    outline = head.outline[head.outline[:, 1] < line]
    outline = outline[np.argsort(outline[:, 0])] * 1.03
    left, right = outline[0], outline[-1]
    parting = rng.uniform(-0.6, 0.6)
    kind = rng.random()
    if kind < 0.4:  # bent up at the parting
        across = np.linspace(right[0], left[0], 9)[1:-1]
        edge = [(u, line - 0.25 * math.exp(-((u - parting) ** 2) * 6)) for u in across]
    elif kind < 0.7:  # a fringe with teeth
        across = np.linspace(right[0], left[0], 11)[1:-1]
        edge = [(u, line + (0.14 if k % 2 else -0.06)) for k, u in enumerate(across)]
    else:
        edge = []
    pen.polygon([*map(tuple, outline), *edge], head.hair)


def _draw_eyes(pen, head, rng):
    dark = shade(head.hair if sum(head.hair) < 330 else (70, 50, 40), 0.55)
    shift_u, shift_v, squeeze = head.yaw * 0.34, head.pitch * 0.1, 1 - 0.22 * abs(head.yaw)
    apart, level = rng.uniform(0.36, 0.46) * squeeze, rng.uniform(-0.16, 0.02) + shift_v
    wide, tall = rng.uniform(0.15, 0.24) * squeeze, rng.uniform(0.08, 0.19)
    kind = rng.choice(["full", "dots", "closed"], p=[0.66, 0.24, 0.1])
    look = rng.uniform(-0.35, 0.35) * wide
    iris = _rgb(np.array(((70, 45, 30), (60, 90, 140), (70, 110, 70), (40, 30, 25))[rng.integers(4)]))
    for side in (-1, 1):
        u = shift_u + side * apart
        if kind == "full":
            pen.ellipse(u, level, wide, tall, (250, 250, 248))
            pen.ellipse(u + look, level, min(wide, tall) * 0.75, tall * 0.78, iris)
            pen.ellipse(u + look, level, min(wide, tall) * 0.4, tall * 0.42, (10, 10, 10))
            pen.arc(u, level, wide, tall, math.pi, 2 * math.pi, shade(head.skin, 0.4), 0.05)
        elif kind == "dots":
            pen.ellipse(u, level, wide * 0.55, max(tall * 0.75, 0.08), (20, 16, 16))
        else:
            bend = 1 if rng.random() < 0.5 else -1
            pen.arc(u, level, wide, bend * tall * 0.7, 0.15, math.pi - 0.15, shade(head.skin, 0.3), 0.08)
    if rng.random() < 0.85:
        raised, slant, thick = rng.uniform(0.2, 0.34), rng.uniform(-0.1, 0.1), rng.uniform(0.06, 0.13)
        for side in (-1, 1):
            u = shift_u + side * apart
            inner, outer = (u - side * wide, level - raised + slant), (u + side * wide * 1.1, level - raised - slant)
            pen.line([inner, (u, level - raised - 0.04), outer], dark, thick)
    if rng.random() < 0.26:
        _draw_glasses(pen, (shift_u, level), apart, rng)


def _draw_glasses(pen, middle, apart, rng):
    u, v = middle
    rim = shade(any_colour(rng), 0.5)
    wide, tall = apart * rng.uniform(0.7, 0.9), rng.uniform(0.2, 0.32)
    glass = (*shade(any_colour(rng), 0.3), 235) if rng.random() < 0.4 else (220, 235, 245, 60)
    square = rng.random() < 0.4
    for side in (-1, 1):
        centre = u + side * apart
        if square:
            frame = [(centre - wide, v - tall * 0.8), (centre + wide, v - tall * 0.8), (centre + wide, v + tall * 0.8),
                     (centre - wide, v + tall * 0.8)]
            pen.polygon(frame, glass)
            pen.line([*frame, frame[0]], rim, 0.07)
        else:
            pen.ellipse(centre, v, wide, tall, glass)
            pen.ring(centre, v, wide, tall, rim, 0.07)
    pen.line([(u - apart + wide, v), (u + apart - wide, v)], rim, 0.07)
    for side in (-1, 1):  # the bows end at the ears, which do not move as far as the eyes
        pen.line([(u + side * (apart + wide), v), (side * 0.99, v - 0.03)], rim, 0.06)


def _draw_nose_and_mouth(pen, head, rng):
    u, v, squeeze = head.yaw * 0.4, head.pitch * 0.1, 1 - 0.22 * abs(head.yaw)
    darker = shade(head.skin, rng.uniform(0.62, 0.8))
    level = rng.uniform(0.16, 0.3) + v
    kind = rng.random()
    if kind < 0.35:
        pen.line([(u, level - 0.28), (u + 0.12 * (1 if head.yaw >= 0 else -1), level), (u - 0.03, level)], darker, 0.06)
    elif kind < 0.7:
        pen.ellipse(u, level - 0.03, 0.14, 0.1, darker)
    else:
        for side in (-1, 1):
            pen.ellipse(u + side * 0.07, level, 0.04, 0.03, shade(head.skin, 0.45))
    beard = rng.random()
    if beard < 0.1:  # a full one: from ear to ear along the outline
        lower = head.outline[head.outline[:, 1] > 0.12]
        lower = lower[np.argsort(lower[:, 0])]
        inner = [(u * 0.5 + 0.62 * math.cos(t), 0.3 + v + 0.1 * math.sin(t)) for t in np.linspace(0, math.pi, 12)]
        pen.polygon([*map(tuple, lower), *inner], head.hair)
    elif beard < 0.18:
        pen.ellipse(u * 0.9, 0.42 + v, 0.36 * squeeze, 0.1, head.hair)
    u, level = u * 0.9, rng.uniform(0.48, 0.58) + v * 0.8
    wide = rng.uniform(0.22, 0.46) * squeeze
    lips = _rgb(np.array((170, 60, 60)) * rng.uniform(0.5, 1.1) * 0.6 + np.array(head.skin) * 0.35)
    kind = rng.choice(["smile", "open", "flat", "sad", "grin", "o"], p=[0.34, 0.16, 0.14, 0.1, 0.18, 0.08])
    if kind == "smile":
        pen.arc(u, level - 0.1, wide, rng.uniform(0.12, 0.25), 0.2, math.pi - 0.2, shade(lips, 0.7), 0.08)
    elif kind == "flat":
        pen.line([(u - wide, level), (u + wide, level + rng.uniform(-0.05, 0.05))], shade(lips, 0.7), 0.08)
    elif kind == "sad":
        pen.arc(u, level + 0.12, wide, 0.18, math.pi + 0.2, 2 * math.pi - 0.2, shade(lips, 0.7), 0.08)
    elif kind == "open":
        pen.ellipse(u, level, wide * 0.8, rng.uniform(0.12, 0.22), lips)
        pen.ellipse(u, level, wide * 0.62, 0.1, (70, 15, 20))
    elif kind == "grin":
        pen.ellipse(u, level - 0.08, wide, 0.27, lips, 0, math.pi)
        pen.ellipse(u, level - 0.06, wide * 0.85, 0.14, (248, 246, 240), 0, math.pi)
    else:
        pen.ellipse(u, level, 0.13, 0.14, (80, 20, 25))


def _draw_hat(pen, head, rng):
    colour, line = any_colour(rng), rng.uniform(-0.66, -0.5)
    if head.hat_kind == "cap":
        pen.ellipse(0, line, 1.08, 0.72, colour, math.pi, 2 * math.pi)
        side = 1 if head.yaw >= 0 else -1
        pen.polygon([(-side * 0.3, line), (side * 1.6, line + 0.02), (side * 1.5, line + 0.14), (0, line + 0.1)],
                    shade(colour, 0.75))
    elif head.hat_kind == "beanie":
        pen.ellipse(0, line, 1.1, 0.85, colour, math.pi, 2 * math.pi)
        pen.polygon([(-1.12, line - 0.14), (1.12, line - 0.14), (1.12, line + 0.1), (-1.12, line + 0.1)],
                    shade(colour, 1.3))
        pen.ellipse(0, line - 0.9, 0.2, 0.17, shade(colour, 1.3))
    elif head.hat_kind == "brim":
        top, reach = line - rng.uniform(0.6, 1.0), rng.uniform(1.35, 1.7)
        pen.polygon([(-0.85, line), (-0.78, top), (0.78, top), (0.85, line)], colour)
        pen.polygon([(-0.86, line - 0.2), (0.86, line - 0.2), (0.86, line), (-0.86, line)], any_colour(rng))
        pen.ellipse(0, line, reach, 0.13, shade(colour, 0.85))
    elif head.hat_kind == "band":
        pen.polygon([(-1.0, line - 0.12), (1.0, line - 0.12), (1.02, line + 0.06), (-1.02, line + 0.06)], colour)
    elif head.hat_kind == "cone":
        pen.polygon([(-0.8, line), (rng.uniform(-0.2, 0.2), line - 1.3), (0.8, line)], colour)


def draw_head(draw, head, scale):
    """The head with all that is on it. `draw` is a drawing of Pillow in RGBA mode, `scale` its pixels per pixel."""
    rng = np.random.default_rng((head.seed, 2))
    pen = Pen(draw, (head.x * scale, head.y * scale), (head.half_width * scale, head.half_height * scale), head.tilt)
    _draw_back_hair(pen, head, rng)
    if rng.random() < 0.85:
        for side in (-1, 1):
            pen.ellipse(side * 1.0 - head.yaw * 0.12, 0.02, 0.16, 0.22, shade(head.skin, 0.88))
    pen.polygon(head.outline, head.skin)
    light = rng.random()
    if light < 0.3:  # shadow on one side, within the outline
        side = 1 if rng.random() < 0.5 else -1
        half = head.outline[head.outline[:, 0] * side > 0.35]
        half = half[np.argsort(half[:, 1])]
        pen.polygon(half, (0, 0, 0, int(rng.integers(20, 60))))
    elif light < 0.5:
        for side in (-1, 1):
            pen.ellipse(side * 0.55 + head.yaw * 0.2, 0.32, 0.2, 0.14, (230, 90, 90, 70))
    _draw_nose_and_mouth(pen, head, rng)
    _draw_eyes(pen, head, rng)
    _draw_front_hair(pen, head, rng)
    if head.hat_kind != "none":
        _draw_hat(pen, head, rng)
