"""The fields by which the matrix of visibility asks, each with its document and arguments."""

from typing import Any

from tests.guarantees.visibility.visible_room import CHANGES, MESSAGE, MESSAGES, MY_ROOMS, SYNC

UPLOAD = "0199a1b2-c3d4-7000-8000-000000000001"
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "messages": (MESSAGES, {}),
    "messages, a page of one": (MESSAGES, {"limit": 1}),
    "messages, OLDEST_FIRST": (MESSAGES, {"order": "OLDEST_FIRST"}),
    "messages, OLDEST_FIRST, a page of two": (MESSAGES, {"order": "OLDEST_FIRST", "limit": 2}),
    "messages before the fourth": (MESSAGES, {"before": 4}),
    "messages after the first": (MESSAGES, {"after": 1, "order": "OLDEST_FIRST"}),
    "changes since the beginning": (CHANGES, {"since": 0}),
    "changes since the second": (CHANGES, {"since": "rev of 2", "after": 2}),
    "changes since the fourth": (CHANGES, {"since": "rev of 4", "after": 4}),
    "changes since the joinings": (CHANGES, {"since": "rev of the joinings", "after": 4}),
    "sync": (SYNC, {}),
    "myRooms": (MY_ROOMS, {}),
    "room": (
        "query ($roomId: ID!) { room(roomId: $roomId) { name historyFrom head { seq } me { joinedSeq } } }",
        {},
    ),
    "members": ("query ($roomId: ID!) { members(roomId: $roomId) { items { userId joinedSeq } } }", {}),
    "presence": ("query ($roomId: ID!) { presence(roomId: $roomId) { online watching } }", {}),
    "receipts": ("query ($roomId: ID!) { receipts(roomId: $roomId) { items { userId readSeq } } }", {}),
    "receipts.confirmation of the first": ("", {"confirmed": 1}),
    "receipts.confirmation of the fifth": ("", {"confirmed": 5}),
    "attachment of the second": (
        "query ($roomId: ID!, $id: ID!) { attachment(roomId: $roomId, id: $id) { url } }",
        {"id": UPLOAD},
    ),
    "messagesById": (
        f"query ($roomId: ID!, $ids: [ID!]!) {{ messagesById(roomId: $roomId, ids: $ids) {{ {MESSAGE} }} }}",
        {"ids": "every"},
    ),
    "around the second": (
        f"query ($roomId: ID!, $id: ID!) {{ around(roomId: $roomId, id: $id) {{ items {{ {MESSAGE} }} }} }}",
        {"id": "second"},
    ),
    "pins": (f"query ($roomId: ID!) {{ pins(roomId: $roomId) {{ message {{ {MESSAGE} }} }} }}", {}),
    "myMentions": (
        f"query ($roomId: ID!) {{ myMentions(roomId: $roomId) {{ items {{ {MESSAGE} quote {{ text }} }} }} }}",
        {},
    ),
    "messages, quotes alone": (
        "query ($roomId: ID!) { messages(roomId: $roomId) { items { quote { text } } } }",
        {},
    ),
    "reactions to the second": (
        "query ($roomId: ID!, $id: ID!) { reactions(roomId: $roomId, id: $id) { items { userId } } }",
        {"id": "second"},
    ),
    "myReactions": (
        "query ($roomId: ID!, $ids: [ID!]!) { myReactions(roomId: $roomId, ids: $ids) { id } }",
        {"ids": "every"},
    ),
    "react to the second": (
        'mutation ($roomId: ID!, $id: ID!) { react(roomId: $roomId, id: $id, emoji: "👍") { ts } }',
        {"id": "second"},
    ),
}
CONFIRMATION = "query ($roomId: ID!, $seq: Int) { receipts(roomId: $roomId, seq: $seq) { confirmation { seq delivered read of } } }"
