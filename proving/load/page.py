"""A run as a page of HTML that needs nothing beside itself."""

import html
from collections.abc import Iterable, Sequence

from proving.load.measures import KINDS
from proving.load.plots import NARROW, PLOTTED, WIDE, bars, over_time
from proving.load.report import Outcome, latencies, lines

STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1e; --paper: #fff; --grid: #d8d8dc; --a: #0b5fa5; --b: #b3261e; --c: #4a7a1c; --d: #8a5a00 }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #161618; --grid: #444; --a: #6db3f2; --b: #ff8a80; --c: #a5d46a; --d: #e0b050 } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 900px; margin: 2em auto; padding: 0 1em; overflow-wrap: anywhere }
h1, h2 { line-height: 1.25 } .verdict { font-size: 1.2em } .wrong { color: var(--b) }
svg { width: 100%; height: auto; display: block } text { fill: var(--ink); font-size: 12px; font-variant-numeric: tabular-nums } .grid { stroke: var(--grid) }
.s0 { stroke: var(--a); color: var(--a) } .s1 { stroke: var(--b); color: var(--b) } .s2 { stroke: var(--c); color: var(--c) } .s3 { stroke: var(--d); color: var(--d) }
.bar { fill: var(--a) } polyline { fill: none; stroke-width: 1.8 } .late { stroke-dasharray: 5 3 } .storm { stroke: var(--ink); stroke-dasharray: 2 4 }
.legend { display: flex; flex-wrap: wrap; gap: .2em 1.4em; margin: .3em 0 0; font-size: 13px } .legend i { display: inline-block; width: 26px; border-top: 2px solid; vertical-align: middle; margin-right: .5em }
.legend .late { border-top-style: dashed } .legend .storm { border-top-style: dotted } .narrow { display: none }
.rows { overflow-x: auto } table { border-collapse: collapse; overflow-wrap: normal; font-variant-numeric: tabular-nums } th, td { text-align: right; padding: .2em .8em; border-bottom: 1px solid var(--grid) }
th:first-child, td:first-child { text-align: left; padding-left: 0 } ul { padding-left: 1.2em } pre { white-space: pre-wrap }
@media (max-width: 600px) { .wide { display: none } .narrow { display: block } th, td { padding: .2em .35em; font-size: 13px } }
"""


def page(outcome: Outcome, storms: Sequence[float]) -> str:
    """`storms`: their instants, in seconds."""
    load = outcome.load
    asked = (
        f"{load.people:,} people in {load.rooms} rooms for {load.seconds:g} s; in each second {load.rate:g} sends, {load.reads:g} pages "
        f"of history and {load.joins:g} people who join; storms: {load.storms}; seed {load.seed}"
    )
    head, *rows = latencies(outcome.measures)
    means = "".join(f"<li><b>{kind}</b>: {html.escape(text)}</li>" for kind, text in KINDS.items())
    *told, verdict = lines(outcome)[len(rows) + 1 :]
    shown = (over_time(outcome.measures, load.seconds, storms, width) for width in (WIDE, NARROW))
    counted = (bars(outcome.measures, width) for width in (WIDE, NARROW))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Load: {html.escape(outcome.url)}</title><style>{STYLE}</style></head><body>
<h1>Load</h1>
<p>{html.escape(outcome.url)}, {html.escape(outcome.mapping)}: {asked}.</p>
<p class="verdict{" wrong" if outcome.status else ""}">{html.escape(verdict)}</p>
<h2>Latency over time</h2>
{"".join(shown) or "<p>Nothing was measured.</p>"}
{_legend(is_stormy=bool(storms))}
<h2>Live deliveries by latency</h2>
{"".join(counted) or "<p>Nothing came live.</p>"}
<h2>Milliseconds from the intended instant</h2>
<div class="rows"><table><thead><tr>{_cells(head, "th")}</tr></thead><tbody>{"".join(f"<tr>{_cells(row, 'td')}</tr>" for row in rows)}</tbody></table></div>
<ul>{means}</ul>
<h2>What came of it</h2>
<pre>{html.escape(chr(10).join([*told, verdict]))}</pre>
</body></html>
"""


def _legend(*, is_stormy: bool) -> str:
    keys = [
        f'<span><i class="s{number}{" late" if percent > 50 else ""}"></i>{name}</span>'
        for number, (_, percent, name) in enumerate(PLOTTED)
    ]
    keys += ['<span><i class="storm"></i>a storm: everybody reconnects</span>'] if is_stormy else []
    return f'<p class="legend">{"".join(keys)}</p>'


def _cells(row: Iterable[str], tag: str) -> str:
    return "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
