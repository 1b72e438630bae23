"""What each function's role may do, from one release to the next. Pure.

All versions of a function have one role. Terraform changes it before any alias moves, so a right that is new is there when its
code first runs; one that is taken away is missed at once by the release that is still live, and by one that is gone back to.
So what the code needs no longer is kept for one release: in the wiring with `"retired": true`, and of what variables give in
`retired_rights`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from releases.record import Grant, Published, Refused, Rights

ANYWHERE = "*"
"""The place of a right whose ARN is known only when it is applied."""
TABLE = "dynamodb:*"
"""Stands for all that a function does with a table: its actions and keys are compared beside it."""
ARN = "arn:"
UNKNOWN = Rights(needed=(f"{ANYWHERE} {ANYWHERE}",))
"""Of a role of which a plan knows nothing."""

Lacked = Mapping[str, tuple[str, ...]]
"""Pairs of an action and a place, by module."""


def wired(text: str) -> dict[str, Rights]:
    """By module, the rights of a wiring's JSON. Raises `Refused` where it is none."""
    try:
        wiring = json.loads(text)
        entries = [wiring["authorizer"], *wiring["fields"].values(), *wiring.get("services", {}).values()]
        return {
            each["module"]: _rights(map(_grant, [*each["rights"], *each.get("objects", ())]))
            for each in entries
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("The file of --wiring is not of the form of resolvers/wiring.json.") from None


def planned(text: str) -> dict[str, Rights]:
    """By module, what `terraform show -json` of a plan says that will be granted. Raises `Refused` where it does not say it."""
    try:
        granted = json.loads(text)["output_changes"]["release"]["after"]["granted"]
        return {
            module: UNKNOWN if grants is None else _rights(map(_expected, grants))
            for module, grants in granted.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(
            "stdin is not `terraform show -json` of a plan with the module's output `release` as an output of that name."
        ) from None


def applied(published: Published, needed: Mapping[str, Rights]) -> dict[str, Rights]:
    """By module, what was granted. Raises `Refused` where the code needs more, which `needed` says."""
    granted = {module: _rights(grants) for module, grants in published.granted.items()}
    if lacked := lacking(needed, granted):
        raise Refused(
            f"The code needs rights that are not applied yet: {named(lacked)}. "
            "Apply the module of the packages' own version first."
        )
    return granted


def lacking(release: Mapping[str, Rights], granted: Mapping[str, Rights]) -> dict[str, tuple[str, ...]]:
    """By module, what the code of `release` needs and `granted` does not hold. A module that `granted` does not know was
    removed, and one of which `release` knows no rights is passed over."""
    found = {
        module: tuple(
            need for need in each.needed if not any(_holds(right, need) for right in _all(granted[module]))
        )
        for module, each in sorted(release.items())
        if module in granted
    }
    return {module: needs for module, needs in found.items() if needs}


def known(granted: Mapping[str, Rights]) -> dict[str, Rights]:
    """Without what is known only when it is applied."""

    def told(pairs: Iterable[str]) -> tuple[str, ...]:
        return tuple(pair for pair in pairs if not pair.endswith(f" {ANYWHERE}"))

    return {
        module: Rights(needed=told(each.needed), retired=told(each.retired))
        for module, each in granted.items()
    }


def named(lacked: Lacked) -> str:
    modules: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for module, needs in lacked.items():
        modules[needs].append(module)
    return "; ".join(f"{', '.join(each)}: {', '.join(needs)}" for needs, each in modules.items())


def how_to_keep(lacked: Lacked) -> str:
    """Sentences: where these rights are kept for one release more."""
    pairs = {pair for needs in lacked.values() for pair in needs}
    by_wiring = any(f" {ARN}" not in pair for pair in pairs)
    tables = any(pair.startswith(f"{TABLE} ") for pair in pairs)
    retired = _retired(lacked)
    sentences = (
        'Keep those of resolvers/wiring.json for this release, with "retired": true.' if by_wiring else "",
        f"Keep those that variables give for this release: retired_rights = {json.dumps(retired)}" if retired else "",
        "Those of a table cannot be kept: stop traffic first, then LOSE_RIGHTS=true goes on." if tables else "",
    )  # fmt: skip
    return " ".join(filter(None, sentences))


def _retired(lacked: Lacked) -> list[dict[str, list[str]]]:
    """The value of the variable `retired_rights`."""
    actions: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for module, needs in lacked.items():
        for action, place in (need.split(" ", 1) for need in needs):
            if place.startswith(ARN) and action != TABLE:
                actions[module, place].append(action)
    functions: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (module, place), each in actions.items():
        functions[place, tuple(each)].append(module)
    return [
        {"functions": modules, "actions": list(each), "resources": [place]}
        for (place, each), modules in functions.items()
    ]


def _rights(grants: Iterable[Grant]) -> Rights:
    by_use: dict[bool, set[str]] = {False: set(), True: set()}
    for each in grants:
        by_use[each.retired].update(_pairs(each))
    return Rights(needed=tuple(sorted(by_use[False])), retired=tuple(sorted(by_use[True] - by_use[False])))


def _grant(right: Mapping[str, Any]) -> Grant:
    places = right["leadingKeys"] if "leadingKeys" in right else right["prefixes"]
    return Grant(actions=right["actions"], places=places, retired=right.get("retired", False))


def _expected(grant: Mapping[str, Any]) -> Grant:
    """Of a plan, which has null in place of what it does not know."""
    places = grant.get("places") or [None]
    return Grant(
        actions=grant["actions"],
        places=tuple(ANYWHERE if place is None else place for place in places),
        retired=grant["retired"],
    )


def _pairs(grant: Grant) -> Iterator[str]:
    return (f"{action} {place}" for action in grant.actions for place in grant.places)


def _all(rights: Rights) -> tuple[str, ...]:
    return rights.needed + rights.retired


def _holds(right: str, need: str) -> bool:
    """Whether a pair of an action and a pattern of places covers another."""
    action, place = need.split(" ", 1)
    held, pattern = right.split(" ", 1)
    return held in (action, ANYWHERE) and fnmatchcase(place, pattern)
