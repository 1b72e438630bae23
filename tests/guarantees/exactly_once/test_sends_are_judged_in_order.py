"""Who may send, in what order that is decided, and what a process may
remember. Each process has its own memory."""

from itertools import pairwise
from typing import Any

import pytest

from chat.rules.errors import IdempotencyMismatch, Muted, NotRoomMember, RateLimited
from chat.rules.models import RoomSettings
from chat.rules.tally import Tally
from tests.guarantees.support.fixtures import (
    DAY_MS,
    FAST,
    NOON,
    Clock,
    change_member,
    change_room,
    erase_text,
    new_room,
    numbers,
    process,
    read,
    refused,
    remove_member,
    send,
    stored,
)
from tests.guarantees.support.proxy import Proxy, conflict

TIGHT = {"personPerSecond": 0.1, "personBurst": 1}


@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_two_processes_that_remember_an_old_head_leave_no_gap(client: Any, clock: Clock, prefix: str) -> None:
    room = new_room(client, "ann", "bob", prefix=prefix)
    one, other = process(client, clock), process(client, clock)
    texts = []
    for count in range(4):
        for deployment, user in ((one, "ann"), (other, "bob")):
            tally = Tally()
            texts.append(send(deployment, room, user, f"{user} {count}", tally=tally).text)
            assert tally["Attempts"] <= 2
    kept = stored(client, room)
    assert [(each["seq"], each["text"]) for each in kept] == list(enumerate(texts, start=1))
    assert all(one["ts"] < other["ts"] for one, other in pairwise(kept))


def test_a_call_counts_what_it_stored_and_what_was_stored_before(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann")
    ours = process(client, clock)
    first, again = Tally(), Tally()
    send(ours, room, "ann", "hi", "m1", first)
    send(ours, room, "ann", "hi", "m1", again)
    assert (first.get("Sends"), first.get("Repeats")) == (1, None)
    assert (again.get("Sends"), again.get("Repeats")) == (None, 1)


@pytest.mark.parametrize("remembering", [True, False])
def test_who_has_left_or_is_banned_is_refused_first(client: Any, clock: Clock, remembering: bool) -> None:
    """Before repeat, mute and rate; and alike for a room that is not there."""
    room = new_room(client, "ann", "bob", settings=TIGHT)
    ours = process(client, clock)
    send(ours, room, "ann", "hi", "m1")
    send(ours, room, "bob", "hi", "m1")
    change_member(client, room, "ann", status="banned", mutedUntil=NOON + DAY_MS)
    remove_member(client, room, "bob")
    ours = ours if remembering else process(client, clock)
    clock.jump(0 if remembering else 20_000)
    for user in ("ann", "bob"):
        for name in ("m1", "m2"):
            assert isinstance(refused(ours, room, user, "hi", name), NotRoomMember)
    assert str(refused(ours, "nowhere", "ann", "hi")) == str(refused(ours, room, "ann", "hi"))
    assert numbers(client, room) == [1, 2]


@pytest.mark.parametrize("leave", [True, False], ids=["leaves", "is banned"])
def test_a_process_that_remembers_a_member_sees_the_revocation(
    client: Any, clock: Clock, leave: bool
) -> None:
    room = new_room(client, "ann")
    ours = process(client, clock)
    send(ours, room, "ann", "hi", "m1")
    if leave:
        remove_member(client, room, "ann")
    else:
        change_member(client, room, "ann", status="banned")
    assert isinstance(refused(ours, room, "ann", "hi", "m2"), NotRoomMember)
    assert numbers(client, room) == [1]


@pytest.mark.parametrize("remembering", [True, False])
def test_repeat_and_mismatch_come_before_mute_and_mute_before_rate(
    client: Any, clock: Clock, remembering: bool
) -> None:
    room = new_room(client, "ann", settings=TIGHT)
    first = process(client, clock)
    sent = send(first, room, "ann", "hi", "m1")
    change_member(client, room, "ann", mutedUntil=NOON + DAY_MS)
    ours = first if remembering else process(client, clock)
    assert send(ours, room, "ann", "hi", "m1") == sent
    assert isinstance(refused(ours, room, "ann", "other", "m1"), IdempotencyMismatch)
    assert isinstance(refused(ours, room, "ann", "hi", "m2"), Muted)
    change_member(client, room, "ann", mutedUntil=NOON)
    clock.sleep(2.1)
    assert send(process(client, clock), room, "ann", "hi", "m1") == sent
    limited = refused(ours, room, "ann", "hi", "m2")
    assert isinstance(limited, RateLimited)
    assert limited.values == {"retryAfterMs": 10_000 - 2_100, "scope": "person"}
    clock.jump(7_900)
    assert send(ours, room, "ann", "hi", "m2").seq == 2


def test_a_mute_is_seen_by_a_process_that_remembers_the_member(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann")
    ours = process(client, clock)
    send(ours, room, "ann", "hi")
    change_member(client, room, "ann", mutedUntil=NOON + DAY_MS)
    assert isinstance(refused(ours, room, "ann", "again"), Muted)
    change_member(client, room, "ann", mutedUntil=0)
    assert send(ours, room, "ann", "again").seq == 2


def test_burst_and_sustained_rate_hold_across_processes(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann", settings={"personPerSecond": 1, "personBurst": 3})
    one, other = process(client, clock), process(client, clock)
    for deployment in (one, other, one):
        send(deployment, room, "ann", "hi")
    limited = refused(other, room, "ann", "hi").values
    assert limited["scope"] == "person"
    clock.jump(int(limited["retryAfterMs"]))
    send(one, room, "ann", "hi")
    assert isinstance(refused(other, room, "ann", "hi"), RateLimited)
    assert isinstance(refused(one, room, "ann", "hi"), RateLimited)
    assert numbers(client, room) == [1, 2, 3, 4]


def test_a_process_whose_clock_is_ahead_takes_nobodys_burst(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann", settings={"personPerSecond": 1, "personBurst": 3, "roomPerSecond": 1000})
    ahead, ours = process(client, clock), process(client, clock)
    clock.jump(60_000)
    send(ahead, room, "ann", "hi")
    clock.jump(-60_000)
    for _ in range(2):
        send(ours, room, "ann", "hi")
    assert isinstance(refused(ours, room, "ann", "hi"), RateLimited)
    assert numbers(client, room) == [1, 2, 3]


def test_the_room_has_a_limit_of_its_own(client: Any, clock: Clock) -> None:
    settings = FAST | {"roomPerSecond": 1, "roomBurst": 2}
    room = new_room(client, "ann", "bob", "cat", settings=settings)
    one, other = process(client, clock), process(client, clock)
    send(one, room, "ann", "hi")
    send(other, room, "bob", "hi")
    limited = refused(one, room, "cat", "hi").values
    assert limited["scope"] == "room"
    clock.jump(int(limited["retryAfterMs"]) - 1)
    assert isinstance(refused(one, room, "cat", "hi"), RateLimited)
    clock.jump(1)
    assert send(one, room, "cat", "hi").seq == 3


def test_a_process_that_remembers_old_settings_does_not_send_by_them(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann")
    ours = process(client, clock)
    send(ours, room, "ann", "hi")
    change_room(client, room, epoch=2, personPerSecond=1, personBurst=1)
    clock.sleep(0.01)
    assert send(ours, room, "ann", "hi").epoch == 2
    assert isinstance(refused(ours, room, "ann", "hi"), RateLimited)


def test_a_limit_is_refused_from_memory_for_two_seconds_and_no_longer(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann", settings=TIGHT)
    ours = process(proxied, clock)
    sent = send(ours, room, "ann", "hi", "m1")
    assert isinstance(refused(ours, room, "ann", "hi", "m2"), RateLimited)
    proxy.operations.clear()
    clock.sleep(1.9)
    assert isinstance(refused(ours, room, "ann", "hi", "m3"), RateLimited)
    assert proxy.operations == []
    assert send(ours, room, "ann", "hi", "m1") == sent  # never for a name that it has seen
    clock.sleep(0.2)
    proxy.operations.clear()
    change_member(client, room, "ann", tat=0)
    assert send(ours, room, "ann", "hi", "m4").seq == 2
    assert proxy.operations[0] == "BatchGetItem"


def test_a_mute_is_never_refused_from_memory(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann", settings=TIGHT)
    ours = process(client, clock)
    send(ours, room, "ann", "hi", "m1")
    assert isinstance(refused(ours, room, "ann", "hi"), RateLimited)
    change_member(client, room, "ann", mutedUntil=NOON + 1_000)
    clock.sleep(0.1)
    assert send(ours, room, "ann", "hi", "m1").seq == 1  # reading it shows the mute, too
    assert isinstance(refused(ours, room, "ann", "hi"), Muted)
    change_member(client, room, "ann", mutedUntil=0, tat=0)
    assert send(ours, room, "ann", "hi").seq == 2


def test_repeats_have_a_small_budget_of_their_own(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann", settings={"personPerSecond": 1, "personBurst": 3})
    ours = process(client, clock)
    sent = send(ours, room, "ann", "hi", "m1")
    for _ in range(3):
        assert send(ours, room, "ann", "hi", "m1") == sent
    assert isinstance(refused(ours, room, "ann", "hi", "m1"), RateLimited)
    assert send(ours, room, "ann", "new", "m2").seq == 2
    clock.sleep(1)
    assert send(ours, room, "ann", "hi", "m1") == sent


def test_a_repeat_shows_the_message_as_it_is_now(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann")
    ours = process(client, clock)
    sent = send(ours, room, "ann", "hi", "m1")
    erase_text(client, room, stored(client, room)[0]["SK"], removedAt=NOON + 5)
    for deployment in (ours, process(client, clock)):
        again = send(deployment, room, "ann", "hi", "m1")
        assert (again.id, again.seq, again.text, again.removed_at) == (sent.id, 1, None, NOON + 5)


def test_a_conflict_beside_a_condition_does_not_hide_the_condition(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann")
    proxy.once("TransactWriteItems", conflict(1), conflict(0))
    assert send(process(proxied, clock), room, "ann", "hi").seq == 1


@pytest.mark.parametrize("retention_days", [7, 30])
def test_a_name_is_the_same_message_while_it_is_kept_and_free_when_its_key_has_expired(
    client: Any, clock: Clock, retention_days: int
) -> None:
    room = new_room(client, "ann", settings=FAST | {"retentionDays": retention_days})
    defaults = RoomSettings(retention_days=365)
    sent = send(process(client, clock, defaults=defaults), room, "ann", "hi", "m1")
    clock.jump(retention_days * DAY_MS - 1_000)
    assert send(process(client, clock), room, "ann", "hi", "m1") == sent
    clock.jump(2_001)
    gone = send(process(client, clock), room, "ann", "hi", "m1")
    assert (gone.id, gone.seq, gone.text, gone.epoch) == (sent.id, 1, None, None)
    assert isinstance(refused(process(client, clock), room, "ann", "other", "m1"), IdempotencyMismatch)
    clock.jump(14 * DAY_MS)
    assert send(process(client, clock), room, "ann", "other", "m1").seq == 2


def test_a_repeat_shows_nothing_that_a_shorter_retention_has_hidden(client: Any, clock: Clock) -> None:
    room = new_room(client, "ann")
    send(process(client, clock), room, "ann", "hi", "m1")
    change_room(client, room, retentionDays=7)
    clock.jump(8 * DAY_MS)
    assert read(process(client, clock), room, "ann").items == []
    assert send(process(client, clock), room, "ann", "hi", "m1").text is None
