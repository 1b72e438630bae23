"""The sort keys and the user's partition: the grammar of both tables.

room partition   HEAD                      the room itself
                 ADOPTION                  the state of adopting it, while that lasts
                 MSG#{ts}#{id}             a message; ts is 13-digit zero-padded epoch milliseconds
                 MEMBER#{userId}           roster, for listing only
user partition   IN#{room}                 membership; {room} is the room's partition key
                 AT#{room}                 receipts
                 SENT#{room}#{clientId}    proof and idempotency key of a send
"""

HEAD = "HEAD"
ADOPTION = "ADOPTION"
LATEST_MS = 9_999_999_999_999
"""The last instant that thirteen digits can write: November 2286."""


def user_partition(user_id: str) -> str:
    return f"USER#{user_id}"


def membership(room_partition: str) -> str:
    return f"IN#{room_partition}"


def roster(user_id: str) -> str:
    return f"MEMBER#{user_id}"


def sent(room_partition: str, client_message_id: str) -> str:
    return f"SENT#{room_partition}#{client_message_id}"


def message(ts: int, message_id: str) -> str:
    return f"{message_floor(ts)}#{message_id}"


def message_floor(ts: int) -> str:
    """A key just before every message of instant `ts` (milliseconds), clamped to what thirteen digits can write."""
    return f"MSG#{min(max(ts, 0), LATEST_MS):013d}"


def instant(message_key: str) -> int:
    """The epoch milliseconds in a message's sort key; 0 for a key from before, whose digits mean something else."""
    digits = message_key.split("#", 2)[1]
    return int(digits) if len(digits) == 13 and digits.isdecimal() else 0


MESSAGES_END = "MSG#~"
"""A key after every message and before any other kind of item that sorts later: `~` sorts after every digit."""
