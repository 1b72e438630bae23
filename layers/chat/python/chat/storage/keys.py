"""The keys of both tables.

room partition   HEAD                      the room itself
ROOM#{roomId}    ADOPTION                  the state of adopting it, while that lasts
GUILD#{guildId}  MSG#{ts}#{id}             a message; ts is 13-digit zero-padded epoch milliseconds
                 CHG#{rev}                 an edit or a removal, for catching up; rev is 12-digit zero-padded
                 EVT#{rev}                 what a revision changed that no message tells; rev is 16-digit zero-padded
                 MEMBER#{userId}           roster, for listing only
                 BANNED#{userId}           who is banned, for listing only
                 INVITED#{userId}          who is invited, for listing only
                 UPLOAD#{uploadId}         a file that was or may be uploaded
                 PIN#{messageKey}          that a message is pinned, by its sort key
user partition   IN#{room}                 membership; {room} is the room's partition key
USER#{userId}    AT#{room}                 receipts
                 SENT#{room}#{clientId}    proof and idempotency key of a send
                 PRESENCE                  when and where their client was last heard of (core table)
                 QUOTA                     the rates of making rooms and of adding people (core table)
                 BLOCK#{userId}            whom they have blocked (core table)
                 UPLOADING                 the rate of preparing uploads (core table)
                 MINE                      the epoch of their own, and what they were told last (core table)
                 DRAFT#{room}              a message that they are writing (core table)
LIVE#{room}#{n}  WINDOW#{number}           how many people had the room open in half a minute, one shard of it
LEDGER#{room}    HOUR#{number}             deliveries due and confirmed in an hour; the number is 7-digit zero-padded
JOBS             {kind}#{subject}          a job that runs in the background, with its checkpoint

{userId} is a user id in which `%` and `#` are written `%25` and `%23`, 512 bytes at the most.
"""

from chat.rules.identifiers import uuid7_ms

HEAD = "HEAD"
ADOPTION = "ADOPTION"
PRESENCE = "PRESENCE"
QUOTA = "QUOTA"
UPLOADING = "UPLOADING"
MINE = "MINE"
JOBS = "JOBS"
REACTIONS = "REACT#"
"""How the partition keys of reactions' counters begin."""
LATEST_MS = 9_999_999_999_999
"""The last instant that thirteen digits can write: November 2286."""


def user_partition(user_id: str) -> str:
    return f"USER#{_escaped(user_id)}"


def membership(room_partition: str) -> str:
    return f"IN#{room_partition}"


def roster(user_id: str) -> str:
    return f"MEMBER#{_escaped(user_id)}"


def receipts(room_partition: str) -> str:
    return f"AT#{room_partition}"


def banned(user_id: str) -> str:
    return f"BANNED#{_escaped(user_id)}"


def invited(user_id: str) -> str:
    return f"INVITED#{_escaped(user_id)}"


def block(user_id: str) -> str:
    return f"BLOCK#{_escaped(user_id)}"


def user_in(key: str) -> str:
    """The user id in a key of `user_partition`, `roster`, `banned`, `invited` or `block`."""
    return key.partition("#")[2].replace("%23", "#").replace("%25", "%")


def _escaped(user_id: str) -> str:
    return user_id.replace("%", "%25").replace("#", "%23")


def change(rev: int) -> str:
    return f"{CHANGES}{rev:012d}"


def event(rev: int) -> str:
    return f"{EVENTS}{rev:016d}"


def live(room_partition: str, shard: int) -> str:
    return f"LIVE#{room_partition}#{shard}"


def window(number: int) -> str:
    return f"WINDOW#{number}"


def ledger(room_partition: str) -> str:
    return f"LEDGER#{room_partition}"


def hour(number: int) -> str:
    return f"HOUR#{number:07d}"


def job(kind: str, subject: str) -> str:
    return f"{kind}#{subject}"


def upload(upload_id: str) -> str:
    return f"UPLOAD#{upload_id}"


def pin(message_key: str) -> str:
    return f"{PINS}{message_key}"


def draft(room_partition: str) -> str:
    return f"{DRAFTS}{room_partition}"


def sent(room_partition: str, client_message_id: str) -> str:
    return f"SENT#{room_partition}#{client_message_id}"


def message(ts: int, message_id: str) -> str:
    return f"{message_floor(ts)}#{message_id}"


def message_floor(ts: int) -> str:
    """A key just before every message of instant `ts` (milliseconds), clamped to what thirteen digits can
    write."""
    return f"MSG#{min(max(ts, 0), LATEST_MS):013d}"


def message_of(message_id: str) -> str | None:
    """The key of the message with this id, which tells its instant (UUIDv7); `None` for any other form of
    id."""
    ms = uuid7_ms(message_id)
    return None if ms is None else message(ms, message_id)


def instant(message_key: str) -> int:
    """The epoch milliseconds in a message's sort key; 0 for a key from before, whose digits mean something
    else."""
    digits = message_key.split("#", 2)[1]
    return int(digits) if len(digits) == 13 and digits.isdecimal() else 0


def may_tell_event(sort_key: str) -> bool:
    """Whether it has the form of an event's or of a numbered message's: what another team keeps beside it may begin alike."""
    return _is_numbered("#".join(sort_key.split("#", 2)[:2]), MESSAGES, 13) or _is_numbered(
        sort_key, EVENTS, 16
    )


def is_pin(sort_key: str) -> bool:
    """Whether it has the form of a pin's."""
    return sort_key.startswith(PINS) and may_tell_event(sort_key.removeprefix(PINS))


def is_of_revision(sort_key: str) -> bool:
    """Whether it has the form of a change's or of an event's."""
    return _is_numbered(sort_key, CHANGES, 12) or _is_numbered(sort_key, EVENTS, 16)


def _is_numbered(sort_key: str, kind: str, digits: int) -> bool:
    number = sort_key.removeprefix(kind)
    return sort_key.startswith(kind) and len(number) == digits and number.isdecimal()


MESSAGES, MESSAGES_END = "MSG#", "MSG#~"
"""The last is a key after every message and before any other kind of item that sorts later: `~` sorts after every
digit."""

CHANGES = "CHG#"
EVENTS, EVENTS_END = "EVT#", "EVT$"
MEMBERSHIPS, MEMBERSHIPS_END = "IN#", "IN$"
ROSTER, ROSTER_END = "MEMBER#", "MEMBER$"
BANS, BANS_END = "BANNED#", "BANNED$"
INVITATIONS, INVITATIONS_END = "INVITED#", "INVITED$"
BLOCKS, BLOCKS_END = "BLOCK#", "BLOCK$"
UPLOADS, UPLOADS_END = "UPLOAD#", "UPLOAD$"
PINS, PINS_END = "PIN#", "PIN$"
DRAFTS, DRAFTS_END = "DRAFT#", "DRAFT$"
"""Keys before and after every other of their kind: `$` is the character after `#`."""

JOBS_END = "~"
"""A key after every job."""
