"""The events `chat.privacy.*`: each change of a request or a hold has one, whatever else a job writes to the item."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from chat.operations.lift_hold import lift_hold
from chat.operations.run_jobs import run_jobs
from chat.operations.set_hold import set_hold
from chat.rules.events import RoomEvent
from chat.rules.models import Caller, Item
from chat.rules.privacy_events import PrivacyEvent
from chat.rules.tally import Tally
from chat.steps.data_requests import (
    done_writes,
    progress_write,
    read_request,
    refused_writes,
    withdraw_request,
)
from chat.storage.event_bus import EventBus
from chat.storage.event_consumers import EventConsumers
from chat.storage.event_queue import group_of
from stream.contract import PrivacyEvent as Contract
from stream.documents import schema
from tests.guarantees.events.stream_records import Records
from tests.guarantees.support.fixtures import partition
from tests.services.test_due_jobs import Desk, forget_jobs
from tests.services.test_read_stream import Reader, bus
from tests.stream.json_schema import errors

OFFICER = Caller(user_id="olga", roles=frozenset({"privacy"}))


@pytest.fixture
def desk(client: Any) -> Iterator[Desk]:
    forget_jobs(client)
    yield Desk(client)
    forget_jobs(client)


class Stream:
    """What the stream would tell of some items, as they are after each write, and what the reader makes of it."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self._taken, self._records = desk, bus(), Records(Random(1))  # noqa: S311  repeatable
        self._reader = Reader(folder, EventBus(self._taken, "b", "chat"))

    def told(self) -> list[dict[str, Any]]:
        """The events that the items of the person, their erasures and holds tell as they are now, and nothing is set
        aside."""
        before = len(self._taken.taken)
        items = [
            item
            for key in (f"USER#{self.desk.user.replace('%', '%25').replace('#', '%23')}", "ERASURES", "HOLDS")
            for item in partition(self.desk.client, "gg_core", key)
        ]
        events = self.read(*items)
        assert self._reader.letters == []
        assert len(self._taken.taken) == before + len(events)
        return events

    def read(self, *items: Item) -> list[dict[str, Any]]:
        before = len(self._taken.taken)
        records = [self._records.record(item, "MODIFY") for item in items]
        assert self._reader.read({"Records": records}) == {"batchItemFailures": []}
        events = [json.loads(each) for each in self._taken.taken[before:]]
        for each in events:
            assert errors(schema(Contract), each) == []
            Contract.model_validate_json(json.dumps(each))
        return events

    @property
    def letters(self) -> list[Any]:
        return self._reader.letters


@pytest.fixture
def stream(desk: Desk, functions_environ: None, tmp_path: Path) -> Stream:
    found = Stream(desk, tmp_path)
    for item in (*partition(desk.client, "gg_core", "ERASURES"), *partition(desk.client, "gg_core", "HOLDS")):
        desk.client.delete_item(TableName="gg_core", Key={key: item[key] for key in ("PK", "SK")})
    return found


def test_a_request_tells_each_of_its_states_once(desk: Desk, stream: Stream) -> None:
    request = desk.ask("ERASURE")
    (asked,) = stream.told()
    assert (asked["kind"], asked["userId"]) == ("chat.privacy.requested", desk.user)
    assert (asked["requestId"], asked["requestKind"], asked["requestedBy"]) == (
        request.request_id,
        "ERASURE",
        "SELF",
    )
    running = desk.run(request)
    (begun,) = stream.told()
    assert (begun["kind"], begun["userId"], begun["dueAt"]) == ("chat.privacy.begun", desk.user, None)
    for count in range(3):
        desk.deployment.store.tables.transact([progress_write(running, {"messages": count})])
        assert stream.told() == []
        found = read_request(desk.deployment, desk.user, request.request_id)
        assert found is not None
        running = found
    tables, now = desk.deployment.store.tables, desk.clock.now()
    tables.transact(done_writes(desk.deployment, running, {"messages": 2}, now))
    (done,) = stream.told()
    assert (done["kind"], done["requestId"], done["person"]) == (
        "chat.privacy.done",
        request.request_id,
        f"p-{desk.user[-8:]}",
    )
    assert desk.user not in json.dumps(done)
    assert len({each["id"] for each in (asked, begun, done)}) == 3


def test_what_was_withdrawn_and_what_was_refused_is_told(desk: Desk, stream: Stream) -> None:
    request = desk.ask("EXPORT")
    withdraw_request(desk.deployment, desk.user, request.request_id, Tally())
    (withdrawn,) = stream.told()
    assert withdrawn["kind"] == "chat.privacy.withdrawn"
    other = desk.run(desk.ask("EXPORT"))
    desk.deployment.store.tables.transact(refused_writes(other, "noExport", desk.clock.now()))
    told = {each["id"]: each for each in stream.told()}
    (refused,) = [each for each in told.values() if each["requestId"] == other.request_id]
    assert (refused["kind"], refused["reason"]) == ("chat.privacy.refused", "noExport")
    assert told[withdrawn["id"]] == withdrawn


def test_a_request_from_before_there_were_events_tells_none(desk: Desk, stream: Stream) -> None:
    desk.ask("EXPORT")
    key = f"USER#{desk.user.replace('%', '%25').replace('#', '%23')}"
    (item,) = [each for each in partition(desk.client, "gg_core", key) if "REQUEST#" in each["SK"]["S"]]
    assert len(stream.read(item)) == 1
    assert stream.read({name: value for name, value in item.items() if name != "stateRev"}) == []


def test_a_hold_is_told_when_it_is_set_and_when_it_is_lifted_and_nothing_else(
    desk: Desk, stream: Stream
) -> None:
    reason = f"case {uuid4()}"
    hold = set_hold(desk.deployment, OFFICER, {"userId": desk.user, "reason": reason}, Tally())
    (held,) = stream.told()
    assert (held["kind"], held["holdId"], held["userId"]) == ("chat.privacy.held", hold["id"], desk.user)
    run_jobs(desk.deployment, 5.0, Tally())
    assert stream.told() == []
    lift_hold(desk.deployment, OFFICER, {"id": hold["id"]}, Tally())
    (released,) = stream.told()
    assert (released["kind"], released["holdId"]) == ("chat.privacy.released", hold["id"])
    run_jobs(desk.deployment, 5.0, Tally())
    assert stream.told() == []
    assert reason not in json.dumps([held, released])
    assert OFFICER.user_id not in json.dumps([held, released])


def test_an_item_that_nobody_can_read_is_set_aside(desk: Desk, stream: Stream) -> None:
    desk.ask("EXPORT")
    key = f"USER#{desk.user.replace('%', '%25').replace('#', '%23')}"
    (item,) = [each for each in partition(desk.client, "gg_core", key) if "REQUEST#" in each["SK"]["S"]]
    poisons: list[Item] = [{"state": {"S": "OTHER"}}, {"requestedAt": {"S": "x"}}, {"kind": {"N": "1"}}]
    assert stream.read(*({**item, **poison} for poison in poisons)) == []
    assert len(stream.letters) == len(poisons)


def test_consumers_of_rooms_are_not_given_them() -> None:
    from chat.rules.outgoing import Outgoing

    of_rooms: list[RoomEvent] = []
    of_privacy: list[PrivacyEvent] = []
    told = PrivacyEvent(id="r.1", kind="chat.privacy.requested", ts=1, request_id="r", user_id="alice")
    consumers = EventConsumers([of_rooms.append], [of_privacy.append])
    assert consumers.send([Outgoing.of_privacy(told)], lambda: True).done == 1
    assert (of_rooms, of_privacy) == ([], [told])
    assert group_of(told.group) == "privacy#r"
