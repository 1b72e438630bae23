"""What came of a run: lines, and JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from cost.prices import DATED, REGION
from proving.load.estimate import Estimate
from proving.load.ledger import Verdict
from proving.load.measures import KINDS, Measures
from proving.load.plan import Load

WRONG_LISTENERS = 100
"""Of whom the report names the figures."""
LATE_US = 20_000
"""How late this program may begin one in a hundred until it says so."""
SERIES = (50.0, 99.0, 100.0)
COUNTED = ("live", "repaired", "lost", "twice", "disorder", "overtaken")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`acknowledged`: sends; `expected`: by the estimate; `spent`: what was counted; `left`: rooms that could not be
    taken away, each with why."""

    url: str
    mapping: str
    load: Load
    expected: Estimate
    spent: Estimate
    acknowledged: int
    measures: Measures
    verdicts: Sequence[Verdict]
    left: Sequence[str]

    @property
    def totals(self) -> dict[str, int]:
        """Of all listeners together."""
        return {name: sum(getattr(each, name) for each in self.verdicts) for name in COUNTED}

    @property
    def wrong(self) -> list[Verdict]:
        return [each for each in self.verdicts if not each.is_right]

    @property
    def status(self) -> int:
        """The exit status: 0 where something was acknowledged, nobody missed or doubled or misread any of it, and nothing
        is left behind."""
        return int(bool(self.wrong) or bool(self.left) or not self.acknowledged)


def milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}" if value < 1_000 else f"{value:,.0f}"


def latencies(measures: Measures) -> list[list[str]]:
    """Rows of a table, the first its head: each kind that has any, its count, and its percentiles in milliseconds."""
    rows = [["kind", "count", "p50", "p90", "p99", "p99.9", "max"]]
    for kind, found in measures.whole.items():
        if found.count:
            rows.append(
                [kind, f"{found.count:,}", *(milliseconds(each) for each in found.summary_ms().values())]
            )
    return rows


def lines(outcome: Outcome) -> list[str]:
    """What is printed at the end."""
    measures, totals = outcome.measures, outcome.totals
    told = [f"{row[0]:<10}" + "".join(f"{cell:>12}" for cell in row[1:]) for row in latencies(measures)]
    told[0] += "   (milliseconds, each from its intended instant)"
    for (kind, name), count in sorted(measures.refused.items()):
        told.append(f"refused: {count:,} × {kind}, {name}")
    for kind, count in sorted(measures.unanswered.items()):
        told.append(f"unanswered: {count:,} × {kind}")
    late = measures.whole["behind"].percentile(99) or 0
    if late > LATE_US:
        told.append(
            f"this machine was too busy: one in a hundred began {milliseconds(late / 1_000)} ms late or more, which is in each figure"
        )
    if measures.faults:
        told.append(f"frames that the protocol does not have: {measures.faults:,}")
    if measures.cut:
        told.append(f"connections that ended by themselves: {measures.cut:,}")
    told += [
        f"listener {each.listener}: {each.lost} lost, {each.twice} twice, {each.disorder} out of order"
        for each in outcome.wrong[:5]
    ]
    told += [f"left behind: {each}" for each in outcome.left]
    told.append(f"spent: {outcome.spent}")
    told.append(
        f"{outcome.acknowledged:,} acknowledged; {len(outcome.verdicts):,} listeners got {totals['live']:,} live and "
        f"{totals['repaired']:,} repaired, {totals['overtaken']:,} of them overtaken"
    )
    told.append(f"{totals['lost']:,} lost, {totals['twice']:,} twice, {totals['disorder']:,} out of order")
    if not outcome.acknowledged:
        told.append("nothing was acknowledged: nothing is proven")
    return told


def as_json(outcome: Outcome) -> str:
    """Latencies in milliseconds, bounds of buckets in microseconds."""
    measures = outcome.measures
    told = {
        "url": outcome.url,
        "mapping": outcome.mapping,
        "load": asdict(outcome.load),
        "estimate": _estimate(outcome.expected),
        "spent": _estimate(outcome.spent),
        "prices": {"dated": DATED, "region": REGION},
        "acknowledged": outcome.acknowledged,
        "totals": outcome.totals,
        "wrongListeners": [asdict(each) for each in outcome.wrong[:WRONG_LISTENERS]],
        "begun": dict(measures.begun),
        "refused": [{"kind": k, "type": t, "count": n} for (k, t), n in sorted(measures.refused.items())],
        "unanswered": dict(measures.unanswered),
        "cut": measures.cut,
        "faults": measures.faults,
        "leftBehind": list(outcome.left),
        "latencies": {
            kind: {
                "means": KINDS[kind],
                "count": found.count,
                "ms": found.summary_ms(),
                "buckets": [list(each) for each in found.buckets()],
                "seconds": _seconds(measures, kind),
            }
            for kind, found in measures.whole.items()
        },
    }
    return json.dumps(told, indent=1) + "\n"


def _estimate(given: Estimate) -> dict[str, float]:
    return asdict(given) | {"dollars": round(given.dollars, 6)}


def _seconds(measures: Measures, kind: str) -> list[list[float]]:
    """Of each second that has any: which, and p50, p99 and the largest."""
    series = [dict(measures.series(kind, each)) for each in SERIES]
    return [[second, *(each[second] for each in series)] for second in series[0]]
