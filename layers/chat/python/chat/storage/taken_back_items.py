"""Which change of an item takes something back: see `chat/rules/taken_back.py`."""

from collections.abc import Mapping
from typing import Any, cast

from chat.rules.events import RoomEvent
from chat.rules.instants import from_wire
from chat.rules.models import Item
from chat.rules.taken_back import MESSAGES, OF_MEMBERS, Kind, TakenBack
from chat.storage import keys


def taken_back_by(event: RoomEvent | None, image: Item) -> list[TakenBack]:
    """What a change of an item takes back, in the order of its notices; nothing for most. `event`: what the item tells,
    `None` for a person's. Raises `KeyError`, `TypeError` or `ValueError` for an item that is not as we write it."""
    if event is None:
        return _of_person(image)
    if event.message is not None:
        return _of_message(event, image)
    found = [_of_notice(event, notice) for notice in event.notices]
    return [each for each in found if each is not None]


def is_of_person(partition_key: str, sort_key: str) -> bool:
    """Whether an item of a person's tells what was taken back: a block, or that the person is erased."""
    return partition_key.startswith("USER#") and (sort_key.startswith(keys.BLOCKS) or sort_key == keys.ERASED)


def _of_person(image: Item) -> list[TakenBack]:
    partition_key, sort_key = image["PK"]["S"], image["SK"]["S"]
    if not is_of_person(partition_key, sort_key):
        return []
    user_id = keys.user_in(partition_key)
    if sort_key == keys.ERASED:
        return [TakenBack(kind="PERSON_ERASED", at=int(image["at"]["N"]), user_id=user_id)]
    return [
        TakenBack(
            kind="BLOCKED", at=int(image["blockedAt"]["N"]), user_id=user_id, other=keys.user_in(sort_key)
        )
    ]


def _of_message(event: RoomEvent, image: Item) -> list[TakenBack]:
    if event.kind not in MESSAGES or "erased" in image:  # the erasure of its sender says that by itself
        return []
    kind, key = cast("Kind", event.kind), image["SK"]["S"]
    where = {"room_id": event.room_id, "rev": event.rev, "key": key, "seq": event.seq}
    return [TakenBack(kind=kind, at=event.ts, by=event.actor_id, **where)]


def _of_notice(event: RoomEvent, notice: Mapping[str, Any]) -> TakenBack | None:
    kind = notice.get("kind")
    given: dict[str, Any] = {"kind": kind, "at": event.ts, "room_id": event.room_id, "rev": event.rev}
    given["by"] = event.actor_id
    if kind == "ROOM_DELETED":
        return TakenBack(**given)
    if kind == "ROOM_UPDATED":
        return TakenBack(**given, **_rules(notice["room"]))
    if kind not in OF_MEMBERS:
        return None
    given |= {"user_id": str(notice["userId"]), "seq": event.seq}
    if role := notice.get("role"):
        given["role"] = str(role).lower()
    if kind == "MEMBER_MUTED":
        until = notice.get("mutedUntil")
        given["until"] = from_wire(until)[0] if until else 0
    return TakenBack(**given)


def _rules(room: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "retention_days": int(room["retentionDays"]),
        "private": room["visibility"] == "PRIVATE",
        "joining": room["historyFrom"] == "JOINING",
    }
