"""Who loses access receives nothing that came after, whatever they kept
open; who stays a member misses nothing.

Over many interleavings of sends, edits, revocations and subscriptions, on the simulator, under every reading
of what is not known of AppSync. A failure shows its seed, which SEED= repeats; PROVE=1 looks at many more.
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
from tests.guarantees.catch_up import follower_events as events
from tests.guarantees.catch_up.client_run import ClientRun
from tests.guarantees.catch_up.room_script import fetch
from tests.guarantees.revocation.interleaving import REVOCATIONS, InterleavedRoom, Mutation, interleaved_room
from tests.guarantees.support.backend import Denied
from tests.guarantees.support.scheduler import Commit

SEEDS = 40 if os.environ.get("PROVE") else 2
CALLS = 18
MEMBERS: dict[str, Role] = {
    "own": "owner",
    "mod": "moderator",
    **dict.fromkeys(["sue", "tom", "vic", "wes", "lis"], "member"),
}
REMOVABLE = ["sue", "tom", "vic", "wes"]
STEPS = {
    "send": 40,
    "edit": 12,
    "remove": 6,
    "removeMember": 10,
    "leaveRoom": 7,
    "banMember": 5,
    "addMember": 9,
    "joinRoom": 6,
    "unbanMember": 3,
    "muteMember": 4,
    "setRole": 4,
}


def mutation_of(
    step: str, rng: Random, number: int, known: list[events.Message]
) -> tuple[Mutation, dict[str, Any]]:
    """The mutation of a step, with its arguments. Many will be refused: by then the user may be no member."""
    call, target = f"c{number}", rng.choice(REMOVABLE)
    moderator = rng.choice(["own", "own", "mod"])
    message = rng.choice(known) if known else None
    if step in ("edit", "remove") and message:
        user = message["senderId"] if step == "edit" or rng.random() < 0.5 else moderator
        text = {"text": f"edit {call}"} if step == "edit" else {}
        verb = "editMessage" if step == "edit" else "removeMessage"
        return Mutation(call, verb, user, user), {"id": message["id"], **text}
    if step in ("send", "edit", "remove"):
        user = rng.choice([*REMOVABLE, "own", "mod", "lis"])
        return Mutation(call, "sendMessage", user, user), {"text": f"text {call}", "clientMessageId": call}
    if step in ("leaveRoom", "joinRoom"):
        return Mutation(call, step, target, target), {}
    until = rng.choice([None, "2027-01-15T08:00:30.000Z"])
    more: dict[str, Any] = {"until": until} if step == "muteMember" else {}
    more |= {"role": rng.choice(["MODERATOR", "MEMBER"])} if step == "setRole" else {}
    return Mutation(call, step, moderator, target), {"userId": target, **more}


async def interleave(room: InterleavedRoom, rng: Random, runs: list[ClientRun]) -> None:
    """Mutations begin, go on step by step, and end, in any order; beside
    them users subscribe, and clients run."""
    steps = rng.choices(list(STEPS), list(STEPS.values()), k=CALLS)
    while steps or room.scheduler.waiting:
        can = (
            ["client"]
            + ["go on"] * (3 * bool(room.scheduler.waiting))
            + ["begin", "subscribe"] * bool(steps and room.idle)
        )
        step = rng.choice(can)
        if step == "go on":
            await room.scheduler.step()
        elif step == "begin":
            known = [
                mutation.answer
                for mutation in room.mutations
                if mutation.answer and mutation.verb == "sendMessage"
            ]
            mutation, arguments = mutation_of(steps.pop(), rng, len(room.mutations), known)
            await room.begin(mutation, **arguments)
        elif step == "subscribe":
            epoch = room.heads()[-1].epoch + rng.choice([-1, 0, 0, 0, 1])
            await room.begin_subscription(rng.choice([*REMOVABLE, "mod"]), epoch)
        elif runs:
            await rng.choice(runs).go_on()
    await asyncio.gather(*room.tasks)
    await room.read_stream()


def is_member(room: InterleavedRoom, user: str, after: int) -> bool:
    """Whether a user was a member after so many commits."""
    inside = True
    mutations = {mutation.call: mutation for mutation in room.mutations}
    for commit in room.commits[:after]:
        mutation = mutations[commit.call]
        if mutation.target == user and mutation.verb in REVOCATIONS:
            inside = False
        elif mutation.target == user and mutation.verb in ("addMember", "joinRoom"):
            inside = True
    return inside


def committed(room: InterleavedRoom, frame: events.Message) -> int | None:
    """After how many commits the content of a frame was stored; None for a
    notice of something that changed nothing."""
    if "notice" in frame:
        calls = [each.call for each in room.mutations if each.answer and each.answer["id"] == frame["id"]]
        orders = [
            each.order + 1
            for each in room.commits
            if (
                each.call in calls if calls else each.head.rev >= frame["notice"]["rev"]
            )  # nobody was answered
        ]
        return orders[0] if orders else None
    reached = [
        each.order + 1
        for each in room.commits
        if (each.head.rev >= frame["rev"] if frame["rev"] else each.head.seq >= frame["seq"])
    ]
    return reached[0]


def revocations(room: InterleavedRoom) -> list[tuple[Commit, events.Head]]:
    """Each commit that ended an epoch, with the head before it."""
    heads = room.heads()
    return [
        (commit, heads[commit.order])
        for commit in room.commits
        if commit.head.epoch > heads[commit.order].epoch
    ]


def check_epochs(room: InterleavedRoom) -> None:
    """Nothing that was committed after a revocation is published under the epoch that it ended."""
    for commit, before in revocations(room):
        for subscription in room.subscriptions:
            for frame in subscription.received if subscription.epoch == before.epoch else ():
                at = committed(room, frame)
                assert at is None or at <= commit.order + 1, (subscription.user, frame)
                if "notice" not in frame:
                    assert frame["seq"] <= commit.head.seq
                    assert (frame["rev"] or 0) <= commit.head.rev


def check_members(room: InterleavedRoom) -> None:
    """No subscription gets what was committed while its user was no member any more, but for the revocation
    itself; and none is accepted then, or under an epoch that is over when the head is read."""
    heads = room.heads()
    for subscription in room.subscriptions:
        assert is_member(room, subscription.user, subscription.commits), (
            subscription.user,
            subscription.commits,
        )
        assert subscription.epoch == heads[subscription.commits_at_head_read].epoch
        for frame in subscription.received:
            at = committed(room, frame)
            is_own = "notice" in frame and frame["notice"]["userId"] == subscription.user
            assert (
                at is None or at <= subscription.commits or is_own or is_member(room, subscription.user, at)
            ), (
                subscription.user,
                frame,
            )


def check_notices(room: InterleavedRoom) -> None:
    """Each revocation is published in the epoch that it ended, with the next
    one, to all who were subscribed under it."""
    ended = {commit.call: before for commit, before in revocations(room)}
    for mutation in room.mutations:
        if (
            mutation.verb not in REVOCATIONS
            or mutation.answer is None
            or mutation.answer["notice"]["nextEpoch"] is None
        ):
            continue
        notice = mutation.answer["notice"]
        assert notice["nextEpoch"] == mutation.answer["epoch"] + 1
        if mutation.call in ended:
            assert mutation.answer["epoch"] == ended[mutation.call].epoch
        for subscription in mutation.audience:
            assert any("notice" in frame and frame["notice"] == notice for frame in subscription.received)
    ending = [mutation for mutation in room.mutations if mutation.call in ended]
    assert all(mutation.verb in REVOCATIONS for mutation in ending)
    assert {mutation.call for mutation in room.mutations if mutation.verb in REVOCATIONS} >= set(ended)


async def check_refusals(room: InterleavedRoom) -> None:
    """Who is no member in the end cannot subscribe, under whatever epoch."""
    for user in REMOVABLE:
        if not is_member(room, user, len(room.commits)):
            for epoch in (None, *range(room.heads()[-1].epoch + 2)):
                with pytest.raises(Denied, match="NotRoomMember"):
                    await room.backend.accept(user, room.room_id, epoch)


async def check_clients(room: InterleavedRoom, runs: list[ClientRun]) -> None:
    """A client of a member has everything, whatever it missed; another shows nothing of afterwards."""
    found, head = await fetch(room.backend, room.room_id, "own")
    assert [*found] == [*range(1, head.seq + 1)]
    for run in runs:
        user = run.client.user
        is_in = is_member(room, user, len(room.commits))
        await run.settle(is_in=is_in)
        heads = [commit.head for commit in room.commits if is_member(room, user, commit.order)]
        run.check(found, None if is_in else heads[-1])


async def check_seed(client: Any, seed: str, readings: Readings, publish: str) -> InterleavedRoom:
    with interleaved_room(client, seed, MEMBERS, readings, publish) as room:
        rng = Random(f"{seed}/order")  # noqa: S311  repeatable
        runs = [
            ClientRun.begin(room.backend, room.room_id, user, Random(f"{seed}/{user}"))  # noqa: S311  repeatable
            for user in ("lis", "sue")
        ]
        await interleave(room, rng, runs)
        check_epochs(room)
        check_members(room)
        check_notices(room)
        await check_refusals(room)
        await check_clients(room, runs)
        return room


@pytest.mark.timeout(900)
@pytest.mark.parametrize("readings", every_reading(), ids=lambda readings: f"{astuple(readings)}")
async def test_who_loses_access_receives_nothing_more_and_members_miss_nothing(
    client: Any, readings: Readings, publishing: str
) -> None:
    base = os.environ.get("SEED") or secrets.token_hex(4)
    ended = received = 0
    for number in range(SEEDS):
        seed = f"{base}/{number}"
        print(f"seed {seed}")
        room = await check_seed(client, seed, readings, publishing)
        ended += len(revocations(room))
        received += sum(len(subscription.received) for subscription in room.subscriptions)
    print(f"{SEEDS} interleavings, {ended} epochs ended, {received} events received")
    assert ended
    assert received
