"""Asks OSV, which gathers advisories for PyPI and npm, about each version in our locks: `make audit`.

A line for each version that something is known of, and status 1; where OSV is not reached this says so, and the status is 0.
https://google.github.io/osv.dev/post-v1-querybatch/
"""
# ruff: noqa: INP001, T201  a program of its own, which speaks to who runs it

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

SERVICE = "https://api.osv.dev/v1/querybatch"
MOST = 1_000
"""Queries in a request."""
TIMEOUT_S = 30.0
ACCEPTED: Mapping[str, str] = {}
"""Advisories by their ids, with the reason why each does not concern us."""
PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


class Version(NamedTuple):
    lock: str
    ecosystem: str
    name: str
    version: str


class Unreached(Exception):
    """The service has not answered."""


def versions(project: Path, locks: Iterable[str]) -> Iterator[Version]:
    """What these locks hold, each once. Raises `ValueError` and `KeyError` for one of another form."""
    for lock in locks:
        text = (project / lock).read_text(encoding="utf-8")
        if lock.endswith(".lock"):
            yield from (Version(lock, "PyPI", name, version) for name, version in PINNED.findall(text))
        else:
            for place, each in json.loads(text)["packages"].items():
                if place and "version" in each and not each.get("link"):
                    name = each.get("name", place.rpartition("node_modules/")[2])
                    yield Version(lock, "npm", name, each["version"])


def known(found: list[Version], service: str = SERVICE) -> dict[Version, list[str]]:
    """The advisories of each version that has any. Raises `Unreached`."""
    told: dict[Version, list[str]] = {}
    for begin in range(0, len(found), MOST):
        some = found[begin : begin + MOST]
        queries = [
            {"package": {"name": v.name, "ecosystem": v.ecosystem}, "version": v.version} for v in some
        ]
        for version, result in zip(some, _asked(service, {"queries": queries})["results"], strict=True):
            ids = [each["id"] for each in (result or {}).get("vulns", ()) if each["id"] not in ACCEPTED]
            if ids:
                told[version] = ids
    return told


def _asked(service: str, body: Mapping[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310  the address is ours
        service, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  the same
            return json.loads(answer.read())
    except (OSError, ValueError) as error:
        raise Unreached(f"{type(error).__name__}: {error}") from None


def main(service: str = SERVICE) -> int:
    project = Path(__file__).parent.parent
    listed = subprocess.run(
        ["git", "ls-files", "*.lock", "*package-lock.json"],  # noqa: S607  as it is on PATH
        cwd=project, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = list(versions(project, listed.stdout.split()))
    try:
        told = known(found, service)
    except Unreached as why:
        print(f"SKIPPED: no advisory service was reached, so nothing is known of {len(found)} versions ({why}).", file=sys.stderr)  # fmt: skip
        return 0
    for version, ids in told.items():
        print(f"{version.lock}: {version.name} {version.version}: {', '.join(ids)}")
    print(f"{len(found)} versions of {len({v.lock for v in found})} locks, {len(told)} with advisories.")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
