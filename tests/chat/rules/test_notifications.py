"""Whether somebody is notified of a message: any one reason is enough against it, and none is invented."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from chat.rules.models import Head, Member, Message, Receipts
from chat.rules.notifications import LEVELS, Level, Recipient, WhyNot, setting_to_wire
from chat.rules.rooms import Room

NOW = 1_800_000_000_000
HEAD = Head(rev=40, seq=20, ts=NOW - 60_000, epoch=1)
MESSAGE = Message(
    id="m", room_id="r", room_type="general", sender_id="ben", text="hi", ts=NOW - 60_000, seq=15, epoch=1
)
TOLD = Recipient("ann", HEAD, is_small=True, member=Member(joined_seq=3), receipts=Receipts(last_read_seq=9))
TO_ANN = replace(MESSAGE, mentions=json.dumps(["kim", "ann"]))
TO_ALL = replace(MESSAGE, mentions_all=1)

ByFact = Callable[[Recipient, Message], tuple[Recipient, Message | None]]
AGAINST: Mapping[str, tuple[WhyNot, ByFact]] = {
    "no room": ("room", lambda who, said: (replace(who, head=None), said)),
    "ended": ("room", lambda who, said: (replace(who, head=replace(HEAD, ended_at=NOW)), said)),
    "never in": ("membership", lambda who, said: (replace(who, member=None), said)),
    "left": ("membership", lambda who, said: (replace(who, member=Member(status="left")), said)),
    "banned": ("membership", lambda who, said: (replace(who, member=Member(status="banned")), said)),
    "invited": ("membership", lambda who, said: (replace(who, member=Member(status="invited")), said)),
    "muted": ("muted", lambda who, said: (_with(who, notify_muted_until=NOW + 1), said)),
    "online": ("present", lambda who, said: (replace(who, is_present=True), said)),
    "gone": ("gone", lambda who, _: (who, None)),
    "removed": ("gone", lambda who, said: (who, replace(said, removed_at=NOW))),
    "from before numbers": ("gone", lambda who, said: (who, replace(said, seq=None))),
    "own": ("own", lambda who, said: (who, replace(said, sender_id="ann"))),
    "read": ("read", lambda who, said: (_with(who, last_read_seq=15), said)),
    "written after": ("read", lambda who, said: (replace(who, member=Member(last_sent_seq=16)), said)),
    "joined after": ("read", lambda who, said: (replace(who, member=Member(joined_seq=15)), said)),
    "told": ("told", lambda who, said: (replace(who, told_seq=15), said)),
    "nothing wanted": ("level", lambda who, said: (_with(who, notify_level="none"), said)),
}
ORDER: tuple[WhyNot, ...] = (
    "room", "membership", "muted", "present", "gone", "own", "read", "told", "level",
)  # fmt: skip


def _with(who: Recipient, **changes: Any) -> Recipient:
    return replace(who, receipts=replace(who.receipts, **changes))


@pytest.mark.parametrize("name", AGAINST)
@pytest.mark.parametrize("said", [MESSAGE, TO_ANN, TO_ALL], ids=["to nobody", "to ann", "to all"])
def test_any_one_reason_is_enough(name: str, said: Message) -> None:
    assert TOLD.why_not(said, NOW) is None
    reason, fact = AGAINST[name]
    who, message = fact(TOLD, said)
    assert who.why_not(message, NOW) == reason


@pytest.mark.parametrize(
    ("level", "is_small", "wanted"),
    [
        (None, True, "all"), (None, False, "ann"),
        ("all", True, "all"), ("all", False, "ann"),
        ("mentions", True, "both"), ("mentions", False, "ann"),
        ("none", True, ""), ("none", False, ""),
    ],
)  # fmt: skip
def test_what_each_level_takes(level: Level | None, *, is_small: bool, wanted: str) -> None:
    who = replace(_with(TOLD, notify_level=level), is_small=is_small)
    takes = {name: who.why_not(said, NOW) is None for name, said in
             {"nobody": MESSAGE, "ann": TO_ANN, "everybody": TO_ALL}.items()}  # fmt: skip
    assert takes == {
        "nobody": wanted == "all",
        "ann": wanted in ("all", "both", "ann"),
        "everybody": wanted in ("all", "both"),
    }


def test_a_mute_ends_at_its_instant() -> None:
    who = _with(TOLD, notify_muted_until=NOW)
    assert [who.why_not(MESSAGE, NOW + each) for each in (-1, 0)] == ["muted", None]
    shown = [setting_to_wire(Room.parse("r"), who.receipts, NOW + each)["mutedUntil"] for each in (-1, 0)]
    assert shown == ["2027-01-15T08:00:00.000Z", None]


@pytest.mark.parametrize("run", range(5))
def test_of_any_facts_the_first_against_it_is_told_and_without_one_it_is_due(run: int) -> None:
    """For 2,000 choices of facts at once, in any order."""
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    chance = Random(seed)  # noqa: S311  repeatable
    for _ in range(2_000):
        said = chance.choice([MESSAGE, TO_ANN, TO_ALL])
        level = chance.choice([None, *LEVELS])
        who = replace(_with(TOLD, notify_level=level), is_small=chance.random() < 0.5)
        fits = level != "none" and (
            said is TO_ANN or (who.is_small and (level != "mentions" or said is TO_ALL))
        )
        chosen = chance.sample(sorted(AGAINST), chance.choice([0, 0, 1, 2, 3]))
        expected: list[WhyNot] = [] if fits else ["level"]
        message: Message | None = said
        for name in chosen:
            reason, fact = AGAINST[name]
            if message is None:
                break
            who, message = fact(who, message)
            expected.append(reason)
        expected += _undone(who, message)
        expected = [each for each in expected if each not in _done_away(who, message)]
        assert who.why_not(message, NOW) == min(expected, key=ORDER.index, default=None), (chosen, level)


def _undone(who: Recipient, message: Message | None) -> list[WhyNot]:
    """Reasons that follow from facts together."""
    return ["gone"] if message is None else []


def _done_away(who: Recipient, message: Message | None) -> set[WhyNot]:
    """Reasons that a later fact has replaced: there is one membership only."""
    gone = set[WhyNot]()
    if who.head is not None and not who.head.ended_at:
        gone.add("room")
    if who.member is not None and who.member.status == "active":
        gone.add("membership")
    if message is not None and message.seq is not None and who.read_up_to < message.seq:
        gone.add("read")
    return gone
