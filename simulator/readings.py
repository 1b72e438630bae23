"""What nobody has shown of AppSync, and where filtering rests on it: each such question is a switch."""

from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Readings:
    """One way to read AppSync's documentation. The defaults are what has been seen of it, or else the more
    likely.

    Whatever is promised about live events has to hold under every reading: see `every_reading`.
    """

    unset_is_null: bool = True
    """A variable of a subscription that is declared and not set counts as null; otherwise its argument counts
    as left out."""
    partial_is_published: bool = True
    """A mutation's result that is not null is published even where errors come with it; otherwise it is not.
    """
    null_equals_null: bool = True
    """An argument that is null hears of results whose field is null; otherwise of none."""


def every_reading() -> list[Readings]:
    """All of them, the default first."""
    return [Readings(*answers) for answers in product((True, False), repeat=3)]
