"""What the gateway asks the chat for, in GraphQL."""

MESSAGE = """id roomId roomType guildId senderId text ts seq epoch clientMessageId rev editedAt removedAt version
attachments { id name contentType size }"""
NOTICE = "notice { kind userId role mutedUntil nextEpoch rev }"
HEAD = "head { seq ts epoch rev }"

ON_MESSAGE = f"subscription ($room: ID!, $epoch: Int) {{ onMessage(roomId: $room, epoch: $epoch) {{ {MESSAGE} {NOTICE} }} }}"
ON_RECEIPT = (
    "subscription ($room: ID!, $epoch: Int) { onReceipt(roomId: $room, epoch: $epoch)"
    " { roomId epoch userId readSeq deliveredSeq } }"
)
ON_TYPING = (
    "subscription ($room: ID!, $epoch: Int) { onTyping(roomId: $room, epoch: $epoch)"
    " { roomId epoch userId expiresAt } }"
)
ROOM = (
    f"query ($room: ID!) {{ room(roomId: $room) {{ roomId name {HEAD} me {{ userId role mutedUntil }} }} }}"
)
CHANGES = f"""query ($room: ID!, $since: Int!, $after: AWSDateTime, $token: String) {{
  changes(roomId: $room, since: $since, after: $after, limit: 100, nextToken: $token) {{
    items {{ {MESSAGE} }} nextToken {HEAD} reset
  }}
}}"""
MESSAGES = f"""query ($room: ID!, $token: String) {{
  messages(roomId: $room, limit: 100, nextToken: $token) {{ items {{ {MESSAGE} }} nextToken {HEAD} }}
}}"""
SEND = f"""mutation ($room: ID!, $text: String!, $clientMessageId: ID, $attachments: [ID!]) {{
  sendMessage(roomId: $room, text: $text, clientMessageId: $clientMessageId, attachments: $attachments) {{ {MESSAGE} }}
}}"""
_RECEIPT = "roomId epoch userId readSeq deliveredSeq retryAfterMs"
READ = f"mutation ($room: ID!, $seq: Int!) {{ markRead(roomId: $room, seq: $seq) {{ {_RECEIPT} }} }}"
TYPING = "mutation ($room: ID!) { typing(roomId: $room) { roomId epoch userId expiresAt } }"
PRESENCE = (
    "query ($room: ID!) { presence(roomId: $room) { people { userId status lastSeenAt } online watching } }"
)
HEARTBEAT = """mutation ($rooms: [RoomPosition!], $device: ID, $status: PresenceStatus) {
  heartbeat(rooms: $rooms, deviceId: $device, status: $status) { everySeconds rooms { roomId left } }
}"""
