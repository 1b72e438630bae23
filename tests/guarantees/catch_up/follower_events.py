"""The events and actions of a client of one room (follower.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Message: TypeAlias = Mapping[str, Any]
"""The schema's `Message`, as it is on the wire; `seq` is a number, since only numbered rooms are followed."""


@dataclass(frozen=True, slots=True)
class Head:
    """The schema's `RoomHead`."""

    seq: int
    ts: str | None
    epoch: int
    rev: int


# Events


@dataclass(frozen=True, slots=True)
class Accepted:
    """The subscription was accepted (`start_ack`)."""

    number: int


@dataclass(frozen=True, slots=True)
class Stale:
    """The subscription was refused as `StaleEpoch`."""

    number: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was refused as `NotRoomMember`."""

    number: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A request ended otherwise, or was not answered in time."""

    number: int


@dataclass(frozen=True, slots=True)
class Received:
    """A data frame of the subscription, this one's or an earlier one's."""

    message: Message


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The socket was closed."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer of `messages` or `changes`."""

    number: int
    items: Sequence[Message]
    next_token: str | None
    head: Head
    reset: bool = False


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """The answer to `Compare`."""

    number: int
    head: Head


Event: TypeAlias = Accepted | Stale | Refused | Failed | Received | Disconnected | Page | HeadAnswer


# Actions


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`onMessage` under `epoch`."""

    number: int
    epoch: int


@dataclass(frozen=True, slots=True)
class ReadMessages:
    """`messages`, oldest first."""

    number: int
    token: str | None


@dataclass(frozen=True, slots=True)
class ReadChanges:
    """`changes`."""

    number: int
    since: int
    after: str | None
    token: str | None


@dataclass(frozen=True, slots=True)
class Compare:
    """Ask for the room's head: `heartbeat`, `room`, or `messages` with a limit of one."""

    number: int


@dataclass(frozen=True, slots=True)
class Show:
    """New messages, to be added at the end."""

    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Change:
    """A message that is shown was edited or removed: this is how it is now."""

    message: Message


@dataclass(frozen=True, slots=True)
class Forget:
    """Too much was missed: clear the view."""


@dataclass(frozen=True, slots=True)
class Notify:
    """A notice of a change of the room or its members. Notices are not
    stored: a lost one is not sent again."""

    notice: Message


@dataclass(frozen=True, slots=True)
class Stop:
    """The caller is no member of the room any more."""


Action: TypeAlias = Subscribe | ReadMessages | ReadChanges | Compare | Show | Change | Forget | Notify | Stop


@dataclass(slots=True)
class Counts:
    """What came how. `live`, `repaired` and `loaded` are messages shown: by a frame, by a read after
    something was missed, and by the first read. `live_changes` and `repaired_changes`: edits and removals,
    alike. `duplicates` were dropped."""

    live: int = 0
    repaired: int = 0
    loaded: int = 0
    live_changes: int = 0
    repaired_changes: int = 0
    duplicates: int = 0
    gaps: int = 0
    reconnects: int = 0
    resets: int = 0
    epochs: int = 0
