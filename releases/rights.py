"""What each function's role may do by `resolvers/wiring.json`, from one release to the next. Pure.

All versions of a function have one role. Terraform changes it before any alias moves, so a right that is new is there when its
code first runs; one that is taken away is missed at once by the release that is still live, and by one that is gone back to.
So the wiring keeps what the code needs no longer for one release, with `"retired": true`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from releases.record import Refused, Rights


def wired(text: str) -> dict[str, Rights]:
    """By module, the rights of a wiring's JSON. Raises `Refused` where it is none."""
    try:
        wiring = json.loads(text)
        entries = [wiring["authorizer"], *wiring["fields"].values(), *wiring.get("services", {}).values()]
        return {each["module"]: _rights([*each["rights"], *each.get("objects", ())]) for each in entries}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused("The file of --wiring is not of the form of resolvers/wiring.json.") from None


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


def named(lacked: Mapping[str, Iterable[str]]) -> str:
    return "; ".join(f"{module}: {', '.join(needs)}" for module, needs in lacked.items())


def _rights(entries: Iterable[Mapping[str, Any]]) -> Rights:
    by_use: dict[bool, set[str]] = {False: set(), True: set()}
    for each in entries:
        by_use[each.get("retired", False)].update(_pairs(each))
    return Rights(needed=tuple(sorted(by_use[False])), retired=tuple(sorted(by_use[True] - by_use[False])))


def _pairs(right: Mapping[str, Any]) -> Iterator[str]:
    places = right["leadingKeys"] if "leadingKeys" in right else right["prefixes"]
    return (f"{action} {place}" for action in right["actions"] for place in places)


def _all(rights: Rights) -> tuple[str, ...]:
    return rights.needed + rights.retired


def _holds(right: str, need: str) -> bool:
    """Whether a pair of an action and a pattern of places covers another."""
    action, place = need.split(" ", 1)
    held, pattern = right.split(" ", 1)
    return action == held and fnmatchcase(place, pattern)
