# SPDX-License-Identifier: Apache-2.0
"""Draws the results of the benchmarks as SVG: a panel of bars for each group
of results that differ in one word only, such as the kind of tunnel."""

from xml.sax.saxutils import escape

import report

BAR, GAP, LABEL, WIDTH, PANEL, COLUMNS = 13, 3, 75, 150, 285, 4
OUR_COLOR, OTHER_COLOR = "#d1495b", "#8d99ae"


def panels(results):
    """Yields (section, title, figure, {bar's label: value}), in the order of
    the sections.  Of each, only the first figure is drawn."""
    for name, section in report.SECTIONS.items():
        figure = section.figures[0]
        for row, sides in report.tables(results, name, figure).items():
            yield name, f"{name} {row}".rstrip(), figure, sides


def draw_panel(title, figure, bars, x, y):
    """Returns the panel's elements."""
    largest = max(bars.values()) or 1
    better = "less" if figure.lower_is_better else "more"
    out = [f'<text x="{x}" y="{y + 12}" font-weight="bold">'
           f'{escape(title)}</text>',
           f'<text x="{x}" y="{y + 25}" fill="#555">'
           f'{escape(figure.unit)} ({better} is better)</text>']
    for i, (label, value) in enumerate(bars.items()):
        top = y + 31 + i * (BAR + GAP)
        width = WIDTH * value / largest
        color = OUR_COLOR if report.is_ours(label) else OTHER_COLOR
        out.append(
            f'<text x="{x + LABEL - 6}" y="{top + 10}" text-anchor="end">'
            f'{escape(label)}</text>'
            f'<rect x="{x + LABEL}" y="{top}" width="{width:.1f}" '
            f'height="{BAR}" fill="{color}"/>'
            f'<text x="{x + LABEL + width + 4:.1f}" y="{top + 10}">'
            f'{value:.3g}</text>')
    return out


def draw(result):
    """Returns the whole chart, an SVG document."""
    out, heights, previous = [], [40] * COLUMNS, None
    for section, title, figure, bars in panels(result["results"]):
        if section != previous:
            heights, previous = [max(heights)] * COLUMNS, section
        column = heights.index(min(heights))
        out += draw_panel(title, figure, bars, 10 + column * PANEL,
                          heights[column])
        heights[column] += 43 + len(bars) * (BAR + GAP)
    machine = result["machine"]
    caption = (f"{machine['date']}, {machine['processors']} of "
               f"{machine['processor']}, Linux {machine['kernel']}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" '
            f'width="{COLUMNS * PANEL + 20}" height="{max(heights)}" '
            f'font-family="sans-serif" font-size="11">\n'
            '<!-- SPDX-License-Identifier: Apache-2.0 -->\n'
            f'<rect width="100%" height="100%" fill="white"/>\n'
            f'<text x="10" y="22" font-size="14">{escape(caption)}</text>\n'
            + "\n".join(out) + "\n</svg>\n")
