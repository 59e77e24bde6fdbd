"""Makes everything in this folder: draws the pictures, trains the face detector, exports it, measures it.

    python3 train.py             all of it
    python3 train.py --check     measures the files that are here and changes nothing
    python3 train.py --pictures  draws the committed pictures anew, keeps the network and measures
"""

import argparse
import os
import pathlib
import shutil
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle threads sleep, not spin: far faster on a busy machine

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

import scenes
from judge import SCORE, Count, read_boxes, suppress
from network import CENTRE_VARIANCE, MEAN, NORMAL, SIZE_VARIANCE, Faces, export, make_priors, normalized, run_file

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE / "faces.onnx"
BOXES = HERE / "boxes.tsv"
PEOPLE = HERE / "people.jpg"

SEED = 20240301
TRAIN, CALIBRATION, TEST, FRESH, GROUP = range(5)  # sets of pictures that share none
GROUP_INDEX = 5  # chosen by eye among the first few: neither blurred nor noisy
TRAIN_COUNT, CALIBRATION_COUNT, TEST_COUNT, FRESH_COUNT = 12000, 60, 30, 1500

EPOCHS = 28
BATCH = 64
PEAK_RATE = 6e-3
THREADS = 1  # fixed, since the number of threads decides the order of float sums and with it the weights

MATCH = 0.35  # a prior that overlaps a face this much learns it
NEGATIVES = 3  # for each prior with a face, this many of the worst without


# --- Training ---------------------------------------------------------------------------------------------------------


def padded(boxes):
    """Boxes of all pictures as one tensor (N, MOST_FACES, 4); where there is no face, a box without area."""
    result = torch.zeros(len(boxes), scenes.MOST_FACES, 4)
    for index, of_picture in enumerate(boxes):
        result[index, : len(of_picture)] = torch.from_numpy(of_picture)
    return result


def varied(x, boxes):
    """Pictures that pass by several times look different each time: mirrored, moved, brighter or darker."""
    margin = 8
    top, left = (int(v) for v in torch.randint(0, 2 * margin + 1, (2,)))
    height, width = x.shape[2:]
    x = functional.pad(x, (margin,) * 4, mode="replicate")[:, :, top : top + height, left : left + width]
    move = torch.tensor(((margin - left) / width, (margin - top) / height)).repeat(2)
    boxes = torch.where(areas(boxes)[..., None] > 0, (boxes + move).clamp(0, 1), boxes)
    mirrored = torch.rand(len(x)) < 0.5
    x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
    flipped = torch.stack((1 - boxes[..., 2], boxes[..., 1], 1 - boxes[..., 0], boxes[..., 3]), -1)
    boxes = torch.where(mirrored[:, None, None] & (areas(boxes)[..., None] > 0), flipped, boxes)
    gain = torch.empty(len(x), 1, 1, 1).uniform_(0.75, 1.2) * torch.empty(len(x), 3, 1, 1).uniform_(0.93, 1.07)
    shift = torch.empty(len(x), 1, 1, 1).uniform_(-0.15, 0.15)
    return torch.clamp(x * gain + shift, -MEAN * NORMAL, (255 - MEAN) * NORMAL), boxes


def areas(boxes):
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def overlaps(a, b):
    """Intersection over union of boxes (..., 4) given as corners."""
    shared = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0).prod(-1)
    return shared / (areas(a) + areas(b) - shared).clamp(min=1e-9)


def assign(boxes, priors):
    """Which prior learns which face: whether each is one (N, P), and the offsets of its box (N, P, 4)."""
    corners = torch.cat((priors[:, :2] - priors[:, 2:] / 2, priors[:, :2] + priors[:, 2:] / 2), 1)
    shared = overlaps(boxes[:, :, None], corners)  # (N, faces, P)
    best_of_face = shared.argmax(2, keepdim=True)
    # Every face is learned by the prior that fits it best, however badly; shifted out of the picture it has no area.
    shared.scatter_add_(2, best_of_face, 2.0 * (areas(boxes) > 4e-4)[..., None])
    share, face = shared.max(1)
    target = boxes.gather(1, face[..., None].expand(-1, -1, 4))
    middle = ((target[..., :2] + target[..., 2:]) / 2 - priors[:, :2]) / priors[:, 2:] / CENTRE_VARIANCE
    size = torch.log((target[..., 2:] - target[..., :2]).clamp(min=1e-3) / priors[:, 2:]) / SIZE_VARIANCE
    return share > MATCH, torch.cat((middle, size), -1)


def loss_of(scores, offsets, boxes, priors):
    """Errors of scores, on all faces and as many of the worst other priors, and of the offsets of the faces."""
    is_face, target = assign(boxes, priors)
    logs = functional.log_softmax(scores, 2)
    with torch.no_grad():
        background = torch.where(is_face, torch.tensor(-1.0), -logs[..., 0])
        keep = torch.clamp(NEGATIVES * is_face.sum(1, keepdim=True), min=20)
        worst = background.argsort(1, descending=True).argsort(1) < keep
    errors = -torch.where(is_face, logs[..., 1], logs[..., 0])
    faces = is_face.sum().clamp(min=1)
    box_errors = functional.smooth_l1_loss(offsets[is_face], target[is_face], reduction="sum")
    return errors[is_face | worst].sum() / faces, box_errors / faces


def train(pictures, boxes):
    """Trains on all pictures EPOCHS times; the learning rate rises, then falls to nothing."""
    network = Faces().to(memory_format=torch.channels_last).train()  # twice as fast on a CPU
    priors, boxes = make_priors(), padded(boxes)
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    rounds = len(pictures) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=EPOCHS * rounds, pct_start=0.15)
    for epoch in range(EPOCHS):
        started, total = time.monotonic(), np.zeros(2)
        for batch in torch.randperm(len(pictures))[: rounds * BATCH].split(BATCH):
            x, truth = varied(normalized(pictures[batch.numpy()]), boxes[batch])
            scores, offsets = network(x.contiguous(memory_format=torch.channels_last))
            losses = loss_of(scores, offsets, truth, priors)
            optimizer.zero_grad()
            sum(losses).backward()
            optimizer.step()
            schedule.step()
            total += [part.item() for part in losses]
        score, box = total / rounds
        seconds = time.monotonic() - started
        print(f"epoch {epoch + 1}/{EPOCHS}: scores {score:.4f}, boxes {box:.4f}, {seconds:.0f} s", flush=True)
    return network.eval()


# --- Pictures on disk -------------------------------------------------------------------------------------------------


def write_picture(file, image):
    """Writes a picture in the format of its ending."""
    (HERE / file).parent.mkdir(exist_ok=True)
    data = scenes.encode(image, pathlib.Path(file).suffix)
    (HERE / file).write_bytes(data)


def write_pictures():
    """Draws the committed pictures and the list of the faces in those to judge with."""
    lines = ["file\tx1\ty1\tx2\ty2"]
    for folder, part, count in (("calibration", CALIBRATION, CALIBRATION_COUNT), ("test", TEST, TEST_COUNT)):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        for index in range(count):
            size = 2 if index % 3 == 2 else 1  # a third is twice as large, so that resizing is part of the task
            image, boxes = scenes.draw(SEED, part, index, size)
            file = f"{folder}/{index + 1:04d}{'.png' if index % 30 == 3 else '.jpg'}"
            write_picture(file, image)
            lines += rows_of(file, boxes, image) if part == TEST else []
    image, boxes = scenes.draw(SEED, GROUP, GROUP_INDEX, size=4, group=True)
    write_picture(PEOPLE.name, image)
    lines += rows_of(PEOPLE.name, boxes, image)
    BOXES.write_text("\n".join(lines) + "\n", encoding="utf-8")


def rows_of(file, boxes, image):
    """A line for each face, in pixels of the file; one without numbers for a picture without faces."""
    if not len(boxes):
        return [f"{file}\t\t\t\t"]
    return ["\t".join([file, *(f"{v:.1f}" for v in box)]) for box in boxes * np.tile(image.size, 2)]


# --- Measuring the exported file --------------------------------------------------------------------------------------


def count_finds(pictures, truths):
    """What the exported file finds in pictures as the network sees them, against their boxes in shares."""
    size = np.tile((scenes.WIDTH, scenes.HEIGHT), 2)
    count, by_height = Count(), {limit: Count() for limit in (16, 24, 48, 1000)}
    for scores, boxes, truth in zip(*run_file(MODEL, pictures), truths):
        finds = suppress([(float(s), tuple(b)) for s, b in zip(scores[:, 1], boxes * size) if s > SCORE])
        hits = count.add(finds, [tuple(b) for b in truth * size])
        for box, hit in zip(truth * size, hits):
            limit = min(limit for limit in by_height if box[3] - box[1] < limit)
            by_height[limit].faces += 1
            by_height[limit].hits += hit
    return count, by_height


def measure(fresh):
    """Prints how many faces the exported file finds, and how many of its finds are faces."""
    count, by_height = count_finds(*fresh)
    print(f"{len(fresh[0])} fresh pictures: {count}")
    for limit, part in by_height.items():
        print(f"  faces below {limit} pixels of height: {part.hits} of {part.faces} found ({part.recall:.2%})")
    truth = read_boxes(BOXES)
    images = {file: Image.open(HERE / file).convert("RGB") for file in truth}
    pictures = np.stack([scenes.resized(image) for image in images.values()])
    shares = [np.reshape(boxes, (-1, 4)) / np.tile(images[file].size, 2) for file, boxes in truth.items()]
    print(f"{BOXES.name}, {len(pictures)} pictures: {count_finds(pictures, shares)[0]}")
    for folder in ("test", "calibration"):
        print(f"{folder}/: {sum(file.stat().st_size for file in (HERE / folder).iterdir())} bytes")
    for file in (PEOPLE, MODEL):
        print(f"{file.name}: {file.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description="Draws pictures, trains the face detector on them and exports it.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="measure the files that are here, change nothing")
    choice.add_argument("--pictures", action="store_true", help="draw the committed pictures, keep the network")
    options = parser.parse_args()

    # Drawing comes first: it forks, which must not happen once PyTorch has started threads.
    started = time.monotonic()
    processes = os.cpu_count()
    fresh = scenes.draw_many(SEED, FRESH, FRESH_COUNT, processes)
    if not options.check:
        write_pictures()
    if not (options.check or options.pictures):
        pictures, boxes = scenes.draw_many(SEED, TRAIN, TRAIN_COUNT, processes)
    print(f"pictures drawn, {time.monotonic() - started:.0f} s", flush=True)

    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    if not (options.check or options.pictures):
        network = train(pictures, boxes)
        export(network, MODEL)
        with torch.no_grad():
            here = network(normalized(fresh[0][:100]))
        apart = max(np.abs(a - b.numpy()).max() for a, b in zip(run_file(MODEL, fresh[0][:100]), here))
        print(f"file against PyTorch: largest difference {apart:.1e}")
    measure(fresh)
    print(f"{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    main()
