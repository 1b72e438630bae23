"""Whoever is sent away hears nothing that came after, whatever they kept open; whoever stays misses nothing.

Over many orders in which sends, edits, partings and subscriptions may interleave, on the simulator, under every reading of
what is not known of AppSync. A failure shows its seed, which SEED= repeats; PROVE=1 looks at many more.
"""

import asyncio
import os
import secrets
from dataclasses import astuple
from random import Random
from typing import Any

import pytest

from chat.rules.models import Role
from simulator.readings import Readings, every_reading
from tests.guarantees.catch_up import follower_events as words
from tests.guarantees.catch_up.client_run import Life
from tests.guarantees.catch_up.room_script import fetch
from tests.guarantees.revocation.interleaving import PARTINGS, Crowd, Deed, crowd
from tests.guarantees.support.backend import Denied
from tests.guarantees.support.scheduler import Commit

SEEDS = 40 if os.environ.get("PROVE") else 2
DEEDS = 18
PEOPLE: dict[str, Role] = {
    "own": "owner",
    "mod": "moderator",
    **dict.fromkeys(["sue", "tom", "vic", "wes", "lis"], "member"),
}
MAY_GO = ["sue", "tom", "vic", "wes"]
ACTS = {
    "send": 40,
    "edit": 12,
    "erase": 6,
    "removeMember": 10,
    "leaveRoom": 7,
    "banMember": 5,
    "addMember": 9,
    "joinRoom": 6,
    "unbanMember": 3,
    "muteMember": 4,
    "setRole": 4,
}


def deed_of(act: str, dice: Random, number: int, known: list[words.Message]) -> tuple[Deed, dict[str, Any]]:
    """What `act` comes to, with its arguments. Many will be refused: by then the person may have gone."""
    call, whom = f"c{number}", dice.choice(MAY_GO)
    keeper = dice.choice(["own", "own", "mod"])
    message = dice.choice(known) if known else None
    if act in ("edit", "erase") and message:
        user = message["senderId"] if act == "edit" or dice.random() < 0.5 else keeper
        text = {"text": f"edit {call}"} if act == "edit" else {}
        verb = "editMessage" if act == "edit" else "removeMessage"
        return Deed(call, verb, user, user), {"id": message["id"], **text}
    if act in ("send", "edit", "erase"):
        user = dice.choice([*MAY_GO, "own", "mod", "lis"])
        return Deed(call, "sendMessage", user, user), {"text": f"text {call}", "clientMessageId": call}
    if act in ("leaveRoom", "joinRoom"):
        return Deed(call, act, whom, whom), {}
    until = dice.choice([None, "2027-01-15T08:00:30.000Z"])
    more: dict[str, Any] = {"until": until} if act == "muteMember" else {}
    more |= {"role": dice.choice(["MODERATOR", "MEMBER"])} if act == "setRole" else {}
    return Deed(call, act, keeper, whom), {"userId": whom, **more}


async def happen(room: Crowd, dice: Random, lives: list[Life]) -> None:
    """Deeds begin, are let on step by step, and end, in any order; beside them people subscribe, and clients live."""
    acts = dice.choices(list(ACTS), list(ACTS.values()), k=DEEDS)
    while acts or room.gate.waiting:
        can = (
            ["live"]
            + ["go on"] * (3 * bool(room.gate.waiting))
            + ["begin", "listen"] * bool(acts and room.idle)
        )
        step = dice.choice(can)
        if step == "go on":
            await room.gate.let_one_through()
        elif step == "begin":
            known = [deed.answer for deed in room.deeds if deed.answer and deed.verb == "sendMessage"]
            deed, arguments = deed_of(acts.pop(), dice, len(room.deeds), known)
            await room.begin(deed, **arguments)
        elif step == "listen":
            epoch = room.heads()[-1].epoch + dice.choice([-1, 0, 0, 0, 1])
            await room.begin_to_listen(dice.choice([*MAY_GO, "mod"]), epoch)
        elif lives:
            await dice.choice(lives).go_on()
    await asyncio.gather(*room.tasks)


def is_in(room: Crowd, user: str, after: int) -> bool:
    """Whether somebody was in the room after so many commits."""
    inside = True
    deeds = {deed.call: deed for deed in room.deeds}
    for commit in room.commits[:after]:
        deed = deeds[commit.call]
        if deed.whom == user and deed.verb in PARTINGS:
            inside = False
        elif deed.whom == user and deed.verb in ("addMember", "joinRoom"):
            inside = True
    return inside


def committed(room: Crowd, frame: words.Message) -> int | None:
    """After how many commits what a frame tells was there; None for a notice of something that changed nothing."""
    if "notice" in frame:
        (deed,) = [each for each in room.deeds if each.answer and each.answer["id"] == frame["id"]]
        orders = [each.order + 1 for each in room.commits if each.call == deed.call]
        return orders[0] if orders else None
    reached = [
        each.order + 1
        for each in room.commits
        if (each.head.rev >= frame["rev"] if frame["rev"] else each.head.seq >= frame["seq"])
    ]
    return reached[0]


def partings(room: Crowd) -> list[tuple[Commit, words.Head]]:
    """Each commit that ended an epoch, with the head before it."""
    heads = room.heads()
    return [
        (commit, heads[commit.order])
        for commit in room.commits
        if commit.head.epoch > heads[commit.order].epoch
    ]


def check_epochs(room: Crowd) -> None:
    """Nothing that was committed after a parting is published under the epoch that it ended."""
    for commit, before in partings(room):
        for ear in room.ears:
            for frame in ear.heard if ear.epoch == before.epoch else ():
                at = committed(room, frame)
                assert at is None or at <= commit.order + 1, (ear.user, frame)
                if "notice" not in frame:
                    assert frame["seq"] <= commit.head.seq
                    assert (frame["rev"] or 0) <= commit.head.rev


def check_people(room: Crowd) -> None:
    """No subscription hears what was committed while its person was not in the room any more, but for their going itself; and
    none is accepted then, or under an epoch that is over when the head is looked at."""
    heads = room.heads()
    for ear in room.ears:
        assert is_in(room, ear.user, ear.judged), (ear.user, ear.judged)
        assert ear.epoch == heads[ear.saw_head].epoch
        for frame in ear.heard:
            at = committed(room, frame)
            goes = "notice" in frame and frame["notice"]["userId"] == ear.user
            assert at is None or at <= ear.judged or goes or is_in(room, ear.user, at), (ear.user, frame)


def check_notices(room: Crowd) -> None:
    """Each parting is told in the epoch that it ended, with the next one, to everybody who listened under it."""
    ended = {commit.call: before for commit, before in partings(room)}
    for deed in room.deeds:
        if deed.verb not in PARTINGS or deed.answer is None or deed.answer["notice"]["nextEpoch"] is None:
            continue
        notice = deed.answer["notice"]
        assert notice["nextEpoch"] == deed.answer["epoch"] + 1
        if deed.call in ended:
            assert deed.answer["epoch"] == ended[deed.call].epoch
        for ear in deed.due:
            assert any("notice" in frame and frame["notice"] == notice for frame in ear.heard)
    gone = [deed for deed in room.deeds if deed.call in ended]
    assert all(deed.verb in PARTINGS for deed in gone)
    assert {deed.call for deed in room.deeds if deed.verb in PARTINGS} >= set(ended)


async def check_refusals(room: Crowd) -> None:
    """Whoever is not in the room in the end cannot subscribe, under whatever epoch."""
    for user in MAY_GO:
        if not is_in(room, user, len(room.commits)):
            for epoch in (None, *range(room.heads()[-1].epoch + 2)):
                with pytest.raises(Denied, match="NotRoomMember"):
                    await room.backend.judge(user, room.room_id, epoch)


async def check_clients(room: Crowd, lives: list[Life]) -> None:
    """A client of somebody who is in the room has everything, whatever it missed; another shows nothing of afterwards."""
    found, head = await fetch(room.backend, room.room_id, "own")
    assert [*found] == [*range(1, head.seq + 1)]
    for life in lives:
        user = life.client.user
        inside = is_in(room, user, len(room.commits))
        await life.settle(is_in=inside)
        went = [commit.head for commit in room.commits if is_in(room, user, commit.order)]
        life.check(found, None if inside else went[-1])


async def prove(client: Any, seed: str, readings: Readings) -> Crowd:
    with crowd(client, seed, PEOPLE, readings) as room:
        dice = Random(f"{seed}/order")  # noqa: S311  repeatable
        lives = [
            Life.begin(room.backend, room.room_id, user, Random(f"{seed}/{user}"))  # noqa: S311  repeatable
            for user in ("lis", "sue")
        ]
        await happen(room, dice, lives)
        check_epochs(room)
        check_people(room)
        check_notices(room)
        await check_refusals(room)
        await check_clients(room, lives)
        return room


@pytest.mark.timeout(900)
@pytest.mark.parametrize("readings", every_reading(), ids=lambda readings: f"{astuple(readings)}")
async def test_who_is_sent_away_hears_nothing_more_and_who_stays_misses_nothing(
    client: Any, readings: Readings
) -> None:
    base = os.environ.get("SEED") or secrets.token_hex(4)
    ended = heard = 0
    for number in range(SEEDS):
        seed = f"{base}/{number}"
        print(f"seed {seed}")
        room = await prove(client, seed, readings)
        ended += len(partings(room))
        heard += sum(len(ear.heard) for ear in room.ears)
    print(f"{SEEDS} orders, {ended} epochs ended, {heard} events heard")
    assert ended
    assert heard
