"""A room's new rules hold for the very next message, in whichever process it
is sent. Each process has its own memory."""

import uuid
from typing import Any

import pytest

from chat.operations.edit_message import edit_message
from chat.operations.update_room import update_room
from chat.rules.errors import RateLimited
from chat.rules.models import Caller, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from tests.guarantees.support.fixtures import (
    DAY_MS,
    FAST,
    Clock,
    change_member,
    process,
    read,
    refused,
    send,
    store_of,
    stored,
)

ROLES: dict[str, Role] = {"olga": "owner", "max": "moderator", "ann": "member", "bob": "member"}


@pytest.fixture
def room(client: Any) -> str:
    """A room with members of every role."""
    room_id = uuid.uuid4().hex[:12]
    assert add_room(store_of(client), Room.parse(room_id), ROLES, FAST)
    return room_id


def rule(deployment: Any, room: str, **rules: Any) -> None:
    update_room(deployment, Caller("olga"), {"roomId": room, **rules}, Tally())


def test_in_slow_mode_a_member_waits_and_owners_and_moderators_do_not(
    client: Any, clock: Clock, room: str
) -> None:
    ours, other = process(client, clock), process(client, clock)
    rule(ours, room, slowModeSeconds=30)
    for user in ("olga", "max", "ann", "bob"):
        send(other, room, user, "hi")
    for user in ("olga", "max", "olga", "max"):
        send(ours, room, user, "again")
    for deployment in (ours, other, process(client, clock)):
        limited = refused(deployment, room, "ann")
        assert isinstance(limited, RateLimited)
        assert limited.values["scope"] == "person"
    waited = int(refused(ours, room, "ann").values["retryAfterMs"])
    assert 29_900 <= waited <= 30_010
    clock.sleep(waited / 1_000 - 0.001)
    assert refused(ours, room, "ann").values["retryAfterMs"] == 1
    clock.sleep(0.001)
    assert send(other, room, "ann", "at last").text == "at last"
    assert isinstance(refused(ours, room, "ann"), RateLimited)


@pytest.mark.parametrize(
    ("rules", "scope"),
    [
        ({"slowModeSeconds": 21_600}, "person"),
        ({"personPerSecond": 0.001, "personBurst": 1}, "person"),
        ({"roomPerSecond": 0.001, "roomBurst": 1}, "room"),
    ],
    ids=["slow mode", "a person's rate", "the room's rate"],
)
def test_a_process_that_remembers_the_room_sends_no_message_by_old_limits(
    client: Any, clock: Clock, room: str, rules: dict[str, float], scope: str
) -> None:
    one, other = process(client, clock), process(client, clock)
    send(other, room, "ann", "hi")
    clock.sleep(0.01)
    rule(one, room, **rules)
    send(other, room, "ann", "the one that the new rules let through")
    limited = refused(other, room, "ann")
    assert (type(limited), limited.values["scope"]) == (RateLimited, scope)


def test_a_process_that_remembers_the_room_keeps_a_message_as_long_as_the_new_rules_say(
    client: Any, clock: Clock, room: str
) -> None:
    one, other = process(client, clock), process(client, clock)
    send(other, room, "ann", "long")
    rule(one, room, retentionDays=7)
    send(other, room, "ann", "short")
    rule(one, room, reset=["RETENTION"])
    send(other, room, "ann", "long again")
    kept = [(each["expiresAt"] * 1_000 - each["ts"]) / DAY_MS for each in stored(client, room)]
    assert [round(days) for days in kept] == [365, 7, 365]


def test_a_shorter_retention_hides_what_is_older_at_once(client: Any, clock: Clock, room: str) -> None:
    one, other = process(client, clock), process(client, clock)
    send(other, room, "ann", "old")
    clock.jump(8 * DAY_MS)
    send(other, room, "ann", "new")
    assert len(read(other, room, "bob").items) == 2
    rule(one, room, retentionDays=7)
    assert [each.text for each in read(other, room, "bob").items] == ["new"]


@pytest.mark.parametrize(
    "before",
    [{"slowModeSeconds": 21_600}, {"personPerSecond": 0.001, "personBurst": 1}, {"roomPerSecond": 0.001, "roomBurst": 1}],
    ids=["slow mode", "a person's rate", "the room's rate"],
)  # fmt: skip
def test_what_slower_rules_left_to_wait_for_ends_with_them(
    client: Any, clock: Clock, room: str, before: dict[str, float]
) -> None:
    """Nobody waits six hours after slow mode has ended; and the new limit holds from the first message on."""
    ours = process(client, clock)
    rule(ours, room, **before)
    send(ours, room, "ann", "hi")
    assert int(refused(ours, room, "ann").values["retryAfterMs"]) > 900_000
    fast = {"personPerSecond": 1, "personBurst": 3, "roomPerSecond": 1, "roomBurst": 3}
    rule(ours, room, reset=["SLOW_MODE"], **fast)
    assert send(ours, room, "ann", "at once").seq == 2
    limited = refused(process(client, clock), room, "ann")
    assert isinstance(limited, RateLimited)
    assert int(limited.values["retryAfterMs"]) <= 1_000
    clock.sleep(1)
    assert send(ours, room, "ann", "as the new rules say").seq == 3


def test_memory_refuses_nobody_in_the_process_that_changed_the_rules(
    client: Any, clock: Clock, room: str
) -> None:
    ours = process(client, clock)
    rule(ours, room, slowModeSeconds=60)
    send(ours, room, "ann", "hi")
    assert isinstance(refused(ours, room, "ann"), RateLimited)
    rule(ours, room, slowModeSeconds=0)
    assert send(ours, room, "ann", "again").seq == 2


def test_memory_refuses_nobody_elsewhere_for_longer_than_two_seconds(
    client: Any, clock: Clock, room: str
) -> None:
    """Only whoever was just refused by the store is refused from memory; everybody else is looked at."""
    one, other = process(client, clock), process(client, clock)
    rule(one, room, slowModeSeconds=60)
    for user in ("ann", "bob"):
        send(other, room, user, "hi")
    assert isinstance(refused(other, room, "ann"), RateLimited)
    rule(one, room, slowModeSeconds=0)
    assert send(other, room, "bob", "never refused").seq == 3
    clock.sleep(2.001)
    assert send(other, room, "ann", "not refused any more").seq == 4


def test_a_role_that_is_lost_is_no_way_round_slow_mode(client: Any, clock: Clock, room: str) -> None:
    one, other = process(client, clock), process(client, clock)
    rule(one, room, slowModeSeconds=60)
    for text in ("as", "fast", "as I like"):
        send(other, room, "max", text)
    change_member(client, room, "max", role="member")
    clock.sleep(0.1)
    send(other, room, "max", "the one that slow mode lets through")
    assert int(refused(other, room, "max").values["retryAfterMs"]) > 59_000
    change_member(client, room, "max", role="moderator")
    clock.sleep(2.001)
    assert send(other, room, "max", "as fast as before").seq == 5


def test_an_edit_by_a_process_whose_clock_is_ahead_leaves_no_message_to_one_that_is_behind(
    client: Any, clock: Clock, room: str
) -> None:
    ours = process(client, clock)
    message = send(ours, room, "ann", "hi")
    rule(ours, room, slowModeSeconds=30)
    clock.sleep(60)
    ahead = process(client, Clock(clock.ms + 50))
    edit = {"roomId": room, "id": message.id, "text": "ho"}
    edit_message(ahead, Caller("ann"), edit, Tally())
    assert isinstance(refused(ours, room, "ann"), RateLimited)
