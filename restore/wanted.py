"""What is to stand again after a restore: the log's entries, brought down to the last word on each message, member and room.

Entries come in any order and more than once. Those of a room are ordered by its revisions, which leap with each generation
(`chat/rules/generations.py`), so this holds across earlier restores as well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chat.rules.models import Head, RoomSettings
from chat.rules.retention import kept_since
from chat.rules.taken_back import CAME, GONE, MESSAGES, TakenBack


@dataclass
class MemberWanted:
    """The last words on somebody in a room: whether they are there (`status`), of bans alone (`ban`), on their role and
    on a mute."""

    status: TakenBack | None = None
    ban: TakenBack | None = None
    role: TakenBack | None = None
    mute: TakenBack | None = None
    went: bool = False
    """Whether they were taken out, or left, at any time."""

    def add(self, entry: TakenBack) -> None:
        if entry.kind in (*GONE, *CAME):
            self.status = _later(self.status, entry)
            self.went = self.went or entry.kind in GONE
        if entry.kind in ("MEMBER_BANNED", "MEMBER_UNBANNED"):
            self.ban = _later(self.ban, entry)
        if entry.kind == "ROLE_CHANGED" or (entry.kind in CAME and entry.role):
            self.role = _later(self.role, entry)
        if entry.kind == "MEMBER_MUTED":
            self.mute = _later(self.mute, entry)

    @property
    def is_gone(self) -> bool:
        return self.status is not None and self.status.kind in GONE

    @property
    def is_banned(self) -> bool:
        return self.ban is not None and self.ban.kind == "MEMBER_BANNED"


@dataclass
class RoomWanted:
    """What was taken back in a room. `messages` are by their sort keys, `members` by their ids."""

    ended: TakenBack | None = None
    rules: dict[int, TakenBack] = field(default_factory=dict)
    messages: dict[str, TakenBack] = field(default_factory=dict)
    members: dict[str, MemberWanted] = field(default_factory=dict)

    def add(self, entry: TakenBack) -> None:
        if entry.kind == "ROOM_DELETED":
            self.ended = _later(self.ended, entry)
        elif entry.kind == "ROOM_UPDATED":
            self.rules[entry.rev] = entry
        elif entry.kind in MESSAGES and entry.key:
            self.messages[entry.key] = _later(self.messages.get(entry.key), entry)
        elif entry.user_id:
            self.members.setdefault(entry.user_id, MemberWanted()).add(entry)

    def in_order(self) -> Sequence[TakenBack]:
        """The updates of the rules, oldest first."""
        return [self.rules[rev] for rev in sorted(self.rules)]


@dataclass
class Wanted:
    """All of it. `blocks`: since when (ms), by who blocks and whom. `erased`: since when, by the person's id."""

    rooms: dict[str, RoomWanted] = field(default_factory=dict)
    blocks: dict[tuple[str, str], int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    entries: int = 0

    def add(self, entries: Iterable[TakenBack]) -> None:
        for entry in entries:
            self.entries += 1
            if entry.kind == "BLOCKED" and entry.user_id and entry.other:
                self.blocks[entry.user_id, entry.other] = entry.at
            elif entry.kind == "PERSON_ERASED" and entry.user_id:
                self.erased[entry.user_id] = max(entry.at, self.erased.get(entry.user_id, 0))
            elif entry.room_id:
                self.rooms.setdefault(entry.room_id, RoomWanted()).add(entry)


def _later(one: TakenBack | None, other: TakenBack) -> TakenBack:
    return other if one is None or other.rev >= one.rev else one


def narrowed(head: Head, updates: Sequence[TakenBack], defaults: RoomSettings) -> dict[str, int | str]:
    """The attributes of a head that bring back what these updates of the rules took from its readers: a retention that was
    lowered, and what it hid for good; that the room is private, or its history visible from joining. What they gave is
    lost with the time that was."""
    if not updates:
        return {}
    changes: dict[str, int | str] = {}
    walked = head
    for update in updates:
        ruled = walked.ruled({"retentionDays": update.retention_days})
        walked = ruled.ruled({"keptSince": kept_since(walked, ruled, defaults, update.at)})
    last = updates[-1]
    if walked.kept_since > head.kept_since:
        changes["keptSince"] = walked.kept_since
    if last.retention_days < head.settings(defaults).retention_days:
        changes["retentionDays"] = last.retention_days
    if last.private and head.visibility == "public":
        changes["visibility"] = "private"
    if last.joining and head.history_from != "joining":
        changes["historyFrom"] = "joining"
    return changes
