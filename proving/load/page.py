"""A run as a page of HTML that needs nothing beside itself: latency over time, and its histogram, as SVG."""

import html
import math
from collections.abc import Iterable, Sequence

from proving.load.measures import KINDS, Measures
from proving.load.report import Outcome, latencies, lines, milliseconds

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 860, 300, 60, 40, 12
PLOTTED = (
    ("live", 50.0, "live p50"),
    ("live", 99.0, "live p99"),
    ("send", 50.0, "send p50"),
    ("send", 99.0, "send p99"),
)
BARS_A_DOUBLING = 8
STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1e; --paper: #fff; --grid: #d8d8dc; --a: #0b5fa5; --b: #b3261e; --c: #5b8c2a; --d: #8a5a00 }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #161618; --grid: #444; --a: #6db3f2; --b: #ff8a80; --c: #a5d46a; --d: #e0b050 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 900px; margin: 2em auto; padding: 0 1em }
svg { width: 100%; height: auto } text { fill: var(--ink); font-size: 12px } .grid { stroke: var(--grid) }
.s0 { stroke: var(--a) } .s1 { stroke: var(--b) } .s2 { stroke: var(--c) } .s3 { stroke: var(--d) } .bar { fill: var(--a) }
polyline { fill: none; stroke-width: 1.8 } .late { stroke-dasharray: 5 3 } .storm { stroke: var(--ink); stroke-dasharray: 2 4 }
table { border-collapse: collapse } th, td { text-align: right; padding: .2em .8em; border-bottom: 1px solid var(--grid) }
th:first-child, td:first-child { text-align: left } pre { white-space: pre-wrap }
"""


def page(outcome: Outcome, storms: Sequence[float]) -> str:
    """`storms`: their instants, in seconds."""
    load = outcome.load
    asked = (
        f"{load.people:,} people in {load.rooms} rooms, {load.rate:g} sends, {load.reads:g} reads and {load.joins:g} joins a second "
        f"for {load.seconds:g} s, {load.storms} storms, seed {load.seed}"
    )
    head, *rows = latencies(outcome.measures)
    means = "".join(f"<li><b>{kind}</b>: {html.escape(text)}</li>" for kind, text in KINDS.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Load: {html.escape(outcome.url)}</title><style>{STYLE}</style></head><body>
<h1>Load</h1>
<p>{html.escape(outcome.url)}, {html.escape(outcome.mapping)}: {asked}.</p>
<h2>Latency over time</h2>
{over_time(outcome.measures, load.seconds, storms)}
<h2>Live deliveries by latency</h2>
{bars(outcome.measures)}
<h2>Milliseconds from the intended instant</h2>
<table><thead><tr>{_cells(head, "th")}</tr></thead><tbody>{"".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)}</tbody></table>
<ul>{means}</ul>
<h2>What came of it</h2>
<pre>{html.escape(chr(10).join(lines(outcome)[len(rows) + 1 :]))}</pre>
</body></html>
"""


def _cells(row: Iterable[str], tag: str) -> str:
    return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)


def _decades(least: float, most: float) -> list[float]:
    """The powers of ten around values above 0."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return [10.0**each for each in range(low, max(high, low + 1) + 1)]


def _share(value: float, ends: Sequence[float]) -> float:
    """Where a value lies between the first and the last of a logarithmic scale, 0 to 1."""
    return (math.log10(value) - math.log10(ends[0])) / (math.log10(ends[-1]) - math.log10(ends[0]))


def _svg(title: str, parts: Iterable[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{title}</title>{"".join(parts)}</svg>'


def over_time(measures: Measures, seconds: float, storms: Sequence[float]) -> str:
    """A point for each second, milliseconds on a logarithmic scale; storms as dotted lines."""
    series = [(name, measures.series(kind, percent)) for kind, percent, name in PLOTTED]
    values = [max(value, 0.01) for _, points in series for _, value in points]
    if not values:
        return "<p>Nothing was measured.</p>"
    ends = _decades(min(values), max(values))

    def x(second: float) -> float:
        return LEFT + (WIDTH - LEFT - 10) * second / max(seconds, 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * _share(max(value, 0.01), ends)

    parts = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 10}" y1="{y(each):.1f}" y2="{y(each):.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y(each) + 4:.1f}" text-anchor="end">{each:g} ms</text>'
        for each in ends
    ]
    parts += [
        f'<text x="{x(seconds * each / 4):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{seconds * each / 4:g} s</text>'
        for each in range(5)
    ]
    parts += [
        f'<line class="storm" x1="{x(s):.1f}" x2="{x(s):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        for s in storms
    ]
    for number, (name, points) in enumerate(series):
        line = " ".join(f"{x(second + 0.5):.1f},{y(value):.1f}" for second, value in points)
        kind = f"s{number}{' late' if name.endswith('p99') else ''}"
        at = LEFT + number * 130
        parts.append(f'<polyline class="{kind}" points="{line}"/>')
        parts.append(f'<polyline class="{kind}" points="{at},{HEIGHT - 8} {at + 24},{HEIGHT - 8}"/>')
        parts.append(f'<text x="{at + 30}" y="{HEIGHT - 4}">{name}</text>')
    return _svg("Latency by the second in which each was meant to be sent", parts)


def bars(measures: Measures) -> str:
    """Of live deliveries, eight bars for each doubling of the latency."""
    counts: dict[int, int] = {}
    for low, high, count in measures.whole["live"].buckets():
        place = math.floor(math.log2(max((low + high) / 2, 1)) * BARS_A_DOUBLING)
        counts[place] = counts.get(place, 0) + count
    if not counts:
        return "<p>Nothing came live.</p>"
    first, last, most = min(counts), max(counts), max(counts.values())
    width = (WIDTH - LEFT - 10) / (last - first + 1)
    tall = HEIGHT - BOTTOM - TOP
    parts = [
        f'<rect class="bar" x="{LEFT + (place - first) * width:.1f}" width="{max(width - 1, 0.5):.1f}" '
        f'y="{HEIGHT - BOTTOM - tall * count / most:.1f}" height="{tall * count / most:.1f}"><title>{count:,} from '
        f"{_ms(place)} ms to {_ms(place + 1)} ms</title></rect>"
        for place, count in sorted(counts.items())
    ]
    step = max(1, (last - first + 1) // 8)
    parts += [
        f'<text x="{LEFT + (place - first) * width:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_ms(place)}</text>'
        for place in range(first, last + 2, step)
    ]
    parts.append(f'<text x="{LEFT - 6}" y="{TOP + 10}" text-anchor="end">{most:,}</text>')
    parts.append(
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">milliseconds, a logarithmic scale</text>'
    )
    return _svg("How many live deliveries took how long", parts)


def _ms(place: int) -> str:
    return milliseconds(2 ** (place / BARS_A_DOUBLING) / 1_000)
