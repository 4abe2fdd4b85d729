# SPDX-License-Identifier: Apache-2.0
"""Draws the results of the benchmarks as SVG: a panel of bars for each group
of results that differ in one word only, such as the kind of tunnel."""

from xml.sax.saxutils import escape

BAR, GAP, LABEL, WIDTH, PANEL = 14, 4, 130, 260, 480
COLORS = {"nvgre": "#d1495b"}
OTHER_COLOR = "#8d99ae"

# What is drawn of a section: the word that names a bar, and the metric.
SECTIONS = {
    "push": ("tunnel", "total_ns", "ns per packet, push to pop"),
    "datapath": ("tunnel", "mpps", "million packets per second"),
    "entropy": ("mix", "to_perfect", "busiest path, to a perfect hash"),
    "control-plane": ("system", "load_s", "seconds to load"),
    "tcp": ("tunnel", "gbps", "Gbit/s"),
}


def panels(results):
    """Returns {title: [(bar's label, value)]}, in the order of 'results'."""
    found = {}
    for what, metrics in results.items():
        section, *words = what.split()
        if section not in SECTIONS:
            continue
        word, metric, unit = SECTIONS[section]
        label = next((w.split("=", 1)[1] for w in words
                      if w.startswith(word + "=")), None)
        if label is None or metric not in metrics:
            continue
        rest = " ".join(w for w in words if not w.startswith(word + "="))
        title = f"{section} {rest}: {unit}"
        found.setdefault(title, []).append((label, metrics[metric]))
    return found


def color(label):
    """Returns the color of the bar called 'label'."""
    return next((c for prefix, c in COLORS.items()
                 if label.startswith(prefix)), OTHER_COLOR)


def draw_panel(title, bars, x, y):
    """Returns the panel's elements."""
    largest = max(value for _, value in bars) or 1
    out = [f'<text x="{x}" y="{y + 12}" font-weight="bold">'
           f'{escape(title)}</text>']
    for i, (label, value) in enumerate(bars):
        top = y + 20 + i * (BAR + GAP)
        width = WIDTH * value / largest
        out.append(
            f'<text x="{x + LABEL - 6}" y="{top + 11}" text-anchor="end">'
            f'{escape(label)}</text>'
            f'<rect x="{x + LABEL}" y="{top}" width="{width:.1f}" '
            f'height="{BAR}" fill="{color(label)}"/>'
            f'<text x="{x + LABEL + width + 4:.1f}" y="{top + 11}">'
            f'{value:g}</text>')
    return out


def draw(report):
    """Returns the whole chart, an SVG document."""
    out, heights = [], [40, 40]
    for title, bars in panels(report["results"]).items():
        column = heights.index(min(heights))
        out += draw_panel(title, bars, 10 + column * PANEL, heights[column])
        heights[column] += 36 + len(bars) * (BAR + GAP)
    machine = report["machine"]
    caption = (f"{machine['date']}, {machine['processors']} of "
               f"{machine['processor']}, Linux {machine['kernel']}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * PANEL + 20}"'
            f' height="{max(heights)}" font-family="sans-serif" '
            f'font-size="11">\n<rect width="100%" height="100%" '
            f'fill="white"/>\n<text x="10" y="22" font-size="14">'
            f'{escape(caption)}</text>\n' + "\n".join(out) + "\n</svg>\n")
