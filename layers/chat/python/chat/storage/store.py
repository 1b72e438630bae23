"""The messages of both tables behind one repository, and what sending and reading them takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from chat.rules.access import View
from chat.rules.gaps import is_young
from chat.rules.models import Head, Item, Member, Message, Sent, Stored
from chat.rules.rooms import Room, Table
from chat.storage import keys
from chat.storage.aws import Cancelled, StoreFailure
from chat.storage.items import Envelope, is_expired, send_actions, to_message
from chat.storage.legacy import is_numbered
from chat.storage.tables import Place, Tables

Refusing = Literal["member", "sent", "head"]
REFUSING: tuple[Refusing, ...] = ("member", "sent", "head")
"""The guarded actions of a send, in the transaction's order. Nothing guards the message: its key is new."""

_QUERIES_PER_SLICE = 8


class Refused(Exception):
    """A send's transaction was refused; `found` holds what refused it as it stands now, `None` where it is not there."""

    def __init__(self, found: Mapping[Refusing, Any]) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True, slots=True)
class Slice:
    """Messages with their sort keys, in the order they were read. `position` is where to read on, `None` at the end."""

    messages: Sequence[tuple[str, Message]]
    position: str | None


class Store:
    """Messages, and what sending and reading them takes, over `gg_core` and `gg_guild`.

    Raises `TransientFailure` and `StoreFailure`, nothing of botocore. `client` is a DynamoDB client of botocore;
    `names` gives the table's name for `core` and `guild`.
    """

    def __init__(self, client: Any, names: Mapping[Table, str]) -> None:
        self.tables = Tables(client, names)

    def view(self, room: Room, user_id: str, *, consistent: bool) -> View:
        """Head and membership in one request: 2 read units when consistent, else 1."""
        head = Place(room.table, room.partition_key, keys.HEAD)
        member = Place(room.table, keys.user_partition(user_id), keys.membership(room.partition_key))
        found = self.tables.batch([head, member], consistent=consistent)
        return View(
            _as(Head, found.get((head.partition_key, head.sort_key))),
            _as(Member, found.get((member.partition_key, member.sort_key))),
        )

    def judged_view(self, room: Room, user_id: str, now: int) -> View:
        """Head and membership for a decision that nobody asks about again, such as a subscription: never a membership from before
        a parting beside a head from after it, which one look may see while the transaction becomes visible. `now` is in
        milliseconds; just after a parting this is a second request, else it is one.
        """
        view = self.view(room, user_id, consistent=True)
        if view.head is None or view.member is None or not is_young(view.head.parted_at, now):
            return view
        place = Place(room.table, keys.user_partition(user_id), keys.membership(room.partition_key))
        return View(view.head, _as(Member, self.tables.settled(place)))

    def sent(self, room: Room, user_id: str, client_message_id: str, now_s: int) -> Sent | None:
        """The proof of an earlier send under this clientMessageId, while it has not expired (`now_s` in seconds)."""
        sort_key = keys.sent(room.partition_key, client_message_id)
        item = self.tables.get(Place(room.table, keys.user_partition(user_id), sort_key))
        return Sent.of(item) if item and not is_expired(item, now_s) else None

    def message(self, room: Room, sort_key: str, now_s: int) -> Message | None:
        """One message as it is now; `None` when it is gone or has expired."""
        item = self.tables.get(Place(room.table, room.partition_key, sort_key))
        return to_message(room, item) if item and not is_expired(item, now_s) else None

    def commit(self, envelope: Envelope) -> None:
        """Store a message, its proof, the member's state and the room's head in one transaction (8 write units).

        Raises `Refused` with what stood in the way, `TransientFailure` when the outcome is not known.
        """
        try:
            self.tables.transact_actions(send_actions(envelope, self.tables.name(envelope.room.table)))
        except Cancelled as cancelled:
            raise refused_by(cancelled) from None

    def slice(
        self,
        room: Room,
        low: str,
        high: str,
        *,
        forward: bool,
        limit: int,
        now_s: int,
        consistent: bool,
        start: str | None = None,
    ) -> Slice:
        """Up to `limit` messages with sort keys between `low` and `high`, past `start`; left out are expired ones, and
        those without a number, which have a copy that has one or were never adopted.

        Reads one further to know whether there is more, and on past the 1 MB at which DynamoDB cuts an answer.
        A stretch of expired messages ends the reading early, with a position.
        """
        found: list[Item] = []
        position = start
        for _ in range(_QUERIES_PER_SLICE):
            count = limit + 1 - len(found)
            items, position = self.stretch(
                room, low, high, forward=forward, count=count, consistent=consistent, start=position
            )
            found += [item for item in items if is_numbered(item) and not is_expired(item, now_s)]
            if len(found) > limit:
                position = found[limit - 1]["SK"]["S"]
            if len(found) > limit or not position:
                break
        return Slice([(item["SK"]["S"], to_message(room, item)) for item in found[:limit]], position)

    def stretch(
        self,
        room: Room,
        low: str,
        high: str,
        *,
        forward: bool,
        count: int,
        consistent: bool,
        start: str | None = None,
    ) -> tuple[list[Item], str | None]:
        """The items of one request with sort keys between `low` and `high`, past `start`, and where to read on."""
        return self.tables.stretch(
            room.table,
            room.partition_key,
            low,
            high,
            forward=forward,
            count=count,
            consistent=consistent,
            start=start,
        )


Model = TypeVar("Model", bound=Stored)


def _as(model: type[Model], item: Item | None) -> Model | None:
    return model.of(item) if item else None


def refused_by(cancelled: Cancelled) -> Refused | StoreFailure:
    """Which of a send's actions refused, and the item that each found in its way."""
    models: dict[Refusing, type[Stored]] = {"member": Member, "sent": Sent, "head": Head}
    found: dict[Refusing, Any] = {}
    for action, (code, item) in zip(REFUSING, cancelled.reasons, strict=False):
        if code == "ConditionalCheckFailed":
            found[action] = models[action].of(item) if item else None
    return Refused(found) if found else StoreFailure("TransactionCanceledException")
