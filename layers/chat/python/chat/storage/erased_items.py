"""Items as an erasure leaves them: messages without anything of their sender, and what says that somebody was erased."""

import json
from collections.abc import Iterable
from typing import Any, Literal

from chat.rules.erasure import ERASED_SENDER, without_person
from chat.rules.models import DAY_MS, Item, Member, Stored
from chat.rules.record import record
from chat.storage.event_items import ERASED
from chat.storage.places import Place, tombstone_place
from chat.storage.tables import Write

OUTBOX_KEPT_MS = 400 * DAY_MS
"""For how long a client may keep what it has not sent: a late one must find that its sender was erased."""

State = Literal["erasing", "erased"]

KEPT = frozenset(
    {
        *(
            "PK",
            "SK",
            "type",
            "id",
            "roomId",
            "guildId",
            "roomType",
            "senderId",
            "seq",
            "ts",
            "epoch",
            "version",
        ),
        *("rev", "sentRev", "reactedRev", "toldRev", "editedAt", "removedAt", "removedBy", "changedBy"),
        *("writtenAt", "historyFrom", "expiresAt", "heldExpiresAt", "adoptedFrom", "adoptedTs", ERASED),
    }
)
"""What stays of a message: its place, its numbers and its instants. Whatever else it has goes, also what another service has
written there before its room was adopted."""

CONTENT = ("text", "attachments", "replyTo", "mentions", "mentionsAll", "reactions", "clientMessageId")
"""What goes even where it was not seen: somebody may write between the look and the write."""


@record(frozen=True, slots=True, kw_only=True)
class Tombstone(Stored):
    """That somebody is being erased, or was `erased` at the instant `at` (ms)."""

    at: int
    state: State


def tombstone_write(user_id: str, state: State, now: int) -> Write:
    """The item that says so. `now` is in ms."""
    item = {"type": "Tombstone", "at": now, "state": state, "expiresAt": (now + OUTBOX_KEPT_MS) // 1_000}
    return Write(tombstone_place(user_id), set=item, whole=True)


def kept_ban_write(place: Place, person: Member, now: int) -> Write:
    """The line of a ban that outlasts the erasure of whom it keeps out. It ends with their tombstone, by which it is looked
    for, and has the rank that they had. `now` is in ms."""
    item = {
        "type": "ErasedBan",
        "role": person.role,
        "status": "banned",
        "bannedAt": now,
        "expiresAt": (now + OUTBOX_KEPT_MS) // 1_000,
    }
    return Write(place, set=item, whole=True)


def is_of(item: Item | None, user_id: str) -> bool:
    """Whether a message is this person's, and not erased yet."""
    return item is not None and item.get("senderId") == {"S": user_id}


def erased_message_write(place: Place, item: Item, user_id: str, now: int) -> Write:
    """The message as it is to stay, as long as it is this person's. It keeps its `rev`: which messages were erased, the room
    says in one revision."""
    own = [name for name in ("removedBy", "changedBy") if item.get(name) == {"S": user_id}]
    gone = [name for name in item if name not in KEPT]
    removed = {} if "removedAt" in item else {"removedAt": max(now, int(item.get("ts", {}).get("N", 0)))}
    return Write(
        place,
        condition="#senderId = :user",
        given={":user": user_id},
        set={"senderId": ERASED_SENDER, ERASED: 1, **removed},
        remove=tuple(dict.fromkeys([*gone, *CONTENT, *own])),
    )


def changer_write(place: Place, item: Item, user_id: str) -> Write | None:
    """Another's message, which this person has removed or changed last, without them; `None` for any other."""
    named = [name for name in ("removedBy", "changedBy") if item.get(name) == {"S": user_id}]
    if not named or "senderId" not in item:
        return None
    return Write(
        place,
        condition=" AND ".join(f"#{name} = :user" for name in named),
        given={":user": user_id},
        set=dict.fromkeys(named, ERASED_SENDER),
    )


def event_without_write(place: Place, item: Item, user_id: str) -> Write | None:
    """The write that takes somebody out of an event's item; `None` where it does not name them."""
    notices = json.loads(item["notices"]["S"]) if "notices" in item else []
    after = without_person(notices, user_id)
    is_actor = item.get("actorId") == {"S": user_id}
    if after == notices and not is_actor:
        return None
    changes: dict[str, Any] = {
        "notices": json.dumps(after, separators=(",", ":"), ensure_ascii=False),
        ERASED: 1,
    }
    if is_actor:
        changes["actorId"] = ERASED_SENDER
    return Write(place, condition="attribute_exists(PK)", set=changes)


def places_of(items: Iterable[Item], table: Any) -> list[Place]:
    """Where these items of one table lie."""
    return [Place(table, item["PK"]["S"], item["SK"]["S"]) for item in items]
