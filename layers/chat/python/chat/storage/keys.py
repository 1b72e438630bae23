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
                 ALL#{seq}                 that a message mentions everybody; seq is 12-digit zero-padded
                 PIN#{messageKey}          that a message is pinned, by its sort key
                 NAME#{folded}#{userId}    by what name somebody in the room is found
                 HELD#{messageKey}#{rev}   a message as it was before that revision, under a legal hold
user partition   IN#{room}                 membership; {room} is the room's partition key
USER#{userId}    AT#{room}                 receipts
                 SENT#{room}#{clientId}    proof and idempotency key of a send
                 MENTION#{room}#{seq}      that a message mentions them; seq is 12-digit zero-padded
                 PRESENCE                  when and where their client was last heard of (core table)
                 QUOTA                     the rates of making rooms and of adding people (core table)
                 REACTED#{room}#{message}  with what they react to a message, an attribute for each emoji
                 BLOCK#{userId}            whom they have blocked (core table)
                 ERASED                    that they are erased, and since when (core table)
                 UPLOADING                 the rate of preparing uploads (core table)
                 CHATPROFILE               what they are called and how they look (core table)
                 PICTURE#{uploadId}        a picture of them that may be uploaded (core table)
                 NAMED#{room}              under which NAME# they are found in a room
                 MINE                      the epoch of their own, and what they were told last (core table)
                 NOTIFY#{room}             what they were notified of last
                 NOTIFYSET#{room}          that they have set what to be notified of, for a day
                 DRAFT#{room}              a message that they are writing (core table)
                 ERASING#{room}            what their erasure has told in a room, until it ends
                 HELD                      that a legal hold covers them (core table)
                 REQUEST#{requestId}       that their data be exported or erased; the id is a UUIDv7 (core table)
                 REQUESTS                  which of these are open, and the rate of making them (core table)
AVATAR#{id}      OWNER                     whose picture an uploaded file is (core table)
LIVE#{room}#{n}  WINDOW#{number}           how many people had the room open in half a minute, one shard of it
LEDGER#{room}    HOUR#{number}             deliveries due and confirmed in an hour; the number is 7-digit zero-padded
REACT#{room}     BY#{emoji}#{userId}       that somebody reacts to a message; one of 32 shards of a message's reactions
#{message}#{nn}  COUNT#{emoji}             how many of the shard do
REACTIONS#{room} KINDS#{message}           the emoji that a message is reacted with, and in which shards
                 DIRTY#{message}           that its reactions were changed since they were summarised
JOBS             {kind}#{subject}          a job that runs in the background, with its checkpoint
HOLDS            {subject}#{holdId}        a legal hold of a room or a person, by the partition key (core table)
                 LIFTED#{holdId}           one that was lifted
                 REV                       that holds were set or lifted, as a number
NOTIFYING        {ts}#{room}               that messages of a room are to be judged for notifications at an instant
                 JUDGED#{room}             up to which instant that is done
DUE              {ts}#{kind}#{subject}     a job that begins at an instant; ts as a message's (core table)
ERASURES         {person}#{requestId}      what came of an erasure; {person} is a keyed pseudonym (core table)

{userId} is a user id in which `%` and `#` are written `%25` and `%23`, 512 bytes at the most; in {emoji} they are written so,
too. {message} is a message's id, a UUIDv7.
"""

from chat.rules.identifiers import uuid7_ms

HEAD = "HEAD"
ADOPTION = "ADOPTION"
PRESENCE = "PRESENCE"
QUOTA = "QUOTA"
UPLOADING = "UPLOADING"
PROFILE = "CHATPROFILE"
"""Not `PROFILE`: that is what other teams call their own item of a person, in tables that the chat may share."""
OWNER = "OWNER"
MINE = "MINE"
ERASED = "ERASED"
HELD = "HELD"
JOBS = "JOBS"
HOLDS, HOLDS_REV = "HOLDS", "REV"
DUE = "DUE"
NOTIFYING, JUDGED = "NOTIFYING", "JUDGED#"
ERASURES = "ERASURES"
OPEN_REQUESTS = "REQUESTS"
REACTION_SHARDS = "REACT#"
"""How the partition keys of a message's reactions begin."""
COUNTS = "COUNT#"
REACTING, KINDS, KINDS_END = "BY#", "KINDS#", "KINDS$"
DIRTY, DIRTY_END = "DIRTY#", "DIRTY$"
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


def reacted(room_partition: str, message_id: str) -> str:
    return f"REACTED#{room_partition}#{message_id}"


def reaction_shard(room_partition: str, message_id: str, shard: int) -> str:
    return f"{REACTION_SHARDS}{room_partition}#{message_id}#{shard:02d}"


def reactions_of_room(room_partition: str) -> str:
    return f"REACTIONS#{room_partition}"


def reacting(emoji: str, user_id: str) -> str:
    return f"{REACTING}{_escaped(emoji)}#{_escaped(user_id)}"


def reacting_with(emoji: str | None) -> tuple[str, str]:
    """Keys before and after those of everybody who reacts with an emoji, or with any."""
    return (
        (REACTING, "BY$")
        if emoji is None
        else (f"{REACTING}{_escaped(emoji)}#", f"{REACTING}{_escaped(emoji)}$")
    )


def who_reacts(key: str) -> tuple[str, str]:
    """The emoji and the user id in a key of `reacting`."""
    emoji, _, user_id = key.removeprefix(REACTING).partition("#")
    return _unescaped(emoji), _unescaped(user_id)


def reaction_count(emoji: str) -> str:
    return f"{COUNTS}{_escaped(emoji)}"


def reaction_kinds(message_id: str) -> str:
    return f"{KINDS}{message_id}"


def unsummarised(message_id: str) -> str:
    return f"{DIRTY}{message_id}"


def user_in(key: str) -> str:
    """The user id in a key of `user_partition`, `roster`, `banned`, `invited` or `block`."""
    return _unescaped(key.partition("#")[2])


def _escaped(user_id: str) -> str:
    return user_id.replace("%", "%25").replace("#", "%23")


def _unescaped(written: str) -> str:
    return written.replace("%23", "#").replace("%25", "%")


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


def job_kind(sort_key: str) -> str:
    """The kind in a key of `job`."""
    return sort_key.partition("#")[0]


def hold(subject: str, hold_id: str) -> str:
    """`subject` is the partition key of the room or the person."""
    return f"{subject}#{hold_id}"


def lifted_hold(hold_id: str) -> str:
    return f"LIFTED#{hold_id}"


def original(message_key: str, rev: int) -> str:
    return f"{ORIGINALS}{message_key}#{rev:016d}"


def originals_of(message_key: str) -> tuple[str, str]:
    """Keys before and after those of a message."""
    return f"{ORIGINALS}{message_key}#", f"{ORIGINALS}{message_key}$"


def due(ms: int, kind: str, subject: str) -> str:
    return f"{due_floor(ms)}#{job(kind, subject)}"


def due_floor(ms: int) -> str:
    """A key just before every job that begins at `ms` (milliseconds) or later."""
    return f"{min(max(ms, 0), LATEST_MS):013d}"


def due_ms(sort_key: str) -> int:
    """The instant in a key of `due`, in milliseconds."""
    return int(sort_key.partition("#")[0])


def due_kind(sort_key: str) -> str:
    """The kind in it."""
    return job_kind(sort_key.partition("#")[2])


def request(request_id: str) -> str:
    return f"{REQUESTS}{request_id}"


def person_request(user_id: str, request_id: str) -> str:
    """The subject of a job for a person's request."""
    return f"{_escaped(user_id)}#{request_id}"


def person_request_parts(subject: str) -> tuple[str, str]:
    """The user id and the request id in a subject of `person_request`."""
    user_id, _, request_id = subject.partition("#")
    return _unescaped(user_id), request_id


def erasure(person: str, request_id: str) -> str:
    return f"{person}#{request_id}"


def erasures_of(person: str) -> tuple[str, str]:
    """Keys before and after those of one pseudonym."""
    return f"{person}#", f"{person}$"


def upload(upload_id: str) -> str:
    return f"UPLOAD#{upload_id}"


def upload_floor(ms: int) -> str:
    """A key just before every upload that was prepared at an instant (ms), as its id (UUIDv7) tells, or later."""
    digits = f"{min(max(ms, 0), LATEST_MS):012x}"
    return upload(f"{digits[:8]}-{digits[8:]}")


def pin(message_key: str) -> str:
    return f"{PINS}{message_key}"


def draft(room_partition: str) -> str:
    return f"{DRAFTS}{room_partition}"


def notified(room_partition: str) -> str:
    return f"{NOTIFIED}{room_partition}"


def notifying(ms: int, room_partition: str) -> str:
    return f"{due_floor(ms)}#{room_partition}"


def judged(room_partition: str) -> str:
    return f"{JUDGED}{room_partition}"


def notify_setting(room_partition: str) -> str:
    return f"{NOTIFY_SETTINGS}{room_partition}"


def picture(upload_id: str) -> str:
    return f"{PICTURES}{upload_id}"


def avatar(avatar_id: str) -> str:
    """The partition of the item that says whose picture a file is."""
    return f"AVATAR#{avatar_id}"


def name(folded: str, user_id: str) -> str:
    return f"{NAMES}{folded}#{_escaped(user_id)}"


def name_range(folded: str) -> tuple[str, str]:
    """The first and the last key of names that begin so."""
    return f"{NAMES}{folded}", f"{NAMES}{folded}\U0010ffff"


def named_in(key: str) -> str:
    """The user id in a key of `name`."""
    return user_in(key[key.rindex("#") :])


def named(room_partition: str) -> str:
    return f"{NAMED}{room_partition}"


def sent(room_partition: str, client_message_id: str) -> str:
    return f"SENT#{room_partition}#{client_message_id}"


def proofs_of(room_partition: str) -> tuple[str, str]:
    """Keys before and after every proof of a send to this room."""
    return f"{PROOFS}{room_partition}#", f"{PROOFS}{room_partition}$"


def erasing(room_partition: str) -> str:
    return f"{ERASING}{room_partition}"


def mention(room_partition: str, seq: int) -> str:
    return f"{MENTIONS}{room_partition}#{seq:012d}"


def all_mention(seq: int) -> str:
    return f"{ALL_MENTIONS}{seq:012d}"


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


def is_all_mention(sort_key: str) -> bool:
    """Whether it has the form of the item that says that a message mentions everybody."""
    return _is_numbered(sort_key, ALL_MENTIONS, 12)


def _is_numbered(sort_key: str, kind: str, digits: int) -> bool:
    number = sort_key.removeprefix(kind)
    return sort_key.startswith(kind) and len(number) == digits and number.isdecimal()


MESSAGES, MESSAGES_END = "MSG#", "MSG#~"
"""The last is a key after every message and before any other kind of item that sorts later: `~` sorts after every
digit."""

CHANGES = "CHG#"
MENTIONS, ALL_MENTIONS = "MENTION#", "ALL#"
EVENTS, EVENTS_END = "EVT#", "EVT$"
MEMBERSHIPS, MEMBERSHIPS_END = "IN#", "IN$"
ROSTER, ROSTER_END = "MEMBER#", "MEMBER$"
BANS, BANS_END = "BANNED#", "BANNED$"
INVITATIONS, INVITATIONS_END = "INVITED#", "INVITED$"
BLOCKS, BLOCKS_END = "BLOCK#", "BLOCK$"
UPLOADS, UPLOADS_END = "UPLOAD#", "UPLOAD$"
PINS, PINS_END = "PIN#", "PIN$"
DRAFTS, DRAFTS_END = "DRAFT#", "DRAFT$"
NOTIFIED, NOTIFY_SETTINGS = "NOTIFY#", "NOTIFYSET#"
PICTURES, PICTURES_END = "PICTURE#", "PICTURE$"
NAMES, NAMES_END = "NAME#", "NAME$"
NAMED, NAMED_END = "NAMED#", "NAMED$"
PROOFS, PROOFS_END = "SENT#", "SENT$"
PERSONAL_MENTIONS_END = "MENTION$"
REACTED, REACTED_END = "REACTED#", "REACTED$"
ERASING, ERASING_END = "ERASING#", "ERASING$"
ORIGINALS, ORIGINALS_END = "HELD#", "HELD$"
REQUESTS, REQUESTS_END = "REQUEST#", "REQUEST$"
"""Keys before and after every other of their kind: `$` is the character after `#`."""

JOBS_END = "~"
"""A key after every job."""

BESIDE_REQUESTS = ((" ", "REQUEST"), (f"{OPEN_REQUESTS} ", "~"))
"""Between these lies whatever else is in somebody's partition: before `REQUEST#…`, and after `REQUESTS`."""
