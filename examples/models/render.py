"""Renders the pictures that the example network learns from.

Every picture shows one digit or one shape: in one of many fonts, at a random place, size, rotation and perspective, in
random colours over a plain, shaded or cluttered background, sometimes hollow, outlined, shadowed, crossed by a line,
blurred, noisy or stored as JPEG. The point is a task that a small network solves well but not perfectly, so that what
quantization costs can be seen.

A picture depends on its seed, its set and its number alone, never on how many processes draw or in which order. The
pictures use nothing but NumPy, Pillow and the outlines of free fonts, so the project can give them away.
"""

import functools
import io
import math
import multiprocessing
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

SIZE = 64  # width and height of a picture
CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "arrow", "crescent", "cross", "heart", "star", "triangle")
DIGITS = 10  # the first ten classes are drawn with a font, the others from their outlines
JPEG_QUALITY = 90

# Files are named one by one, so that a font more or less on the machine does not change the pictures.
FONT_FOLDER = pathlib.Path("/usr/share/fonts")
FONTS = (
    # fonts-dejavu-core
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSerif.ttf",
    "DejaVuSerif-Bold.ttf",
    # fonts-liberation2
    "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSans-Italic.ttf", "LiberationSerif-Regular.ttf",
    "LiberationSerif-Bold.ttf", "LiberationSerif-BoldItalic.ttf", "LiberationMono-Regular.ttf",
    # fonts-freefont-ttf
    "FreeSans.ttf", "FreeSansBoldOblique.ttf", "FreeSerif.ttf", "FreeSerifBold.ttf", "FreeSerifItalic.ttf",
    "FreeMono.ttf", "FreeMonoBold.ttf",
    # fonts-lato
    "Lato-Light.ttf", "Lato-Regular.ttf", "Lato-Italic.ttf", "Lato-Black.ttf", "Lato-HeavyItalic.ttf",
    # fonts-open-sans
    "OpenSans-Light.ttf", "OpenSans-Regular.ttf", "OpenSans-ExtraBold.ttf", "OpenSans-CondLight.ttf",
    "OpenSans-CondBold.ttf", "OpenSans-SemiboldItalic.ttf",
    # fonts-linuxlibertine
    "LinLibertine_R.otf", "LinLibertine_RB.otf", "LinLibertine_RI.otf", "LinBiolinum_R.otf", "LinBiolinum_RB.otf",
    # fonts-inconsolata, fonts-comfortaa, fonts-roboto-slab
    "Inconsolata.otf", "Comfortaa-Regular.ttf", "Comfortaa-Bold.ttf", "RobotoSlab-Light.otf", "RobotoSlab-Bold.otf",
)

_CANVAS = 160  # outlines are drawn large and shrunk: that is where smooth edges come from
_OVERSAMPLE = 2


def label_of(index):
    """Class of picture number `index`: every 16 pictures in a row hold each class once."""
    return index % len(CLASSES)


def is_jpeg(index):
    """Every other round of the classes is stored as JPEG, so that no class is tied to a format."""
    return index // len(CLASSES) % 2 == 1


@functools.lru_cache(maxsize=None)
def _font_paths():
    """Where the fonts lie. All of them must be there: with fewer, the task would silently be an easier one."""
    found = {path.name: path for path in sorted(FONT_FOLDER.rglob("*")) if path.suffix in (".ttf", ".otf")}
    missing = [name for name in FONTS if name not in found]
    if missing:
        raise SystemExit("fonts not found (README.md lists the packages): " + ", ".join(missing))
    return [str(found[name]) for name in FONTS]


@functools.lru_cache(maxsize=None)
def _glyph(font_index, digit):
    """Coverage of one digit in one font, in the middle of the canvas."""
    font = ImageFont.truetype(_font_paths()[font_index], 120, layout_engine=ImageFont.Layout.BASIC)
    left, top, right, bottom = font.getbbox(digit)
    mask = Image.new("L", (_CANVAS, _CANVAS))
    place = ((_CANVAS - left - right) / 2, (_CANVAS - top - bottom) / 2)
    ImageDraw.Draw(mask).text(place, digit, fill=255, font=font)
    return mask


def _outline(name, rng):
    """Corners of a shape in a square of side 2 around the origin, with proportions that vary."""
    if name == "triangle":
        return [(0, -0.9), (0.9, rng.uniform(0.5, 0.9)), (-0.9, rng.uniform(0.5, 0.9))]
    if name == "star":
        inner = rng.uniform(0.35, 0.5)
        turns = [(math.pi * k / 5, 1 if k % 2 == 0 else inner) for k in range(10)]
        return [(r * math.sin(t), -r * math.cos(t)) for t, r in turns]
    if name == "cross":
        w = rng.uniform(0.15, 0.38)
        quarter = [(-w, -1), (w, -1), (w, -w)]  # one arm; each further one is the same, turned by a right angle
        corners = []
        for _ in range(4):
            corners += quarter
            quarter = [(-y, x) for x, y in quarter]
        return corners
    if name == "arrow":
        shaft, wing, neck = rng.uniform(0.12, 0.3), rng.uniform(0.55, 0.85), rng.uniform(-0.3, 0.2)
        return [(0, -1), (wing, neck), (shaft, neck), (shaft, 1), (-shaft, 1), (-shaft, neck), (-wing, neck)]
    if name == "heart":
        turns = np.linspace(0, 2 * math.pi, 60, endpoint=False)
        y = 13 * np.cos(turns) - 5 * np.cos(2 * turns) - 2 * np.cos(3 * turns) - np.cos(4 * turns)
        return list(zip(np.sin(turns) ** 3, -y / 16))
    if name == "crescent":  # an arc of the outer circle, then back along a circle through the same two tips
        tip, depth = rng.uniform(0.5, 1.1), rng.uniform(0.25, 0.6)
        outer = np.linspace(tip, 2 * math.pi - tip, 40)
        x, y = math.cos(tip), math.sin(tip)
        # The inner circle passes through (-depth, 0) and both tips, (x, y) and (x, -y).
        centre = (x * x + y * y - depth * depth) / (2 * (x + depth))
        radius, turn = centre + depth, math.atan2(y, x - centre)
        inner = np.linspace(2 * math.pi - turn, turn, 40)
        across = np.concatenate((np.cos(outer), centre + radius * np.cos(inner)))
        down = np.concatenate((np.sin(outer), radius * np.sin(inner)))
        return list(zip(across, down))
    raise ValueError(name)


def _shape(name, rng):
    """Coverage of one shape, in the middle of the canvas."""
    mask = Image.new("L", (_CANVAS, _CANVAS))
    half = _CANVAS / 2
    corners = [(half + 0.75 * half * x, half + 0.75 * half * y) for x, y in _outline(name, rng)]
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    return mask


def _place(mask, turn_limit, rng):
    """Puts the drawn outline somewhere into the picture: turned, stretched, seen at an angle."""
    left, top, right, bottom = mask.getbbox()
    side = max(right - left, bottom - top) / 2
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    source = np.array([(middle_x + side * x, middle_y + side * y) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))])

    turn = rng.uniform(-turn_limit, turn_limit)
    half = SIZE / 2 * _OVERSAMPLE
    reach = half * rng.uniform(0.3, 0.86)
    stretch, shear = math.exp(rng.uniform(-0.3, 0.3)), rng.uniform(-0.25, 0.25)
    matrix = np.array([(math.cos(turn), -math.sin(turn)), (math.sin(turn), math.cos(turn))])
    matrix = matrix @ np.array([(reach * stretch, shear * reach), (0, reach / stretch)])
    target = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) @ matrix.T
    target += rng.uniform(-0.22, 0.22, target.shape) * reach
    room = max(half * 1.05 - np.abs(target).max(), 0)
    target += half + rng.uniform(-room, room, 2)

    # Pillow asks for the eight numbers that lead from a point of the result back to a point of the source.
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source):
        rows += [(x, y, 1, 0, 0, 0, -u * x, -u * y), (0, 0, 0, x, y, 1, -v * x, -v * y)]
        values += [u, v]
    numbers = np.linalg.solve(np.array(rows), np.array(values))
    large = (SIZE * _OVERSAMPLE,) * 2
    return mask.transform(large, Image.Transform.PERSPECTIVE, tuple(numbers), Image.Resampling.BILINEAR)


def _luma(colour):
    return float(np.dot(colour, (0.299, 0.587, 0.114)))


def _colours(rng):
    """Two background colours and one for the object that differs in brightness from both, at times only just."""
    contrast = rng.uniform(26, 100)
    while True:
        first, ink = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
        second = np.clip(first + rng.normal(0, 45, 3), 0, 255)
        if min(abs(_luma(ink) - _luma(first)), abs(_luma(ink) - _luma(second))) >= contrast:
            return first, second, ink


def _pattern(rng):
    """How much of the second background colour there is at each place: 0 to 1."""
    kind = rng.choice(["plain", "slope", "clouds", "stripes", "checks", "clutter"])
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    turn = rng.uniform(0, 2 * math.pi)
    along = x * math.cos(turn) + y * math.sin(turn)
    if kind == "plain":
        return np.zeros((SIZE, SIZE))
    if kind == "slope":
        return np.clip(along / 2 + 0.5, 0, 1)
    if kind == "clouds":
        few = Image.fromarray(rng.integers(0, 256, (rng.integers(3, 9),) * 2, dtype=np.uint8))
        return np.asarray(few.resize((SIZE, SIZE), Image.Resampling.BICUBIC)) / 255
    if kind == "stripes":
        return np.clip(np.sin(along * rng.uniform(15, 60)) * 3 + 0.5, 0, 1)
    if kind == "checks":
        across = -x * math.sin(turn) + y * math.cos(turn)
        pitch = rng.uniform(12, 30)
        return np.clip(np.sin(along * pitch) * np.sin(across * pitch) * 4 + 0.5, 0, 1)
    layer = Image.new("L", (SIZE * _OVERSAMPLE,) * 2)
    draw = ImageDraw.Draw(layer)
    for _ in range(rng.integers(3, 9)):
        ends = rng.uniform(0, SIZE * _OVERSAMPLE, 4)
        shade = int(rng.integers(60, 256))
        if rng.random() < 0.5:
            draw.line(list(ends), fill=shade, width=int(rng.integers(2, 10)))
        else:
            corners = np.sort(ends.reshape(2, 2), axis=0)
            draw.ellipse(list(corners.ravel()), fill=shade)
    return np.asarray(layer.reduce(_OVERSAMPLE)) / 255


def _paint(picture, mask, colour):
    """Lays a colour over the picture where the mask covers it."""
    cover = np.asarray(mask.reduce(_OVERSAMPLE), dtype=np.float32)[..., None] / 255
    return picture + (colour - picture) * cover


def _object(picture, mask, ink, rng):
    """Draws the object: plain, with a shadow, with a rim, or as its rim alone."""
    style = rng.random()
    if style < 0.12:
        shift = rng.integers(2, 7, 2) * rng.choice([-1, 1], 2)
        shadow = Image.new("L", mask.size)
        shadow.paste(mask, tuple(int(s) for s in shift))
        picture = _paint(picture, shadow.point(lambda v: v // 2), picture * 0.5)
    elif style < 0.22:
        rim = ink * 0.4 if rng.random() < 0.5 else 255 - (255 - ink) * 0.4
        picture = _paint(picture, mask.filter(ImageFilter.MaxFilter(5)), rim)
    elif style < 0.32:
        inside = mask.filter(ImageFilter.MinFilter(5)).point(lambda v: 255 - v)
        hollow = Image.new("L", mask.size)
        hollow.paste(mask.filter(ImageFilter.MaxFilter(5)), mask=inside)
        return _paint(picture, hollow, ink)
    if rng.random() < 0.25:  # the ink itself changes from one end to the other
        slope = np.linspace(-1, 1, SIZE, dtype=np.float32).reshape((1, -1, 1) if rng.random() < 0.5 else (-1, 1, 1))
        ink = ink + slope * rng.uniform(-30, 30, 3)
    return _paint(picture, mask, ink)


def _cross_out(picture, first, ink, rng):
    """A thin line over everything, in the colour of the background or of the object."""
    line = Image.new("L", (SIZE * _OVERSAMPLE,) * 2)
    ends = rng.uniform(0, SIZE * _OVERSAMPLE, 4)
    ImageDraw.Draw(line).line(list(ends), fill=255, width=int(rng.integers(2, 7)))
    return _paint(picture, line, first if rng.random() < 0.5 else ink)


def _camera(picture, rng):
    """What a cheap camera adds: uneven light, blur, noise."""
    if rng.random() < 0.3:
        y, x = np.mgrid[-1:1:SIZE * 1j, -1:1:SIZE * 1j]
        light = 1 + rng.uniform(-0.3, 0.3) * x + rng.uniform(-0.3, 0.3) * y
        picture = picture * light[..., None]
    if rng.random() < 0.5:
        image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
        picture = np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.7))), dtype=np.float32)
    if rng.random() < 0.4:
        picture = picture + rng.normal(0, rng.uniform(2, 20), picture.shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def draw(seed, part, index):
    """Picture number `index` of set `part` as Pillow image; its class is `label_of(index)`."""
    rng = np.random.default_rng((seed, part, index))
    label = label_of(index)
    if label < DIGITS:
        # Digits stay upright enough to tell 6 from 9.
        mask = _place(_glyph(int(rng.integers(len(FONTS))), CLASSES[label]), math.radians(30), rng)
    else:
        mask = _place(_shape(CLASSES[label], rng), math.pi, rng)
    first, second, ink = _colours(rng)
    picture = first + (second - first) * _pattern(rng)[..., None]
    picture = _object(picture.astype(np.float32), mask, ink.astype(np.float32), rng)
    for _ in range(rng.choice([0, 1, 2], p=[0.75, 0.2, 0.05])):
        picture = _cross_out(picture, first, ink, rng)
    return Image.fromarray(_camera(picture, rng))


def encode(image, index):
    """The picture as the bytes of its file, and the file's ending."""
    stream = io.BytesIO()
    if is_jpeg(index):
        image.save(stream, "JPEG", quality=JPEG_QUALITY)
        return stream.getvalue(), ".jpg"
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue(), ".png"


def _pixels(job):
    """One picture as an array, with what JPEG does to it where it is one (PNG changes nothing)."""
    image = draw(*job)
    if is_jpeg(job[2]):
        image = Image.open(io.BytesIO(encode(image, job[2])[0]))
    return np.asarray(image)


def draw_many(seed, part, count, processes):
    """`count` pictures as one array (count, SIZE, SIZE, 3) of bytes, and their classes."""
    _font_paths()
    pictures = np.empty((count, SIZE, SIZE, 3), np.uint8)
    jobs = ((seed, part, index) for index in range(count))
    with multiprocessing.Pool(processes) as pool:
        for index, pixels in enumerate(pool.imap(_pixels, jobs, chunksize=64)):
            pictures[index] = pixels
    return pictures, np.arange(count) % len(CLASSES)
