"""What happens to requests for people's data and to legal holds, for programs: the events `chat.privacy.*`.

They are of no room and no subscriber hears of them. Each is read from the item that it is about:
`chat/storage/privacy_event_items.py`.
"""

from typing import Any, Literal

from chat.rules.data_requests import RequestKind
from chat.rules.instants import to_wire
from chat.rules.record import record

PrivacyEventKind = Literal[
    "chat.privacy.requested",
    "chat.privacy.withdrawn",
    "chat.privacy.begun",
    "chat.privacy.done",
    "chat.privacy.refused",
    "chat.privacy.held",
    "chat.privacy.released",
]


@record(frozen=True, slots=True, kw_only=True)
class PrivacyEvent:
    """One change of a request or of a legal hold.

    `ts` and `due_at` are in ms. Of a request: `request_id`, `request_kind`, `requested_by` (`SELF`, `OPERATOR` or a keyed
    pseudonym), and of one that is waiting `due_at`. Of a hold: `hold_id`. `user_id` is whose data it is about; of an
    erasure that is done it is `None`, and `person` is their keyed pseudonym in its place. `room_id`: of a hold of a room.
    `reason` is the word of a refusal.
    """

    id: str
    kind: PrivacyEventKind
    ts: int
    request_id: str | None = None
    request_kind: RequestKind | None = None
    requested_by: str | None = None
    due_at: int | None = None
    hold_id: str | None = None
    user_id: str | None = None
    person: str | None = None
    room_id: str | None = None
    reason: str | None = None

    @property
    def group(self) -> str:
        """What a queue keeps together and in order: all of one request, all of one hold."""
        return f"privacy#{self.request_id or self.hold_id}"

    def to_wire(self) -> dict[str, Any]:
        """The JSON of the contract, version 1."""
        return {
            "version": 1,
            "id": self.id,
            "kind": self.kind,
            "ts": to_wire(self.ts),
            "requestId": self.request_id,
            "requestKind": self.request_kind,
            "requestedBy": self.requested_by,
            "dueAt": None if self.due_at is None else to_wire(self.due_at),
            "holdId": self.hold_id,
            "userId": self.user_id,
            "person": self.person,
            "roomId": self.room_id,
            "reason": self.reason,
        }
