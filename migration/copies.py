"""What is written for a message: its copy of today, and the actions that put it there."""

from typing import Any

from chat.rules.models import Item
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import key, values
from migration.plan import Entry, Plan

FIRST_EPOCH = 1
COPYING, REMOVING = "copying", "removing"
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
        "version",
        "attachments",
        "notice",
        "adoptedFrom",
        "adoptedTs",
    }
)
"""Attributes that mean something to the chat: they are written anew, or not at all. Others are carried along."""


def adopted(room: Room, item: Item, entry: Entry, message_id: str, expires_at: int) -> Item:
    """The item of a message as it is from now on. What it was stays in `adoptedFrom` and `adoptedTs`."""
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
                "adoptedFrom": entry.place.sort_key,
            }
        )
        | ({"adoptedTs": first_ts} if first_ts else {})
    )


def restored(item: Item) -> Item:
    """A message that was numbered in its place, without the number: another plan has another place for it."""
    ts = {"ts": item["adoptedTs"]} if "adoptedTs" in item else {}
    gone = {"ts", "seq", "epoch", "expiresAt", "adoptedFrom", "adoptedTs"}
    return {name: value for name, value in item.items() if name not in gone} | ts


def claim(room: Room, digest: str, now: int, before: Item | None) -> dict[str, Any]:
    """Begin, or go on with, the plan of this digest; `before` is the room's `ADOPTION` item as it was seen."""
    if before is not None:
        return _move_on(
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
    """The condition of every copy: that this plan is still the one, and its room not adopted."""
    return {
        "ConditionCheck": {
            "Key": key(room.partition_key, keys.ADOPTION),
            "ConditionExpression": "#plan = :plan AND phase = :phase",
            "ExpressionAttributeNames": {"#plan": "plan"},
            "ExpressionAttributeValues": values({":plan": digest, ":phase": COPYING}),
        }
    }


def switch(room: Room, plan: Plan, now: int, owners: int) -> list[dict[str, Any]]:
    """The head, which makes the copies the room's messages. `owners` is how many there are."""
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
        _move_on(
            room,
            "SET phase = :next",
            {":next": REMOVING, ":plan": plan.digest, ":phase": COPYING},
        ),
    ]


def id_in(sort_key: str) -> str:
    """The id in a message's key."""
    return sort_key.split("#", 2)[2]


def completed(room: Room, rev: int, missing: dict[str, Any]) -> dict[str, Any]:
    """What a head of an earlier version lacks; only on the `rev` that was read."""
    return {
        "Update": {
            "Key": key(room.partition_key, keys.HEAD),
            "UpdateExpression": "SET rev = :next, " + ", ".join(f"{name} = :{name}" for name in missing),
            "ConditionExpression": "rev = :rev",
            "ExpressionAttributeValues": values(
                {":rev": rev, ":next": rev + 1, **{f":{name}": value for name, value in missing.items()}}
            ),
        }
    }


def removal(room: Room, sort_key: str) -> dict[str, Any]:
    """An old item is removed, unless it has a number: then it is none."""
    return {
        "Delete": {
            "Key": key(room.partition_key, sort_key),
            "ConditionExpression": "attribute_not_exists(seq)",
        }
    }


def _move_on(room: Room, update: str, plain: dict[str, Any]) -> dict[str, Any]:
    return {
        "Update": {
            "Key": key(room.partition_key, keys.ADOPTION),
            "UpdateExpression": update,
            "ConditionExpression": "#plan = :plan AND phase = :phase",
            "ExpressionAttributeNames": {"#plan": "plan"},
            "ExpressionAttributeValues": values(plain),
        }
    }
