"""reemit_events: a room's events once more, made again of the tables."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chat.operations.delete_room import delete_room
from chat.operations.guild_membership import guild_membership
from chat.operations.reemit_events import reemit_events
from chat.operations.run_jobs import run_jobs
from chat.rules.errors import InvalidInput, NotRoomMember
from chat.rules.generations import LEAP
from chat.rules.models import Caller, Head
from chat.rules.revisions import missing
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.emission import Emitter
from chat.storage import keys
from chat.storage.event_bus import EventBus
from simulator.keys import SigningKey
from tests.guarantees.events.unreliable_targets import Bus
from tests.guarantees.support.fixtures import (
    MovingClock,
    delete_message,
    edit,
    partition,
    process,
    remove,
    send,
    stored,
    table_name,
)
from tests.resolvers.harness import Harness, Refusal

NAME = "reemit_events"
START = 1_795_737_600_000


@pytest.fixture(scope="module")
def harness(client: Any, key: SigningKey, project: Path) -> Any:
    harness = Harness(project, key, client)
    yield harness
    harness.functions.close()


class Again:
    """A room, and what comes of giving its events out once more."""

    def __init__(self, harness: Harness, *, guild: bool = False) -> None:
        self.harness = harness
        self.room = harness.room({"alice": "owner", "carol": "member"}, guild=guild)
        self.deployment = process(harness.client, MovingClock(START))
        self.bus = Bus(Random(1), 0.0, lambda _: False)  # noqa: S311  repeatable

    def all(self, since: int = 0, until: int | None = None, **changes: Any) -> list[Any]:
        """Every event after a revision, in the order in which they came."""
        emitter = Emitter(
            (EventBus(self.bus, "b", "chat"),), with_text=True, publishes=False, monotonic=lambda: 0.0
        )
        self.missing: list[Any] = []
        self.bus.taken.clear()
        position: int | None = since
        while position is not None:
            arguments = {"roomId": self.room, "since": position, "until": until}
            answer = reemit_events(replace(self.deployment, **changes), emitter, arguments, Tally(), 60.0)
            self.missing += answer["missing"]
            assert answer["next"] is None or answer["next"] > position
            position = answer["next"]
        return list(map(json.loads, self.bus.taken))


@pytest.mark.parametrize("guild", [False, True], ids=["general", "guild"])
def test_all_revisions_come_in_their_order_with_the_texts_of_now(harness: Harness, guild: bool) -> None:
    again = Again(harness, guild=guild)
    first = send(again.deployment, again.room, "alice", "one")
    second = send(again.deployment, again.room, "carol", "two")
    edit(again.deployment, first, "one, edited")
    edit(again.deployment, first, "one, edited again")
    remove(again.deployment, second)
    events = again.all()
    assert [each["rev"] for each in events] == [1, 2, 3, 4, 5, 6]
    assert again.missing == []
    told = [
        (each["kind"], (each["message"] or {}).get("text"), (each["message"] or {}).get("version"))
        for each in events
    ]
    assert told == [
        ("ROOM_CREATED", None, None),
        ("MESSAGE_SENT", None, 1),
        ("MESSAGE_SENT", None, 1),
        ("MESSAGE_EDITED", None, None),
        ("MESSAGE_EDITED", "one, edited again", 3),
        ("MESSAGE_REMOVED", None, 1),
    ]
    assert [each["id"] for each in events[1:]] == [
        f"{message.id}.{rev}"
        for message, rev in ((first, 2), (second, 3), (first, 4), (first, 5), (second, 6))
    ]
    assert all(each["rebuilt"] for each in events)
    assert [each["actorId"] for each in events[1:]] == ["alice", "carol", None, "alice", "carol"]


def test_a_part_is_a_part(harness: Harness) -> None:
    again = Again(harness)
    for number in range(12):
        send(again.deployment, again.room, "alice", str(number))
    assert [each["rev"] for each in again.all(since=4, until=9)] == [5, 6, 7, 8, 9]
    assert again.all(since=13) == []
    assert again.all(since=99) == []


@pytest.mark.real_engine("moto copies its tables for each of many transactions")
def test_many_revisions_take_pages_and_are_all_there(harness: Harness) -> None:
    again = Again(harness)
    for number in range(150):
        message = send(again.deployment, again.room, "alice", str(number))
        if number % 3 == 0:
            edit(again.deployment, message, "edited")
    head = harness.item(again.room, "HEAD")
    assert [each["rev"] for each in again.all()] == list(range(1, head["rev"] + 1))
    assert [each["rev"] for each in again.all(since=77)] == list(range(78, head["rev"] + 1))
    assert again.missing == []


def test_what_is_gone_is_told_to_be_missing(harness: Harness) -> None:
    again = Again(harness)
    sent = [send(again.deployment, again.room, "alice", str(number)) for number in range(5)]
    edit(again.deployment, sent[1], "edited")
    sort_keys = [each["SK"] for each in stored(harness.client, again.room)]
    delete_message(harness.client, again.room, sort_keys[1])
    delete_message(harness.client, again.room, sort_keys[2])
    assert [each["rev"] for each in again.all()] == [1, 2, 5, 6]
    assert again.missing == [[3, 4], [7, 7]]


def test_no_message_that_a_retention_hides_is_told_again(harness: Harness) -> None:
    again = Again(harness)
    send(again.deployment, again.room, "alice", "old")
    year = 366 * 86_400_000
    events = again.all(now=lambda: START + year, clock_in_doubt=lambda: False)
    assert events == []
    assert again.missing == [[1, 2]]


@pytest.mark.real_engine("moto copies its tables for each of many transactions")
def test_messages_from_before_there_were_events_are_missing_and_those_after_are_found(
    harness: Harness,
) -> None:
    again = Again(harness)
    for number in range(130):
        send(again.deployment, again.room, "alice", str(number))
    for each in stored(harness.client, again.room)[:110]:
        harness.client.update_item(
            TableName="gg_core",
            Key={"PK": {"S": Room.parse(again.room).partition_key}, "SK": {"S": each["SK"]}},
            UpdateExpression="REMOVE sentRev",
        )
    assert [each["rev"] for each in again.all()] == [1, *range(112, 132)]
    assert again.missing == [[2, 111]]


def test_an_item_that_nobody_can_read_is_missing_and_the_others_go_on(harness: Harness) -> None:
    again = Again(harness)
    for number in range(3):
        send(again.deployment, again.room, "alice", str(number))
    spoilt = stored(harness.client, again.room)[1]
    harness.change(again.room, Room.parse(again.room).partition_key, spoilt["SK"], senderId=7)
    assert [each["rev"] for each in again.all()] == [1, 2, 4]
    assert again.missing == [[3, 3]]


def test_a_target_that_fails_ends_it_with_where_to_go_on(harness: Harness) -> None:
    again = Again(harness)
    for number in range(3):
        send(again.deployment, again.room, "alice", str(number))
    again.bus.rate = 1.0
    emitter = Emitter(
        (EventBus(again.bus, "b", "chat"),), with_text=False, publishes=False, monotonic=lambda: 0.0
    )
    answer = reemit_events(again.deployment, emitter, {"roomId": again.room, "since": 1}, Tally(), 60.0)
    assert (answer["emitted"], answer["next"], answer["missing"]) == (0, 1, [])
    assert answer["failure"]


@pytest.mark.parametrize("arguments", [{}, {"roomId": "lobby"}, {"roomId": "lobby", "since": -1}, {"roomId": "?", "since": 1},
                                       {"roomId": "lobby", "since": 1, "until": "2"}, {"roomId": "lobby", "since": 1.5}])  # fmt: skip
def test_what_is_asked_for_is_checked(harness: Harness, arguments: Any) -> None:
    refusal = harness.call(NAME, arguments)
    assert isinstance(refusal, Refusal)
    assert refusal.error_type == InvalidInput.__name__


def test_the_function_answers_what_went_out(harness: Harness, project: Path) -> None:
    event = json.loads((project / "events" / "reemit_events.json").read_text(encoding="utf-8"))
    again = Again(harness)
    send(again.deployment, again.room, "alice", "one")
    answer = harness.call("reemit_events", event | {"roomId": again.room})
    assert answer == {
        "roomId": again.room,
        "emitted": 2,
        "refused": [],
        "missing": [],
        "next": None,
        "failure": None,
    }
    # Of these there is none here, so that nothing would go out.
    unknown: list[object] = [["publish"], ["queue"], [], "bus", [{}], {"bus": 1}]
    for targets in unknown:
        refused = harness.call(NAME, {"roomId": again.room, "since": 0, "targets": targets})
        assert isinstance(refused, Refusal), targets
        assert refused.values == {"argument": "targets"}
    assert harness.call(NAME, {"roomId": "no-such-room", "since": 0}).error_type == NotRoomMember.__name__


def head(rev: int, generation: int = 1, generation_rev: int = 0) -> Head:
    return Head(rev=rev, seq=1, ts=1, epoch=1, generation=generation, generation_rev=generation_rev)


def test_a_generations_leap_is_not_missing() -> None:
    began = 5 + LEAP
    assert missing([1, 2, 3, 4, 5, began + 1], 0, began + 1, head(began + 1, 2, began)) == []
    assert missing([1, 2, 3, 5, began + 2], 0, began + 2, head(began + 2, 2, began)) == [
        (4, 4),
        (began + 1, began + 1),
    ]
    assert missing([1, began + 1], 0, began + 1, head(began + 1, 2, began)) == [(2, 5)]
    assert missing([], 0, 3, head(3)) == [(1, 3)]
    assert missing([], 3, 3, head(3)) == []
    twice = 5 + 2 * LEAP
    assert missing([5, twice + 1], 4, twice + 1, head(twice + 1, 3, twice)) == []
    assert missing([], 0, 2 * LEAP, head(2 * LEAP)) == [(1, 2 * LEAP)]


def put(harness: Harness, room_id: str, sort_key: str, **attributes: Any) -> None:
    room = Room.parse(room_id)
    item = {"PK": {"S": room.partition_key}, "SK": {"S": sort_key}, **attributes}
    harness.client.put_item(TableName=table_name(room), Item=item)


def test_items_of_another_team_and_spoilt_ones_do_not_end_it(harness: Harness) -> None:
    again = Again(harness)
    message = send(again.deployment, again.room, "alice", "one")
    edit(again.deployment, message, "two")
    send(again.deployment, again.room, "alice", "three")
    number = keys.instant(stored(harness.client, again.room)[0]["SK"])
    for sort_key in ("CHG#000000000003-theirs", "EVT#0000000000000001-theirs", f"MSG#{number:013d}-theirs"):
        put(
            harness,
            again.room,
            sort_key,
            expiresAt={"S": "tomorrow"},
            sentRev={"S": "7"},
            type={"S": "Event"},
        )
    put(
        harness,
        again.room,
        f"MSG#{number:013d}#x",
        sentRev={"N": "7.5"},
        seq={"N": "1"},
        expiresAt={"BOOL": True},
    )
    assert [each["rev"] for each in again.all()] == [1, 2, 3, 4]
    assert again.missing == []


@pytest.mark.parametrize("guild", [False, True], ids=["general", "guild"])
def test_the_end_of_a_room_is_told_again_when_nothing_else_of_it_is_left(
    harness: Harness, guild: bool
) -> None:
    again = Again(harness, guild=guild)
    send(again.deployment, again.room, "alice", "private")
    if guild:
        guild_membership(
            again.deployment, {"guildId": again.room.removeprefix("GUILD#"), "end": True}, Tally()
        )
    else:
        delete_room(again.deployment, Caller("alice"), {"roomId": again.room}, Tally())
    before = again.all()[-1]
    assert (before["kind"], before["rev"], before["notices"][0]["nextEpoch"]) == ("ROOM_DELETED", 3, 2)
    for _ in range(2):
        run_jobs(again.deployment, 1_000.0, Tally())
    assert again.all() == [before]
    assert again.missing == [[1, 2]]
    left = partition(harness.client, table_name(Room.parse(again.room)), Room.parse(again.room).partition_key)
    assert [item["SK"]["S"] for item in left] == [keys.event(3), "HEAD"]


@pytest.mark.timeout(60)
def test_another_teams_items_between_messages_do_not_hold_it_up(harness: Harness) -> None:
    again = Again(harness)
    send(again.deployment, again.room, "alice", "one")
    number = keys.instant(stored(harness.client, again.room)[0]["SK"])
    for other in range(120):
        put(harness, again.room, f"MSG#{number:013d}-{other:03d}")
    send(again.deployment, again.room, "alice", "two")
    assert [each["rev"] for each in again.all()] == [1, 2, 3]
    assert [each["rev"] for each in again.all(since=1)] == [2, 3]
    assert [each["rev"] for each in again.all(since=2)] == [3]
    assert again.missing == []
