"""What people are writing and have not sent, one for each of them and room, so that it is on all of their devices.

`rev` rises with each save, also over a deletion, and is never given out twice: it is a second of the clock, or the one
after the last. So a device with an older `rev` has an older draft, whatever happened in between. What was deleted stays
for as long as a draft, as that and nothing else.
"""

from typing import Any

from chat.rules.instants import to_wire
from chat.rules.models import DAY_MS, Member, Stored
from chat.rules.rate import Rate
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage.places import draft_place
from chat.storage.tables import Write

SAVING = Rate(1, 20)
"""How fast somebody may save their draft of a room: one a second, twenty at once."""

_FIRST_S = 1_700_000_000
"""Seconds since then are numbers that `Int` has space for until 2091."""


@record(frozen=True, slots=True, kw_only=True)
class SavedDraft(Stored):
    """A draft as it is stored; without `text` it was deleted. `joined_seq` is the membership's in which it was written,
    `saved_at` in ms, `tat` the rate of saving it (µs), and `expires_at` in seconds."""

    rev: int = 0
    text: str | None = None
    reply_to: str | None = None
    joined_seq: int = 0
    saved_at: int = 0
    tat: int = 0
    expires_at: int = 0


NO_DRAFT = SavedDraft()


def present_draft(draft: SavedDraft | None, now: int, kept_days: int) -> SavedDraft:
    """What is there at `now` (ms), which may be nothing. `kept_days`: for how long drafts are kept now, which may be less
    than when it was saved."""
    if draft is None:
        return NO_DRAFT
    ends = min(draft.expires_at * 1_000, draft.saved_at + kept_days * DAY_MS)
    return draft if ends > now else NO_DRAFT


def of_membership(draft: SavedDraft, member: Member) -> bool:
    """Whether it was written since the person came to the room the last time."""
    return draft.joined_seq == member.joined_seq


def draft_write(
    room: Room,
    user_id: str,
    before: SavedDraft | None,
    member: Member,
    text: str | None,
    reply_to: str | None,
    now: int,
    kept_days: int,
) -> tuple[SavedDraft, Write]:
    """What is stored of a draft, and its write in place of `before`, if that is as it was read. `now` is in ms."""
    had = before or NO_DRAFT
    draft = SavedDraft(
        rev=max(had.rev + 1, now // 1_000 - _FIRST_S),
        text=text,
        reply_to=reply_to if text else None,
        joined_seq=member.joined_seq,
        saved_at=now,
        tat=SAVING.taken(had.tat, now * 1_000),
        expires_at=(now + kept_days * DAY_MS) // 1_000,
    )
    stored: dict[str, Any] = {
        "rev": draft.rev,
        "text": draft.text,
        "replyTo": draft.reply_to,
        "joinedSeq": draft.joined_seq,
        "savedAt": draft.saved_at,
        "tat": draft.tat,
        "expiresAt": draft.expires_at,
    }
    write = Write(
        draft_place(room, user_id),
        condition="#rev = :rev" if before else "attribute_not_exists(PK)",
        given={":rev": before.rev} if before else {},
        set={"type": "Draft", **{name: value for name, value in stored.items() if value is not None}},
        remove=[name for name, value in stored.items() if value is None],
    )
    return draft, write


def draft_to_wire(room: Room, draft: SavedDraft, *, saved: bool | None = None) -> dict[str, Any]:
    """The schema's `Draft`."""
    return {
        "roomId": room.id,
        "text": draft.text,
        "replyTo": draft.reply_to,
        "rev": draft.rev,
        "savedAt": to_wire(draft.saved_at) if draft.text is not None else None,
        "saved": saved,
    }
