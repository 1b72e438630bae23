"""What is written for a message: its numbered copy, and the actions of the transactions around it."""

from dataclasses import replace
from typing import Any

from chat.rules.events import RoomEventKind, event_at
from chat.rules.identifiers import uuid7
from chat.rules.models import Head, Item
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.event_items import event_write
from chat.storage.items import key, values
from migration.plan import Entry, Plan

FIRST_EPOCH = 1
COPYING, REMOVING, REVERTING = "copying", "removing", "reverting"
OURS = frozenset(
    {
        "PK",
        "SK",
        "type",
        "id",
        "roomId",
        "guildId",
        "roomType",
        "ts",
        "seq",
        "epoch",
        "clientMessageId",
        "expiresAt",
        "rev",
        "editedAt",
        "removedAt",
        "removedBy",
        "sentRev",
        "changedBy",
        "version",
        "attachments",
        "replyTo",
        "mentions",
        "mentionsAll",
        "quote",
        "reactions",
        "reactedRev",
        "toldRev",
        "historyFrom",
        "notice",
        "writtenAt",
        "adoptedFrom",
        "adoptedTs",
    }
)
"""Attributes that mean something to the chat: they are written anew or left out. All others are copied."""


def adopted(room: Room, item: Item, entry: Entry, message_id: str, expires_at: int) -> Item:
    """The numbered copy of a message. Its old key and `ts` are kept in `adoptedFrom` and `adoptedTs`."""
    owner = {"guildId": room.guild_id} if room.guild_id is not None else {"roomId": room.id}
    first_ts = item.get("adoptedTs") if "adoptedFrom" in item else item.get("ts")
    return (
        {name: value for name, value in item.items() if name not in OURS}
        | key(room.partition_key, entry.key)
        | values(
            {
                "type": "Message",
                "id": message_id,
                **owner,
                "roomType": room.type,
                "ts": entry.ts,
                "seq": entry.seq,
                "epoch": FIRST_EPOCH,
                "expiresAt": expires_at,
                "adoptedFrom": entry.order_key.sort_key,
            }
        )
        | ({"adoptedTs": first_ts} if first_ts else {})
    )


def restored(item: Item) -> Item:
    """The message as it was before it was numbered in its place: another plan gives it another key."""
    ts = {"ts": item["adoptedTs"]} if "adoptedTs" in item else {}
    removed = {"ts", "seq", "epoch", "expiresAt", "adoptedFrom", "adoptedTs"}
    return {name: value for name, value in item.items() if name not in removed} | ts


def claim(room: Room, digest: str, now: int, before: Item | None) -> dict[str, Any]:
    """Begin, or continue, the plan of this digest; `before` is the room's `ADOPTION` item as it was read."""
    if before is not None:
        return _advance(
            room, "SET #plan = :new", {":new": digest, ":plan": before["plan"]["S"], ":phase": COPYING}
        )
    item = {"type": "Adoption", "plan": digest, "phase": COPYING, "startedAt": now}
    return {
        "Put": {
            "Item": key(room.partition_key, keys.ADOPTION) | values(item),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
    }


def under_plan(room: Room, digest: str) -> dict[str, Any]:
    """The condition of every copy: that this plan is still the current one, and its room not adopted."""
    return {
        "ConditionCheck": {
            "Key": key(room.partition_key, keys.ADOPTION),
            "ConditionExpression": "#plan = :plan AND phase = :phase",
            "ExpressionAttributeNames": {"#plan": "plan"},
            "ExpressionAttributeValues": values({":plan": digest, ":phase": COPYING}),
        }
    }


def switch(room: Room, plan: Plan, now: int, owners: int) -> list[dict[str, Any]]:
    """The head, from which on the copies are the room's messages, and the event of that. `owners` is how many there
    are."""
    last = plan.entries[-1] if plan.entries else None
    head = {
        "type": "Room",
        "rev": 1,
        "seq": last.seq if last else 0,
        "ts": last.ts if last else 0,
        "epoch": FIRST_EPOCH,
        "retentionDays": plan.retention_days,
        "owners": owners,
        "adoptedAt": now,
        "adoptedSeq": last.seq if last else 0,
        **({"lastId": id_in(last.key)} if last else {}),
    }
    return [
        {
            "Put": {
                "Item": key(room.partition_key, keys.HEAD) | values(head),
                "ConditionExpression": "attribute_not_exists(PK)",
            }
        },
        _told(room, Head.of(values(head)), "ROOM_ADOPTED", now),
        _advance(
            room,
            "SET phase = :next",
            {":next": REMOVING, ":plan": plan.digest, ":phase": COPYING},
        ),
    ]


def switch_back(room: Room, rev: int, example: Item, now: int) -> list[dict[str, Any]]:
    """No head any more, if it is as it was read: from then on the old items are the room's messages. `example` says
    what these look like, for a run that goes on."""
    begun = values({"type": "Adoption", "phase": REVERTING, "startedAt": now}) | example
    return [
        {
            "Delete": {
                "Key": key(room.partition_key, keys.HEAD),
                "ConditionExpression": "rev = :rev",
                "ExpressionAttributeValues": values({":rev": rev}),
            }
        },
        {"Put": {"Item": key(room.partition_key, keys.ADOPTION) | begun}},
    ]


def id_in(sort_key: str) -> str:
    """The id in a message's key."""
    return sort_key.split("#", 2)[2]


def completed(room: Room, head: Item, missing: dict[str, Any], now: int) -> list[dict[str, Any]]:
    """What a head of an earlier version lacks, on condition of the `rev` that was read, and the event of that, which
    nobody hears."""
    seen = Head.of(head)
    update = {
        "Update": {
            "Key": key(room.partition_key, keys.HEAD),
            "UpdateExpression": "SET rev = :next, " + ", ".join(f"{name} = :{name}" for name in missing),
            "ConditionExpression": "rev = :rev",
            "ExpressionAttributeValues": values(
                {
                    ":rev": seen.rev,
                    ":next": seen.rev + 1,
                    **{f":{name}": value for name, value in missing.items()},
                }
            ),
        }
    }
    return [update, _told(room, replace(seen, rev=seen.rev + 1), "INTERNAL", now)]


def _told(room: Room, head: Head, kind: RoomEventKind, now: int) -> dict[str, Any]:
    """The event of the revision that the room's head has now."""
    event = event_at(room, head, event_id=uuid7(now), kind=kind, ts=now, actor_id=None)
    write = event_write(room, head, event)
    return {"Put": {"Item": write.place.key | values(write.set)}}


def removal(room: Room, sort_key: str) -> dict[str, Any]:
    """An old item is removed; one with a number is not an old item."""
    return {
        "Delete": {
            "Key": key(room.partition_key, sort_key),
            "ConditionExpression": "attribute_not_exists(seq)",
        }
    }


def _advance(room: Room, update: str, plain: dict[str, Any]) -> dict[str, Any]:
    return {
        "Update": {
            "Key": key(room.partition_key, keys.ADOPTION),
            "UpdateExpression": update,
            "ConditionExpression": "#plan = :plan AND phase = :phase",
            "ExpressionAttributeNames": {"#plan": "plan"},
            "ExpressionAttributeValues": values(plain),
        }
    }
