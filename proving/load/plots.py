"""What was measured as SVG: latency over time, and its histogram. No I/O.

Text keeps its size where a picture is scaled by its `viewBox` to the width that it is drawn for, so each is drawn for wide and
for narrow screens, and the page shows one of them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from proving.load.measures import Measures

WIDE, NARROW = 860, 360
"""Widths of pictures, in pixels."""
HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 312, 82, 26, 44, 28
TICK_PX = 62
"""Between two numbers below a picture, at the least."""
PLOTTED = (
    ("live", 50.0, "live p50"),
    ("live", 99.0, "live p99"),
    ("send", 50.0, "send p50"),
    ("send", 99.0, "send p99"),
)
"""Kind, percentile and name of each line, in the order of the classes `s0`, `s1`, …"""
LEAST_MS = 0.01
BARS_A_DOUBLING = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a picture's values lie. `beside`, `below`: what the numbers there are."""

    width: int
    beside: str
    below: str

    @property
    def wide(self) -> int:
        return self.width - LEFT - RIGHT

    @property
    def tall(self) -> int:
        return HEIGHT - BOTTOM - TOP

    def x(self, share: float) -> float:
        return LEFT + self.wide * share

    def y(self, share: float) -> float:
        return HEIGHT - BOTTOM - self.tall * share

    def rows(self, marks: Iterable[tuple[float, str]]) -> list[str]:
        """A line across for each share of the height, with its text."""
        lines = [
            f'<line class="grid" x1="{LEFT}" x2="{self.width - RIGHT}" y1="{self.y(share):.1f}" y2="{self.y(share):.1f}"/>'
            f'<text x="{LEFT - 8}" y="{self.y(share) + 4:.1f}" text-anchor="end">{text}</text>'
            for share, text in marks
        ]
        return [*lines, f'<text x="{LEFT - 8}" y="13" text-anchor="end">{self.beside}</text>']

    def columns(self, marks: Iterable[tuple[float, str]]) -> list[str]:
        """A text below for each share of the width, and what these are."""
        ticks = [
            f'<line class="grid" x1="{self.x(share):.1f}" x2="{self.x(share):.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 5}"/>'
            f'<text x="{self.x(share):.1f}" y="{HEIGHT - BOTTOM + 19}" text-anchor="middle">{text}</text>'
            for share, text in marks
        ]
        return [
            *ticks,
            f'<text x="{self.x(0.5):.1f}" y="{HEIGHT - 5}" text-anchor="middle">{self.below}</text>',
        ]

    def svg(self, title: str, parts: Iterable[str]) -> str:
        name = "wide" if self.width == WIDE else "narrow"
        return f'<svg class="{name}" viewBox="0 0 {self.width} {HEIGHT}" role="img"><title>{title}</title>{"".join(parts)}</svg>'


def round_steps(most: float, count: int) -> list[float]:
    """0, and at the most `count` multiples up to `most` of 1, 2 or 5 of some power of ten."""
    least = max(most, 1e-9) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= least * (1 - 1e-9))
    return [step * number for number in range(int(most / step * (1 + 1e-9)) + 1)]


def decades(least: float, most: float) -> list[float]:
    """The powers of ten around values above 0."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return [10.0**each for each in range(low, max(high, low + 1) + 1)]


def over_time(measures: Measures, seconds: float, storms: Sequence[float], width: int) -> str:
    """A point for each second, milliseconds on a logarithmic scale; storms as dotted lines. Empty where nothing was
    measured."""
    series = [measures.series(kind, percent) for kind, percent, _ in PLOTTED]
    values = [max(value, LEAST_MS) for points in series for _, value in points]
    if not values:
        return ""
    ends, frame = decades(min(values), max(values)), Frame(width, "latency", "seconds since the beginning")
    low, high = math.log10(ends[0]), math.log10(ends[-1])

    def share(value: float) -> float:
        return (math.log10(max(value, LEAST_MS)) - low) / (high - low)

    whole = max(seconds, 1.0)
    parts = frame.rows((share(each), f"{each:,g} ms") for each in ends)
    parts += frame.columns((each / whole, f"{each:g}") for each in round_steps(whole, frame.wide // TICK_PX))
    parts += [
        f'<line class="storm" x1="{frame.x(s / whole):.1f}" x2="{frame.x(s / whole):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        for s in storms
    ]
    for number, points in enumerate(series):
        # the last second may be cut short
        line = " ".join(
            f"{frame.x(min((second + 0.5) / whole, 1)):.1f},{frame.y(share(value)):.1f}"
            for second, value in points
        )
        late = " late" if PLOTTED[number][1] > 50 else ""
        parts.append(f'<polyline class="s{number}{late}" points="{line}"/>')
    return frame.svg("Latency by the second in which each was meant to begin", parts)


def bars(measures: Measures, width: int) -> str:
    """Of live deliveries, eight bars for each doubling of the latency. Empty where nothing came live."""
    counts: dict[int, int] = {}
    for low, high, count in measures.whole["live"].buckets():
        place = math.floor(math.log2(max((low + high) / 2, 1)) * BARS_A_DOUBLING)
        counts[place] = counts.get(place, 0) + count
    if not counts:
        return ""
    first, last = min(counts), max(counts) + 1
    steps = round_steps(max(counts.values()), 4)
    top = max(steps[-1], *counts.values())
    frame = Frame(width, "deliveries", "latency in milliseconds, on a logarithmic scale")
    each_wide = frame.wide / (last - first)
    parts = frame.rows((step / top, f"{step:,g}") for step in steps)
    parts += [
        f'<rect class="bar" x="{LEFT + (place - first) * each_wide:.1f}" width="{max(each_wide - 1, 0.5):.1f}" '
        f'y="{frame.y(count / top):.1f}" height="{frame.tall * count / top:.1f}"><title>{count:,} from '
        f"{_figure(_ms(place))} ms to {_figure(_ms(place + 1))} ms</title></rect>"
        for place, count in sorted(counts.items())
    ]
    parts += frame.columns(
        ((_place(each) - first) / (last - first), _figure(each))
        for each in round_values(_ms(first), _ms(last), frame.wide // TICK_PX)
    )
    return frame.svg("How many live deliveries took how long", parts)


def round_values(low: float, high: float, count: int) -> list[float]:
    """Values of a logarithmic scale between two: the densest of three rows that has at the most `count`, or both ends."""
    powers = [10.0**each for each in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    for row in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1,)):
        found = [power * each for power in powers for each in row if low <= power * each <= high]
        if 2 <= len(found) <= max(count, 2):
            return found
    return [low, high]


def _ms(place: float) -> float:
    return 2 ** (place / BARS_A_DOUBLING) / 1_000


def _figure(value: float) -> str:
    """To three digits."""
    return f"{float(f'{value:.3g}'):,g}"


def _place(value_ms: float) -> float:
    return math.log2(value_ms * 1_000) * BARS_A_DOUBLING
