"""Any history of people who come, go and write, read from the stream doubled, late and again, by an API that fails now and then:
whatever people are told is so at that moment, nobody hears of a room that they are not in, whatever happened to somebody is told at
least once, and that something has moved at most once in its time."""

import json
import os
import secrets
import threading
import uuid
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from chat.rules.models import Role
from chat.rules.person_events import person_events
from chat.rules.projections import Change
from chat.rules.rooms import Room
from chat.steps.new_room import add_room
from chat.steps.tell_people import PeopleTold
from chat.storage.aws import TransientFailure
from chat.storage.event_items import event_of
from tests.guarantees.people_told.listener import Listener
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.fixtures import FAST, Clock, process, store_of
from tests.guarantees.support.projected import Projected, Stream

EVERY_S = 10
RUNS, STEPS = (40, 120) if os.environ.get("PROVE") else (2, 60)
MUCH = {**FAST, "visibility": "public"}
CHANGES: Mapping[str, tuple[float, str, Mapping[str, Any]]] = {
    "addMember": (3, "root", {}),
    "removeMember": (2, "root", {}),
    "banMember": (1, "root", {}),
    "unbanMember": (1, "root", {}),
    "muteMember": (1, "root", {"until": "2030-01-01T00:00:00.000Z"}),
    "setRole": (1, "root", {"role": "MODERATOR"}),
    "joinRoom": (2, "", {}),
    "leaveRoom": (1, "", {}),
    "sendMessage": (8, "", {"text": "hello"}),
    "deleteRoom": (0.1, "root", {}),
}
"""How often, by whom (whoever it is about, where nobody is named), and with what."""


class History:
    """What happens in some rooms, and what is read of it."""

    def __init__(self, client: Any, seed: int, failing: float = 0.0) -> None:
        self.random, self.clock = Random(seed), Clock()  # noqa: S311  repeatable
        self.stream = Stream(client)
        self.people = process(self.stream.client, self.clock)
        reader = process(self.stream.client, self.clock)
        own = Random(seed)  # noqa: S311  repeatable
        self.listener = Listener(process(client, self.clock), EVERY_S * 1_000, own, failing)
        self.projections = [
            PeopleTold(reader, self.listener.publish, EVERY_S),
            PeopleTold(process(self.stream.client, self.clock), self.listener.publish, EVERY_S),
        ]
        """Two processes of one function."""
        self.readers = [Projected(self.stream, [each], batch_size=20) for each in self.projections]
        suffix = uuid.uuid4().hex[:8]
        self.users = [f"u{number}-{suffix}" for number in range(6)]
        crowd: dict[str, Role] = {f"c{number}-{suffix}": "member" for number in range(21)}
        few: dict[str, Role] = dict.fromkeys(self.users[:3], "member")
        owner: dict[str, Role] = {f"owner-{suffix}": "owner"}
        self.rooms = [f"r-{suffix}", f"GUILD#g-{suffix}", f"direct:{suffix}", f"large-{suffix}"]
        for room_id in self.rooms:
            others = crowd if room_id.startswith("large") else few
            assert add_room(store_of(self.stream.client), Room.parse(room_id), {**owner, **others}, MUCH)

    def change(self) -> None:
        verb = self.random.choices(list(CHANGES), [weight for weight, _, _ in CHANGES.values()])[0]
        _, by, arguments = CHANGES[verb]
        user, room_id = self.random.choice(self.users), self.random.choice(self.rooms)
        given = {"roomId": room_id, **arguments, **({"userId": user} if by else {})}
        if verb == "sendMessage":
            given["clientMessageId"] = uuid.UUID(int=self.random.getrandbits(128)).hex
        answer = call(self.people, by or user, verb, **given)
        if verb == "sendMessage" and not isinstance(answer, Refusal):
            self.listener.rooms_of[answer["id"]] = room_id
        self.clock.sleep(self.random.choice([0.0, 0.1, 1.0, 12.0]))

    def named(self) -> list[tuple[str, str]]:
        """Whom the stream's events name, each with the id of what they are to be told."""
        events = [event_of(each["dynamodb"]["NewImage"]) for each in self.stream.records]
        return [(told.user_id, told.id) for event in events if event for told in person_events(event)]


@pytest.mark.timeout(1_800)  # with PROVE
@pytest.mark.parametrize("run", range(RUNS))
def test_what_is_read_at_once_is_told_once_and_so(client: Any, functions_environ: None, run: int) -> None:
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    history = History(client, seed)
    for _ in range(STEPS):
        history.readers[0].run()
        history.change()
    history.readers[0].run()
    listener = history.listener
    assert listener.wrong == []
    named = history.named()
    assert [each for each in named if each[1] not in listener.ids(each[0])] == []
    with_rooms = [(each["userId"], each["id"]) for each in listener.told if each["kind"] != "MOVED"]
    assert len(with_rooms) == len(set(with_rooms))
    assert any(each["kind"] == "MOVED" for each in listener.told)
    history.readers[0].again()
    history.clock.sleep(2 * EVERY_S)
    before = len(listener.told)
    history.readers[0].again()
    assert [each for each in listener.told[before:] if each["kind"] == "MOVED"] == []
    moved = [(each["userId"], each["id"]) for each in listener.told if each["kind"] == "MOVED"]
    assert len(moved) == len(set(moved))
    assert listener.wrong == []


@pytest.mark.timeout(1_800)  # with PROVE
@pytest.mark.parametrize("run", range(RUNS))
def test_what_is_read_late_doubled_and_again_is_so_when_it_is_told(
    client: Any, functions_environ: None, run: int
) -> None:
    seed = secrets.randbelow(2**32)
    print(f"seed {seed}")
    history = History(client, seed, failing=0.1)
    for _ in range(STEPS):
        history.change()
        if history.random.random() < 0.2:
            history.random.choice(history.readers).run_as_lambda_may(history.random)
    for reader in history.readers:
        reader.run_as_lambda_may(history.random)
        reader.run(attempts=1_000)
    listener = history.listener
    assert listener.wrong == []
    newest: dict[tuple[str, str], tuple[str, str]] = {}
    for record in history.stream.records:
        event = event_of(record["dynamodb"]["NewImage"])
        for told in person_events(event) if event else []:
            if told.kind in ("ADDED", "DIRECT_ROOM", "REMOVED", "BANNED", "UNBANNED"):
                newest[told.user_id, told.room_id or ""] = (told.kind, told.id)
    lacking = [
        (place, newest[place])
        for place in newest
        if newest[place][1] not in listener.ids(place[0]) and not _has_ended(history, place[1])
    ]
    assert lacking == []


def test_whoever_the_api_fails_for_nobody_is_told_later_by_the_same_call(
    client: Any, functions_environ: None
) -> None:
    stream, clock = Stream(client), Clock()
    has_begun, has_failed, has_ended = threading.Event(), threading.Event(), threading.Event()
    suffix, late = uuid.uuid4().hex[:8], list[str]()
    owner, other = f"a-{suffix}", f"b-{suffix}"

    def publish(text: str) -> None:
        if json.loads(text)["userId"] == owner:
            assert has_begun.wait(60)
            has_failed.set()
            raise TransientFailure("Status503")
        has_begun.set()
        assert has_failed.wait(60)
        if has_ended.wait(0.5):
            late.append(text)

    people: dict[str, Role] = {owner: "owner", other: "member"}
    assert add_room(store_of(stream.client), Room.parse(f"r-{suffix}"), people, FAST)
    deployment = process(stream.client, clock)
    projection = PeopleTold(deployment, publish, EVERY_S)
    events = [event_of(each["dynamodb"]["NewImage"]) for each in stream.records]
    changes = [
        Change(each, each["dynamodb"]["NewImage"], event)
        for each, event in zip(stream.records, events, strict=True)
    ]
    projection.project(changes, lambda: True)
    has_ended.set()
    deployment.threads().shutdown()  # whatever is still told is told before this
    assert (has_failed.is_set(), late) == (True, [])


def _has_ended(history: History, room_id: str) -> bool:
    return isinstance(call(history.people, "root", "room", roomId=room_id), Refusal)
