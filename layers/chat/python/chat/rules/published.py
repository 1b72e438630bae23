"""What the internal mutations take, and how they are asked for: `publishMessage` the schema's `Message` and `publishMine` its
`PersonEvent`, with every field.

Where a deployment publishes by the stream (`PUBLISH=stream`), `onMessage` and `onMine` are linked to these alone. AppSync
gives subscribers what the mutation selects, so it selects everything:
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

import re
from collections.abc import Mapping

from chat.rules.schema_names import prefixed_field

PUBLISH_MESSAGE, PUBLISH_MINE = "publishMessage", "publishMine"

TYPES: Mapping[str, Mapping[str, str]] = {
    "Message": {
        "id": "ID!",
        "roomId": "ID!",
        "roomType": "RoomType",
        "guildId": "ID",
        "senderId": "ID!",
        "text": "String",
        "ts": "AWSDateTime!",
        "seq": "Int",
        "epoch": "Int",
        "clientMessageId": "ID",
        "rev": "Int",
        "editedAt": "AWSDateTime",
        "removedAt": "AWSDateTime",
        "erased": "Boolean",
        "version": "Int",
        "attachments": "[Attachment!]",
        "replyTo": "ID",
        "quote": "Quote",
        "mentions": "[ID!]",
        "mentionsAll": "Boolean",
        "reactions": "[ReactionCount!]",
        "notice": "Notice",
    },
    "Quote": {
        "id": "ID!",
        "roomId": "ID!",
        "senderId": "ID!",
        "text": "String",
        "ts": "AWSDateTime!",
        "seq": "Int",
        "rev": "Int",
        "removedAt": "AWSDateTime",
        "erased": "Boolean",
        "attachments": "[Attachment!]",
    },
    "Attachment": {"id": "ID!", "name": "String", "contentType": "String", "size": "Int"},
    "Notice": {
        "kind": "NoticeKind",
        "userId": "ID",
        "role": "Role",
        "mutedUntil": "AWSDateTime",
        "nextEpoch": "Int",
        "rev": "Int",
        "room": "Room",
        "reactions": "[MessageReactions!]",
        "messageId": "ID",
        "seq": "Int",
        "erased": "[SeqRange!]",
    },
    "SeqRange": {"from": "Int!", "to": "Int!"},
    "ReactionCount": {"emoji": "String!", "count": "Int!", "userIds": "[ID!]!"},
    "MessageReactions": {"id": "ID!", "seq": "Int", "rev": "Int", "reactions": "[ReactionCount!]"},
    "Room": {
        "roomId": "ID!",
        "roomType": "RoomType",
        "guildId": "ID",
        "name": "String",
        "description": "String",
        "avatarUrl": "String",
        "avatarId": "ID",
        "visibility": "RoomVisibility",
        "historyFrom": "HistoryFrom",
        "archivedAt": "AWSDateTime",
        "directWith": "ID",
        "historyRev": "Int",
        "slowModeSeconds": "Int",
        "retentionDays": "Int",
        "personPerSecond": "Float",
        "personBurst": "Int",
        "roomPerSecond": "Float",
        "roomBurst": "Int",
        "memberCount": "Int",
        "head": "RoomHead",
        "me": "Member",
    },
    "RoomHead": {"seq": "Int!", "ts": "AWSDateTime", "epoch": "Int!", "rev": "Int!", "pinsRev": "Int"},
    "Member": {
        "userId": "ID!",
        "role": "Role",
        "status": "MemberStatus",
        "mutedUntil": "AWSDateTime",
        "joinedSeq": "Int",
    },
    "PersonEvent": {
        "userId": "ID!",
        "epoch": "Int",
        "id": "ID!",
        "kind": "PersonEventKind!",
        "roomId": "ID",
        "messageId": "ID",
        "seq": "Int",
        "rev": "Int",
        "actorId": "ID",
        "role": "Role",
        "mutedUntil": "AWSDateTime",
        "ts": "AWSDateTime!",
        "quietUntil": "AWSDateTime",
    },
}
"""The object types that these mutations reach, each with its fields and their types, as the schema writes them:
`tests/contract/test_published.py` holds the two together."""


def type_name(written: str) -> str:
    """The type within a list or a type that is never null: `Attachment` of `[Attachment!]`."""
    return re.sub(r"[\[\]!]", "", written)


def publish_document(prefix: str = "") -> str:
    """The mutation for an API whose schema has this prefix. Its one variable, `message`, is an `AWSJSON`: the
    schema's `Message` as a JSON *text*."""
    return _document(PUBLISH_MESSAGE, "message", "Message", prefix)


def publish_mine_document(prefix: str = "") -> str:
    """The same of `publishMine`, whose variable `event` is a `PersonEvent`."""
    return _document(PUBLISH_MINE, "event", "PersonEvent", prefix)


def _document(mutation: str, variable: str, kind: str, prefix: str) -> str:
    given = f"{prefixed_field(mutation, prefix)}({variable}: ${variable})"
    return f"mutation (${variable}: AWSJSON!) {{ {given} {_selection(kind)} }}"


def _selection(name: str) -> str:
    """Every field of a type, at every depth."""
    fields = (
        f"{field} {_selection(inner)}" if (inner := type_name(written)) in TYPES else field
        for field, written in TYPES[name].items()
    )
    return f"{{ {' '.join(fields)} }}"


PUBLISH_DOCUMENT = publish_document()
