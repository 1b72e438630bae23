"""Items of DynamoDB, and the actions of a send's transaction: the data model written as expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat.rules.models import Head, Item, Member, Message
from chat.rules.rate import Rate
from chat.rules.rooms import Room
from chat.storage import keys

SENT_OUTLIVES_MESSAGE_S = 14 * 86_400
"""TTL may delete days late and in any order; the proof of a send must outlast its message."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One attempt to commit a message: the room's head it was stamped on, and the sender's membership and the rates it was
    judged by, as they stood at `limits_at` (µs; all other instants are ms)."""

    room: Room
    message: Message
    fingerprint: str
    head: Head
    head_tat: int
    person: Rate
    member: Member
    now: int
    limits_at: int
    expires_at: int

    @property
    def sort_key(self) -> str:
        return keys.message(self.message.ts, self.message.id)


def key(partition_key: str, sort_key: str) -> Item:
    return {"PK": {"S": partition_key}, "SK": {"S": sort_key}}


def values(plain: Mapping[str, Any]) -> Item:
    """Strings and whole numbers as DynamoDB writes them."""
    return {
        name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in plain.items()
    }


def to_message(room: Room, item: Item) -> Message:
    """The message in an item of the room's partition. A guild's messages hold `guildId` in place of `roomId`."""
    message: Message = Message.of(item | {"roomId": {"S": room.id}})
    return message


def is_expired(item: Item, now_s: int) -> bool:
    """DynamoDB deletes expired items days later; for a reader they are gone at once."""
    return "expiresAt" in item and int(item["expiresAt"]["N"]) < now_s


def send_actions(envelope: Envelope, table: str) -> list[dict[str, Any]]:
    """The four actions of a send, in the order of `REFUSING`: member, proof, head, message."""
    actions = [
        {"Update": _take_from_member(envelope)},
        {"Put": _proof(envelope)},
        {"Update": _move_head(envelope)},
        {"Put": {"Item": _message_item(envelope)}},
    ]
    for action in actions:
        for operation in action.values():
            operation |= {"TableName": table}
            if "ConditionExpression" in operation:
                operation |= {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return actions


def _take_from_member(envelope: Envelope) -> dict[str, Any]:
    """Charge the member for one message, if active, not muted and within the rate; and of the role that gave the rate, if
    that is not everybody's."""
    charge = envelope.person.charge(envelope.member.tat, envelope.limits_at)
    names, role = {"#status": "status"}, envelope.member.role
    plain = {":active": "active", ":nowMs": envelope.now, ":seq": envelope.message.seq, **charge.given}
    update, plain[":tat"] = (":tat", charge.value) if charge.step is None else ("tat + :tat", charge.step)
    condition = (
        "attribute_exists(PK) AND #status = :active"
        f" AND (attribute_not_exists(mutedUntil) OR mutedUntil <= :nowMs) AND {charge.condition}"
    )
    if role != "member":
        condition += " AND #role = :role"
        names["#role"], plain[":role"] = "role", role
    return {
        "Key": key(
            keys.user_partition(envelope.message.sender_id), keys.membership(envelope.room.partition_key)
        ),
        "UpdateExpression": f"SET tat = {update}, lastSentSeq = :seq",
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values(plain),
    }


def _proof(envelope: Envelope) -> dict[str, Any]:
    message = envelope.message
    return {
        "Item": key(
            keys.user_partition(message.sender_id),
            keys.sent(envelope.room.partition_key, message.client_message_id or message.id),
        )
        | values(
            {
                "type": "Sent",
                "messageSk": envelope.sort_key,
                "seq": message.seq,
                "hash": envelope.fingerprint,
                "expiresAt": envelope.expires_at + SENT_OUTLIVES_MESSAGE_S,
            }
        ),
        "ConditionExpression": "attribute_not_exists(PK) OR expiresAt < :now",
        "ExpressionAttributeValues": values({":now": envelope.now // 1_000}),
    }


def _move_head(envelope: Envelope) -> dict[str, Any]:
    head = envelope.head
    return {
        "Key": key(envelope.room.partition_key, keys.HEAD),
        "UpdateExpression": "SET rev = :next, seq = :seq, ts = :ts, tat = :tat, lastId = :id",
        "ConditionExpression": "rev = :rev",
        "ExpressionAttributeValues": values(
            {
                ":rev": head.rev,
                ":next": head.rev + 1,
                ":seq": envelope.message.seq,
                ":ts": envelope.message.ts,
                ":tat": envelope.head_tat,
                ":id": envelope.message.id,
            }
        ),
    }


def _message_item(envelope: Envelope) -> Item:
    message, room = envelope.message, envelope.room
    owner = {"guildId": room.guild_id} if room.guild_id is not None else {"roomId": room.id}
    return key(room.partition_key, envelope.sort_key) | values(
        {
            "type": "Message",
            "id": message.id,
            **owner,
            "senderId": message.sender_id,
            "text": message.text,
            "ts": envelope.message.ts,
            "roomType": room.type,
            "seq": message.seq,
            "epoch": message.epoch,
            "clientMessageId": message.client_message_id,
            "expiresAt": envelope.expires_at,
        }
    )
