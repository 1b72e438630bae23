"""The composition root of the function that derives things from the tables' streams."""

from collections.abc import Sequence
from functools import cache

from chat.rules.projections import Projection


@cache
def projections() -> Sequence[Projection]:
    """What is derived, in the order in which each batch is given to it: first what is stored, then what is told, so that
    whoever hears of something finds it. One module each in `chat/steps/`."""
    return ()
