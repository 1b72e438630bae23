"""What the tests of the verbs about members share: a room with users of
every role, and notices written out."""

from collections.abc import Mapping
from typing import Any

from chat.rules.models import Role
from tests.resolvers.harness import Event, Harness

EVERY_ROLE: Mapping[str, Role] = {
    "alice": "owner",
    "anna": "owner",
    "mona": "moderator",
    "max": "moderator",
    "bob": "member",
}
ABSENT = [
    "guildId", "text", "seq", "clientMessageId", "rev", "editedAt", "removedAt", "version", "attachments", "replyTo", "quote",
    "mentions", "mentionsAll", "erased", "reactions",
]  # fmt: skip
UNSET = ["userId", "role", "mutedUntil", "nextEpoch", "rev", "room", "messageId", "seq"]


def notice(
    answer: dict[str, Any], room: str, sender: str, epoch: int, **notice_fields: object
) -> dict[str, Any]:
    """The whole of a notice's message, with the parts that only the server knows taken from its answer."""
    own = {name: answer[name] for name in ("id", "ts")}
    message = {"roomId": room, "roomType": "general", "senderId": sender, "epoch": epoch}
    return own | dict.fromkeys(ABSENT) | message | {"notice": dict.fromkeys(UNSET) | notice_fields}


def as_admin(event: Event) -> Event:
    """The same event by somebody with the platform role `admin`."""
    event["identity"]["resolverContext"]["roles"] = "admin"
    return event


def head(harness: Harness, room: str) -> tuple[int, int, int]:
    """A room's `rev`, `epoch` and number of owners."""
    item = harness.item(room, "HEAD")
    return item["rev"], item["epoch"], item["owners"]


def membership(harness: Harness, room: str, user: str) -> dict[str, Any]:
    """A membership's attributes, without keys and expiry."""
    item = harness.item(room, f"IN#ROOM#{room}", user)
    return {name: value for name, value in item.items() if name not in ("PK", "SK", "type", "expiresAt")}


def lines(harness: Harness, room: str, kind: str) -> dict[str, dict[str, Any]]:
    """The lines of a room's lists (`MEMBER`, `BANNED`), by user id."""
    found = {}
    for item in harness.partition("gg_core", f"ROOM#{room}"):
        line_kind, _, user = item["SK"]["S"].partition("#")
        if line_kind == kind:
            found[user] = {
                name: int(value["N"]) if "N" in value else value["S"]
                for name, value in item.items()
                if name not in ("PK", "SK")
            }
    return found


def forget_owners(harness: Harness, room: str) -> None:
    """Make a room like those from before owners were counted."""
    harness.client.update_item(
        TableName="gg_core",
        Key={"PK": {"S": f"ROOM#{room}"}, "SK": {"S": "HEAD"}},
        UpdateExpression="REMOVE owners",
    )
