"""The report of a run: for machines as JSON, for people as lines. Keys and numbers, never a text."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from chat.rules.instants import to_wire
from migration.plan import Skipped

Outcome = Literal[
    "adopted",
    "wouldAdopt",
    "alreadyAdopted",
    "membersOnly",
    "reverted",
    "wouldRevert",
    "refused",
    "failed",
]

REASONS = {
    "key": "its key names no instant that can be read, or is longer than 256 characters or not ASCII",
    "id": "it has no id",
    "sender": "it has no senderId",
    "text": "its text is no string",
    "type": "its type is not Message",
    "late": "it was written after its room was adopted",
    "partition": "messages lie in a partition that is no room's",
}


@dataclass(slots=True)
class RoomReport:
    """What became of a room. Numbers are `None` where an earlier run knew them and this one cannot."""

    room: str
    outcome: Outcome = "failed"
    why: str | None = None
    messages: int | None = None
    first: str | None = None
    last: str | None = None
    rewritten_keys: int | None = None
    moved: int | None = None
    without_offset: int | None = None
    contradictory: int | None = None
    past_retention: int | None = None
    not_returned: int | None = None
    without_files: int | None = None
    removed: int = 0
    members_added: int = 0
    members_kept: int = 0
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return self.outcome not in ("refused", "failed")


@dataclass(slots=True)
class Report:
    """What became of each room; `foreign` are partitions with messages that are no rooms. Times in ms."""

    dry_run: bool
    started_at: int
    ended_at: int = 0
    rooms: list[RoomReport] = field(default_factory=list)
    foreign: list[Skipped] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "dryRun": self.dry_run,
            "startedAt": to_wire(self.started_at),
            "endedAt": to_wire(self.ended_at),
            "rooms": [_camel(asdict(room)) for room in self.rooms],
            "foreign": [_camel(asdict(each)) for each in self.foreign],
            "totals": {
                "outcomes": Counter(room.outcome for room in self.rooms),
                "messages": sum(room.messages or 0 for room in self.rooms),
                "skipped": sum(len(room.skipped) for room in self.rooms) + len(self.foreign),
            },
        }

    def to_lines(self) -> Iterator[str]:
        """A table of the rooms, then each skipped item, then what the reasons mean."""
        row = "{:24} {:14} {:>9} {:>9} {:>6} {:>8} {:>8}"
        yield row.format("room", "outcome", "messages", "new keys", "moved", "skipped", "members")
        for room in self.rooms:
            yield row.format(
                room.room,
                room.outcome,
                _shown(room.messages),
                _shown(room.rewritten_keys),
                _shown(room.moved),
                len(room.skipped),
                f"+{room.members_added}",
            )
            if room.why:
                yield f"    {room.why}"
            yield from _oddities(room)
        skipped = [*self.foreign, *(each for room in self.rooms for each in room.skipped)]
        yield from (
            f"left as it is ({each.reason}): {each.partition_key} {each.sort_key}" for each in skipped
        )
        yield from (f"{reason}: {REASONS[reason]}" for reason in sorted({each.reason for each in skipped}))
        if self.dry_run:
            yield "A dry run: nothing was written."


def _oddities(room: RoomReport) -> Iterator[str]:
    if room.without_offset:
        yield f"    {room.without_offset} keys name no offset and were taken for UTC"
    if room.contradictory:
        yield f"    {room.contradictory} messages have a ts that contradicts their key; the key decides"
    if room.past_retention:
        yield f"    {room.past_retention} messages are past the retention"
    if room.not_returned:
        yield f"    {room.not_returned} messages were removed or have expired, and do not come back"
    if room.without_files:
        yield f"    {room.without_files} messages come back without their files"


def _shown(number: int | None) -> str:
    return "" if number is None else f"{number:,}".replace(",", " ")


def _camel(value: Any) -> Any:
    """The same with names as on the wire."""
    if isinstance(value, dict):
        return {name[0] + name.title().replace("_", "")[1:]: _camel(each) for name, each in value.items()}
    return [_camel(each) for each in value] if isinstance(value, list) else value
