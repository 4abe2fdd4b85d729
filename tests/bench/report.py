# SPDX-License-Identifier: Apache-2.0
"""What the results of the benchmarks mean: which of them belong side by side,
what is better, what has moved, where nvgre loses, and which targets are met.

Results are {what: {metric: number}}, where "what" is the name of a section
and words NAME=VALUE, as the benchmarks print it."""

import collections
import dataclasses

TOLERANCE = 0.10
OURS = ("nvgre", "hnv")     # How the names of what is ours begin.
MANY_TIMES = 5
SHORT_S = .1


@dataclasses.dataclass(frozen=True)
class Figure:
    """A metric that a section is shown by."""
    metric: str
    unit: str
    lower_is_better: bool       # None if that is not known.
    is_count: bool = False      # Then ratios say nothing.


@dataclasses.dataclass(frozen=True)
class Section:
    """How the results of a section are arranged: 'side' is the word in which
    results that are to be compared differ, 'base' its value in what the
    metrics "to_..." are ratios to."""
    title: str
    side: str
    figures: tuple
    base: str = None


SECTIONS = {
    "push": Section("Push, finish, and pop", "tunnel", (
        Figure("total_ns", "ns per packet", True),), "gre"),
    "instructions": Section("Push, finish, and pop", "tunnel", (
        Figure("instructions", "instructions per packet", True),), "gre"),
    "datapath": Section("One datapath thread", "tunnel", (
        Figure("mpps", "million packets per second", False),
        Figure("datapath_flows", "datapath flows", True, True)), "gre"),
    "churn": Section("One datapath thread, flows come and go", "tunnel", (
        Figure("mpps", "million packets per second", False),
        Figure("datapath_flows", "datapath flows", True, True)), "gre"),
    "entropy": Section("Spread of FlowIDs", "mix", (
        Figure("to_perfect", "busiest path to a perfect hash's",
               True),)),
    "tcp": Section("TCP", "tunnel", (
        Figure("gbps", "Gbit/s", False),
        Figure("cpu_s_per_gb", "CPU seconds per GB", True))),
    "control-plane": Section("Control plane", "system", (
        Figure("load_s", "seconds to load", True),
        Figure("flows_per_record", "flows per record", True),
        Figure("bytes_per_record", "bytes per record", True),
        Figure("update_ms", "ms for one update", True)), "ovn"),
}


def split(what, side):
    """Returns (section, {name: value} of the other words, value of word
    'side' or None)."""
    section, *words = what.split()
    rest = dict(word.split("=", 1) for word in words if "=" in word)
    return section, rest, rest.pop(side, None)


def tables(results, name, figure):
    """Returns {other words: {side: number}} for one figure of a section."""
    found = collections.defaultdict(dict)
    for what, metrics in results.items():
        section, rest, side = split(what, SECTIONS[name].side)
        if section == name and side and figure.metric in metrics:
            row = " ".join(f"{key}={value}" for key, value in rest.items())
            found[row][side] = metrics[figure.metric]
    return found


def figures(results, name):
    """Returns the figures of section 'name', and after them one for each
    metric of the control plane that nobody has arranged."""
    section = SECTIONS[name]
    known = {figure.metric for figure in section.figures}
    found = [metric for what, metrics in results.items()
             if what.startswith(name + " ") and name == "control-plane"
             for metric in metrics
             if metric not in known and not metric.startswith("to_")]
    return [*section.figures, *(Figure(metric, metric.replace("_", " "), None)
                                for metric in dict.fromkeys(found))]


def is_ours(side):
    """Returns true if 'side' is something of this project."""
    return side.startswith(OURS)


def add_ratios(results):
    """Adds ratios between results of programs that know nothing of each
    other, but not of what took too short a time to be measured."""
    section = SECTIONS["control-plane"]
    for figure in section.figures:
        for row, sides in tables(results, "control-plane", figure).items():
            too_short = figure.metric.endswith("_s") and sides.get(
                "hnv", 0) < SHORT_S
            if not too_short and sides.get("hnv") and sides.get(section.base):
                what = f"control-plane system=hnv {row}"
                results[what][f"to_{section.base}_{figure.metric}"] = round(
                    sides["hnv"] / sides[section.base], 4)


def ratios(results):
    """Yields (what, metric, value) for each ratio that can move."""
    for what, metrics in results.items():
        section = SECTIONS.get(what.split(" ", 1)[0])
        side = split(what, section.side)[2] if section else None
        for metric, value in metrics.items():
            if metric.startswith("to_") and not (
                    side and section.base == side):
                yield what, metric, value


def compare(results, expected):
    """Returns (lines that say which ratios of 'results' are not as
    'expected', how many of them have moved)."""
    lines, moved = [], 0
    for what, metric, value in ratios(results):
        old = expected.get(what, {}).get(metric)
        if old is None:
            lines.append(f"new: {what} {metric}={value:g}")
        elif abs(value - old) > TOLERANCE * abs(old):
            moved += 1
            change = f" ({value / old - 1:+.0%})" if old else ""
            lines.append(f"moved: {what} {metric}={value:g}, expected "
                         f"{old:g}{change}")
    sections = {what.split(" ", 1)[0] for what in results}
    for what, metric, old in ratios(expected):
        if (what.split(" ", 1)[0] in sections
                and metric not in results.get(what, {})):
            lines.append(f"missing: {what} {metric}, expected {old:g}")
    return lines, moved


def median_of(runs):
    """Returns the results that have the medians of those of 'runs'."""
    def median(numbers):
        numbers = sorted(numbers)
        half = len(numbers) // 2
        return (numbers[half] if len(numbers) % 2
                else round((numbers[half - 1] + numbers[half]) / 2, 4))

    return {what: {metric: median([run[what][metric] for run in runs
                                   if metric in run.get(what, {})])
                   for metric in metrics}
            for what, metrics in runs[0].items()}


def how_much_worse(figure, sides, other):
    """Returns (how many times worse than 'other' the worst of ours among
    'sides' is, which that is)."""
    return max(((sides[ours] / sides[other] if figure.lower_is_better
                 else sides[other] / sides[ours]), ours)
               for ours in filter(is_ours, sides))


def losses(results):
    """Yields (section's name, figure, other side, {row: (how many times worse
    ours is, which)}) for each other side that is better than ours
    anywhere."""
    for name, section in SECTIONS.items():
        if section.side not in ("tunnel", "system"):
            continue
        for figure in section.figures:
            found = collections.defaultdict(dict)
            for row, sides in tables(results, name, figure).items():
                if all(sides.values()) and any(map(is_ours, sides)):
                    for other in sides:
                        worse = how_much_worse(figure, sides, other)
                        if not is_ours(other) and worse[0] > 1.005:
                            found[other][row] = worse
            for other, rows in found.items():
                yield name, figure, other, rows


def quotients(results, name, metric, other, only=""):
    """Returns nvgre's 'metric' divided by that of 'other', in all rows of
    section 'name' that have the words of 'only'."""
    figure = Figure(metric, "", False)
    return [sides[side] / sides[other]
            for row, sides in tables(results, name, figure).items()
            for side in filter(is_ours, sides)
            if set(only.split()) <= set(row.split()) and sides.get(other)]


def control_plane_targets(results):
    """The same as targets(), of HNV's control plane."""
    def worst(section, metric):
        return max((metrics[metric] for what, metrics in results.items()
                    if what.split()[0] == section and metric in metrics
                    and "malloc=" not in what), default=None)

    return [
        ("a host that starts has 1,000,000 records in force within 10 s",
         worst("host-start", "load_s"), lambda x: x <= 10),
        ("one of 1,000,000 records needs at most 2,048 bytes in hnv-agent and "
         "ovs-vswitchd",
         worst("host-start", "bytes_per_record"), lambda x: x <= 2048),
        ("packets take a record's new way within 20 ms of its commit (the "
         "median of its moves)",
         worst("new-path", "median_ms"), lambda x: x <= 20),
        ("an hnv-agent for which nothing changes needs at most 0.1 % of a "
         "processor",
         worst("control-plane", "idle_cpu_percent"), lambda x: x <= .1)]


def targets(results):
    """Returns (target, figure, is it met?) for each of the targets that the
    project set itself, as far as they were measured."""
    spread = [value for what, metric, value in ratios(results)
              if metric == "to_perfect"]
    found = [
        ("nvgre's push, finish, and pop take at most 0.85 times gre's, at "
         "every point",
         max(quotients(results, "push", "total_ns", "gre"),
             default=None), lambda x: x <= .85),
        ("the busiest path has at most 1.05 times a perfect hash's load",
         max(spread, default=None), lambda x: x <= 1.05)]
    for other in "gre", "vxlan":
        found.append((
            f"nvgre forwards more than {other}, at every point",
            min((x for section in ("datapath", "churn")
                 for x in quotients(results, section, "mpps", other)),
                default=None), lambda x: x > 1))
    for section, row, kind in (
            ("datapath", "direction=send flows=10000", "that last"),
            ("churn", "flow_packets=10", "of 10 packets each")):
        found.append((
            f"with 10,000 flows {kind}, nvgre forwards many times what gre "
            f"with multipath does: at least {MANY_TIMES} times",
            min(quotients(results, section, "mpps", "multipath", row),
                default=None),
            lambda x: x >= MANY_TIMES))
    found += control_plane_targets(results)
    return [(text, figure, met(figure)) for text, figure, met in found
            if figure is not None]
