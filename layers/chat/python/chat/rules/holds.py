"""Legal holds: what must not go while one stands, whoever asks for it.

A hold covers a room or a person. It stops the end of what it covers: erasure, the end of a room, what TTL deletes, and
the loss of a text that is edited or removed. Nobody reads more for it: what has expired or was removed stays gone for
readers.
"""

from typing import Literal

from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.instants import from_wire, to_wire
from chat.rules.models import Caller, Stored
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.text import clean_line

HoldState = Literal["PENDING", "ACTIVE", "LIFTING", "LIFTED"]
STANDING: tuple[HoldState, ...] = ("PENDING", "ACTIVE")
"""The states in which a hold covers something."""

PRIVACY = "privacy"
"""The role of the token that sets and lifts holds, beside `admin`."""

LONGEST_REASON = 500
MOST_HOLDS = 1_000
"""How many holds a deployment may have at once: all are read where one may stand in the way."""


@record(frozen=True, slots=True, kw_only=True)
class Hold(Stored):
    """A hold of a room (`room_id`) or a person (`user_id`). Instants are in ms. `moved` counts the items whose end it
    has stopped so far, or given back while it is lifted, `through` is the part of the work that goes on. It ends by itself at
    `ends_at`, where it has one; then nobody is `lifted_by`."""

    id: str
    reason: str
    author: str
    created_at: int
    state: HoldState = "PENDING"
    room_id: str | None = None
    user_id: str | None = None
    ends_at: int | None = None
    active_at: int | None = None
    lifted_at: int | None = None
    lifted_by: str | None = None
    moved: int = 0
    through: str | None = None

    @property
    def is_standing(self) -> bool:
        return self.state in STANDING

    def to_wire(self) -> dict[str, str | int | None]:
        """The schema's `LegalHold`."""
        return {
            "id": self.id,
            "roomId": self.room_id,
            "userId": self.user_id,
            "reason": self.reason,
            "author": self.author,
            "createdAt": to_wire(self.created_at),
            "endsAt": to_wire(self.ends_at) if self.ends_at else None,
            "state": self.state,
            "activeAt": to_wire(self.active_at) if self.active_at else None,
            "liftedAt": to_wire(self.lifted_at) if self.lifted_at else None,
            "liftedBy": self.lifted_by,
            "moved": self.moved,
            "through": self.through,
        }


@record(frozen=True, slots=True)
class Holds:
    """All holds of a deployment at one revision, `rev`, which moves with each that is set or lifted."""

    rev: int
    every: tuple[Hold, ...]

    @property
    def standing(self) -> list[Hold]:
        return [hold for hold in self.every if hold.is_standing]

    @property
    def people(self) -> frozenset[str]:
        return frozenset(hold.user_id for hold in self.standing if hold.user_id is not None)

    @property
    def rooms(self) -> frozenset[str]:
        """The ids of the rooms."""
        return frozenset(hold.room_id for hold in self.standing if hold.room_id is not None)

    def covers(self, room: Room, user_id: str | None) -> bool:
        """Whether what this person wrote in the room is held."""
        return room.id in self.rooms or user_id in self.people


def check_held(holds: Holds, *, user_id: str | None = None, room: Room | None = None) -> None:
    """Whether what is a person's or a room's may go. Raises `NotAllowed` (`legalHold`)."""
    if (user_id is not None and user_id in holds.people) or (room is not None and room.id in holds.rooms):
        raise held()


def held() -> NotAllowed:
    """The refusal of whatever a hold stops."""
    return NotAllowed("privacy.legalHold", reason="legalHold")


def may_hold(caller: Caller) -> None:
    """Whether the caller may set, lift and list holds. Raises `NotAllowed`."""
    if caller.roles.isdisjoint(("admin", PRIVACY)):
        raise NotAllowed("privacy.role", reason="role")


def check_reason(value: object) -> str:
    """Why a hold is set, as one line. Raises `InvalidInput`."""
    if reason := clean_line(value, LONGEST_REASON):
        return reason
    raise InvalidInput("privacy.reason", argument="reason", max=LONGEST_REASON)


def check_end(value: object, now: int) -> int | None:
    """The first millisecond at which a hold covers nothing any more, `None` for one that only a person ends. `now` is in ms.
    Raises `InvalidInput`, also for an instant that has passed."""
    if value is None:
        return None
    try:
        floor, exact = from_wire(value)
    except ValueError:
        raise InvalidInput("history.instant", argument="endsAt") from None
    if floor <= now:
        raise InvalidInput("privacy.endsAt", argument="endsAt")
    return floor + (not exact)
