"""One reaction: once whatever is lost on the way, within its rate, and never refused by what a look has not seen yet."""

from collections.abc import Callable
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.models import Message
from chat.rules.rooms import Room
from chat.storage.aws import Cancelled, OutcomeUnknown, TransientFailure
from tests.guarantees.reactions.people import ReactingRoom, react_to, refusal_of, who_reacts
from tests.guarantees.support.fixtures import change_member, new_room, process, send


@pytest.fixture
def world(functions_environ: None, client: Any) -> ReactingRoom:
    return ReactingRoom(client)


class Faulty:
    """A client whose first `times` transactions end by `fault`, done or not."""

    def __init__(self, client: Any, fault: Exception, *, done: bool, times: int = 1) -> None:
        self._client, self._fault, self._done, self._times = client, fault, done, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        if not self._times:
            return self._client.transact_write_items(**request)
        self._times -= 1
        if self._done:
            self._client.transact_write_items(**request)
        raise self._fault


class Behind:
    """A client whose reads that need not be consistent see what was there when it was made."""

    def __init__(self, client: Any, places: Callable[[], Any]) -> None:
        self._client, self._then = client, places()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_get_item(self, **request: Any) -> Any:
        (wanted,) = request["RequestItems"].values()
        return self._client.batch_get_item(**request) if wanted["ConsistentRead"] else self._then


def prepared(world: ReactingRoom) -> Message:
    return send(world.people, new_room(world.client, "alice", "bob"), "alice", "hi")


FAULTS = [
    pytest.param(OutcomeUnknown("ReadTimeoutError"), True, id="the answer lost"),
    pytest.param(OutcomeUnknown("ReadTimeoutError"), False, id="the request lost"),
    pytest.param(TransientFailure("ThrottlingException"), False, id="throttled"),
    pytest.param(Cancelled([("TransactionConflict", None)] * 5), False, id="a conflict"),
]


@pytest.mark.parametrize(("fault", "done"), FAULTS)
@pytest.mark.parametrize("on", [True, False])
def test_whatever_is_lost_it_is_done_once(
    world: ReactingRoom, fault: Exception, done: bool, on: bool
) -> None:
    message = prepared(world)
    react_to(world.people, message, "alice")
    if not on:
        react_to(world.people, message, "bob")
    faulty = process(Faulty(world.client, fault, done=done), world.clock)
    assert react_to(faulty, message, "bob", on=on)["on"] is on
    assert set(who_reacts(world.people, message, "alice")) == {
        ("👍", each) for each in ["alice", *["bob"] * on]
    }
    world.projected.run()
    assert world.shown(message)["👍"][0] == 1 + on


def behind(world: ReactingRoom, message: Message, user: str = "bob") -> Deployment:
    """A process whose first look sees nothing of what happens from now on."""
    asked: list[Any] = []

    class Asking(Behind):
        def __init__(self) -> None:
            super().__init__(world.client, dict)

        def batch_get_item(self, **request: Any) -> Any:
            asked.append(world.client.batch_get_item(**request))
            raise _Stop

    class _Stop(Exception):
        pass

    with pytest.raises(_Stop):
        react_to(process(Asking(), world.clock), message, user)
    return process(Behind(world.client, lambda: asked[0]), world.clock)


def test_a_look_that_is_behind_refuses_nobody(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice")
    message = send(world.people, room, "alice", "hi")
    ours = behind(world, message)
    change_member(world.client, room, "bob", status="active", role="member", joinedSeq=0)
    assert react_to(ours, message, "bob")["on"]
    assert who_reacts(world.people, message, "alice") == [("👍", "bob")]


@pytest.mark.parametrize("on", [True, False])
def test_a_look_that_is_behind_answers_nothing_that_is_no_more_so(world: ReactingRoom, on: bool) -> None:
    message = prepared(world)
    if on:
        react_to(world.people, message, "bob")
    ours = behind(world, message)
    react_to(world.people, message, "bob", on=not on)
    assert react_to(ours, message, "bob", on=on)["on"] is on
    assert who_reacts(world.people, message, "alice") == ([("👍", "bob")] if on else [])


@pytest.mark.parametrize(
    ("attributes", "refusal"),
    [({"status": "left"}, "NotRoomMember"), ({"mutedUntil": 4_000_000_000_000}, "Muted")],
)
def test_what_a_look_has_not_seen_refuses_at_the_commit(
    world: ReactingRoom, attributes: dict[str, Any], refusal: str
) -> None:
    message = prepared(world)
    ours = behind(world, message)
    change_member(world.client, message.room_id, "bob", **attributes)
    assert refusal_of(ours, message, "bob").code == refusal
    assert who_reacts(world.people, message, "alice") == []


def test_twenty_at_once_and_two_a_second(world: ReactingRoom) -> None:
    room = new_room(world.client, "alice", "bob")
    messages = [send(world.people, room, "alice", "hi") for _ in range(23)]
    for message in messages[:20]:
        react_to(world.people, message, "bob")
    refusal = refusal_of(world.people, messages[20], "bob")
    assert (refusal.code, refusal.values) == ("RateLimited", {"retryAfterMs": 500, "scope": "person"})
    react_to(world.people, messages[0], "bob")  # what is so already is so at any rate
    react_to(world.people, messages[20], "alice")
    send(world.people, room, "bob", "and messages go on")
    world.clock.sleep(0.5)
    react_to(world.people, messages[20], "bob")
    assert refusal_of(world.people, messages[21], "bob").code == "RateLimited"


def test_two_at_once_with_the_last_kind_are_not_more_than_twenty(world: ReactingRoom) -> None:
    people = [f"p{number}" for number in range(30)]
    message = send(world.people, new_room(world.client, *people), "p0", "hi")
    emoji = [chr(0x1F600 + number) for number in range(22)]
    for user, each in zip(people, emoji[:19], strict=False):
        react_to(world.people, message, user, each)

    class Between(Faulty):
        def transact_write_items(self, **request: Any) -> Any:
            if self._times:
                self._times -= 1
                react_to(world.people, message, "p20", emoji[20])
            return self._client.transact_write_items(**request)

    ours = process(Between(world.client, AssertionError(), done=False), world.clock)
    assert refusal_of(ours, message, "p21", emoji[21]).values["reason"] == "tooManyKinds"
    assert len({each for each, _ in who_reacts(world.people, message, "p0")}) == 20


def test_to_look_for_a_place_among_twenty_kinds_costs_the_rate(world: ReactingRoom) -> None:
    """Each such call reads all counters of the message: nobody may make it as often as they like."""
    people = [f"p{number}" for number in range(21)]
    message = send(world.people, new_room(world.client, *people), "p0", "hi")
    emoji = [chr(0x1F600 + number) for number in range(22)]
    for user, each in zip(people, emoji[:20], strict=False):
        react_to(world.people, message, user, each)
    for _ in range(20):
        assert refusal_of(world.people, message, "p20", emoji[21]).values["reason"] == "tooManyKinds"
    assert refusal_of(world.people, message, "p20", emoji[21]).code == "RateLimited"
    react_to(world.people, message, "p20", emoji[0], on=False)  # what is so already is so at any rate
    world.clock.sleep(0.5)
    react_to(world.people, message, "p20", emoji[0])


def test_what_belongs_to_a_message_expires_with_it(world: ReactingRoom) -> None:
    message = prepared(world)
    react_to(world.people, message, "bob")
    expires = world.item(message)["expiresAt"]
    partition_key = Room.parse(message.room_id).partition_key
    ours = [
        item
        for page in world.client.get_paginator("scan").paginate(TableName="gg_core")
        for item in page["Items"]
        if item["PK"]["S"].startswith(("REACT#", "REACTIONS#")) or item["SK"]["S"].startswith("REACTED#")
        if partition_key in item["PK"]["S"] + item["SK"]["S"]
    ]
    assert [int(item["expiresAt"]["N"]) for item in ours] == [expires] * 4
