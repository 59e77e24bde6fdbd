"""Draws the pictures that the face detector learns from: cartoon people before all kinds of backgrounds.

Between the people stand things that are round and have marks, as faces do, but are none: clocks, buttons, balls,
targets, sockets, flowers, cars, heads seen from behind. Every picture comes with the boxes of its faces.

A picture depends on its seed, its set and its number alone, never on how many processes draw or in which order. Nothing
but NumPy and Pillow is used, so the project can give the pictures away.
"""

import io
import math
import multiprocessing

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

import heads
import surroundings
from surroundings import HEIGHT, WIDTH

SMALLEST, LARGEST = 12, 116  # height of a head
MOST_FACES = 7
LEAST_VISIBLE = 0.6  # share of a head that is not covered and inside the picture
MOST_OVERLAP = 0.22  # intersection over union of two boxes: detectors take boxes that overlap more for one face
JPEG_QUALITY = 80

# --- People -----------------------------------------------------------------------------------------------------------


def overlap(a, b):
    """Intersection over union of boxes (..., 4) given as corners."""
    a, b = np.asarray(a), np.asarray(b)
    shared = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None).prod(-1)
    return shared / ((a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - shared)


def _cover(head, rng):
    """A thing that hides part of a head: its corners in pixels and its colour. At most about a third is hidden."""
    share = rng.uniform(0.15, 0.36)
    turn = rng.choice([0, 0.5, 1, 1.5]) * math.pi + rng.normal(0, 0.3)  # from below, from a side, from above
    away = np.array((math.sin(turn), math.cos(turn)))
    along = np.array((away[1], -away[0]))
    size = head.half_height * 2
    edge = np.array((head.x, head.y)) + away * size * (0.5 - share)
    width = size * rng.uniform(0.35, 1.2)
    corners = np.array([edge - along * width / 2, edge + along * width / 2,
                        edge + along * width / 2 + away * size * 0.55, edge - along * width / 2 + away * size * 0.55])
    return corners, heads.any_colour(rng)


class _Stencil:
    """Takes what is drawn on a picture, but draws it in one colour: the shapes without their paint."""

    def __init__(self, draw, value):
        self._draw, self._value = draw, value

    def polygon(self, points, fill):
        self._draw.polygon(points, fill=self._value)

    def line(self, points, fill, width, joint):
        self._draw.line(points, fill=self._value, width=width, joint=joint)


def _visible(people, covers):
    """Share of each head that is inside the picture and not behind nearer heads, their hair, their hats, or covers."""
    mask = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(mask)
    areas = []
    for value, head in enumerate(people, 1):
        heads.draw_head(_Stencil(draw, 0), head, 1)
        x, y = head.corners().T
        draw.polygon(list(zip(x, y)), fill=value)
        areas.append(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2)
    for cover in covers:
        if cover is not None:
            draw.polygon([tuple(c) for c in cover[0]], fill=0)
    return np.bincount(np.asarray(mask).ravel(), minlength=len(people) + 1)[1:] / areas


def _people(rng):
    """Heads from the back to the front, and what covers them. Rolls again until every head can be seen well."""
    count = int(rng.choice(MOST_FACES + 1, p=[0.1, 0.26, 0.22, 0.16, 0.1, 0.07, 0.05, 0.04]))
    crowd = rng.random() < 0.4  # all of about one size, as on a photograph of a group
    size = math.exp(rng.uniform(math.log(SMALLEST * 1.3), math.log(LARGEST / 2)))
    people, covers = [], []
    for _ in range(count * 6):
        if len(people) == count:
            break
        if crowd:
            height = float(np.clip(size * math.exp(rng.normal(0, 0.15)), SMALLEST, LARGEST))
        else:
            height = math.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST)))
        reach = height * 0.35
        x, y = rng.uniform(reach, WIDTH - reach), rng.uniform(min(reach, HEIGHT / 2), max(HEIGHT - reach, HEIGHT / 2))
        head = heads.make_head(x, y, height, rng)
        cover = _cover(head, rng) if rng.random() < 0.12 else None
        pairs = sorted([*zip(people, covers), (head, cover)], key=lambda pair: pair[0].half_height)
        tried = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        apart = all(overlap(head.box(), other.box()) <= MOST_OVERLAP for other in people)
        if apart and all(share >= LEAST_VISIBLE for share in _visible(*tried)):
            people, covers = tried
    return people, covers


def _group(rng):
    """Six people in two rows, as they stand before a photographer."""
    people = []
    for row, (count, y, height) in enumerate(((3, 34, 25), (3, 74, 32))):
        for k in range(count):
            x = WIDTH * (k + 0.5) / count + (10 if row else -10) + rng.uniform(-4, 4)
            people.append(heads.make_head(x, y + rng.uniform(-5, 5), height * math.exp(rng.normal(0, 0.06)), rng))
    return people, [None] * len(people)


def _boxes(people):
    """Boxes (N, 4) as corners in shares of the picture, cut off at its edges."""
    if not people:
        return np.zeros((0, 4), np.float32)
    boxes = np.stack([head.box() for head in people]) / (WIDTH, HEIGHT, WIDTH, HEIGHT)
    return np.clip(boxes, 0, 1).astype(np.float32)


# --- Pictures ---------------------------------------------------------------------------------------------------------


def _camera(picture, rng):
    """What light and a cheap camera add: tint, uneven light, blur, noise."""
    width, height = picture.size
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.1) * width / WIDTH))
    pixels = np.asarray(picture, dtype=np.float32)
    if rng.random() < 0.4:
        pixels = pixels * rng.uniform(0.7, 1.15) * rng.uniform(0.88, 1.08, 3).astype(np.float32)
    if rng.random() < 0.25:
        y, x = np.mgrid[-1:1:height * 1j, -1:1:width * 1j].astype(np.float32)
        pixels = pixels * (1 + rng.uniform(-0.3, 0.3) * x + rng.uniform(-0.3, 0.3) * y)[..., None]
    if rng.random() < 0.08:
        pixels = pixels.mean(2, keepdims=True) + np.zeros(3, np.float32)
    if rng.random() < 0.3:
        pixels = pixels + rng.normal(0, rng.uniform(2, 12), pixels.shape)
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def _draw_things(draw, scale, count, taken, rng):
    """Puts `count` things where no head is."""
    for _ in range(count):
        half = math.exp(rng.uniform(math.log(5), math.log(32)))
        x, y = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)
        if any(abs(x - h.x) < half + h.half_height and abs(y - h.y) < half + h.half_height for h in taken):
            continue
        stretch = math.exp(rng.uniform(-0.15, 0.15))
        size = (half * stretch * scale, half / stretch * scale)
        pen = heads.Pen(draw, (x * scale, y * scale), size, rng.normal(0, 0.25))
        surroundings.THINGS[rng.integers(len(surroundings.THINGS))](pen, rng)


def draw(seed, part, index, size=1, group=False):
    """Picture number `index` of set `part`, `size` times as wide and high as what the network sees, and its boxes.

    With `group` six people stand in two rows, else as many as it happens, anywhere.
    """
    rng = np.random.default_rng((seed, part, index))
    people, covers = _group(rng) if group else _people(rng)
    scale = 2 * size  # drawn large and shrunk: that is where smooth edges come from
    picture, pen = surroundings.background(scale, rng)
    things = int(rng.choice([0, 1, 2, 3, 5], p=[0.3, 0.25, 0.2, 0.15, 0.1])) + (2 if not people else 0)
    _draw_things(pen, scale, 0 if group else things, people, rng)
    for head in people:  # all of them before the first head, so that no body hides one
        if group or rng.random() < 0.8:
            heads.draw_shoulders(pen, head, scale)
    for head in people:
        heads.draw_head(pen, head, scale)
    for cover in covers:
        if cover is not None:
            pen.polygon([tuple(c) for c in cover[0] * scale], fill=cover[1])
    return _camera(picture.reduce(2), rng), _boxes(people)


def encode(image, ending):
    """The picture as the bytes of its file."""
    stream = io.BytesIO()
    if ending == ".jpg":
        image.save(stream, "JPEG", quality=JPEG_QUALITY)
    else:
        image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def resized(image):
    """Pixels (HEIGHT, WIDTH, 3) as Octet resizes them: bilinear, half-pixel centres, no smoothing before."""
    pixels = np.asarray(image, dtype=np.float32)
    for axis, length in ((0, HEIGHT), (1, WIDTH)):
        place = np.clip((np.arange(length) + 0.5) * pixels.shape[axis] / length - 0.5, 0, pixels.shape[axis] - 1)
        low = np.minimum(place.astype(int), max(pixels.shape[axis] - 2, 0))
        share = (place - low).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1)).astype(np.float32)
        high = np.minimum(low + 1, pixels.shape[axis] - 1)
        pixels = np.take(pixels, low, axis) * (1 - share) + np.take(pixels, high, axis) * share
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def _pixels(job):
    """One picture as the network sees it. Some were larger, some were JPEG; resized without smoothing, edges jag."""
    index = job[2]
    image, boxes = draw(*job, size=4 if index % 5 == 0 else 1)
    if index % 2 == 0:
        image = Image.open(io.BytesIO(encode(image, ".jpg"))).convert("RGB")
    return (resized(image) if image.size != (WIDTH, HEIGHT) else np.asarray(image)), boxes


def draw_many(seed, part, count, processes):
    """`count` pictures as one array (count, HEIGHT, WIDTH, 3) of bytes, and a list of their boxes."""
    pictures, boxes = np.empty((count, HEIGHT, WIDTH, 3), np.uint8), []
    jobs = ((seed, part, index) for index in range(count))
    with multiprocessing.Pool(processes) as pool:
        for index, (pixels, found) in enumerate(pool.imap(_pixels, jobs, chunksize=32)):
            pictures[index] = pixels
            boxes.append(found)
    return pictures, boxes
