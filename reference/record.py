"""`python -m reference.record VERSION ENDPOINT --conformance FILE …`: puts what a run found into docs/results/VERSION.json.

The files are the JSON reports of `make conformance`, `make chaos` and `make load`, of runs from this checkout. What is not given says
why by `--not-run`. What the record already has of other endpoints stays.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from proving.chaos.lines import checks as chaos_checks
from proving.checks import CHECKS
from reference.results import (
    FILE_BYTES,
    PROGRAMS,
    RESULTS,
    Chaos,
    Checked,
    Count,
    Endpoint,
    EndpointName,
    Kind,
    Load,
    Record,
    as_text,
    read,
)


class BadReport(Exception):
    """A report that cannot be used. The text says which and why."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="reference.record", description="Records what proving found.")
    made.add_argument("version", help="0.3.0, or unreleased")
    made.add_argument("endpoint", choices=get_args(EndpointName))
    for name in PROGRAMS:
        made.add_argument(f"--{name}", type=Path, help=f"the report that `make {name} JSON=` wrote")
    made.add_argument(
        "--not-run",
        action="append",
        default=[],
        metavar="PROGRAM: WHY",
        help="what was not run; 'load: why; chaos: why'",
    )
    return made


def report(path: Path) -> Mapping[str, Any]:
    """Raises `BadReport` and `OSError`."""
    with path.open("rb") as file:
        content = file.read(FILE_BYTES + 1)
    try:
        found = json.loads(content) if len(content) <= FILE_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadReport(f"{path} is no report of at most {FILE_BYTES} bytes.")
    return found


def checked(told: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """What a report says of its checks. Raises `BadReport` where it names one that there is not, and `KeyError`."""
    lines = [
        {name: each[name] for name in ("id", "title", "source", "status", "reason")}
        for each in told["checks"]
    ]
    if unknown := {each["id"] for each in lines} - known:
        raise BadReport(f"There is no check {', '.join(sorted(unknown))}.")
    return {"checks": lines, "leftBehind": len(told["leftBehind"])}


def conformance(told: Mapping[str, Any]) -> Checked:
    return Checked.model_validate(checked(told, set(CHECKS)))


def chaos(told: Mapping[str, Any]) -> Chaos:
    """Raises `BadReport` also where fewer faults were met than were asked for, so that nothing is proven."""
    met = dict(told["chaos"])
    if not met.pop("isEnough"):
        raise BadReport("Chaos met fewer faults than it was asked for: nothing is proven.")
    return Chaos.model_validate(checked(told, {each.id for each in chaos_checks()}) | met)


def load(told: Mapping[str, Any]) -> Load:
    """Of what `make load` measures the figures of the record's kinds; its own report has the rest."""
    given, latencies = told["load"], told["latencies"]
    return Load.model_validate(
        {name: given[name] for name in ("people", "rooms", "rate", "seconds", "seed")}
        | {
            "acknowledged": told["acknowledged"],
            "counts": {name: told["totals"][name] for name in get_args(Count)},
            "milliseconds": {
                kind: latencies[kind]["ms"] for kind in get_args(Kind) if latencies.get(kind, {}).get("count")
            },
        }
    )


READERS = {"conformance": conformance, "chaos": chaos, "load": load}


def endpoint(commit: str, reports: Mapping[str, Mapping[str, Any]], not_run: Sequence[str]) -> Endpoint:
    """Raises `BadReport` and `ValueError`."""
    found: dict[str, Any] = {}
    for name, told in reports.items():
        try:
            found[name] = READERS[name](told)
        except (KeyError, TypeError, AttributeError) as lack:
            raise BadReport(f"The report of {name} lacks something: {lack}") from None
    given = [each.partition(":") for text in not_run for each in text.split(";")]
    reasons = {name.strip(): why.strip() for name, _, why in given}
    return Endpoint.model_validate(
        {"commit": commit, "day": datetime.now(UTC).date(), "notRun": reasons, **found}
    )


def commit() -> str:
    """The checkout's. Raises `BadReport` where a file of it was changed: no commit would name what ran."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  no shell

    if changed := git(
        "status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)docs/results"
    ):
        raise BadReport(f"The checkout has changes that no commit names:\n{changed}")
    return git("rev-parse", "HEAD")


def main(arguments: Sequence[str] | None = None, folder: Path = RESULTS) -> int:
    given = parser().parse_args(arguments)
    try:
        reports: dict[str, Mapping[str, Any]] = {
            name: report(path) for name in PROGRAMS if (path := getattr(given, name))
        }
        made = endpoint(commit(), reports, given.not_run)
        path = folder / f"{given.version}.json"
        others = dict(read(path).endpoints) if path.exists() else {}
        record = Record(version=given.version, endpoints=others | {given.endpoint: made})
    except (BadReport, ValueError, OSError, subprocess.CalledProcessError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    folder.mkdir(exist_ok=True)
    path.write_text(as_text(record), encoding="utf-8")
    print(f"{path} has what was found at the {given.endpoint}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
