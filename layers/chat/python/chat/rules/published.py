"""What the internal mutation `publishMessage` takes, and how it is asked for: the schema's `Message` with every
field.

Where a deployment publishes by the stream (`PUBLISH=stream`), `onMessage` is linked to this mutation alone. AppSync
gives subscribers what the mutation selects, so it selects everything:
https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html
"""

import re
from collections.abc import Mapping

from chat.rules.schema_names import prefixed_field

PUBLISH_MESSAGE = "publishMessage"

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
        "version": "Int",
        "attachments": "[Attachment!]",
        "notice": "Notice",
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
    },
    "Room": {
        "roomId": "ID!",
        "roomType": "RoomType",
        "guildId": "ID",
        "name": "String",
        "visibility": "RoomVisibility",
        "historyFrom": "HistoryFrom",
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
    "RoomHead": {"seq": "Int!", "ts": "AWSDateTime", "epoch": "Int!", "rev": "Int!"},
    "Member": {
        "userId": "ID!",
        "role": "Role",
        "status": "MemberStatus",
        "mutedUntil": "AWSDateTime",
        "joinedSeq": "Int",
    },
}
"""The object types that a `Message` reaches, each with its fields and their types, as the schema writes them:
`tests/contract/test_published.py` holds the two together."""


def type_name(written: str) -> str:
    """The type within a list or a type that is never null: `Attachment` of `[Attachment!]`."""
    return re.sub(r"[\[\]!]", "", written)


def publish_document(prefix: str = "") -> str:
    """The mutation for an API whose schema has this prefix. Its one variable, `message`, is an `AWSJSON`: the
    schema's `Message` as a JSON *text*."""
    selection = _selection("Message")
    return f"mutation ($message: AWSJSON!) {{ {prefixed_field(PUBLISH_MESSAGE, prefix)}(message: $message) {selection} }}"


def _selection(name: str) -> str:
    """Every field of a type, at every depth."""
    fields = (
        f"{field} {_selection(inner)}" if (inner := type_name(written)) in TYPES else field
        for field, written in TYPES[name].items()
    )
    return f"{{ {' '.join(fields)} }}"


PUBLISH_DOCUMENT = publish_document()
