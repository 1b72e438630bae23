"""What people did and saw, and what is wrong with it. No I/O.

As Jepsen checks histories (https://github.com/jepsen-io/jepsen): an operation has an instant when it began and one when it
was answered, an operation without an answer may have happened or not, and only what is certain is a violation. Instants
are numbers that rise with each event of the run; texts are never the same twice, so a text names its send.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

LINES: Mapping[str, tuple[str, str]] = {
    "chaos.answered": ("Whoever repeats a call is answered, and no member is refused.", ""),
    "chaos.lost": ("What was acknowledged is stored.", ""),
    "chaos.twice": ("What was sent once is stored once, however often it was repeated on its way.", ""),
    "chaos.order": ("What was acknowledged before another was sent stands before it.", ""),
    "chaos.altered": ("What is stored is what somebody sent, under their name.", ""),
    "chaos.pages": ("Pages of any size, put together, are the whole, for everybody.", ""),
    "chaos.catch-up": ("Whoever reads on after what they have ends with the whole, in its order.", "after"),
    "chaos.changes": ("Whoever asks for the changes since they came gets every message.", "position changes"),
    "chaos.live": ("What is heard is what was sent.", "subscribe"),
    "chaos.leaked": (
        "Who is not in a room, or was removed, is told nothing of what is sent then.",
        "add_member remove_member",
    ),
    "chaos.removed": ("What somebody sends who is not in a room is not stored.", "add_member remove_member"),
    "chaos.unread": ("Unread is what came after the last that was read.", "unread mark_read add_member"),
}
"""Each line: what is promised, and the operations that it needs."""


@dataclass(eq=False, slots=True)
class Sent:
    """`ended`: when it was answered; `id`: where it was acknowledged; `refusal`: where it was refused. `is_partial`: the
    sender selected less than the whole, which a chat may refuse."""

    person: str
    room: str
    text: str
    begun: int
    ended: int | None = None
    id: str | None = None
    refusal: str | None = None
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A live message as it came: `text` is None where it has none."""

    person: str
    room: str
    id: str
    text: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Read:
    """`texts`: what was read, None where it was refused."""

    person: str
    room: str
    begun: int
    ended: int
    texts: tuple[str, ...] | None


@dataclass(eq=False, slots=True)
class Away:
    """When somebody was not in a room for certain: from when the removal was answered until they were to be added again."""

    person: str
    room: str
    since: int
    until: int | None = None

    def holds(self, begun: int, ended: int | None) -> bool:
        return self.since < begun and (self.until is None or (ended is not None and ended < self.until))


@dataclass(frozen=True, slots=True)
class Stored:
    id: str
    text: str | None
    sender: str | None


@dataclass(slots=True)
class End:
    """A room when nobody speaks any more. `whole`: read without faults; the others through faults, by who read it.
    `unread`: who, what was to be, what was."""

    whole: Sequence[Stored]
    pages: dict[str, Sequence[str]] = field(default_factory=dict)
    caught_up: dict[str, Sequence[str]] = field(default_factory=dict)
    changes: dict[str, Sequence[str]] = field(default_factory=dict)
    unread: list[tuple[str, int, int]] = field(default_factory=list)


@dataclass(slots=True)
class History:
    sent: list[Sent] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)
    ends: dict[str, End] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)

    def was_away(self, person: str, room: str, begun: int, ended: int | None) -> bool:
        """For certain, all the time from `begun` to `ended`."""
        return any(
            each.person == person and each.room == room and each.holds(begun, ended) for each in self.away
        )


@dataclass(frozen=True, slots=True)
class Violation:
    """`line`: of `LINES`."""

    line: str
    seen: str


def judge(history: History) -> list[Violation]:
    """What is certainly wrong."""
    found = [Violation("chaos.answered", each) for each in history.unanswered]
    for room, end in history.ends.items():
        sent = [each for each in history.sent if each.room == room]
        found += _stored(sent, end.whole)
        found += _order(sent, end.whole)
        found += _equal(room, end)
        found += _of_the_removed(history, sent, end.whole)
    found += _heard(history)
    found += _leaked(history)
    return found


def _stored(sent: Sequence[Sent], whole: Sequence[Stored]) -> Iterator[Violation]:
    texts, by_text = Counter(each.text for each in whole), {each.text: each for each in sent}
    ids = Counter(each.id for each in whole)
    for each in sent:
        if each.id is not None and not texts[each.text]:
            yield Violation("chaos.lost", f"{each.text!r} was acknowledged, and is not stored")
    for text, count in texts.items():
        if text in by_text and count > 1:
            yield Violation("chaos.twice", f"{text!r} is stored {count} times")
    for id_, count in ids.items():
        if count > 1:
            yield Violation("chaos.twice", f"the id {id_} is stored {count} times")
    for one in whole:
        said = by_text.get(one.text or "")
        if said is None:
            yield Violation("chaos.altered", f"{one.text!r} is stored, and nobody sent it")
        elif one.sender not in (None, said.person):
            yield Violation("chaos.altered", f"{one.text!r} of {said.person} is stored as {one.sender}'s")


def _order(sent: Sequence[Sent], whole: Sequence[Stored]) -> Iterator[Violation]:
    places = {each.text: place for place, each in enumerate(whole)}
    there = [each for each in sent if each.id is not None and each.text in places]
    for first in there:
        for second in there:
            if (
                first.ended is not None
                and first.ended < second.begun
                and places[first.text] > places[second.text]
            ):
                yield Violation(
                    "chaos.order",
                    f"{first.text!r} was acknowledged before {second.text!r} was sent, and stands after it",
                )


def _equal(room: str, end: End) -> Iterator[Violation]:
    whole = [each.id for each in end.whole]
    for line, seen in (("chaos.pages", end.pages), ("chaos.catch-up", end.caught_up)):
        for person, ids in seen.items():
            if list(ids) != whole:
                lacks = len(set(whole) - set(ids))
                yield Violation(
                    line,
                    f"{room}: {person} ends with {len(ids)} messages of {len(whole)}, {lacks} are missing"
                    + ("" if lacks or len(ids) != len(whole) else ", in another order"),
                )
    for person, ids in end.changes.items():
        if missing := set(whole[1:]) - set(ids):
            yield Violation("chaos.changes", f"{room}: {person} is not told of {len(missing)} messages")
    for person, expected, count in end.unread:
        if count != expected:
            yield Violation("chaos.unread", f"{room}: {count} are unread for {person}, not {expected}")


def _of_the_removed(history: History, sent: Sequence[Sent], whole: Sequence[Stored]) -> Iterator[Violation]:
    stored = {each.text for each in whole}
    for each in sent:
        away = history.was_away(each.person, each.room, each.begun, each.ended)
        if away and each.text in stored:
            yield Violation(
                "chaos.removed", f"{each.text!r} is stored, and {each.person} was not in the room"
            )


def _heard(history: History) -> Iterator[Violation]:
    by_id = {(each.room, each.id): each for each in history.sent if each.id is not None}
    stored = {(room, each.id): each.text for room, end in history.ends.items() for each in end.whole}
    for heard in history.heard:
        said = by_id.get((heard.room, heard.id))
        text = said.text if said else stored.get((heard.room, heard.id), heard.text)
        if heard.text != text:
            yield Violation("chaos.live", f"{heard.person} heard {heard.text!r} where {text!r} was sent")


def _leaked(history: History) -> Iterator[Violation]:
    begun = {(each.room, each.text): each.begun for each in history.sent}
    ids = {(each.room, each.id): each.begun for each in history.sent if each.id is not None}
    for heard in history.heard:
        since = begun.get((heard.room, heard.text or ""), ids.get((heard.room, heard.id)))
        if since is not None and history.was_away(heard.person, heard.room, since, heard.at):
            yield Violation(
                "chaos.leaked",
                f"{heard.person} heard {heard.text!r}, and was not in the room when it was sent",
            )
    for read in history.read:
        if read.texts is not None and history.was_away(read.person, read.room, read.begun, read.ended):
            yield Violation("chaos.leaked", f"{read.person} read {len(read.texts)} messages of {read.room}")
