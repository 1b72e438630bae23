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

    @property
    def field(self) -> str:
        """The operation's field, without a prefix."""
        found = re.search(r"<([a-z]\w*)>", self.text)
        return found[1] if found else ""

    def with_prefix(self, prefix: str) -> str:
        """The text for an API whose schema has this prefix; empty: `resolvers/schema.graphql` as it is."""
        return _with_prefix(self.text, prefix)


@cache
def _with_prefix(text: str, prefix: str) -> str:
    def name(found: re.Match[str]) -> str:
        prefixed = prefixed_type if found[1][0].isupper() else prefixed_field
        return prefixed(found[1], prefix)

    return re.sub(r"<(\w+)>", name, text)


MESSAGE = """id roomId roomType guildId senderId text ts seq epoch clientMessageId rev editedAt removedAt erased version
attachments { id name contentType size } replyTo mentions mentionsAll reactions { emoji count userIds }"""
NOTICE = """notice { kind userId role mutedUntil nextEpoch rev messageId seq room { roomId name description visibility historyFrom historyRev archivedAt avatarUrl avatarId }
reactions { id seq rev reactions { emoji count userIds } } erased { from to } }"""
HEAD = "head { seq ts epoch rev }"
_OWN_HEAD = "head { seq ts epoch rev pinsRev }"
_OWN_MESSAGE = f"""{MESSAGE}
quote {{ id roomId senderId text ts seq rev removedAt erased attachments {{ id name contentType size }} }}"""
"""What one person asks for with their own token; what the service asks for is everybody's, and quotes are for each to see."""

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
ON_MINE = Document("""subscription ($userId: ID!, $epoch: Int) { <onMine>(userId: $userId, epoch: $epoch) {
  userId epoch id kind roomId messageId seq rev actorId role mutedUntil ts quietUntil
} }""")
ROOM = Document(
    f"query ($room: ID!) {{ <room>(roomId: $room) {{ roomId name historyFrom historyRev {HEAD}"
    " me { userId role mutedUntil joinedSeq } } }"
)
CHANGES = Document(f"""query ($room: ID!, $since: Int!, $after: AWSDateTime, $token: String) {{
  <changes>(roomId: $room, since: $since, after: $after, limit: 100, nextToken: $token) {{
    items {{ {MESSAGE} }} nextToken {HEAD} reset erased {{ from to }}
  }}
}}""")
MESSAGES = Document(f"""query ($room: ID!, $token: String) {{
  <messages>(roomId: $room, limit: 100, nextToken: $token) {{ items {{ {MESSAGE} }} nextToken {HEAD} }}
}}""")
SEND = Document(f"""mutation (
  $room: ID!, $text: String!, $clientMessageId: ID, $attachments: [ID!], $replyTo: ID, $mentions: [ID!],
  $mentionsAll: Boolean
) {{
  <sendMessage>(
    roomId: $room, text: $text, clientMessageId: $clientMessageId, attachments: $attachments, replyTo: $replyTo,
    mentions: $mentions, mentionsAll: $mentionsAll
  ) {{ {MESSAGE} }}
}}""")
EDIT = Document(f"""mutation (
  $room: ID!, $id: ID!, $text: String!, $ts: AWSDateTime, $mentions: [ID!], $mentionsAll: Boolean
) {{
  <editMessage>(
    roomId: $room, id: $id, text: $text, ts: $ts, mentions: $mentions, mentionsAll: $mentionsAll
  ) {{ {MESSAGE} }}
}}""")
REMOVE = Document(f"""mutation ($room: ID!, $id: ID!, $ts: AWSDateTime) {{
  <removeMessage>(roomId: $room, id: $id, ts: $ts) {{ {MESSAGE} }}
}}""")
HISTORY = Document(f"""query (
  $room: ID!, $after: AWSDateTime, $before: AWSDateTime, $order: <MessageOrder>, $limit: Int, $nextToken: String
) {{
  <messages>(roomId: $room, after: $after, before: $before, order: $order, limit: $limit, nextToken: $nextToken) {{
    items {{ {_OWN_MESSAGE} }} nextToken {_OWN_HEAD}
  }}
}}""")
AROUND = Document(f"""query ($room: ID!, $id: ID!, $limit: Int) {{
  <around>(roomId: $room, id: $id, limit: $limit) {{
    items {{ {_OWN_MESSAGE} }} olderToken newerToken {_OWN_HEAD}
  }}
}}""")
MESSAGES_BY_ID = Document(f"""query ($room: ID!, $ids: [ID!]!) {{
  <messagesById>(roomId: $room, ids: $ids) {{ {_OWN_MESSAGE} }}
}}""")
_PINNED = f"id roomId senderId ts epoch {NOTICE}"
PIN = Document(
    f"""mutation ($room: ID!, $id: ID!) {{ <pinMessage>(roomId: $room, id: $id) {{ {_PINNED} }} }}"""
)
UNPIN = Document(
    f"""mutation ($room: ID!, $id: ID!) {{ <unpinMessage>(roomId: $room, id: $id) {{ {_PINNED} }} }}"""
)
PINS = Document(
    f"query ($room: ID!) {{ <pins>(roomId: $room) {{ message {{ {_OWN_MESSAGE} }} pinnedBy pinnedAt }} }}"
)
_DRAFT = "roomId text replyTo rev savedAt"
DRAFT = Document(f"""mutation ($room: ID!, $text: String, $replyTo: ID, $rev: Int) {{
  <saveDraft>(roomId: $room, text: $text, replyTo: $replyTo, rev: $rev) {{ {_DRAFT} saved }}
}}""")
DRAFTS = Document(f"""query ($limit: Int, $nextToken: String) {{
  <drafts>(limit: $limit, nextToken: $nextToken) {{ items {{ {_DRAFT} }} nextToken }}
}}""")
DIRECT = Document(f"""mutation ($userId: ID!) {{
  <direct>(userId: $userId) {{
    roomId roomType directWith name visibility historyFrom {_OWN_HEAD} me {{ userId role status mutedUntil joinedSeq }}
  }}
}}""")
REACT = Document("""mutation ($room: ID!, $id: ID!, $emoji: String!, $on: Boolean) {
  <react>(roomId: $room, id: $id, emoji: $emoji, on: $on) { roomId id emoji userId on ts }
}""")
PEOPLE = Document("""query ($room: ID!, $ids: [ID!]!) {
  <people>(roomId: $room, ids: $ids) { userId name avatarUrl avatarId updatedAt }
}""")
_RECEIPT = "roomId epoch userId readSeq deliveredSeq retryAfterMs"
READ = Document(
    f"mutation ($room: ID!, $seq: Int!) {{ <markRead>(roomId: $room, seq: $seq) {{ {_RECEIPT} }} }}"
)
TYPING = Document("mutation ($room: ID!) { <typing>(roomId: $room) { roomId epoch userId expiresAt } }")
PRESENCE = Document(
    "query ($room: ID!) { <presence>(roomId: $room) { people { userId status lastSeenAt } online watching } }"
)
HEARTBEAT = Document("""mutation ($rooms: [<RoomPosition>!], $deviceId: ID, $status: <PresenceStatus>, $watching: ID) {
  <heartbeat>(rooms: $rooms, deviceId: $deviceId, status: $status, watching: $watching) { everySeconds rooms { roomId left } }
}""")
HEARTBEATS = Document("""mutation ($people: [<PersonHeartbeat>!]!) {
  <heartbeats>(people: $people) { userId errorType message }
}""")
