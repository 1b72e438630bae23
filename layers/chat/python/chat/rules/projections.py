"""What is derived from the tables' streams and stored or told beside them, so that no send has to write it: what a projection
is, and what it is given."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chat.rules.errors import NotAllowed
from chat.rules.events import RoomEvent
from chat.rules.models import Item
from chat.rules.outgoing import Outcome
from chat.rules.record import record


@record(frozen=True, slots=True)
class Change:
    """One change of an item, of a batch's that are about rooms' events, reactions' counters, blocks, erasures or requests.

    `image`: the item as the change left it, as DynamoDB writes it; it may have changed again since. `event`: what it tells,
    of an item `MSG#` or `EVT#`; `None` for one whose partition key begins with `REACT#` or `USER#`. `record`: the stream's
    own, as Lambda gives it.
    """

    record: Mapping[str, Any]
    image: Item
    event: RoomEvent | None


class Projection(Protocol):
    """Derives something. Changes come at least once: again, doubled and late, those of one partition key in their order;
    so it reads what is there now, and writes on conditions."""

    @property
    def metric(self) -> str:
        """Counts the changes that it is done with."""
        ...

    def project(self, changes: Sequence[Change], go_on: Callable[[], bool]) -> Outcome:
        """Deal with the changes of one batch, in their order; those that are none of its own are done. `go_on` is asked
        before each request but the first. The outcome says how many from the first on need nothing more, which of these it
        will never take, and why it took no more. Raises nothing for anything that an image may hold."""
        ...


def check_projections(on: bool) -> None:
    """Whether this deployment derives anything (`PROJECTIONS`). Raises `NotAllowed`."""
    if not on:
        raise NotAllowed("projections.off", reason="noProjections")
