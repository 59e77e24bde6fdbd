#!/usr/bin/env python3
"""The README's table of operators by format, made from the code's own tables.

    operator_table.py LIST_OPERATORS README [--write]

LIST_OPERATORS: the test program import_list_operators, which prints the importers' rows and which operators have an
int8 form. operators.tsv puts them together: every operator of an importer must stand there, and every name there must be one
of an importer's. Fails where the README's part between the lines <!-- operators --> and <!-- /operators --> is another;
--write puts it there. A format that no importer of the build reads has no column.
"""
import argparse
import os
import subprocess
import sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "operators.tsv")
BEGIN, END = "<!-- operators -->", "<!-- /operators -->"
FORMATS = ("onnx", "mnn", "tflite")
NOTES = """*: of ONNX Runtime (domain com.microsoft). Partly: some of them have an int8 form, the others stay in float
between int8 layers; –: nothing of it is left when the network runs, or it stands between the two."""


def read_rows():
    with open(SOURCE, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                kind, *lists = line.split("\t")
                yield kind, *([] if names == "-" else names.split() for names in lists)


def read_tables(program):
    """Format -> names in it, and engine's name -> whether it has an int8 form."""
    formats, int8 = {}, {}
    for line in subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines():
        where, name, *rest = line.split("\t")
        if where == "octet":
            int8[name] = rest[0] == "int8"
        else:
            formats.setdefault(where, set()).add(name)
    return formats, int8


def problems(rows, formats, int8):
    for column, known in enumerate(({"octet": set(int8)} | formats).items(), 1):
        where, names = known
        index = 1 if where == "octet" else 2 + FORMATS.index(where)
        listed = {name for row in rows for name in row[index]}
        for name in sorted(names - listed):
            yield f"{where}: '{name}' is in no row of operators.tsv"
        for name in sorted(listed - names):
            yield f"{where}: '{name}' of operators.tsv is in no table of the code"


def render(rows, formats, int8):
    columns = [name for name in FORMATS if name in formats]
    lines = ["| operator | float | int8 | " + " | ".join(f"`.{name}`" for name in columns) + " |",
             "|---|:-:|:-:|" + "---|" * len(columns)]
    for kind, octet, *names in rows:
        forms = {int8[name] for name in octet}
        if octet:
            mark = {(True,): "✓", (False,): "", (False, True): "partly"}[tuple(sorted(forms))]
            cells = [kind, "✓", mark]
        else:
            cells = [kind, "–", "–"]
        for format_name, listed in zip(FORMATS, names):
            if format_name in columns:
                cells.append(", ".join(name.replace("com.microsoft.", "") + ("*" if "." in name else "")
                                       for name in listed))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines) + "\n\n" + NOTES


def main():
    parser = argparse.ArgumentParser(description="Makes or checks the README's table of operators.")
    parser.add_argument("operators")
    parser.add_argument("readme")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    rows = list(read_rows())
    formats, int8 = read_tables(arguments.operators)
    wrong = list(problems(rows, formats, int8))
    if wrong:
        print("\n".join(wrong))
        return 1
    with open(arguments.readme, encoding="utf-8") as file:
        text = file.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        print(f"{arguments.readme} has no part between {BEGIN} and {END}")
        return 1
    head, rest = text.split(BEGIN)
    old, tail = rest.split(END)
    new = f"\n{render(rows, formats, int8)}\n"
    if old == new:
        print(f"{len(rows)} rows, {sum(map(len, formats.values()))} operators of {len(formats)} formats")
        return 0
    if not arguments.write:
        print(f"the operators in {arguments.readme} are not those of the code; run operator_table.py with --write")
        return 1
    with open(arguments.readme, "w", encoding="utf-8") as file:
        file.write(f"{head}{BEGIN}{new}{END}{tail}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
