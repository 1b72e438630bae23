"""The summary of reactions: once in a second and never lost, of up to twenty messages, whatever comes between."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chat.operations.delete_room import delete_room
from chat.rules.models import Caller, Message
from chat.rules.outgoing import LATE
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.reaction_revision import MOST_CHARACTERS, MOST_MESSAGES, Summary, as_many_as_fit
from chat.steps.summarise_reactions import ReactionSummaries
from chat.storage import keys
from chat.storage.aws import OutcomeUnknown, TransientFailure
from chat.storage.event_items import event_of
from tests.guarantees.reactions.people import ReactingRoom, changes_of, react_to
from tests.guarantees.support.fixtures import (
    NOON,
    Clock,
    change_room,
    edit,
    new_room,
    partition,
    plain,
    process,
    read_changes,
    remove,
    send,
    table_name,
)


@pytest.fixture
def world(functions_environ: None, client: Any) -> ReactingRoom:
    return ReactingRoom(client)


class Between:
    """A client that does something before a transaction that writes to a room's head, so many times."""

    def __init__(self, client: Any, does: Callable[[], object], times: int = 1) -> None:
        self._client, self._does, self._times = client, does, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        keys_ = [each.get("Update", {}).get("Key", {}).get("SK") for each in request["TransactItems"]]
        if self._times and {"S": "HEAD"} in keys_:
            self._times -= 1
            self._does()
        return self._client.transact_write_items(**request)


def summaries_over(world: ReactingRoom, client: Any, **parts: Any) -> ReactionSummaries:
    return ReactionSummaries(process(client, world.clock, **parts))


def yes() -> bool:
    return True


def test_a_second_reaction_waits_for_the_rest_of_the_second(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    world.projected.run()
    world.clock.sleep(0.3)
    react_to(world.people, message, "alice")
    at = world.clock.ms
    world.projected.run()
    first, second = (each["ts"] for each in world.told(room))
    assert (second - first, world.clock.ms - at) == (1_000, 700)
    assert world.shown(message)["👍"] == (2, ["bob", "alice"])


def test_after_a_second_nobody_waits(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    for user in ("alice", "bob"):
        react_to(world.people, message, user)
        at = world.clock.ms
        world.projected.run()
        assert world.clock.ms == at
        world.clock.sleep(1.0)


def test_what_says_the_same_makes_no_revision(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    world.projected.run()
    before = world.item(message)
    for _ in range(3):
        world.projected.again()
    react_to(world.people, message, "alice")
    react_to(world.people, message, "alice", on=False)
    world.projected.run()
    assert world.item(message) == before
    assert len(world.told(room)) == 1
    assert world.marks(room) == []


def test_without_time_for_it_the_batch_is_sent_again_from_there(world: ReactingRoom) -> None:
    room, other = new_room(world.client, "alice", "bob"), new_room(world.client, "alice", "bob")
    one, two = send(world.people, room, "alice", "hi"), send(world.people, other, "alice", "hi")
    react_to(world.people, one, "bob")
    world.projected.run()
    done = len(world.stream.records)
    react_to(world.people, two, "bob")
    react_to(world.people, one, "alice")
    looks = iter([True] * 3)
    outcome = world.summaries.project(changes_of(world, done), lambda: next(looks, False))
    assert (outcome.done, outcome.failure) == (1, LATE)
    assert world.shown(two) == {"👍": (1, ["bob"])}
    assert len(world.marks(room)) == 1
    world.projected.run()
    assert world.shown(one)["👍"][0] == 2
    assert world.marks(room) == []


def test_others_that_write_to_the_room_only_delay_it(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    busy = Between(
        world.client, lambda: send(process(world.client, world.clock), room, "bob", "more"), times=4
    )
    assert summaries_over(world, busy).project(changes_of(world), yes).failure is None
    assert world.shown(message) == {"👍": (1, ["bob"])}
    assert world.item(message)["rev"] == 7


@pytest.mark.parametrize("what", ["edited", "removed", "reacted"])
def test_a_message_that_others_change_meanwhile_keeps_both(world: ReactingRoom, what: str) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    people = process(world.client, world.clock)
    does: dict[str, Callable[[], object]] = {
        "edited": lambda: edit(people, message, "another"),
        "removed": lambda: remove(people, message),
        "reacted": lambda: react_to(people, message, "alice"),
    }
    assert (
        summaries_over(world, Between(world.client, does[what])).project(changes_of(world), yes).failure
        is None
    )
    if what == "removed":
        assert "reactions" not in world.item(message)
        assert "text" not in world.item(message)
    if what == "edited":
        assert (world.item(message)["text"], world.shown(message)) == ("another", {"👍": (1, ["bob"])})
        assert world.item(message)["toldRev"] == 3
    world.projected.run()
    assert world.marks(room) == []
    assert world.shown(message) == {
        "edited": {"👍": (1, ["bob"])}, "removed": {}, "reacted": {"👍": (2, ["bob", "alice"])}
    }[what]  # fmt: skip


def test_an_edit_that_meets_a_summary_is_tried_again(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    meets = process(Between(world.client, world.projected.run), world.clock)
    edited = edit(meets, message, "another")
    assert (edited.rev, edited.version, json.loads(edited.reactions or "")[0]["count"]) == (4, 2, 1)
    item = world.item(message)
    assert (item["text"], item["rev"], item["reactedRev"]) == ("another", 4, 3)


def test_an_answer_that_is_lost_makes_no_second_entry(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")

    class Losing(Between):
        def transact_write_items(self, **request: Any) -> Any:
            answer = super().transact_write_items(**request)
            if self._lost:
                self._lost = False
                raise OutcomeUnknown("ReadTimeoutError")
            return answer

        _lost = True

    assert (
        summaries_over(world, Losing(world.client, lambda: None, 0)).project(changes_of(world), yes).failure
        is None
    )
    assert len(world.told(room)) == 1
    assert world.marks(room) == []


def test_a_store_that_fails_leaves_the_batch_for_later(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")

    class Throttled:
        def __getattr__(self, name: str) -> Any:
            def refuse(**_: Any) -> Any:
                raise TransientFailure("ThrottlingException")

            return refuse

    outcome = summaries_over(world, Throttled()).project(changes_of(world), yes)
    assert (outcome.done, outcome.failure) == (2, "ServiceUnavailable")
    world.projected.run()
    assert world.shown(message) == {"👍": (1, ["bob"])}


def test_an_entry_is_about_twenty_messages_and_the_others_come_next(world: ReactingRoom) -> None:
    people = [f"p{number}" for number in range(24)]
    room = new_room(world.client, *people)
    messages = [send(world.people, room, user, "hi") for user in people]
    for message, user in zip(messages, people, strict=True):
        react_to(world.people, message, user)
    world.projected.run()
    told = world.told(room)
    assert [len(each["reactions"]) for each in told] == [MOST_MESSAGES, 4]
    assert [later["ts"] - told[0]["ts"] for later in told] == [0, 1_000]
    assert {each["id"] for entry in told for each in entry["reactions"]} == {each.id for each in messages}
    assert all(world.shown(each) for each in messages)
    page = read_changes(world.people, room, people[0], since=25, after=_wire_ts(messages[-1]), limit=7)
    assert [each["id"] for each in page["items"]] == [each["id"] for each in told[0]["reactions"][:7]]


def _wire_ts(message: Message) -> str:
    return str(message.to_wire()["ts"])


def test_an_entry_is_no_longer_than_events_may_be_and_about_one_message_at_the_least() -> None:
    def summaries(*lengths: int) -> list[Summary]:
        return [Summary(f"m{number}", number, {}, "x" * length) for number, length in enumerate(lengths)]

    def fitting(*lengths: int) -> tuple[int, set[str]]:
        chosen, left = as_many_as_fit(summaries(*lengths))
        return len(chosen), set(left)

    assert fitting() == (0, set())
    assert fitting(*[100] * 21) == (20, {"m20"})
    assert fitting(MOST_CHARACTERS * 2, 1) == (1, {"m1"})
    assert fitting(MOST_CHARACTERS - 1, 1) == (2, set())
    assert fitting(MOST_CHARACTERS - 1, 2, 1) == (1, {"m1", "m2"})


def test_where_not_everybody_sees_every_message_the_notice_tells_no_counts(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    change_room(world.client, room, historyFrom="joining")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    world.projected.run()
    (told,) = world.told(room)
    rev = world.item(message)["rev"]
    assert told["reactions"] == [{"id": message.id, "seq": 1, "rev": rev, "reactions": None}]
    assert world.shown(message) == {"👍": (1, ["bob"])}


def test_when_nobody_reacts_any_more_the_message_says_nothing_and_the_notice_nobody(
    world: ReactingRoom,
) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    world.projected.run()
    react_to(world.people, message, "bob", on=False)
    world.projected.run()
    assert "reactions" not in world.item(message)
    assert world.told(room)[-1]["reactions"] == [
        {"id": message.id, "seq": 1, "rev": world.item(message)["rev"], "reactions": []}
    ]


def test_a_room_that_has_ended_is_left_alone(world: ReactingRoom) -> None:
    room = new_room(world.client, members={"alice": "owner", "bob": "member"})
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    delete_room(world.people, Caller("alice"), {"roomId": room}, Tally())
    world.projected.run()
    assert world.told(room) == []
    assert world.marks(room) == []
    assert "reactions" not in world.item(message)


def test_a_message_that_is_gone_is_forgotten(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    world.clock.jump(366 * 86_400_000)
    world.projected.run()
    assert world.told(room) == []
    assert world.marks(room) == []


def test_a_new_generation_of_the_tables_goes_on(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    restored = summaries_over(world, world.client, generation=3)
    assert restored.project(changes_of(world), yes).failure is None
    item = world.item(message)
    assert item["rev"] == world.told(room)[0]["rev"] > 2 * 2**20
    people = process(world.client, world.clock, generation=3)
    page = read_changes(people, room, "alice", since=2**21 + 2, after=_wire_ts(message))
    assert [each["rev"] for each in page["items"]] == [item["rev"]]


@pytest.mark.parametrize("ahead_ms", [500, 2_900, 3_600_000])
def test_a_clock_that_was_ahead_holds_nobody_up(world: ReactingRoom, ahead_ms: int) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    react_to(world.people, message, "bob")
    wrong = ReactionSummaries(process(world.client, Clock(NOON + ahead_ms)))
    wrong.project(changes_of(world), yes)
    react_to(world.people, message, "alice")
    at = world.clock.ms
    world.projected.run()
    assert world.shown(message)["👍"][0] == 2
    assert world.clock.ms - at <= 4_000


@pytest.mark.parametrize(
    ("partition_key", "sort_key"),
    [
        ("REACT#", "COUNT#👍"),
        ("REACT#ROOM#lobby", "COUNT#👍"),
        ("REACT#ROOM#lobby#1#07", "COUNT#👍"),
        ("REACT#ROOM#lo bby#01890a5d-ac96-774b-bcce-b302099a8057#07", "COUNT#👍"),
        ("REACT#lobby#01890a5d-ac96-774b-bcce-b302099a8057#07", "COUNT#👍"),
    ],
)
def test_what_is_no_counter_of_ours_is_set_aside(
    world: ReactingRoom, partition_key: str, sort_key: str
) -> None:
    record = world.stream.record("gg_core", {"PK": {"S": partition_key}, "SK": {"S": sort_key}})
    assert world.projected.feed([record]) is None
    assert [each.reason for each in world.projected.letters.put_aside] == ["key"]


def test_other_items_of_a_shard_are_none_of_its_business(world: ReactingRoom) -> None:
    partition_key = "REACT#ROOM#lobby#01890a5d-ac96-774b-bcce-b302099a8057#07"
    record = world.stream.record("gg_core", {"PK": {"S": partition_key}, "SK": {"S": "BY#👍#alice"}})
    assert world.projected.feed([record]) is None
    assert world.projected.letters.put_aside == []


def test_the_message_tells_its_last_edit_still_and_nothing_of_its_reactions(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    message = send(world.people, room, "alice", "hi")
    partition_key = Room.parse(room).partition_key

    def told() -> tuple[str, int] | None:
        (item,) = partition(world.client, table_name(Room.parse(room)), partition_key, keys.MESSAGES)
        event = event_of(item)
        return None if event is None else (event.kind, event.rev)

    assert told() == ("MESSAGE_SENT", 2)
    react_to(world.people, message, "bob")
    world.projected.run()
    assert told() is None
    edit(world.people, message, "another")
    assert told() == ("MESSAGE_EDITED", 4)
    react_to(world.people, message, "alice")
    world.projected.run()
    assert told() is None
    assert (world.item(message)["toldRev"], world.item(message)["reactedRev"]) == (4, 5)
    remove(world.people, message)
    assert told() == ("MESSAGE_REMOVED", 6)


def test_who_was_alone_stays_alone_and_the_owners_are_counted_on(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice")
    change_room(world.client, room, alone=1, owners=2)
    message = send(world.people, room, "alice", "hi")
    change_room(world.client, room, alone=1)
    react_to(world.people, message, "alice")
    world.projected.run()
    (head,) = partition(world.client, table_name(Room.parse(room)), Room.parse(room).partition_key, keys.HEAD)
    assert (plain(head)["alone"], plain(head)["owners"]) == (1, 2)
