"""project_stream: an event source mapping's batch in, from which record on it is to be sent again out."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chat.rules.outgoing import Outcome
from chat.rules.projections import Change
from simulator.stream_mapping import is_projected
from tests.guarantees.events.stream_records import POISONS, Records
from tests.guarantees.support.fixtures import Clock, new_room, process, send
from tests.guarantees.support.projected import Projected, Stream

NAME = "project_stream"


class Noted:
    """Notes what it is given. `takes`: how many changes of a batch it is done with; `never`: the ids of events that it
    refuses."""

    metric = "ChangesNoted"

    def __init__(self, takes: int | None = None, never: Sequence[str] = ()) -> None:
        self.seen: list[Change] = []
        self.takes, self.never = takes, never

    def project(self, changes: Sequence[Change], go_on: Callable[[], bool]) -> Outcome:  # noqa: ARG002  as every projection has it
        self.seen += changes
        refused = {
            index: "Never" for index, each in enumerate(changes) if each.event and each.event.id in self.never
        }
        if self.takes is None or self.takes >= len(changes):
            return Outcome(len(changes), refused)
        return Outcome(
            self.takes, {index: why for index, why in refused.items() if index < self.takes}, "Throttled"
        )


@pytest.fixture
def event(project: Path) -> Any:
    return json.loads((project / "events" / f"{NAME}.json").read_text(encoding="utf-8"))


def projected(*projections: Noted) -> Projected:
    return Projected(Stream(None), projections)


def test_events_and_counters_reach_every_projection_in_order(functions_environ: None, event: Any) -> None:
    noted = Noted(), Noted()
    assert projected(*noted).feed(event["Records"]) is None
    for each in noted:
        assert [change.event.kind if change.event else change.image["SK"]["S"] for change in each.seen] == [
            "MESSAGE_SENT",
            "MEMBER_REMOVED",
            "COUNT#👍",
        ]
        assert [change.record["dynamodb"]["NewImage"] for change in each.seen] == [
            change.image for change in each.seen
        ]


def test_the_first_change_that_some_projection_lacks_is_reported_and_the_others_go_on(
    functions_environ: None, event: Any
) -> None:
    numbers = [each["dynamodb"]["SequenceNumber"] for each in event["Records"]]
    last = Noted()
    assert projected(Noted(takes=2), Noted(takes=1), last).feed(event["Records"]) == numbers[1]
    assert len(last.seen) == 3


def test_what_a_projection_never_takes_is_set_aside(functions_environ: None, event: Any) -> None:
    wanted = event["Records"][1]["dynamodb"]
    function = projected(Noted(never=[wanted["NewImage"]["id"]["S"]]), Noted())
    assert function.feed(event["Records"]) is None
    (letter,) = function.letters.put_aside
    assert (letter.reason, letter.sequence_number) == ("Never", wanted["SequenceNumber"])


@pytest.mark.parametrize("number", range(len(POISONS)))
def test_nobody_is_given_what_cannot_be_read(functions_environ: None, number: int) -> None:
    records = Records(Random(number))  # noqa: S311  repeatable
    before, poisoned, after = records.event("lobby"), records.event("lobby"), records.event("lobby")
    while "sentRev" in poisoned["dynamodb"]["NewImage"] and number >= len(POISONS) - 8:
        poisoned = records.event("lobby")
    POISONS[number](poisoned)
    noted = Noted()
    function = projected(noted)
    assert function.feed([before, poisoned, after]) is None
    assert [each.record for each in noted.seen] == [before, after]
    assert len(function.letters.put_aside) == 1


def test_what_tells_nothing_is_done(functions_environ: None) -> None:
    records = Records(Random(1))  # noqa: S311  repeatable
    noted = Noted()
    assert projected(noted).feed([records.of_nothing() for _ in range(9)]) is None
    assert noted.seen == []


def test_without_projections_everything_is_done(functions_environ: None, event: Any) -> None:
    assert projected().feed(event["Records"]) is None


def test_the_filter_takes_events_counters_blocks_and_erasures() -> None:
    def record(partition_key: str, sort_key: str, name: str = "INSERT") -> dict[str, Any]:
        return {
            "eventName": name,
            "dynamodb": {"Keys": {"PK": {"S": partition_key}, "SK": {"S": sort_key}}},
        }

    room, counters = "ROOM#lobby", "REACT#ROOM#lobby#m1#07"
    person = "USER#alice"
    wanted = [
        (room, "MSG#1"),
        (room, "EVT#1"),
        (counters, "COUNT#👍"),
        (person, "BLOCK#bob"),
        (person, "ERASED"),
    ]
    others = [
        (room, "HEAD"),
        (room, "CHG#1"),
        ("USER#alice", "IN#ROOM#lobby"),
        ("REACTIONS#ROOM#lobby", "DIRTY#m1"),
        (counters, "BY#👍#alice"),
    ]
    assert [each for each in (*wanted, *others) if is_projected(record(*each))] == wanted
    assert not any(is_projected(record(*each, name="REMOVE")) for each in wanted)


def test_what_people_do_comes_through_the_stream_in_order_doubled_and_late(
    functions_environ: None, client: Any
) -> None:
    stream, noted = Stream(client), Noted()
    room_id, people = new_room(stream.client, "alice"), process(stream.client, Clock())
    function = Projected(stream, [noted], batch_size=3)
    for text in "abcdefg":
        send(people, room_id, "alice", text)
    function.run()
    sent = [each.event.message.text for each in noted.seen if each.event and each.event.message]
    assert sent == list("abcdefg")
    function.run_as_lambda_may(Random(1))  # noqa: S311  repeatable
    function.again()
    assert len(noted.seen) == 2 * len(stream.records)
