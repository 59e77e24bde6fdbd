"""Makes everything in this folder: draws the pictures, trains the network, exports it, measures it.

    python3 train.py           all of it
    python3 train.py --check   measures the files that are here and changes nothing

The network is small and shaped like those that people put on phones: a 3x3 convolution, inverted residuals with 3x3 and
5x5 depthwise convolutions, residual sums with and without an activation, ReLU, ReLU6 and hard-swish, global average
pooling, a fully connected layer and softmax. It is there to exercise a quantizer, not to win a contest.
"""

import argparse
import os
import pathlib
import shutil
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle threads sleep, not spin: far faster on a busy machine

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

import render

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE / "shapes.onnx"
LABELS = HERE / "labels.tsv"

SEED = 20240229
TRAIN, CALIBRATION, TEST, FRESH = range(4)  # four sets of pictures that share none
TRAIN_COUNT, CALIBRATION_COUNT, TEST_COUNT, FRESH_COUNT = 40000, 100, 200, 5000

EPOCHS = 10
BATCH = 128
PEAK_RATE = 4e-3
THREADS = 2  # fixed, since the number of threads decides the order of float sums and with it the weights

MEAN, NORMAL = 127.5, 1 / 127.5  # what quantize.json says too


# --- The network ------------------------------------------------------------------------------------------------------


def convolution(inputs, outputs, size=1, stride=1, groups=1, activation=None):
    """Convolution without bias and batch norm, which the export folds into one convolution with bias."""
    layers = [nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project back; where the shape stays the same, the input is added to the result.

    `last` is an activation after the sum. MobileNetV2 has none there and older networks do, so this one has both.
    """

    def __init__(self, inputs, outputs, wide, size, stride, activation, last=None):
        super().__init__()
        self.residual = inputs == outputs and stride == 1
        self.expand = convolution(inputs, wide, activation=activation)
        self.depthwise = convolution(wide, wide, size, stride, groups=wide, activation=activation)
        self.project = convolution(wide, outputs)
        self.last = last() if last else nn.Identity()

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x)))
        return self.last(x + y if self.residual else y)


class Shapes(nn.Module):
    """From a normalized picture (N, 3, 64, 64) to the probability of each class.

    In training the answer is what goes into the softmax, since the loss takes the logarithm of the softmax itself.
    """

    def __init__(self, classes):
        super().__init__()
        self.stem = convolution(3, 16, 3, stride=2, activation=nn.ReLU6)  # 32 x 32
        self.separable = nn.Sequential(convolution(16, 16, 3, groups=16, activation=nn.ReLU6), convolution(16, 16))
        self.blocks = nn.Sequential(
            InvertedResidual(16, 24, 64, 3, 2, nn.ReLU6),  # 16 x 16
            InvertedResidual(24, 24, 96, 3, 1, nn.ReLU6),
            InvertedResidual(24, 40, 96, 5, 2, nn.ReLU),  # 8 x 8
            InvertedResidual(40, 40, 160, 5, 1, nn.ReLU, last=nn.ReLU),
            InvertedResidual(40, 64, 160, 3, 1, nn.ReLU6),
            InvertedResidual(64, 64, 192, 3, 1, nn.ReLU6),
            InvertedResidual(64, 96, 256, 3, 2, nn.ReLU6),  # 4 x 4
            InvertedResidual(96, 96, 256, 3, 1, nn.ReLU6),
        )
        self.head = convolution(96, 160, activation=nn.Hardswish)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(160, classes)

    def forward(self, x):
        x = self.head(self.blocks(self.separable(self.stem(x))))
        x = self.classify(torch.flatten(self.pool(x), 1))
        return x if self.training else torch.softmax(x, 1)


# --- Training ---------------------------------------------------------------------------------------------------------


def normalized(pictures):
    """Bytes (N, H, W, 3) to the floats (N, 3, H, W) that the network expects."""
    return (torch.as_tensor(pictures).permute(0, 3, 1, 2).float() - MEAN) * NORMAL


def varied(x):
    """Pictures that pass by several times look different each time: moved, and in other colours."""
    count, _, height, width = x.shape
    top, left = (int(v) for v in torch.randint(0, 9, (2,)))
    x = functional.pad(x, (4, 4, 4, 4), mode="replicate")[:, :, top : top + height, left : left + width]
    x = x[:, torch.randperm(3)]
    sign = torch.randint(0, 2, (count, 1, 1, 1)) * 2 - 1  # a negative shows the same digit
    gain = torch.empty(count, 3, 1, 1).uniform_(0.75, 1.15)
    shift = torch.empty(count, 3, 1, 1).uniform_(-0.12, 0.12)
    return torch.clamp(x * sign * gain + shift, -1, 1)


def train(pictures, labels):
    """Trains on all pictures EPOCHS times; the learning rate rises, then falls to nothing."""
    network = Shapes(len(render.CLASSES)).to(memory_format=torch.channels_last)  # twice as fast on a CPU
    network.train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    rounds = len(pictures) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=EPOCHS * rounds, pct_start=0.2)
    labels = torch.as_tensor(labels)
    for epoch in range(EPOCHS):
        started, total, right = time.monotonic(), 0.0, 0
        for batch in torch.randperm(len(pictures))[: rounds * BATCH].split(BATCH):
            x = varied(normalized(pictures[batch.numpy()])).contiguous(memory_format=torch.channels_last)
            answers = network(x)
            loss = functional.cross_entropy(answers, labels[batch], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
            right += int((answers.argmax(1) == labels[batch]).sum())
        share, seconds = right / (rounds * BATCH), time.monotonic() - started
        print(f"epoch {epoch + 1}/{EPOCHS}: loss {total / rounds:.4f}, {share:.2%} right, {seconds:.0f} s", flush=True)
    return network.eval()


def export(network, path):
    """Writes the ONNX file; batch norm is folded on the way since the network is in its evaluation mode."""
    image = torch.zeros(1, 3, render.SIZE, render.SIZE)
    network = network.to(memory_format=torch.contiguous_format).eval()
    names = {"input_names": ["image"], "output_names": ["probabilities"]}
    torch.onnx.export(network, image, str(path), opset_version=13, **names)
    onnx.checker.check_model(onnx.load(str(path)), full_check=True)


# --- Pictures on disk -------------------------------------------------------------------------------------------------


def write_pictures():
    """Draws the committed pictures and the list of their classes."""
    lines = ["file\tclass_index\tname"]
    for folder, part, count in (("calibration", CALIBRATION, CALIBRATION_COUNT), ("test", TEST, TEST_COUNT)):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
        for index in range(count):
            data, ending = render.encode(render.draw(SEED, part, index), index)
            file = f"{folder}/{index + 1:04d}{ending}"
            (HERE / file).write_bytes(data)
            label = render.label_of(index)
            lines.append(f"{file}\t{label}\t{render.CLASSES[label]}")
    LABELS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_pictures(folder):
    """The committed pictures of a folder as they come out of a decoder, and their classes from the list."""
    rows = [line.split("\t") for line in LABELS.read_text(encoding="utf-8").splitlines()[1:]]
    rows = [row for row in rows if row[0].startswith(folder + "/")]
    pictures = np.stack([np.asarray(Image.open(HERE / row[0]).convert("RGB")) for row in rows])
    return pictures, np.array([int(row[1]) for row in rows])


# --- Measuring the exported file --------------------------------------------------------------------------------------


def run_node(node, x, attributes):
    """One ONNX node on the list of its inputs: as much of the operators as this network uses."""
    if node.op_type == "Conv":
        top, left, bottom, right = attributes["pads"]
        assert (top, left) == (bottom, right), "only even padding is expected here"
        settings = {"stride": attributes["strides"], "padding": (top, left), "groups": attributes["group"]}
        return functional.conv2d(*x, **settings)
    if node.op_type == "Gemm":
        assert attributes.get("transB") == 1 and not attributes.get("transA"), "as PyTorch exports nn.Linear"
        return functional.linear(*x)
    if node.op_type == "HardSigmoid":
        return torch.clamp(x[0] * attributes["alpha"] + 0.5, 0, 1)  # beta is 0.5 where it is not given
    if node.op_type == "Softmax":
        return torch.softmax(x[0], attributes["axis"])
    simple = {
        "Add": torch.add,
        "Clip": torch.clamp,
        "Flatten": lambda a: torch.flatten(a, 1),
        "GlobalAveragePool": lambda a: a.mean((2, 3), keepdim=True),
        "Mul": torch.mul,
        "Relu": torch.relu,
    }
    return simple[node.op_type](*x)


def run_file(path, x):
    """Runs an ONNX file, so that what is measured is what people get and not what PyTorch had in memory."""
    graph = onnx.load(str(path)).graph
    values = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy()) for w in graph.initializer}
    values[graph.input[0].name] = x
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Constant":
            values[node.output[0]] = torch.from_numpy(onnx.numpy_helper.to_array(attributes["value"]).copy())
        else:
            values[node.output[0]] = run_node(node, [values[name] for name in node.input], attributes)
    return values[graph.output[0].name]


@torch.no_grad()
def answers_of(path, pictures):
    """Probabilities (N, classes) of the exported file for pictures given as bytes."""
    return torch.cat([run_file(path, normalized(part)) for part in np.array_split(pictures, len(pictures) // 100)])


def measure(fresh_pictures, fresh_labels):
    """Prints how often the exported file is right, and where it is not."""
    best = answers_of(MODEL, fresh_pictures).argmax(1).numpy()
    print(f"{len(best)} fresh pictures: {np.mean(best == fresh_labels):.2%} right")
    for label, name in enumerate(render.CLASSES):
        taken_for = [render.CLASSES[b] for b in best[(fresh_labels == label) & (best != label)]]
        share = np.mean(best[fresh_labels == label] == label)
        worst = max(set(taken_for), key=lambda other: (taken_for.count(other), other), default="nothing")
        print(f"  {name:9s}{share:8.2%}, most often taken for: {worst}")
    for folder in ("test", "calibration"):
        pictures, labels = read_pictures(folder)
        right = answers_of(MODEL, pictures).argmax(1).numpy() == labels
        size = sum(file.stat().st_size for file in (HERE / folder).iterdir())
        print(f"{folder}/: {right.sum()} of {len(right)} right ({np.mean(right):.2%}), {size} bytes")
    print(f"{MODEL.name}: {MODEL.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description="Draws pictures, trains the example network on them and exports it.")
    parser.add_argument("--check", action="store_true", help="measure the files that are here, change nothing")
    check = parser.parse_args().check

    # Drawing comes first: it forks, which must not happen once PyTorch has started threads.
    started = time.monotonic()
    processes = os.cpu_count()
    fresh = render.draw_many(SEED, FRESH, FRESH_COUNT, processes)
    if not check:
        write_pictures()
        pictures, labels = render.draw_many(SEED, TRAIN, TRAIN_COUNT, processes)
    print(f"pictures drawn, {time.monotonic() - started:.0f} s", flush=True)

    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    if not check:
        network = train(pictures, labels)
        export(network, MODEL)
        with torch.no_grad():
            here = network(normalized(fresh[0][:100]))
        print(f"file against PyTorch: largest difference {(answers_of(MODEL, fresh[0][:100]) - here).abs().max():.1e}")
    measure(*fresh)
    print(f"{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    main()
