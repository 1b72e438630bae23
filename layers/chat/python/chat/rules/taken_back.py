"""What was taken back: what is written down of it outside the tables, so that it can be taken back again after the tables
went back to an earlier state.

Identifiers and instants alone, never a text: who reads the log learns that a message was removed, and not what it said.
"""

import json
from dataclasses import fields
from typing import Literal

from chat.rules.record import record

Kind = Literal[
    "MESSAGE_REMOVED",
    "MESSAGE_EDITED",
    "MEMBER_REMOVED",
    "MEMBER_LEFT",
    "MEMBER_BANNED",
    "MEMBER_UNBANNED",
    "MEMBER_MUTED",
    "MEMBER_ADDED",
    "MEMBER_JOINED",
    "INVITATION_ENDED",
    "ROLE_CHANGED",
    "ROOM_UPDATED",
    "ROOM_DELETED",
    "BLOCKED",
    "PERSON_ERASED",
]
MESSAGES: tuple[Kind, ...] = ("MESSAGE_REMOVED", "MESSAGE_EDITED")
GONE: tuple[Kind, ...] = (
    "MEMBER_REMOVED",
    "MEMBER_LEFT",
    "MEMBER_BANNED",
    "MEMBER_UNBANNED",
    "INVITATION_ENDED",
)
CAME: tuple[Kind, ...] = ("MEMBER_ADDED", "MEMBER_JOINED")
"""These give something; they are written down because they end what was taken back before."""
OF_MEMBERS: tuple[Kind, ...] = (*GONE, *CAME, "MEMBER_MUTED", "ROLE_CHANGED")


@record(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """One thing that was taken back, `by` somebody or a service. `at` is in ms; `rev` is the room's revision that did it.

    `user_id`: whom it is about, of `BLOCKED` who blocks `other`. `key`: a message's sort key. `role`, `until` (ms, 0 for
    a mute that was ended) and `seq` (the room's newest message then) are a member's; `retention_days`, `private` and
    `joining` a room's rules after an update.
    """

    kind: Kind
    at: int
    room_id: str | None = None
    rev: int = 0
    by: str | None = None
    user_id: str | None = None
    other: str | None = None
    key: str | None = None
    role: str | None = None
    until: int | None = None
    seq: int = 0
    retention_days: int = 0
    private: bool = False
    joining: bool = False

    def to_json(self) -> str:
        """A line in ASCII, without what is as it mostly is."""
        values = {each.name: getattr(self, each.name) for each in fields(TakenBack)}
        kept = {name: value for name, value in values.items() if value not in (None, False) and value != 0}
        kept["at"] = self.at
        if self.until is not None:
            kept["until"] = self.until
        return json.dumps(kept, separators=(",", ":"))

    @classmethod
    def parse(cls, line: str) -> "TakenBack":
        """Raises `ValueError` and `TypeError` for a line that is none. Names that a later version added are left out."""
        found = json.loads(line)
        if not isinstance(found, dict):
            raise TypeError("no object")
        names = {each.name for each in fields(TakenBack)}
        return cls(**{name: value for name, value in found.items() if name in names})
