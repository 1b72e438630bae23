"""What a process whose clock is wrong has written costs others nothing for longer than clocks may differ."""

from contextlib import suppress
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.errors import RateLimited
from chat.rules.instants import to_wire
from chat.rules.models import Message
from tests.guarantees.clocks.skews import SECOND_MS, SKEWS
from tests.guarantees.support.fixtures import (
    Clock,
    edit,
    follow,
    new_room,
    process,
    read,
    read_changes,
    refused,
    send,
)

STEP_MS, LEAD_MS = 1_000, 3_000
LIMITED = {"personPerSecond": 1, "personBurst": 3, "roomPerSecond": 50, "roomBurst": 100}
WRONG_BY = pytest.mark.parametrize("skew", SKEWS.values(), ids=SKEWS)


def pair(client: Any, clock: Clock, skew: int) -> tuple[Deployment, Deployment]:
    """A process whose clock is wrong, and one whose clock is right."""
    return process(client, Clock(clock.ms + skew)), process(client, clock)


@WRONG_BY
def test_a_burst_is_what_it_is_and_is_filled_again_in_time(client: Any, clock: Clock, skew: int) -> None:
    """Whoever has used theirs up by the wrong clock, too."""
    room = new_room(client, "ann", "bob", settings=LIMITED)
    wrong, ours = pair(client, clock, skew)
    for _ in range(3):
        send(wrong, room, "ann", "hi")
    for _ in range(3):
        send(ours, room, "bob", "hello")
    assert refused(ours, room, "bob").values == {"retryAfterMs": STEP_MS, "scope": "person"}
    clock.sleep(STEP_MS / 1_000)
    send(ours, room, "bob", "hello again")
    clock.sleep(LEAD_MS / 1_000)
    for _ in range(2):
        send(ours, room, "ann", "hi again")
        clock.sleep(STEP_MS / 1_000)


@WRONG_BY
def test_a_room_that_is_full_for_a_wrong_clock_takes_messages_by_a_right_one(
    client: Any, clock: Clock, skew: int
) -> None:
    limits = {"personPerSecond": 1000, "personBurst": 1000, "roomPerSecond": 1, "roomBurst": 3}
    room = new_room(client, "ann", "bob", settings=limits)
    wrong, ours = pair(client, clock, skew)
    for _ in range(3):
        send(wrong, room, "ann", "hi")
    clock.sleep((STEP_MS + LEAD_MS) / 1_000)
    for _ in range(3):
        send(ours, room, "bob", "hello")
        clock.sleep(STEP_MS / 1_000)


@pytest.mark.parametrize("skew", [-LEAD_MS, -SECOND_MS, SECOND_MS, LEAD_MS])
def test_two_processes_with_different_clocks_grant_no_more_than_one_does(
    client: Any, clock: Clock, skew: int
) -> None:
    """As long as they differ by no more than clocks may: beyond, it is one message for each change over."""
    room = new_room(client, "ann", settings=LIMITED)
    processes = pair(client, clock, skew)
    granted = 0
    for turn in range(12):
        with suppress(RateLimited):
            send(processes[turn % 2], room, "ann", f"text {turn}")
            granted += 1
    assert 3 <= granted <= 3 + abs(skew) // STEP_MS


@WRONG_BY
def test_edits_are_judged_by_the_time_that_passes_here(client: Any, clock: Clock, skew: int) -> None:
    room = new_room(client, "ann", "bob", settings=LIMITED | {"slowModeSeconds": 2})
    wrong, ours = pair(client, clock, skew)
    message = send(ours, room, "bob", "hi")
    theirs = send(wrong, room, "ann", "hello")
    clock.sleep(2)
    edit(ours, message, "ho")
    assert refused(ours, room, "bob").values == {"retryAfterMs": 2_000, "scope": "person"}
    clock.sleep(2 + LEAD_MS / 1_000)
    edit(ours, theirs, "hello!")
    clock.sleep(2)
    send(ours, room, "ann", "good bye")


@WRONG_BY
@pytest.mark.parametrize("wrong_one", ["writes", "reads"])
def test_messages_and_changes_have_the_same(client: Any, clock: Clock, skew: int, wrong_one: str) -> None:
    room = new_room(client, "ann", "bob")
    wrong, ours = pair(client, clock, skew)
    writer, reader = (wrong, ours) if wrong_one == "writes" else (ours, wrong)
    start = read(reader, room, "bob").head
    sent = [send(ours, room, "ann", "first")]
    sent += [send(writer, room, "ann", f"text {number}") for number in range(3)]
    sent.append(send(ours, room, "ann", "last"))
    every = texts(sent)
    forward = texts(follow(reader, room, "bob", order="OLDEST_FIRST", limit=2))
    assert forward == texts(follow(reader, room, "bob", order="NEWEST_FIRST", limit=2))[::-1]
    assert forward == texts(changed(reader, room, start.rev))
    # Without the store's clock, somebody two years ahead takes every message for expired.
    assert forward == ([] if wrong_one == "reads" and skew > 365 * 86_400_000 else every)
    after = to_wire(sent[1].ts)
    assert texts(follow(ours, room, "bob", order="OLDEST_FIRST", after=after)) == every[2:]
    assert texts(follow(ours, room, "bob", before=after)) == every[:1]
    assert [message.seq for message in sent] == [1, 2, 3, 4, 5]
    assert sorted({message.ts for message in sent}) == [message.ts for message in sent]


def texts(messages: Any) -> list[str | None]:
    return [each.text if isinstance(each, Message) else each["text"] for each in messages]


def changed(deployment: Deployment, room: str, since: int) -> list[dict[str, Any]]:
    """What `changes` gives to its end."""
    items, token = [], None
    while True:
        page = read_changes(deployment, room, "bob", since=since, limit=2, nextToken=token)
        items += page["items"]
        token = page["nextToken"]
        if token is None:
            return items
