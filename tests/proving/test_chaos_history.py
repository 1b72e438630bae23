"""The judge of histories: a right one has no violation, and each thing that is wrong is named by its line."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proving.chaos.history import LINES, Away, End, Heard, History, Read, Sent, Stored, judge

ROOM, OWNER, MEMBER, COMER = "room", "ann", "ben", "cleo"
seeds = st.integers(0, 2**32)


def right(seed: int) -> History:
    """One that a sound chat gives: one order, sends that overlap, some without an answer, and somebody who is away."""
    chance, now, history = random.Random(seed), 0, History()  # noqa: S311  repeatable on purpose
    whole: list[Stored] = []
    away = Away(COMER, ROOM, since=40, until=100)
    history.away.append(away)
    for number in range(20):
        now = 10 * number + chance.randrange(3)
        sent = Sent(chance.choice([OWNER, MEMBER]), ROOM, f"text {number}", now, now + chance.randint(1, 25))
        if chance.random() < 0.2:
            sent.ended = sent.id = None
        else:
            sent.id = f"id {number}"
        history.sent.append(sent)
        if sent.id or chance.random() < 0.5:
            whole.append(Stored(f"id {number}", sent.text, sent.person))
            at = now + chance.randint(1, 30)
            history.heard += [Heard(MEMBER, ROOM, f"id {number}", sent.text, at)] * chance.randint(0, 2)
            if not away.holds(now, at):
                history.heard.append(Heard(COMER, ROOM, f"id {number}", sent.text, at))
    history.read += [Read(COMER, ROOM, 45, 46, None), Read(COMER, ROOM, 120, 121, ("text 0",))]
    history.sent.append(Sent(COMER, ROOM, "let me in", 50, 51, refusal="NotAMember"))
    ids = [each.id for each in whole]
    end = End(whole, {MEMBER: ids}, {MEMBER: list(ids), COMER: list(ids)}, {OWNER: ids}, [(MEMBER, 3, 3)])
    history.ends[ROOM] = end
    return history


@given(seeds)
def test_a_right_history_has_no_violation(seed: int) -> None:
    assert judge(right(seed)) == []


def acknowledged(history: History) -> list[Sent]:
    return [each for each in history.sent if each.id]


def lose(history: History) -> None:
    end, lost = history.ends[ROOM], acknowledged(history)[0]
    whole = [each for each in end.whole if each.id != lost.id]
    ids = [each.id for each in whole]
    history.ends[ROOM] = End(whole, {MEMBER: ids})


def store_twice(history: History) -> None:
    first = history.ends[ROOM].whole[0]
    whole = [*history.ends[ROOM].whole, Stored("another id", first.text, first.sender)]
    history.ends[ROOM] = End(whole)


def turn_around(history: History) -> None:
    history.ends[ROOM] = End(history.ends[ROOM].whole[::-1])


def invent(history: History) -> None:
    history.ends[ROOM] = End([*history.ends[ROOM].whole, Stored("x", "nobody said so", OWNER)])


def take_the_name(history: History) -> None:
    whole = list(history.ends[ROOM].whole)
    whole[0] = Stored(whole[0].id, whole[0].text, COMER)
    history.ends[ROOM] = End(whole)


def skip_in(name: str) -> Callable[[History], None]:
    def skip(history: History) -> None:
        seen = getattr(history.ends[ROOM], name)
        seen.update({who: list(ids)[:-1] for who, ids in seen.items()})

    return skip


WRONG: list[tuple[str, Callable[[History], object]]] = [
    ("chaos.answered", lambda h: h.unanswered.append("a call was not answered")),
    ("chaos.lost", lose),
    ("chaos.twice", store_twice),
    ("chaos.order", turn_around),
    ("chaos.altered", invent),
    ("chaos.altered", take_the_name),
    ("chaos.pages", skip_in("pages")),
    ("chaos.catch-up", skip_in("caught_up")),
    ("chaos.changes", skip_in("changes")),
    ("chaos.live", lambda h: h.heard.append(Heard(MEMBER, ROOM, acknowledged(h)[0].id or "", None, 999))),
    ("chaos.leaked", lambda h: h.read.append(Read(COMER, ROOM, 50, 60, ("text 0",)))),
    (
        "chaos.leaked",
        lambda h: h.heard.append(
            Heard(COMER, ROOM, "x", next(each.text for each in h.sent if 40 < each.begun < 90), 99)
        ),
    ),
    ("chaos.unread", lambda h: h.ends[ROOM].unread.append((MEMBER, 1, 2))),
    (
        "chaos.removed",
        lambda h: h.ends.update({ROOM: End([*h.ends[ROOM].whole, Stored("x", "let me in", COMER)])}),
    ),
]


@pytest.mark.parametrize(("line", "change"), WRONG, ids=[f"{n}-{line}" for n, (line, _) in enumerate(WRONG)])
@given(seed=seeds)
def test_what_is_wrong_is_named_by_its_line(
    seed: int, line: str, change: Callable[[History], object]
) -> None:
    history = right(seed)
    change(history)
    assert line in {each.line for each in judge(history)}


def test_every_line_has_its_wrong_history() -> None:
    assert {line for line, _ in WRONG} == LINES.keys()


def test_what_is_uncertain_is_no_violation() -> None:
    """A send without an answer may be stored or not; what was sent before a removal was answered may be heard after it."""
    history = right(1)
    history.sent.append(Sent(OWNER, ROOM, "perhaps", 35, None))
    history.heard.append(Heard(COMER, ROOM, "y", "perhaps", 60))
    history.sent.append(Sent(COMER, ROOM, "just before", 39, 60))
    history.ends[ROOM] = End([*history.ends[ROOM].whole, Stored("y", "perhaps", OWNER)])
    assert judge(history) == []
