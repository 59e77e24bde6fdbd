#!/usr/bin/env python3
"""Runs ONNX's own backend node tests (of Debian's python3-onnx) of every operator that the importer has a row for.

    onnx_backend.py OCTET LIST_OPERATORS [--only PART] [--all]

OCTET: the command. LIST_OPERATORS: the test program import_list_operators, which prints the importer's rows. A case is
in scope where all its operators have rows. It must pass, or stand in onnx_backend.tsv with the reason why not; one that
stands there and passes is a failure too, so that the table stays true. --all prints the table's cases too.

A case's operands become what Octet takes: float inputs stay inputs, but for those of PARAMETERS, which networks have as
constants; 8-bit inputs are made from float ones by QuantizeLinear of scale 1; whole numbers and booleans become
constants, and everything does for the operators of FOLDED, which Octet computes while it loads a model. Outputs of
other types are cast to float. Cases of an opset below 7 are run as of 7, in which their operators are the same. The
values are compared with the tolerances of the case.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np

    # Names that the cases of onnx 1.12 use and NumPy has dropped since.
    for name, kind in (("float", float), ("bool", bool), ("object", object), ("int", int), ("str", str)):
        if name not in np.__dict__:
            setattr(np, name, kind)
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from onnx.backend.test.case.node import collect_testcases
except ImportError as error:
    print(f"SKIPPED: ONNX's backend node tests: {error} (python3-numpy and python3-onnx are needed)")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx_backend.tsv")
# Inputs behind the first that are parameters in every network.
PARAMETERS = {"BatchNormalization", "Clip", "Conv", "ConvInteger", "ConvTranspose", "DequantizeLinear", "MatMulInteger",
              "Pad", "PRelu", "QLinearConv", "QLinearMatMul", "QuantizeLinear", "Resize", "Upsample"}
FOLDED = {"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or", "Range", "Where"}
# Cases with further constants: integers that are no activations, exponents.
ALL_CONSTANT = ("test_add_uint8", "test_sub_uint8", "test_mul_uint8", "test_div_uint8", "test_dequantizelinear_axis",
                "test_pow_types_int*")
OLDEST_OPSET = 7
EIGHT_BITS = {TensorProto.INT8, TensorProto.UINT8}
FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE}


def bfloat16_values(array):
    """float32 of the values whose bits, where it holds such, are the uint16 elements."""
    return array if array.dtype != np.uint16 else (array.astype(np.uint32) << 16).view(np.float32)


def supported_operators(program):
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    return {fields[1] for fields in (line.split("\t") for line in lines) if fields[0] == "onnx"}


def operators_of(model):
    return {node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
            for node in model.graph.node}


def excuses():
    """Pattern of case names -> reason."""
    table = {}
    with open(TABLE, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                pattern, reason = line.split("\t")
                table[pattern] = reason
    return table


class Unusable(Exception):
    """A case that cannot be given to the command at all."""


def element_type(value):
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        raise Unusable(f"'{value.name}' is no tensor but a {kind}")
    return value.type.tensor_type.elem_type


def adapt(case, inputs):
    """The case as a model that Octet runs, and the arrays of its inputs by name."""
    source = case.model
    graph = onnx.GraphProto()
    graph.name = "case"
    names = [value.name for value in source.graph.input]
    kinds = {value.name: element_type(value) for value in source.graph.input}
    operators = {node.op_type for node in source.graph.node}
    parameters = set(names[1:]) if operators & PARAMETERS else set()
    if operators & FOLDED or any(fnmatch.fnmatchcase(case.name, pattern) for pattern in ALL_CONSTANT):
        parameters = set(names)
    first, feeds = [], {}
    for name, array in zip(names, inputs):
        array = np.asarray(array)
        kind = kinds[name]
        if name in parameters or (kind not in FLOATS and kind not in EIGHT_BITS):
            if kind == TensorProto.BFLOAT16:
                graph.initializer.append(helper.make_tensor(name, kind, array.shape, array.tobytes(), raw=True))
            else:
                graph.initializer.append(numpy_helper.from_array(array, name))
            continue
        shown = name
        if kind in EIGHT_BITS:
            shown = f"{name}_real"
            graph.initializer.append(numpy_helper.from_array(np.float32(1), f"{name}_one"))
            graph.initializer.append(helper.make_tensor(f"{name}_zero", kind, [], [0]))
            first.append(helper.make_node("QuantizeLinear", [shown, f"{name}_one", f"{name}_zero"], [name]))
        graph.input.append(helper.make_tensor_value_info(shown, TensorProto.FLOAT, array.shape))
        feeds[shown] = array.astype(np.float32)
    if not feeds:  # a network has an input
        graph.input.append(helper.make_tensor_value_info("not_read", TensorProto.FLOAT, [1]))
        feeds["not_read"] = np.zeros(1, np.float32)
    graph.node.extend(first)
    graph.node.extend(source.graph.node)
    for value in source.graph.output:
        shown = value.name
        if element_type(value) not in FLOATS:
            shown = f"{value.name}_float"
            graph.node.append(helper.make_node("Cast", [value.name], [shown], to=TensorProto.FLOAT))
        graph.output.append(helper.make_tensor_value_info(shown, TensorProto.FLOAT, None))
    opsets = [helper.make_opsetid(opset.domain, max(opset.version, OLDEST_OPSET)) for opset in source.opset_import]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = source.ir_version
    return model, feeds


def compare(actual, expected, kind, case):
    expected = np.asarray(expected)
    if kind == TensorProto.BFLOAT16:
        expected = bfloat16_values(expected)
    expected = expected.astype(np.float32)
    if actual.shape != expected.shape:
        return f"its shape is {actual.shape}, expected {expected.shape}"
    if np.allclose(actual, expected, rtol=case.rtol, atol=max(case.atol, 1e-5), equal_nan=True):
        return None
    with np.errstate(invalid="ignore"):
        return f"the largest error is {np.nanmax(np.abs(actual - expected)):.3g}"


def run(octet, case):
    """What is wrong with a case, or None."""
    inputs, outputs = case.data_sets[0]
    try:
        model, feeds = adapt(case, inputs)
    except Unusable as error:
        return str(error)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.onnx")
        with open(path, "wb") as file:
            file.write(model.SerializeToString())
        command = [octet, "run", path, "--output", os.path.join(folder, "out.npy")]
        for i, (name, array) in enumerate(feeds.items()):
            np.save(os.path.join(folder, f"in{i}.npy"), array)
            command += ["--input", f"{name}={folder}/in{i}.npy"]
        try:
            result = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=60)
        except subprocess.TimeoutExpired:
            return "did not end within 60 s"
        if result.returncode != 0:
            message = (result.stderr or result.stdout).strip()
            return f"exit status {result.returncode}: {' '.join(message.split())}"
        single = len(model.graph.output) == 1
        kinds = [element_type(value) for value in case.model.graph.output]
        for value, kind, expected in zip(model.graph.output, kinds, outputs):
            file = os.path.join(folder, "out.npy" if single else f"out_{value.name}.npy")
            if not os.path.exists(file):
                return f"output '{value.name}' was not written"
            problem = compare(np.load(file), expected, kind, case)
            if problem:
                return f"output '{value.name}': {problem}"
    return None


def main():
    parser = argparse.ArgumentParser(description="Runs ONNX's backend node tests of the supported operators.")
    parser.add_argument("octet")
    parser.add_argument("operators")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--all", action="store_true", help="print the excused cases too")
    arguments = parser.parse_args()
    supported = supported_operators(arguments.operators)
    cases = [case for case in collect_testcases(None) if arguments.only in case.name]
    scope = [case for case in cases if operators_of(case.model) <= supported]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = list(pool.map(lambda case: run(arguments.octet, case), scope))

    table = excuses()
    passed, excused, failed, used = 0, {}, 0, set()
    for case, problem in zip(scope, problems):
        pattern = next((p for p in table if fnmatch.fnmatchcase(case.name, p)), None)
        used.add(pattern)
        if problem is None and pattern is None:
            passed += 1
        elif problem is not None and pattern is not None:
            excused.setdefault(table[pattern], []).append((case.name, problem))
        else:
            failed += 1
            print(f"FAILED {case.name}: {problem or 'it passes; take it out of ' + os.path.basename(TABLE)}")
    if not arguments.only:
        for pattern in table.keys() - used:
            failed += 1
            print(f"FAILED: '{pattern}' of {os.path.basename(TABLE)} names no case")
    for reason, entries in sorted(excused.items()):
        print(f"not run, {len(entries)}: {reason}: {', '.join(name for name, _ in entries)}")
        if arguments.all:
            for name, problem in entries:
                print(f"    {name}: {problem}")
    others = {name for case in cases for name in operators_of(case.model) - supported}
    print(f"out of scope: {len(cases) - len(scope)} cases, which need {len(others)} operators that are not imported")
    print(f"{passed} passed, {failed} failed, {sum(map(len, excused.values()))} in the table of exceptions")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
