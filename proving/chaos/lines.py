"""The lines of chaos as checks, for the reports."""

from proving.chaos.history import LINES
from proving.check import Check, Cost
from proving.mapping import Mapping
from proving.run import skipped
from proving.world import World

SOURCE = "docs/delivery.md"


async def _nothing(_: World) -> None:
    """A line of chaos is asked by rounds, not by a body."""


def checks() -> list[Check]:
    return [
        Check(name, title, SOURCE, tuple(needs.split()), Cost(), _nothing)
        for name, (title, needs) in LINES.items()
    ]


def asked_of(mapping: Mapping) -> frozenset[str]:
    """The ids of the lines that a chat is asked."""
    return frozenset(each.id for each in checks() if not skipped(each, mapping))
