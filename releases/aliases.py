"""The functions' aliases: where each has to point, and all of them moved there.

Lambda takes 15 requests a second of this kind from an account in a region
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html): about five seconds for all functions, each time
that they are moved or read. boto3 waits and repeats where Lambda says that it is too many.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from chat.storage.aws import StoreFailure, failures
from releases.record import Release

AT_ONCE = 8
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Target:
    """Where an alias points: to `version`, but for a `weight` of the calls, which go to `other`."""

    version: str
    other: str | None = None
    weight: float = 0.0


class Aliases(Protocol):
    """By the function's name. Raises `StoreFailure`, whose text is AWS's code."""

    def read(self, function: str) -> Target: ...

    def write(self, function: str, target: Target) -> None: ...

    def code_sha256(self, function: str, version: str) -> str:
        """The sum of the package of a version."""


class LambdaAliases:
    """One alias of each function. `client` is boto3's of Lambda, and repeats what Lambda throttles."""

    def __init__(self, client: Any, alias: str) -> None:
        self._client = client
        self._alias = alias

    def read(self, function: str) -> Target:
        with failures():
            found = self._client.get_alias(FunctionName=function, Name=self._alias)
        weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        other = next(iter(weights.items()), (None, 0.0))
        return Target(found["FunctionVersion"], *other)

    def write(self, function: str, target: Target) -> None:
        weights = {} if target.other is None else {target.other: target.weight}
        with failures():
            self._client.update_alias(
                FunctionName=function,
                Name=self._alias,
                FunctionVersion=target.version,
                RoutingConfig={"AdditionalVersionWeights": weights},
            )

    def code_sha256(self, function: str, version: str) -> str:
        with failures():
            found = self._client.get_function_configuration(FunctionName=function, Qualifier=version)
        return str(found["CodeSha256"])


def targets(to: Release, newest: Release) -> dict[str, Target]:
    """By function's name, where all point when `to` is live. What Terraform has removed since has no alias any more."""
    there = {each.name for each in newest.functions.values()}
    return {each.name: Target(each.version) for each in to.functions.values() if each.name in there}


def weighted(live: Release, to: Release, weight: float) -> dict[str, Target]:
    """By function's name, where all point during a canary. A new function has no other version than its first."""
    before = {each.name: each.version for each in live.functions.values()}
    found = {}
    for each in to.functions.values():
        version = before.get(each.name, each.version)
        found[each.name] = (
            Target(version) if version == each.version else Target(version, each.version, weight)
        )
    return found


@dataclass(frozen=True, slots=True)
class Settled:
    """`failed`: functions whose alias is not where it has to be, with AWS's code. `moved`: how many were written."""

    moved: int
    failed: Mapping[str, str]


def settle(
    aliases: Aliases,
    wanted: Mapping[str, Target],
    first: frozenset[str],
    ours: Callable[[], bool],
    tell: Callable[[int, int], None],
) -> Settled:
    """Moves the aliases of `first` to where they are wanted, then reads all and moves those that are elsewhere.

    `ours` says whether this move is still the one under way: where it is not, nothing more is moved. `tell` gets how
    many were moved of how many.
    """
    moved = 0
    failed: dict[str, str] = {}
    due = sorted(first & wanted.keys())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(ROUNDS):
            failed = {}
            for start in range(0, len(due), AT_ONCE):
                if not ours():
                    return Settled(moved, dict.fromkeys(due[start:], "Superseded"))
                some = due[start : start + AT_ONCE]
                results = pool.map(lambda name: _tried(aliases.write, name, wanted[name]), some)
                failed |= {name: code for name, code in zip(some, results, strict=True) if code}
                moved += len(some)
                tell(min(start + AT_ONCE, len(due)), len(due))
            due = _elsewhere(aliases, wanted, pool)
            if not due:
                return Settled(moved, {})
    return Settled(moved, {name: failed.get(name, "Elsewhere") for name in due})


def _elsewhere(aliases: Aliases, wanted: Mapping[str, Target], pool: ThreadPoolExecutor) -> list[str]:
    def is_there(name: str) -> bool:
        try:
            return aliases.read(name) == wanted[name]
        except StoreFailure:
            return False

    names = sorted(wanted)
    return [name for name, there in zip(names, pool.map(is_there, names), strict=True) if not there]


def _tried(write: Callable[[str, Target], None], name: str, target: Target) -> str | None:
    try:
        write(name, target)
    except StoreFailure as failure:
        return str(failure)
    return None
