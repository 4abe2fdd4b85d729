#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what depends on figures in the benchmark page, README.md, and the
chart beside it, reference.svg.

usage: page.py          writes both anew from expected.json
       page.py --check  fails if that would change them
"""

import json
import os
import sys

import chart
import report

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN = "<!-- What follows is written by page.py. -->\n"
END = "<!-- What page.py writes ends here. -->\n"


def number(value):
    """Formats a number with three significant digits."""
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{float(text):g}" if "e" in text else text


def table(header, rows):
    """Returns the lines of a table."""
    return ["| " + " | ".join(row) + " |"
            for row in [header, ["---"] * len(header), *rows]] + [""]


def describe(row):
    """Makes text of the words that tell what a row is about."""
    return row.replace("=", " ").replace("_", " ") or "-"


def machine_lines(machine):
    """Says where and when the reference run was made, and with what."""
    names = {"processors": "processors", "kernel": "Linux",
             "processor": "processor"}
    return table(["reference run", ""],
                 [[names.get(key, key), str(value)]
                  for key, value in machine.items()])


def target_lines(results):
    """Says which targets are met."""
    rows = [[text, number(figure), "met" if met else "**missed**"]
            for text, figure, met in report.targets(results)]
    return ["## Targets", "",
            "The figure is the worst of all points.", "",
            *table(["target", "measured", ""], rows)]


def loss_lines(results):
    """Says where something else is better."""
    lines = ["## Where we lose", "",
             "Everything in the tables below that is better than ours, by half"
             " a percent or more:", ""]
    for name, figure, other, rows in report.losses(results):
        where = max(rows, key=rows.get)
        worse, ours = rows[where]
        more = f"; {len(rows)} points in all" if len(rows) > 1 else ""
        lines.append(f"* `{name}`, {figure.unit}: {other} is "
                     f"{worse:.2f} times better than {ours} "
                     f"({describe(where)}{more})")
    return [*lines, ""]


def section_lines(results, name):
    """Returns the tables of a section."""
    section = report.SECTIONS[name]
    lines = []
    for figure in report.figures(results, name):
        rows = report.tables(results, name, figure)
        if not rows:
            continue
        sides = list(dict.fromkeys(s for row in rows.values() for s in row))
        base = (section.base if section.base in sides
                and not figure.is_count else None)
        better = {True: "Less is better.", False: "More is better.", None: ""}
        lines += [f"### {section.title} (`{name}`): {figure.unit}", "",
                  (better[figure.lower_is_better]
                   + (f"  In parentheses: to {base}." if base else "")
                   ).strip(), ""]
        lines += table(["", *sides],
                       [[describe(row), *cells(values, sides, base)]
                        for row, values in rows.items()])
    return lines


def cells(values, sides, base):
    """Yields what a row of a table says."""
    for side in sides:
        text = number(values[side]) if side in values else ""
        if side in values and side != base and values.get(base):
            text += f" ({values[side] / values[base]:.2f})"
        yield f"**{text}**" if text and report.is_ours(side) else text


def render(result):
    """Returns all that depends on figures."""
    results = result["results"]
    lines = [*machine_lines(result["machine"]), *target_lines(results),
             *loss_lines(results), "## Results", "",
             "![the same as a chart](reference.svg)", ""]
    for name in report.SECTIONS:
        lines += section_lines(results, name)
    return "\n".join(lines)


def update(page, result):
    """Returns the text 'page' with the figures of 'result'."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("the page lacks the marks that page.py writes"
                         " between")
    return before + BEGIN + "\n" + render(result) + END + after


def read(name):
    """Returns the text of a file in this directory."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def write(path, text):
    """Replaces the file at 'path'."""
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".tmp", path)


def files():
    """Returns {file name: what should be in it}."""
    result = json.loads(read("expected.json"))
    return {"README.md": update(read("README.md"), result),
            "reference.svg": chart.draw(result)}


def main():
    """Does what the command line says."""
    wrong = 0
    for name, text in files().items():
        if sys.argv[1:] != ["--check"]:
            write(os.path.join(HERE, name), text)
        elif text != read(name):
            print(f"{name} differs from expected.json: run tests/bench/"
                  "page.py")
            wrong = 1
    sys.exit(wrong)


if __name__ == "__main__":
    main()
