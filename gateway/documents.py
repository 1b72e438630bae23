"""What the gateway asks the chat for, in GraphQL."""

import re
from dataclasses import dataclass
from functools import cache

from chat.rules.schema_names import prefixed_field, prefixed_type


@dataclass(frozen=True, slots=True)
class Document:
    """An operation on one field. In its text the names that a prefix changes stand in angle brackets: the
    field of an operation, and types."""

    text: str

    def __str__(self) -> str:
        return self.with_prefix("")

    def with_prefix(self, prefix: str) -> str:
        """The text for an API whose schema has this prefix; empty: `resolvers/schema.graphql` as it is."""
        return _with_prefix(self.text, prefix)


@cache
def _with_prefix(text: str, prefix: str) -> str:
    def name(found: re.Match[str]) -> str:
        prefixed = prefixed_type if found[1][0].isupper() else prefixed_field
        return prefixed(found[1], prefix)

    return re.sub(r"<(\w+)>", name, text)


MESSAGE = """id roomId roomType guildId senderId text ts seq epoch clientMessageId rev editedAt removedAt version
attachments { id name contentType size }"""
NOTICE = "notice { kind userId role mutedUntil nextEpoch rev room { roomId historyFrom historyRev } }"
HEAD = "head { seq ts epoch rev }"

ON_MESSAGE = Document(
    "subscription ($room: ID!, $epoch: Int)"
    f" {{ <onMessage>(roomId: $room, epoch: $epoch) {{ {MESSAGE} {NOTICE} }} }}"
)
ON_RECEIPT = Document(
    "subscription ($room: ID!, $epoch: Int) { <onReceipt>(roomId: $room, epoch: $epoch)"
    " { roomId epoch userId readSeq deliveredSeq } }"
)
ON_TYPING = Document(
    "subscription ($room: ID!, $epoch: Int) { <onTyping>(roomId: $room, epoch: $epoch)"
    " { roomId epoch userId expiresAt } }"
)
ROOM = Document(
    f"query ($room: ID!) {{ <room>(roomId: $room) {{ roomId name historyFrom historyRev {HEAD}"
    " me { userId role mutedUntil joinedSeq } } }"
)
CHANGES = Document(f"""query ($room: ID!, $since: Int!, $after: AWSDateTime, $token: String) {{
  <changes>(roomId: $room, since: $since, after: $after, limit: 100, nextToken: $token) {{
    items {{ {MESSAGE} }} nextToken {HEAD} reset
  }}
}}""")
MESSAGES = Document(f"""query ($room: ID!, $token: String) {{
  <messages>(roomId: $room, limit: 100, nextToken: $token) {{ items {{ {MESSAGE} }} nextToken {HEAD} }}
}}""")
SEND = Document(f"""mutation ($room: ID!, $text: String!, $clientMessageId: ID, $attachments: [ID!]) {{
  <sendMessage>(roomId: $room, text: $text, clientMessageId: $clientMessageId, attachments: $attachments) {{ {MESSAGE} }}
}}""")
_RECEIPT = "roomId epoch userId readSeq deliveredSeq retryAfterMs"
READ = Document(
    f"mutation ($room: ID!, $seq: Int!) {{ <markRead>(roomId: $room, seq: $seq) {{ {_RECEIPT} }} }}"
)
TYPING = Document("mutation ($room: ID!) { <typing>(roomId: $room) { roomId epoch userId expiresAt } }")
PRESENCE = Document(
    "query ($room: ID!) { <presence>(roomId: $room) { people { userId status lastSeenAt } online watching } }"
)
HEARTBEAT = Document("""mutation ($rooms: [<RoomPosition>!], $device: ID, $status: <PresenceStatus>) {
  <heartbeat>(rooms: $rooms, deviceId: $device, status: $status) { everySeconds rooms { roomId left } }
}""")
