"""The event `chat.notification.due`: made by the runs of `run_jobs` of what the stream's projection has them judge, told by the
reader of events, and by nothing but the write that makes it."""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chat.operations.run_jobs import run_jobs
from chat.rules.models import Item, Role
from chat.rules.notification_events import NotificationEvent
from chat.rules.notifications import ALL_MEMBERS
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import add_room
from chat.steps.notification_projection import NotificationProjection
from chat.storage import keys
from chat.storage.due_notification_items import is_notified
from chat.storage.event_bus import EventBus
from chat.storage.event_consumers import EventConsumers
from simulator.settings import TABLES
from simulator.stream_mapping import tells_event
from stream.contract import NotificationEvent as Contract
from stream.documents import schema
from tests.guarantees.events.stream_records import Records
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.bulk import load_members
from tests.guarantees.support.fixtures import FAST, Clock, partition, process, store_of
from tests.guarantees.support.projected import Projected, Stream
from tests.services.test_read_stream import Reader, bus
from tests.stream.json_schema import errors

AFTER_S = 30


class Place:
    """A room of somebody and others, whose stream is projected."""

    def __init__(self, client: Any, members: int = 2) -> None:
        self.client, self.clock, self.stream = client, Clock(), Stream(client)
        self.ours = process(self.stream.client, self.clock)
        suffix = uuid.uuid4().hex[:8]
        self.room_id = f"r-{suffix}"
        self.users = [f"{number:03d}-{suffix}" for number in range(members)]
        roles: dict[str, Role] = dict.fromkeys(self.users[:2], "member")
        roles[self.users[0]] = "owner"
        assert add_room(store_of(client), Room.parse(self.room_id), roles, FAST)
        if members > 2:
            self.users = self.users[:2] + load_members(client, self.room_id, members - 2)
        self.reader = Projected(self.stream, [NotificationProjection(process(client, self.clock), AFTER_S)])

    def say(self, **more: Any) -> Any:
        return call(
            self.ours, self.users[0], "sendMessage", roomId=self.room_id, text="a secret of ours", **more
        )

    def wait(self) -> Tally:
        """Until everything is due, and a run."""
        self.reader.run()
        self.clock.sleep(2 * AFTER_S)
        tally = Tally()
        assert run_jobs(process(self.client, self.clock), 20.0, tally).failures == []
        return tally

    def items(self, user: str) -> list[Item]:
        return partition(self.client, "gg_core", f"USER#{user}", keys.notified(f"ROOM#{self.room_id}"))

    def notified(self) -> list[str]:
        return [user for user in self.users if self.items(user)]

    def waiting(self) -> list[str]:
        found = [item["SK"]["S"] for item in partition(self.client, "gg_core", keys.NOTIFYING)]
        return [each for each in found if each.endswith(f"#ROOM#{self.room_id}") and each[0].isdigit()]


@pytest.fixture(autouse=True)
def _nothing_is_left(client: Any) -> Iterator[None]:
    yield
    for table in TABLES.values():
        for item in partition(client, table, keys.NOTIFYING):
            client.delete_item(TableName=table, Key={"PK": item["PK"], "SK": item["SK"]})


@pytest.fixture
def place(client: Any, functions_environ: None) -> Place:
    return Place(client)


def told(items: Sequence[Item], folder: Path, *consumers: Any) -> list[dict[str, Any]]:
    """What the reader makes of some items."""
    taken = bus()
    reader = Reader(folder, EventBus(taken, "b", "chat"), EventConsumers((), (), consumers), with_text=True)
    records = Records(Random(1))  # noqa: S311  repeatable
    batch = [records.record(item, "MODIFY") for item in items]
    assert all(map(tells_event, batch))
    assert reader.read({"Records": batch}) == {"batchItemFailures": []}
    assert reader.letters == []
    return [json.loads(each) for each in taken.taken]


def test_who_has_not_read_is_notified_by_an_event_without_text(place: Place, tmp_path: Path) -> None:
    first, second = place.say(), place.say(mentions=[place.users[1]])
    assert place.wait()["NotificationsDue"] == 1
    assert place.notified() == [place.users[1]]
    heard: list[NotificationEvent] = []
    items = place.items(place.users[1])
    events = told([*items, *items], tmp_path, heard.append)
    assert events[0] == events[1]
    event = events[0]
    assert errors(schema(Contract), event) == []
    expected = {
        "version": 1, "kind": "chat.notification.due", "userId": place.users[1], "roomId": place.room_id,
        "roomType": "general", "guildId": None, "fromSeq": first["seq"], "seq": second["seq"],
        "messageId": second["id"], "messageTs": second["ts"], "count": 2, "mentioned": True,
    }  # fmt: skip
    assert event == {**expected, "id": event["id"], "ts": event["ts"]}
    assert [each.user_id for each in heard] == [place.users[1]] * 2
    assert "secret" not in json.dumps([event, *items])
    assert place.waiting() == []


def test_a_message_that_is_gone_or_an_erasure_withdraws_it(place: Place) -> None:
    sent = place.say()
    call(place.ours, "root", "removeMessage", roomId=place.room_id, id=sent["id"])
    place.wait()
    assert place.notified() == []
    place.say()
    place.reader.run()
    place.client.update_item(
        TableName="gg_core",
        Key={"PK": {"S": f"ROOM#{place.room_id}"}, "SK": _newest(place)},
        UpdateExpression="SET expiresAt = :now",
        ExpressionAttributeValues={":now": {"N": str(place.clock.ms // 1_000)}},
    )
    place.wait()
    assert place.notified() == []


def _newest(place: Place) -> Any:
    return partition(place.client, "gg_core", f"ROOM#{place.room_id}", keys.MESSAGES)[-1]["SK"]


def test_a_busy_room_is_written_once_in_the_time_and_nobody_before_they_are_notified(place: Place) -> None:
    written: list[str] = []
    client = _Noted(place.client, written)
    reader = Projected(place.stream, [NotificationProjection(process(client, place.clock), AFTER_S)])
    for _ in range(50):
        place.say()
    reader.run()
    assert len(written) == 1
    assert place.waiting() == written
    assert place.notified() == []


class _Noted:
    def __init__(self, client: Any, written: list[str]) -> None:
        self._inner, self._written = client, written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def update_item(self, **request: Any) -> Any:
        self._written.append(request["Key"]["SK"]["S"])
        return self._inner.update_item(**request)


@pytest.mark.parametrize("more", [0, 1])
def test_above_so_many_members_only_a_mention_by_the_id_counts(
    client: Any, functions_environ: None, more: int
) -> None:
    place = Place(client, ALL_MEMBERS + more)
    one, level = place.users[5], {"level": "ALL"}
    call(place.ours, place.users[7], "setNotifications", roomId=place.room_id, **level)
    place.say(mentions=[one])
    place.say(mentionsAll=True)
    place.wait()
    assert place.notified() == ([one] if more else place.users[1:])


def test_what_cannot_be_read_is_a_failure_and_keeps_nobody_elses_from_being_judged(place: Place) -> None:
    key = {"PK": {"S": keys.NOTIFYING}, "SK": {"S": keys.notifying(1, "ROOM#another")}}
    place.client.put_item(TableName="gg_core", Item={**key, "fromSeq": {"S": "x"}})
    place.say()
    place.reader.run()
    place.clock.sleep(2 * AFTER_S)
    run = run_jobs(process(place.client, place.clock), 20.0, Tally())
    assert [(each.kind, each.step) for each in run.failures] == [("notify", "due")]
    assert place.notified() == [place.users[1]]


def test_a_room_that_has_ended_notifies_nobody(place: Place) -> None:
    place.say()
    place.reader.run()
    call(place.ours, "root", "deleteRoom", roomId=place.room_id)
    place.wait()
    assert (place.notified(), place.waiting()) == ([], [])


class _Meanwhile:
    """A client of DynamoDB: something happens just before a notification is written for the first time."""

    def __init__(self, client: Any, happens: Callable[[], Any]) -> None:
        self._inner, self._happens = client, [happens]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def transact_write_items(self, **request: Any) -> Any:
        puts = [each["Put"]["Item"] for each in request["TransactItems"] if "Put" in each]
        if self._happens and any(is_notified(each["PK"]["S"], each["SK"]["S"]) for each in puts):
            self._happens.pop()()
        return self._inner.transact_write_items(**request)


@pytest.mark.parametrize("verb", ["removeMember", "banMember"])
def test_who_is_sent_away_just_before_it_is_written_is_not_notified(place: Place, verb: str) -> None:
    place.say()
    place.reader.run()
    place.clock.sleep(2 * AFTER_S)
    user = place.users[1]
    away = partial(call, place.ours, "root", verb, roomId=place.room_id, userId=user)
    tally = Tally()
    run = run_jobs(process(_Meanwhile(place.client, away), place.clock), 20.0, tally)
    assert (run.failures, tally["NotificationsDue"], place.notified()) == ([], 0, [])


def test_of_two_runs_beside_each_other_one_notifies(place: Place) -> None:
    place.say()
    place.reader.run()
    place.clock.sleep(2 * AFTER_S)
    tallies = Tally(), Tally()
    other = partial(run_jobs, process(place.client, place.clock), 20.0, tallies[0])
    run = run_jobs(process(_Meanwhile(place.client, other), place.clock), 20.0, tallies[1])
    assert run.failures == []
    assert [each["NotificationsDue"] for each in tallies] == [1, 0]
    place.say()
    place.wait()
    assert [len(place.items(each)) for each in place.users] == [0, 1]
