"""Marks of messages whose reactions are to be summarised.

A mark is a number that counts up while the message is marked. Whoever summarises reads the number first and the counters then;
afterwards the mark goes if it is still that number, else it says up to which number it was seen. It begins at a number of its
own each time, so that an earlier mark of the message is never taken for it.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Item
from chat.rules.record import record
from chat.rules.retention import KEPT_MS
from chat.rules.rooms import Room
from chat.steps.batches import found_at
from chat.steps.retry import attempts, retried
from chat.storage import keys
from chat.storage.aws import Cancelled, ConditionFailed, TransientFailure
from chat.storage.reaction_items import ReactionPlace
from chat.storage.tables import MOST_ACTIONS, NEW, Write

MOST_LISTED = 500
"""How many marks of a room are looked at in one request."""

_PARTS = 1_000


@record(frozen=True, slots=True)
class Mark:
    """How far a message was marked, and up to which of these marks it has been summarised."""

    number: int
    seen: int = 0

    @classmethod
    def of(cls, item: Item) -> "Mark":
        return cls(int(item["number"]["N"]), int(item["seen"]["N"]) if "seen" in item else 0)

    @property
    def is_open(self) -> bool:
        return self.seen < self.number

    def waits_for(self, number: int) -> bool:
        """Whether what was marked with this number is yet to be summarised. One that begins anew has been."""
        return self.seen < number <= self.number


def mark(deployment: Deployment, where: ReactionPlace) -> int:
    """Mark a message; answers the number. Raises `ServiceUnavailable` and `StoreFailure`."""
    tables, place, now = deployment.store.tables, where.unsummarised, deployment.now()
    kept = {"type": "Unsummarised", "expiresAt": (now + KEPT_MS) // 1_000}
    number = now * _PARTS + int(deployment.chance() * _PARTS)
    for _ in attempts(deployment):
        try:
            tables.update(Write(place, condition=NEW, set={**kept, "number": number}))
        except ConditionFailed:
            pass
        except TransientFailure:
            continue
        else:
            return number
        try:
            more = Write(place, condition="attribute_exists(PK)", set=kept, add={"number": 1})
            return Mark.of(tables.update(more)).number + 1
        except (ConditionFailed, TransientFailure):
            continue
    raise AssertionError("attempts end by raising")


def marks_of(deployment: Deployment, room: Room, own: Sequence[str], deadline: float) -> dict[str, Mark]:
    """The marks of a room, whoever made them: up to 500, and in any case those of the messages `own`. By the messages' ids."""
    tables, partition_key = deployment.store.tables, keys.reactions_of_room(room.partition_key)
    ask = partial(
        tables.query_page, room.table, partition_key, keys.DIRTY, keys.DIRTY_END,
        forward=True, count=MOST_LISTED, consistent=True,
    )  # fmt: skip
    items, further = retried(deployment, ask, deadline)
    found = {item["SK"]["S"].removeprefix(keys.DIRTY): Mark.of(item) for item in items}
    beyond = [each for each in own if each not in found] if further else []
    places = {each: ReactionPlace(room, each).unsummarised for each in beyond}
    others = found_at(deployment, list(places.values()), deadline, consistent=True)
    return found | {each: Mark.of(others[place]) for each, place in places.items() if place in others}


def settle(deployment: Deployment, room: Room, marked: Mapping[str, int]) -> None:
    """Messages (up to 100) are summarised up to these marks. Raises `ServiceUnavailable` and `StoreFailure`."""
    waiting = dict(marked)
    for _ in attempts(deployment):
        if not waiting:
            return
        try:
            deployment.store.tables.transact([_done(room, *each) for each in waiting.items()])
            return
        except Cancelled as cancelled:
            refused = [code == "ConditionalCheckFailed" for code, _ in cancelled.reasons]
        except TransientFailure:
            continue
        again = [each for each, is_refused in zip(list(waiting), refused, strict=False) if is_refused]
        for message_id in again:
            retried(deployment, partial(_see, deployment, room, message_id, waiting.pop(message_id)))


def forget(deployment: Deployment, room: Room, message_ids: Sequence[str]) -> None:
    """There is nothing to summarise any more, whatever is marked."""
    for start in range(0, len(message_ids), MOST_ACTIONS):
        some = message_ids[start : start + MOST_ACTIONS]
        writes = [Write(ReactionPlace(room, each).unsummarised, delete=True) for each in some]
        retried(deployment, partial(deployment.store.tables.transact, writes))


def _done(room: Room, message_id: str, number: int) -> Write:
    """The mark goes if there is none since."""
    return Write(
        ReactionPlace(room, message_id).unsummarised,
        condition="attribute_not_exists(PK) OR #number = :seen",
        given={":seen": number},
        delete=True,
    )


def _see(deployment: Deployment, room: Room, message_id: str, number: int) -> None:
    """The mark says up to where it was seen."""
    write = Write(
        ReactionPlace(room, message_id).unsummarised,
        condition="attribute_exists(PK) AND (attribute_not_exists(#seen) OR #seen < :seen)",
        given={":seen": number},
        set={"seen": number},
    )
    with suppress(ConditionFailed):  # it is gone, or was seen further
        deployment.store.tables.update(write)
