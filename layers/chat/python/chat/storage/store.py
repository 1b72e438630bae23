"""The messages of both tables behind one repository, and what sending and reading them takes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from chat.rules.access import View
from chat.rules.gaps import Numbered, Recency
from chat.rules.models import Head, Item, Member, Message, Sent, Stored
from chat.rules.record import record
from chat.rules.rooms import Room, Table
from chat.storage import keys
from chat.storage.aws import Cancelled, StoreFailure
from chat.storage.items import is_expired, to_message
from chat.storage.legacy import is_numbered
from chat.storage.places import head_place, in_room, membership_place, sent_place
from chat.storage.send_attempt import SendAttempt, send_writes
from chat.storage.tables import Tables, Write, no_doubt

Refusing = Literal["member", "sent", "head"]
REFUSING: tuple[Refusing, ...] = ("member", "sent", "head")
"""The guarded writes of a send, in the transaction's order."""

_QUERIES_PER_SLICE = 8


class Refused(Exception):
    """A send's transaction was refused; `found` holds what refused it as it stands now, `None` where it is
    not there.

    It is empty where only a write that came with the send has refused.
    """

    def __init__(self, found: Mapping[Refusing, Any]) -> None:
        super().__init__()
        self.found = found


@record(frozen=True, slots=True)
class Slice:
    """Messages with their sort keys, in the order they were read. `position` is where to read on, `None` at
    the end."""

    messages: Sequence[tuple[str, Message]]
    position: str | None


def numbered(sort_key: str, message: Message) -> Numbered:
    """Where a message of a slice stands."""
    return Numbered(keys.instant(sort_key), message.seq, message.written_at)


class Store:
    """Messages, and what sending and reading them takes, over `gg_core` and `gg_guild`.

    Raises `TransientFailure` and `StoreFailure`, nothing of botocore. `client` is a DynamoDB client of
    botocore; `names` gives the table's name for `core` and `guild`; `generation` is the tables'; `in_doubt` says
    whether nothing may be written.
    """

    def __init__(
        self,
        client: Any,
        names: Mapping[Table, str],
        generation: int = 1,
        in_doubt: Callable[[], bool] = no_doubt,
    ) -> None:
        self.tables = Tables(client, names, generation, in_doubt)

    def view(self, room: Room, user_id: str, *, consistent: bool) -> View:
        """Head and membership in one request: 2 read units when consistent, else 1."""
        head = head_place(room)
        member = membership_place(room, user_id)
        found = self.tables.batch([head, member], consistent=consistent)
        return View.of(found.get(head), found.get(member))

    def fenced_view(self, room: Room, user_id: str, recency: Callable[[], Recency]) -> View:
        """Head and membership for a decision that nobody asks about again, such as a subscription: never a
        membership from before a revocation beside a head from after it, which one read may see while the
        transaction becomes visible. Just after a revocation this is a second request, else it is one; `recency` is
        asked after the first, whose answer may bring a clock in doubt.
        """
        view = self.view(room, user_id, consistent=True)
        if view.head is None or view.member is None or not recency().covers(view.head.revoked_at):
            return view
        place = membership_place(room, user_id)
        return View(view.head, Member.found(self.tables.get_serialized(place)))

    def sent(self, room: Room, user_id: str, client_message_id: str, now_s: int) -> Sent | None:
        """The proof of an earlier send under this clientMessageId, while it has not expired (`now_s` in
        seconds)."""
        item = self.tables.get(sent_place(room, user_id, client_message_id))
        return Sent.of(item) if item and not is_expired(item, now_s) else None

    def message(self, room: Room, sort_key: str, now_s: int) -> Message | None:
        """One message as it is now; `None` when it is gone or has expired."""
        item = self.tables.get(in_room(room, sort_key))
        return to_message(room, item) if item and not is_expired(item, now_s) else None

    def commit(self, attempt: SendAttempt, more: Sequence[Write] = ()) -> None:
        """Store a message, its proof, the member's state and the room's head in one transaction (8 write
        units), and with them `more`.

        Raises `Refused` with what stood in the way, `TransientFailure` when the outcome is not known.
        """
        try:
            self.tables.transact([*send_writes(attempt), *more])
        except Cancelled as cancelled:
            raise _refused_by(cancelled) from None

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
        """Up to `limit` messages with sort keys between `low` and `high`, past `start`; left out are expired
        ones, and those without a number, which have a copy that has one or were never adopted.

        Reads one further to know whether there is more, and on past the 1 MB at which DynamoDB cuts an
        answer. A long run of expired messages ends the reading early, with a position.
        """
        found: list[Item] = []
        position = start
        for _ in range(_QUERIES_PER_SLICE):
            count = limit + 1 - len(found)
            items, position = self.tables.query_page(
                room.table,
                room.partition_key,
                low,
                high,
                forward=forward,
                count=count,
                consistent=consistent,
                start=position,
            )
            found += [item for item in items if is_numbered(item) and not is_expired(item, now_s)]
            if len(found) > limit:
                position = found[limit - 1]["SK"]["S"]
            if len(found) > limit or not position:
                break
        return Slice([(item["SK"]["S"], to_message(room, item)) for item in found[:limit]], position)


def _refused_by(cancelled: Cancelled) -> Refused | StoreFailure:
    """Which of a send's writes refused, and the item that each found in its way."""
    models: dict[Refusing, type[Stored]] = {"member": Member, "sent": Sent, "head": Head}
    refusing = [code == "ConditionalCheckFailed" for code, _ in cancelled.reasons]
    if not any(refusing):
        return StoreFailure("TransactionCanceledException")
    found = zip(REFUSING, refusing, cancelled.reasons, strict=False)
    return Refused({name: models[name].found(item) for name, refused, (_, item) in found if refused})
