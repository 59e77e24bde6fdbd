"""The tables of peers.py."""
import os
import platform
import re
import statistics

# Of the targets: network -> least times as fast or most times as long.
TARGETS = {
    "MobileNetV2": dict(ort_int8=0.6, onednn_int8=0.8, load=5),
    "SqueezeNet 1.1": dict(ort_int8=0.65, onednn_int8=1.05),
    "RFB-320": dict(ort_int8=0.45, onednn_int8=0.95),
    "ResNet-18": dict(onednn_int8=1.08),
    "ResNet-50": dict(onednn_int8=1.08),
}
FLOAT_OVER_ORT_FLOAT = 1.0
ORT_FLOAT_OVER_INT8 = 3.0
INT8_OVER_FLOAT = 1.0
MEMORY_ABOVE_DATA = 3e6  # bytes above weights and activations
SPEED_UP_OF_TWO_THREADS = 1.85
AVX2_FLOAT_OVER_INT8 = 1.5


def table(head, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, *rows]]
    lines.insert(1, "|" + "|".join("---" if i == 0 else "---:" for i in range(len(head))) + "|")
    return "\n".join(lines)


def ms(rounds):
    return f"{min(rounds):.2f}" if rounds else "–"


def ratio(turns, above, below, most=None, least=None):
    """Shortest over shortest, in brackets the median of the rounds' ratios, and the target."""
    a, b = turns.get(above), turns.get(below)
    if not a or not b:
        return "–"
    value = min(a) / min(b)
    text = f"{value:.2f} ({statistics.median(x / y for x, y in zip(a, b)):.2f})"
    if most is not None:
        text += f" {'✓' if value <= most else '✗'} ≤ {most:g}"
    if least is not None:
        text += f" {'✓' if value >= least else '✗'} ≥ {least:g}"
    return text


def figure(value, unit, most=None, divisor=1):
    if value is None:
        return "–"
    text = f"{value / divisor:.1f} {unit}"
    return text if most is None else text + f" {'✓' if value <= most else '✗'} ≤ {most / divisor:.3g}"


def network_tables(found):
    contestants = ["octet_float", "octet_int8", "ort_float", "ort_int8", "onednn_float", "onednn_int8"]
    times = [[name, f"{f['macs'] / 1e9:.2f}"] + [ms(f["turns"].get(c)) for c in contestants] for name, f in found]
    notes = [f"{name}: ONNX Runtime takes {ms(f['turns']['ort_as_published'])} ms for the float file as published, which "
             "lists its constants as inputs." for name, f in found if f["turns"].get("ort_as_published")]
    ratios = []
    others = []
    for name, f in found:
        turns = f["turns"]
        target = TARGETS.get(name, {})
        ratios.append([
            name,
            ratio(turns, "octet_int8", "ort_int8", most=target.get("ort_int8")),
            ratio(turns, "octet_int8", "onednn_int8", most=target.get("onednn_int8")),
            ratio(turns, "ort_float", "octet_int8", least=ORT_FLOAT_OVER_INT8),
            ratio(turns, "octet_float", "ort_float", most=FLOAT_OVER_ORT_FLOAT),
            ratio(turns, "octet_int8", "octet_float", most=INT8_OVER_FLOAT),
        ])
        threads = f["threads"]
        others.append([
            name,
            ratio(threads, "octet_int8", "octet_int8_2", least=SPEED_UP_OF_TWO_THREADS),
            ratio(threads, "octet_float", "octet_float_2", least=SPEED_UP_OF_TWO_THREADS),
            figure(f.get("load"), "ms", target.get("load")),
            figure(f.get("ort_load"), "ms"),
            figure(f.get("memory"), "MB", f.get("data", 0) + MEMORY_ABOVE_DATA, 1e6),
        ])
    return "\n\n".join([
        "Milliseconds for one image, one thread (shortest of all rounds); oneDNN: the convolutions alone:",
        table(["network", "GMAC", "Octet float", "Octet int8", "ONNX Runtime float", "ONNX Runtime int8",
               "oneDNN float", "oneDNN int8"], times),
        *notes,
        "Ratios of the shortest times, in brackets the median of the ratios of the rounds, then what is aimed at:",
        table(["network", "Octet int8 / ONNX Runtime int8", "Octet int8 / oneDNN int8",
               "ONNX Runtime float / Octet int8", "Octet float / ONNX Runtime float", "Octet int8 / float"], ratios),
        "Two threads against one, load and session creation in a new process, and peak memory of an int8 run above a "
        "process that only loads the library (aimed at: weights, activations and 3 MB):",
        table(["network", "int8, times as fast", "float, times as fast", "Octet load", "ONNX Runtime load",
               "Octet memory"], others),
    ])


def isa_table(found, isa):
    target = dict(least=AVX2_FLOAT_OVER_INT8) if isa == "avx2" else {}
    rows = [[name, ms(turns.get("octet_float")), ms(turns.get("octet_int8")),
             ratio(turns, "octet_float", "octet_int8", **target)] for name, turns in found]
    return f"Octet on `{isa}`, milliseconds for one image on one thread:\n\n" + table(
        ["network", "float", "int8", "float / int8"], rows)


def match(convolutions, steps):
    """The step of each convolution: by name, else the next one with as many multiply-accumulates."""
    by_name = {step["name"]: step for step in steps if step["macs"]}
    unmatched = [step for step in steps if step["macs"]]
    matched = []
    for conv in convolutions:
        step = by_name.get(conv["name"])
        if step is None or step["macs"] != conv["macs"] or step not in unmatched:
            step = next((s for s in unmatched if s["macs"] == conv["macs"]), None)
        if step is not None:
            unmatched.remove(step)
        matched.append(step)
    return matched


def layer_table(network, found):
    """Each convolution beside oneDNN's, the one that costs most against it first, then what is no convolution."""
    peers = found.get("onednn_int8", [])
    if not peers:
        return f"### {network}\n\noneDNN is not here."
    int8, real = match(peers, found["octet_int8"]), match(peers, found["octet_float"])
    rows = []
    for i, conv in enumerate(peers):
        if int8[i] is None or real[i] is None:
            rows.append((0, [conv["name"], "no step of its own"] + ["–"] * 8))
            continue
        lost = int8[i]["ms"] - conv["ms"]
        float_peer = found["onednn_float"][i]
        rows.append((lost, [conv["name"], int8[i]["kernel"], f"{conv['macs'] / 1e6:.1f}", f"{int8[i]['ms']:.4f}",
                            f"{conv['ms']:.4f}", f"{lost:+.4f}", f"{conv['macs'] / int8[i]['ms'] / 1e6:.0f}",
                            f"{real[i]['ms']:.4f}", f"{float_peer['ms']:.4f}", conv["kernel"]]))
    rows.sort(key=lambda row: -row[0])
    taken = [id(step) for step in int8 if step]
    rest = sorted((s for s in found["octet_int8"] if id(s) not in taken), key=lambda s: -s["ms"])
    sums = [sum(s["ms"] for s in steps if s) for steps in (int8, peers, real, found["onednn_float"])]
    totals = ["**sum**", "", f"{sum(c['macs'] for c in peers) / 1e6:.0f}", f"{sums[0]:.3f}", f"{sums[1]:.3f}",
              f"{sums[0] - sums[1]:+.3f}", "", f"{sums[2]:.3f}", f"{sums[3]:.3f}", ""]
    return "\n\n".join([
        f"### {network}", "Convolutions, milliseconds (shortest), the one that loses most against oneDNN first:",
        table(["layer", "kernel", "M MAC", "Octet int8", "oneDNN int8", "difference", "Octet GMAC/s", "Octet float",
               "oneDNN float", "oneDNN's kernel"], [row for _, row in rows] + [totals]),
        f"Other steps of the int8 network, {sum(s['ms'] for s in rest):.3f} ms together:",
        table(["step", "op", "kernel", "ms"], [[s["name"], s["op"], s["kernel"], f"{s['ms']:.4f}"] for s in rest]),
    ])


def cpu_name():
    try:
        with open("/proc/cpuinfo") as file:
            return re.search(r"model name\s*: (.*)", file.read()).group(1)
    except (OSError, AttributeError):
        return platform.machine()


def ort_version(library):
    package = re.match(r".*/onnxruntime-node/", library)
    try:
        with open(os.path.join(package.group(0), "package.json")) as file:
            return re.search(r'"version": "([^"]*)"', file.read()).group(1)
    except (OSError, AttributeError):
        return ""


def onednn_version():
    try:
        with open("/usr/include/oneapi/dnnl/dnnl_version.h") as file:
            parts = re.findall(r"#define DNNL_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", file.read())
            return ".".join(parts)
    except OSError:
        return ""


def footer(rounds, ort):
    parts = [cpu_name(), f"{rounds} rounds"]
    parts.append(f"ONNX Runtime {ort_version(ort)}" if ort else "ONNX Runtime is not here")
    parts.append(f"oneDNN {onednn_version()}" if onednn_version() else "oneDNN is not here")
    parts.append("load average at the end " + ", ".join(f"{load:.1f}" for load in os.getloadavg()))
    return "(" + "; ".join(parts) + ".)"


def write_between_markers(path, text):
    with open(path) as file:
        before = file.read()
    pattern = re.compile(r"(<!-- peers -->\n).*?(<!-- /peers -->)", re.S)
    if not pattern.search(before):
        raise SystemExit(f"{path} has no lines <!-- peers --> and <!-- /peers -->")
    with open(path, "w") as file:
        file.write(pattern.sub(lambda m: m.group(1) + text + "\n" + m.group(2), before))
