"""The face detector: its layers, its boxes, its ONNX file.

It is a single-shot detector as people run them on phones: depthwise separable convolutions, four feature maps of
strides 8, 16, 32 and 64, and for each cell and each of a few box sizes a score and the offsets of a box. Boxes are
decoded within the graph, so that whoever runs the file needs no table of box sizes.
"""

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from torch import nn
from torch.nn import functional

from scenes import HEIGHT, WIDTH

MEAN, NORMAL = 127.0, 1 / 128  # what quantize.json says too

# Stride of each feature map and the widths of its square boxes, in pixels of the input.
FEATURE_MAPS = ((8, (10, 16, 24)), (16, (32, 48)), (32, (64, 96)), (64, (128, 192, 256)))
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2  # bring offsets to about the size of 1


def normalized(pictures):
    """Bytes (N, H, W, 3) to the floats (N, 3, H, W) that the network expects."""
    return (torch.as_tensor(pictures).permute(0, 3, 1, 2).float() - MEAN) * NORMAL


def make_priors():
    """Middle and size of every box that the network starts from (N, 4), in shares of the input."""
    priors = []
    for stride, sizes in FEATURE_MAPS:
        for row in range(-(-HEIGHT // stride)):
            for column in range(-(-WIDTH // stride)):
                for size in sizes:
                    priors.append(((column + 0.5) * stride / WIDTH, (row + 0.5) * stride / HEIGHT,
                                   size / WIDTH, size / HEIGHT))
    return torch.tensor(priors, dtype=torch.float32).clamp(0, 1)


def convolution(inputs, outputs, size=1, stride=1, groups=1):
    """Convolution, batch norm (which the export folds into it) and ReLU."""
    layers = [nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, nn.ReLU())


def separable(inputs, outputs, stride=1):
    """3x3 on each channel, then 1x1 across them."""
    return nn.Sequential(convolution(inputs, inputs, 3, stride, inputs), convolution(inputs, outputs))


def predictor(inputs, outputs):
    """As `separable`, but the last convolution gives any value."""
    return nn.Sequential(convolution(inputs, inputs, 3, groups=inputs), nn.Conv2d(inputs, outputs, 1))


class Faces(nn.Module):
    """From a normalized picture (N, 3, 120, 160) to scores (N, P, 2) and boxes (N, P, 4).

    In training scores are what goes into the softmax, and boxes are offsets to the priors.
    """

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([
            nn.Sequential(convolution(3, 16, 3, 2), separable(16, 16), separable(16, 24, 2), separable(24, 32),
                          separable(32, 48, 2), separable(48, 48), separable(48, 48)),  # 20 x 15
            nn.Sequential(separable(48, 72, 2), separable(72, 72), separable(72, 72)),  # 10 x 8
            nn.Sequential(separable(72, 88, 2), separable(88, 88)),  # 5 x 4
            nn.Sequential(separable(88, 88, 2)),  # 3 x 2
        ])
        widths = (48, 72, 88, 88)
        counts = [len(sizes) for _, sizes in FEATURE_MAPS]
        self.scores = nn.ModuleList([predictor(w, 2 * n) for w, n in zip(widths, counts)])
        self.offsets = nn.ModuleList([predictor(w, 4 * n) for w, n in zip(widths, counts)])
        priors = make_priors()
        self.register_buffer("middle", priors[:, :2])
        self.register_buffer("step", priors[:, 2:] * CENTRE_VARIANCE)
        self.register_buffer("half_size", priors[:, 2:] / 2)

    def forward(self, x):
        scores, offsets = [], []
        for stage, score, offset in zip(self.stages, self.scores, self.offsets):
            x = stage(x)
            scores.append(self._rows(score(x), 2))
            offsets.append(self._rows(offset(x), 4))
        scores, offsets = torch.cat(scores, 1), torch.cat(offsets, 1)
        if self.training:
            return scores, offsets
        middle = offsets[:, :, :2] * self.step + self.middle
        half = torch.exp(offsets[:, :, 2:] * SIZE_VARIANCE) * self.half_size
        return torch.softmax(scores, 2), torch.cat((middle - half, middle + half), 2)

    @staticmethod
    def _rows(x, width):
        """(N, priors of a cell x width, H, W) to a row for each prior, in the order of `make_priors`."""
        cells = x.shape[1] // width * x.shape[2] * x.shape[3]
        return x.permute(0, 2, 3, 1).reshape(-1, cells, width)


def export(network, path):
    """Writes the ONNX file; batch norm is folded on the way since the network is in its evaluation mode."""
    image = torch.zeros(1, 3, HEIGHT, WIDTH)
    network = network.to(memory_format=torch.contiguous_format).eval()
    names = {"input_names": ["image"], "output_names": ["scores", "boxes"]}
    torch.onnx.export(network, image, str(path), opset_version=13, **names)
    onnx.checker.check_model(onnx.load(str(path)), full_check=True)


def _run_node(node, x, attributes):
    """One ONNX node on the list of its inputs: as much of the operators as this network uses."""
    if node.op_type == "Conv":
        top, left, bottom, right = attributes["pads"]
        assert (top, left) == (bottom, right), "only even padding is expected here"
        settings = {"stride": attributes["strides"], "padding": (top, left), "groups": attributes["group"]}
        return functional.conv2d(*x, **settings)
    if node.op_type == "Slice":
        data, first, last, axes, steps = x
        assert len(axes) == 1 and int(steps[0]) == 1, "one axis, no steps"
        axis, length = int(axes[0]), data.shape[int(axes[0])]
        return data.narrow(axis, int(first[0]), min(int(last[0]), length) - int(first[0]))
    simple = {
        "Add": torch.add,
        "Concat": lambda *parts: torch.cat(parts, attributes["axis"]),
        "Exp": torch.exp,
        "Mul": torch.mul,
        "Relu": torch.relu,
        "Reshape": lambda a, shape: a.reshape(shape.tolist()),
        "Softmax": lambda a: torch.softmax(a, attributes["axis"]),
        "Sub": torch.sub,
        "Transpose": lambda a: a.permute(attributes["perm"]),
    }
    return simple[node.op_type](*x)


@torch.no_grad()
def run_file(path, pictures):
    """Scores (N, P, 2) and boxes (N, P, 4) of an ONNX file for pictures given as bytes (N, H, W, 3).

    What is measured so is what people get, and not what PyTorch had in memory.
    """
    graph = onnx.load(str(path)).graph
    values = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy()) for w in graph.initializer}
    answers = []
    for part in np.array_split(pictures, -(-len(pictures) // 100)):
        values[graph.input[0].name] = normalized(part)
        for node in graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                values[node.output[0]] = torch.from_numpy(onnx.numpy_helper.to_array(attributes["value"]).copy())
            else:
                values[node.output[0]] = _run_node(node, [values[name] for name in node.input], attributes)
        answers.append([values[output.name] for output in graph.output])
    return tuple(torch.cat(parts).numpy() for parts in zip(*answers))
