"""That something has moved is told once in the time by all processes together."""

import json
import uuid
from typing import Any

import pytest

from chat.rules.person_events import PersonEvent
from chat.rules.rooms import Room
from chat.steps.moved import Moved
from chat.steps.new_room import add_room
from chat.steps.own_item import own_of, own_place, read_epoch
from chat.steps.tell_people import PeopleTold
from chat.storage.aws import TransientFailure
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.fixtures import FAST, NOON, Clock, process, store_of
from tests.guarantees.support.projected import Projected, Stream

EVERY_MS = 10_000
ROOM = Room.parse("lobby")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def user() -> str:
    return f"p-{uuid.uuid4()}"


def moved(user: str, ts: int) -> PersonEvent:
    return PersonEvent(user_id=user, id=f"moved.{ts}", kind="MOVED", ts=ts)


def claims(of: Moved, user: str, clock: Clock, ts: int | None = None) -> int | None:
    """Until when nothing is told after it; `None` where it is not told."""
    claimed = of.claim(moved(user, clock.ms if ts is None else ts))
    return None if claimed is None else claimed.quiet_until


def test_of_two_processes_one_tells_it_and_then_nobody_until_the_time_is_over(
    client: Any, clock: Clock, user: str
) -> None:
    one, other = (Moved(process(client, clock), EVERY_MS) for _ in range(2))
    assert claims(one, user, clock) == NOON + EVERY_MS
    for _ in range(10):
        clock.sleep(0.9)
        assert claims(one, user, clock) is None
        assert claims(other, user, clock) is None
    clock.sleep(1.0)
    assert claims(other, user, clock) == clock.ms + EVERY_MS
    assert claims(one, user, clock) is None


def test_what_was_sent_within_the_time_is_covered_by_the_look_at_its_end(
    client: Any, clock: Clock, user: str
) -> None:
    of = Moved(process(client, clock), EVERY_MS)
    assert claims(of, user, clock)
    clock.sleep(60)
    for late in (NOON - 60_000, NOON, NOON + 6_999):
        assert claims(of, user, clock, late) is None
    # Clocks may differ by three seconds: this may have been stored after that look.
    assert claims(of, user, clock, NOON + 7_000) == clock.ms + EVERY_MS


def test_a_clock_that_was_far_ahead_holds_nobody_up(client: Any, clock: Clock, user: str) -> None:
    ahead = Clock(NOON + 3_600_000)
    assert claims(Moved(process(client, ahead), EVERY_MS), user, ahead)
    of = Moved(process(client, clock), EVERY_MS)
    assert claims(of, user, clock) == NOON + EVERY_MS
    assert claims(of, user, clock) is None


def test_a_message_from_the_future_counts_as_one_of_now(client: Any, clock: Clock, user: str) -> None:
    of = Moved(process(client, clock), EVERY_MS)
    assert claims(of, user, clock, NOON + 86_400_000)
    clock.sleep(11)
    assert claims(of, user, clock)


def test_who_could_not_be_told_is_told_by_the_next_attempt(client: Any, clock: Clock, user: str) -> None:
    of, other = (Moved(process(client, clock), EVERY_MS) for _ in range(2))
    claimed = of.claim(moved(user, clock.ms))
    assert claimed
    with pytest.raises(TransientFailure), of.returned_on_failure(claimed):
        raise TransientFailure("Status503")
    assert claims(other, user, clock) == NOON + EVERY_MS


def test_a_room_is_known_to_be_quiet_for_the_sender_whose_others_were_all_told(
    client: Any, clock: Clock, user: str
) -> None:
    of, others = Moved(process(client, clock), EVERY_MS), [f"{user}-{number}" for number in range(3)]
    for each in others:
        claims(of, each, clock)
        clock.sleep(1)
    of.remember_room(ROOM, user, others)
    of.remember_room(ROOM, "another", [*others, user])
    assert of.knows_quiet(moved(user, clock.ms), ROOM, user)
    assert not of.knows_quiet(moved(user, clock.ms), ROOM, "another")
    clock.sleep(7)
    assert not of.knows_quiet(moved(user, clock.ms), ROOM, user)


def test_the_epoch_stays_what_it_was(client: Any, clock: Clock, user: str) -> None:
    deployment = process(client, clock)
    assert claims(Moved(deployment, EVERY_MS), user, clock)
    assert read_epoch(deployment, user) == 1
    assert read_epoch(process(client, clock, generation=3), user) == 1 + 2 * 2**20
    assert own_of(deployment.store.tables.get(own_place(user))).quiet_until == NOON + EVERY_MS


@pytest.mark.parametrize("is_repeated", [False, True])
def test_who_has_just_come_is_told_of_the_senders_next_message(
    client: Any, functions_environ: None, clock: Clock, user: str, *, is_repeated: bool
) -> None:
    """Though everybody else has just been told: also where the stream tells of the message before once more, after they came."""
    stream, told = Stream(client), list[dict[str, Any]]()
    room_id, sender, other = f"r-{user}", f"{user}-a", f"{user}-b"
    assert add_room(store_of(client), Room.parse(room_id), {sender: "owner", other: "member"}, FAST)
    people = process(stream.client, clock)
    reader = PeopleTold(process(stream.client, clock), lambda text: told.append(json.loads(text)), 10)
    projected = Projected(stream, [reader])
    call(people, sender, "sendMessage", roomId=room_id, text="one")
    projected.run()
    before = stream.records[: projected.done]
    call(people, sender, "addMember", roomId=room_id, userId=user)
    projected.run()
    if is_repeated:
        assert projected.feed(before) is None
    clock.sleep(1)
    call(people, sender, "sendMessage", roomId=room_id, text="two")
    projected.run()
    assert [each["userId"] for each in told if each["kind"] == "MOVED"] == [other, user]
