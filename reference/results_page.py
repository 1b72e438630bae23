"""What proving found of each release, as a page. Each figure on it is of a record."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from reference.markup import contents, page, table
from reference.results import PROGRAMS, UNRELEASED, Channel, Chaos, Checked, Endpoint, Line, Load, Record

FILE = "results.html"
STATUS = {"fail": "failed", "skip": "skipped", "pass": "passed"}
"""In the order in which lines are shown."""
ON: dict[Channel, str] = {"send": "sends", "call": "other requests", "live": "frames"}
"""What chaos hits, as it is shown."""
ABOUT = (
    "<p>What <code>make conformance</code>, <code>make chaos</code> and <code>make load</code> found of this API at each release: at the simulator "
    "of <code>make run</code>, and at an emulator of AWS onto which the Terraform configuration is applied. Nothing here was run against AWS itself.</p>"
)
NONE = "<p>No release has a record yet.</p>"


def results_page(found: Sequence[Record]) -> str:
    groups: dict[str, dict[str, str]] = {
        title(each): {name: anchor(each, name) for name in each.endpoints} for each in found
    }
    body = "".join(_release(each) for each in found) or NONE
    return page(FILE, ABOUT + body, contents(groups) if found else "")


def title(record: Record) -> str:
    return "Not released yet" if record.version == UNRELEASED else record.version


def anchor(record: Record, name: str) -> str:
    return f"{record.version}-{name}"


def _release(record: Record) -> str:
    parts = (
        f'<section id="{anchor(record, name)}"><h3>At the {name}</h3>{_endpoint(each)}</section>'
        for name, each in record.endpoints.items()
    )
    return f'<h2 id="{record.version}">{title(record)}</h2>{"".join(parts)}'


def _endpoint(found: Endpoint) -> str:
    parts = [f"<p>Commit <code>{found.commit}</code>, {found.day.isoformat()}.</p>"]
    for name in PROGRAMS:
        match getattr(found, name):
            case Chaos() as chaos:
                parts += [_paragraph("Chaos", _counts(chaos.checks)), *_chaos(chaos), _checks(chaos)]
            case Checked() as checked:
                parts += [_paragraph("Conformance", _counts(checked.checks)), _checks(checked)]
            case Load() as load:
                parts += _load(load)
            case _:
                parts.append(_paragraph(name.capitalize(), f"not run: {found.not_run[name]}"))
    return "".join(parts)


def _paragraph(name: str, text: str) -> str:
    return f"<p><strong>{name}</strong>: {escape(text, quote=False)}.</p>"


def _counts(lines: Iterable[Line]) -> str:
    counts = Counter(each.status for each in lines)
    return f"{counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped"


def _checks(found: Checked) -> str:
    lines = sorted(found.checks, key=lambda each: list(STATUS).index(each.status))
    left = f"<p>{found.left_behind} rooms were left behind.</p>" if found.left_behind else ""
    return f'{left}<div class="lines">{table(("Promise", "Outcome"), map(_row, lines))}</div>'


def _row(line: Line) -> tuple[str, str]:
    reason = f"<p>{escape(line.reason, quote=False)}</p>" if line.reason else ""
    promise = f"{escape(line.title, quote=False)}<br><code>{line.id}</code>{reason}"
    return promise, f"<strong>{STATUS[line.status]}</strong>" if reason else STATUS[line.status]


def _chaos(found: Chaos) -> list[str]:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.faults.items()))
    on = ", ".join(f"{found.on[each]:,} {name}" for each, name in ON.items() if each in found.on)
    met, last = sum(found.faults.values()), found.seed + found.rounds - 1
    seconds = f"; {found.seconds:,.0f} s" if found.seconds is not None else ""
    told = (
        f"<p>{met:,} faults ({kinds}){on and f' on {on}'}; {found.sends:,} sends; rounds: {found.rounds:,}, "
        f"seeds: {found.seed} to {last}{seconds}.</p>"
    )
    if found.failed_seed is None:
        return [told]
    arguments = escape(f'--seed {found.failed_seed} --schedule "{found.schedule}"', quote=False)
    return [told, f"<p>The smallest schedule that failed: <code>{arguments}</code>.</p>"]


def _load(found: Load) -> list[str]:
    told = (
        f"{found.people:,} people in {found.rooms:,} rooms, {found.rate:g} sends a second for {found.seconds:g} s, seed {found.seed}: "
        f"{found.acknowledged:,} acknowledged, {', '.join(f'{count:,} {name}' for name, count in found.counts.items())}"
    )
    names = list(dict.fromkeys(name for each in found.milliseconds.values() for name in each))
    rows = (
        (kind, *(f"{each[name]:,.1f}" if name in each else "" for name in names))
        for kind, each in found.milliseconds.items()
    )
    figures = table(("Milliseconds", *map(escape, names)), rows)
    return [_paragraph("Load", told), f'<div class="figures">{figures}</div>']
