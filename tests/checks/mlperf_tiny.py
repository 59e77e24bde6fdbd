#!/usr/bin/python3
"""The networks of MLPerf Tiny, quantized from float by Octet, beside their published int8 twins: on the same inputs,
none of which calibrated Octet's, Octet's must be at least as close to the float network as the twin.

    mlperf_tiny.py OCTET SHARED [--only NAME] [--keep FOLDER]

SHARED: the folder with models/mlperf-tiny and images/. What the networks were made for is not there:
- visual wake words and the CIFAR-10 ResNet see photographs, cut to a square and shrunk; calibrated with the ImageNet
  calibration images, judged on the evaluation images and on the photographs of faces, which are of another kind;
- keyword spotting and anomaly detection get sounds that are made up here, a voice with formants and a machine with
  harmonics, through the features of the benchmark (MFCC of its keyword spotting, log-mel frames of its anomaly
  detection). Their ranges are those that the twins' input scales reveal; that is checked.
The published twins were calibrated with the benchmark's own data, which neither side sees here.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

RATE = 16000  # Hz
FAILED = []
PASSED = []


def check(what, value, holds, bound):
    print(f"{'ok  ' if holds else 'FAIL'} {what}: {value} ({bound})", flush=True)
    (PASSED if holds else FAILED).append(what)


def mel_filters(size, count, low, high, normalized):
    """[count, size / 2 + 1]: triangles that are even on the mel scale."""
    hertz = np.linspace(0, RATE / 2, size // 2 + 1)
    if normalized:  # Slaney: linear up to 1 kHz, triangles of equal area
        mel = lambda f: np.where(f < 1000, f * 3 / 200, 15 + np.log(np.maximum(f, 1) / 1000) / (np.log(6.4) / 27))
        inverse = lambda m: np.where(m < 15, m * 200 / 3, 1000 * np.exp((m - 15) * np.log(6.4) / 27))
    else:  # HTK
        mel = lambda f: 1127 * np.log1p(f / 700)
        inverse = lambda m: 700 * np.expm1(m / 1127)
    edges = np.linspace(mel(np.float64(low)), mel(np.float64(high)), count + 2)
    # Triangles of the first kind are straight over hertz, those of the second over mel.
    at, corners = (hertz, inverse(edges)) if normalized else (mel(hertz), edges)
    rising = (at[None, :] - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - at[None, :]) / (corners[2:] - corners[1:-1])[:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    return filters * (2 / (corners[2:] - corners[:-2]))[:, None] if normalized else filters


def spectra(sound, window, hop, size):
    frames = np.lib.stride_tricks.sliding_window_view(sound, window)[::hop]
    return np.abs(np.fft.rfft(frames * np.hanning(window + 1)[:-1], size, axis=1))


def keyword_features(sound):
    """[49, 10]: MFCC of windows of 30 ms every 20 ms, 40 mel bands from 20 to 4000 Hz, of one second."""
    bands = spectra(sound, 480, 320, 512) @ mel_filters(512, 40, 20, 4000, False).T
    log = np.log(bands + 1e-6)
    order, band = np.arange(10)[:, None], np.arange(40)[None, :]
    cosines = 2 * np.cos(np.pi * order * (2 * band + 1) / 80) / np.sqrt(80)
    return log @ cosines.T


def machine_features(sound):
    """[1, 640]: five frames of 128 mel bands of the power spectrum in dB."""
    bands = spectra(sound, 1024, 512, 1024) ** 2 @ mel_filters(1024, 128, 0, RATE / 2, True).T
    return (10 * np.log10(bands[:5] + np.finfo(np.float64).eps)).reshape(1, 640)


def resonate(sound, hertz, width):
    """A resonance of a vocal tract or of a housing."""
    radius = np.exp(-np.pi * width / RATE)
    a1, a2 = -2 * radius * np.cos(2 * np.pi * hertz / RATE), radius * radius
    made = np.zeros(len(sound) + 2)
    for n, value in enumerate(sound):
        made[n + 2] = value * (1 - radius) - a1 * made[n + 1] - a2 * made[n]
    return made[2:]


def voice(random):
    """A second with a word of two to four sounds, voiced or hissing, in a room that is not quite silent; every third
    recording is shorter and filled up with zeros, as many of the benchmark's are."""
    sound = np.zeros(RATE)
    at = int(random.uniform(0.05, 0.3) * RATE)
    pitch = random.uniform(85, 260)
    for _ in range(random.integers(2, 5)):
        length = min(int(random.uniform(0.06, 0.22) * RATE), RATE - at)
        if length < 400:
            break
        if random.random() < 0.7:
            phase = np.cumsum(pitch * (1 + 0.2 * np.linspace(0, random.uniform(-1, 1), length))) / RATE
            source = np.diff(np.floor(phase), prepend=0.0)
            formants = [(random.uniform(250, 900), 80), (random.uniform(800, 2500), 110),
                        (random.uniform(2200, 3500), 160)]
        else:
            source = 0.1 * random.standard_normal(length)
            formants = [(random.uniform(1800, 3800), 900)]
        part = sum(resonate(source, *formant) for formant in formants)
        envelope = np.minimum(1, 10 * np.minimum(np.arange(length), np.arange(length)[::-1]) / length)
        sound[at : at + length] += part * envelope / (np.abs(part).max() + 1e-9) * random.uniform(0.3, 1)
        at += length
    sound = sound * 10 ** random.uniform(-1.3, -0.1) + random.standard_normal(RATE) * 10 ** random.uniform(-5, -1.5)
    if random.random() < 1 / 3:
        sound[max(at, random.integers(RATE // 2, RATE)) :] = 0
    return sound


def machine(random):
    """A motor that turns not quite evenly: harmonics, rattling, broad noise that falls with the frequency."""
    length = 512 * 4 + 1024
    speed = random.uniform(25, 120) * (1 + 0.02 * np.cumsum(random.standard_normal(length)) / np.sqrt(length))
    turns = 2 * np.pi * np.cumsum(speed) / RATE
    sound = sum(random.uniform(0, 1) / k**random.uniform(0.5, 1.2) * np.sin(k * turns + random.uniform(0, 6))
                for k in range(1, 40))
    noise = random.standard_normal(length)
    noise = resonate(noise, random.uniform(200, 1500), 800) + 0.1 * noise
    rattle = resonate((random.random(length) < 0.002) * random.standard_normal(length), random.uniform(1500, 6000), 300)
    sound = sound * 0.05 + noise * random.uniform(0.05, 0.5) + rattle * random.uniform(0, 3)
    return sound * 10 ** random.uniform(-2.5, -0.7)


def write_sequences(folder, features, source, count, seed, shape):
    """Samples of `features` of made-up sounds; returns their least and greatest value."""
    random = np.random.default_rng(seed)
    low, high = np.inf, -np.inf
    for i in range(count):
        values = features(source(random)).astype(np.float32)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        sample = os.path.join(folder, f"{i:04d}")
        os.makedirs(sample)
        with open(os.path.join(sample, "input.json"), "w", encoding="ascii") as file:
            json.dump({"inputs": [{"name": "input_1", "shape": shape}]}, file)
        np.save(os.path.join(sample, "input_1.npy"), values.reshape(shape))
    return low, high


class Octet:
    def __init__(self, command, folder):
        self.command = command
        self.folder = folder

    def run(self, *arguments):
        done = subprocess.run([self.command, *arguments, "--json"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"octet {' '.join(arguments)}: status {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)

    def config(self, name, **keys):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            json.dump(keys, file)
        return path


def figures(report, classes):
    output = report["outputs"][0]
    agreement = f", agreement {report['agreement']:.1%}" if classes else ""
    return f"SQNR {output['sqnr_db']:.1f} dB, cosine {output['mean_cosine']:.5f}{agreement}"


def beside_twin(octet, models, name, source, twin, config, judged, classes=True):
    """judged: what to judge on, by a name for it. classes: the largest output is the answer."""
    source, twin = (os.path.join(models, file) for file in (source, twin))
    made = os.path.join(octet.folder, name + ".octet")
    octet.run("quantize", source, made, config)
    for what, folder in judged.items():
        ours = octet.run("compare", source, made, config, "--images", folder)
        theirs = octet.run("compare", source, twin, config, "--images", folder)
        # One answer of few is many points, and one sample many decibels: 1 dB less is as close then.
        few = ours["measured_samples"] < 100
        better = ours["outputs"][0]["sqnr_db"] >= theirs["outputs"][0]["sqnr_db"] - (1 if few else 0)
        cosine = few or ours["outputs"][0]["mean_cosine"] >= theirs["outputs"][0]["mean_cosine"]
        agrees = few or not classes or ours["agreement"] >= theirs["agreement"]
        check(f"{name}, {ours['measured_samples']} {what}", figures(ours, classes), better and cosine and agrees,
              f"the published twin: {figures(theirs, classes)}")


def photographs(octet, shared, models, name, source, twin, side, normal):
    images = os.path.join(shared, "images")
    config = octet.config(f"{name}.json", format="RGB", mean=[0] * 3, normal=[normal] * 3, width=side, height=side,
                          path=os.path.join(images, "imagenet/calibration"),
                          resize={"mode": "crop", "shorter_side": side})
    beside_twin(octet, models, name, source, twin, config,
                {"images": os.path.join(images, "imagenet/evaluation"), "photographs": os.path.join(images, "faces")})


def sounds(octet, models, name, source, twin, features, made_by, shape, classes):
    folders = {}
    for what, count, seed in (("calibration", 200, 1), ("evaluation", 400, 2)):
        folders[what] = os.path.join(octet.folder, f"{name}.{what}")
        low, high = write_sequences(folders[what], features, made_by, count, seed, shape)
    # What the twin's input can hold is what its calibration saw.
    tensor = octet.run("inspect", os.path.join(models, twin))["inputs"][0]
    least, most = ((level - tensor["zero_point"]) * tensor["scale"] for level in (-128, 127))
    check(f"{name} inputs", f"{low:.1f} to {high:.1f}",
          least - (most - least) / 10 <= low < high <= most + (most - least) / 10 and high - low > (most - least) / 2,
          f"the twin's: {least:.1f} to {most:.1f}")
    config = octet.config(f"{name}.json", path=folders["calibration"], input_type="sequence")
    beside_twin(octet, models, name, source, twin, config, {"made-up sounds": folders["evaluation"]}, classes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("octet")
    parser.add_argument("shared")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", default="", help="folder that the inputs and networks are left in")
    options = parser.parse_args()
    models = os.path.join(options.shared, "models/mlperf-tiny")
    if not os.path.isdir(models):
        print(f"SKIPPED '{models}' is not here: no network of MLPerf Tiny is quantized")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        octet = Octet(os.path.abspath(options.octet), options.keep or temporary)
        jobs = {
            "visual wake words": lambda name: photographs(octet, options.shared, models, name, "vww_96_float.tflite",
                                                          "vww_96_int8.tflite", 96, 1 / 255),
            "image classification": lambda name: photographs(octet, options.shared, models, name,
                                                             "pretrainedResnet.tflite", "pretrainedResnet_quant.tflite",
                                                             32, 1),
            "keyword spotting": lambda name: sounds(octet, models, name, "kws_ref_model_float32.tflite",
                                                    "kws_ref_model.tflite", keyword_features, voice, [1, 49, 10, 1],
                                                    True),
            "anomaly detection": lambda name: sounds(octet, models, name, "ad01_fp32.tflite", "ad01_int8.tflite",
                                                     machine_features, machine, [1, 640], False),
        }
        for name, job in jobs.items():
            if options.only in name:
                job(name)
    print(f"{len(PASSED)} passed, {len(FAILED)} failed")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
