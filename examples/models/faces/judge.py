"""Counts which faces of the test pictures a model finds, with the octet command. Needs nothing but Python.

    python3 judge.py octet faces.onnx                     recall and precision, exit status 1 where either is too low
    python3 judge.py octet faces.octet --like faces.onnx  also: every face that one of them finds the other finds too

A find is a face where the two overlap by half (intersection over union); each face is found once at most.
"""

import argparse
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SCORE, SUPPRESS, HIT = 0.7, 0.3, 0.5  # least score; most overlap of two finds; least overlap of a find with a face


def overlap(a, b):
    """Intersection over union of two boxes x1, y1, x2, y2."""
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    united = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / united if united > 0 else 0.0


def suppress(finds):
    """Of finds (score, box) that overlap much, the best alone."""
    kept = []
    for find in sorted(finds, key=lambda f: -f[0]):
        if all(overlap(find[1], better[1]) <= SUPPRESS for better in kept):
            kept.append(find)
    return kept


class Count:
    """Faces, finds, and finds that are faces, over many pictures."""

    def __init__(self):
        self.faces = self.finds = self.hits = 0

    def add(self, finds, faces):
        """Counts one picture; whether each of its faces was found."""
        found = [False] * len(faces)
        for _, box in sorted(finds, key=lambda f: -f[0]):
            free = [k for k in range(len(faces)) if not found[k]]
            best = max(free, key=lambda k: overlap(box, faces[k]), default=None)
            if best is not None and overlap(box, faces[best]) >= HIT:
                found[best] = True
        self.faces, self.finds, self.hits = self.faces + len(faces), self.finds + len(finds), self.hits + sum(found)
        return found

    @property
    def recall(self):
        return self.hits / self.faces if self.faces else 1.0

    @property
    def precision(self):
        return self.hits / self.finds if self.finds else 1.0

    def __str__(self):
        return (f"recall {self.recall:.2%} ({self.hits} of {self.faces} faces), "
                f"precision {self.precision:.2%} ({self.hits} of {self.finds} finds)")


def read_boxes(path):
    """Boxes of each picture in a list of them; a line without numbers is a picture without faces."""
    boxes = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        file, *numbers = line.split("\t")
        boxes.setdefault(file, [])
        if any(numbers):
            boxes[file].append(tuple(float(n) for n in numbers))
    return boxes


def find(octet, model, file):
    """What a model finds in a picture: (score, box) in pixels of the picture."""
    command = [octet, "run", model, "--image", str(HERE / file), "--score-threshold", str(SCORE), "--json"]
    if model.endswith(".onnx"):  # a quantized model knows how a picture becomes its input
        command += ["--config", str(HERE / "quantize.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    faces = json.loads(done.stdout)["faces"]
    return [(face["score"], tuple(face[side] for side in ("x1", "y1", "x2", "y2"))) for face in faces]


def main():
    parser = argparse.ArgumentParser(description="Counts the faces that a model finds in the test pictures.")
    parser.add_argument("octet", help="the octet command")
    parser.add_argument("model", help="faces.onnx, or what was made of it")
    parser.add_argument("--like", metavar="MODEL", help="a model that must find the same faces")
    parser.add_argument("--least", type=float, default=0.95, help="least recall and precision; default: 0.95")
    options = parser.parse_args()

    count, apart = Count(), 0
    for file, faces in read_boxes(HERE / "boxes.tsv").items():
        finds = find(options.octet, options.model, file)
        count.add(finds, faces)
        if options.like:
            others = find(options.octet, options.like, file)
            same = Count()
            same.add(finds, [box for _, box in others])
            if same.hits != len(finds) or same.hits != len(others):
                apart += 1
                print(f"{file}: {options.model} finds {len(finds)}, {options.like} finds {len(others)}, "
                      f"{same.hits} of them are the same")
    print(f"{options.model}: {count}")
    if options.like:
        print(f"{apart} pictures differ from {options.like}")
    sys.exit(1 if apart or min(count.recall, count.precision) < options.least else 0)


if __name__ == "__main__":
    main()
