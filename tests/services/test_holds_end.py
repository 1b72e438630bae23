"""Legal holds with an end of their own: it comes at its instant, by nobody, and what waited for it goes on."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.delete_room import delete_room
from chat.operations.holds import holds
from chat.operations.leave_room import leave_room
from chat.operations.lift_hold import lift_hold
from chat.operations.run_jobs import run_jobs
from chat.operations.send_message import send_message
from chat.operations.set_hold import set_hold
from chat.rules.errors import NotAllowed
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Head
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, list_erasures, make_request
from chat.steps.jobs import Run
from chat.storage import keys
from chat.storage.places import head_place
from tests.guarantees.support.fixtures import (
    DAY_MS,
    Clock,
    new_room,
    partition,
    process,
    store_of,
    stored,
)

PRIVACY = Caller("ann", frozenset({"privacy"}))
TEN_DAYS = 10 * DAY_MS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ours(client: Any, clock: Clock) -> Deployment:
    return process(client, clock)


@pytest.fixture
def room(client: Any, ours: Deployment) -> str:
    room = new_room(client, members={"ada": "owner"})
    send_message(ours, Caller("ada"), {"roomId": room, "text": "evidence"}, Tally())
    return room


def hold_of(ours: Deployment, **subject: str) -> str:
    """The id of one that ends in ten days, and is carried out."""
    ends_at = to_wire(ours.now() + TEN_DAYS)
    made = set_hold(ours, PRIVACY, {**subject, "reason": "Case 17", "endsAt": ends_at}, Tally())
    assert made["endsAt"] == ends_at
    work(ours)
    assert found(ours, made["id"])["state"] == "ACTIVE"
    return str(made["id"])


def found(ours: Deployment, hold_id: str) -> dict[str, Any]:
    (only,) = [each for each in holds(ours, PRIVACY, {}, Tally())["items"] if each["id"] == hold_id]
    return dict(only)


def work(ours: Deployment) -> Run:
    run = run_jobs(ours, 1_000.0, Tally())
    assert run.failures == []
    return run


def due(client: Any, hold_id: str) -> list[int]:
    """The instants (ms) at which something of the hold is due."""
    names = [item["SK"]["S"] for item in partition(client, "gg_core", keys.DUE)]
    return [keys.due_ms(name) for name in names if name.endswith(hold_id)]


def ends(items: list[dict[str, Any]]) -> set[str]:
    return {name for item in items for name in ("expiresAt", "heldExpiresAt") if name in item}


def test_a_hold_ends_at_its_instant_and_what_it_held_gets_its_end_back(
    client: Any, clock: Clock, ours: Deployment, room: str
) -> None:
    was = [each["expiresAt"] for each in stored(client, room)]
    hold_id = hold_of(ours, roomId=room)
    clock.jump(TEN_DAYS - 1)
    assert [each for each in work(ours).ended_holds if each.endswith(hold_id)] == []
    assert ends(stored(client, room)) == {"heldExpiresAt"}
    with pytest.raises(NotAllowed):
        delete_room(ours, Caller("ada"), {"roomId": room}, Tally())
    clock.jump(1)
    assert [each for each in work(ours).ended_holds if each.endswith(hold_id)] == [f"ROOM#{room}#{hold_id}"]
    ended = found(ours, hold_id)
    assert (ended["state"], ended["liftedBy"], ended["liftedAt"]) == ("LIFTED", None, ended["endsAt"])
    assert [each["expiresAt"] for each in stored(client, room)] == was
    assert due(client, hold_id) == []
    delete_room(ours, Caller("ada"), {"roomId": room}, Tally())


def test_an_erasure_that_waited_for_it_goes_on(client: Any, clock: Clock, ours: Deployment) -> None:
    eve = f"eve-{uuid.uuid4()}"
    room = new_room(client, members={"ada": "owner", eve: "member"})
    send_message(ours, Caller(eve), {"roomId": room, "text": "evidence"}, Tally())
    make_request(ours, eve, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    run_jobs(ours, 0.0, Tally())  # the erasure has begun
    ends_at = to_wire(ours.now() + TEN_DAYS)
    set_hold(ours, PRIVACY, {"userId": eve, "reason": "Case 17", "endsAt": ends_at}, Tally())
    run_jobs(ours, 1_000.0, Tally())
    assert list_erasures(ours, eve) == []
    assert [each.get("text") for each in stored(client, room)] == ["evidence"]
    clock.jump(TEN_DAYS)
    run_jobs(
        ours, 1_000.0, Tally()
    )  # the hold ends in this run, and the erasure may have had its turn before
    run_jobs(ours, 1_000.0, Tally())
    assert list_erasures(ours, eve)
    assert [each.get("text") for each in stored(client, room)] == [None]


def test_a_room_that_ended_under_it_is_removed(
    client: Any, clock: Clock, ours: Deployment, room: str
) -> None:
    hold_of(ours, roomId=room)
    leave_room(ours, Caller("ada"), {"roomId": room}, Tally())
    work(ours)
    assert [each.get("text") for each in stored(client, room)] == ["evidence"]
    clock.jump(TEN_DAYS)
    work(ours)
    assert stored(client, room) == []
    head = Head.found(store_of(client).tables.get(head_place(Room.parse(room))))
    assert head is not None
    assert head.ended_at


def test_one_that_somebody_lifts_before_has_no_other_end(
    client: Any, clock: Clock, ours: Deployment, room: str
) -> None:
    hold_id = hold_of(ours, roomId=room)
    assert len(due(client, hold_id)) == 1
    lift_hold(ours, PRIVACY, {"id": hold_id}, Tally())
    assert due(client, hold_id) == []
    work(ours)
    clock.jump(TEN_DAYS)
    assert [each for each in work(ours).ended_holds if each.endswith(hold_id)] == []
    assert found(ours, hold_id)["liftedBy"] == "ann"


def test_of_its_end_and_somebody_who_lifts_it_at_once_one_counts(
    client: Any, clock: Clock, ours: Deployment, room: str
) -> None:
    hold_id = hold_of(ours, roomId=room)
    clock.jump(TEN_DAYS)

    class Overtaken:
        """A client of the jobs, before whose first transaction somebody lifts the hold."""

        is_lifted = False

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def transact_write_items(self, **given: Any) -> Any:
            if not self.is_lifted and hold_id in str(given):
                self.is_lifted = True
                lift_hold(ours, PRIVACY, {"id": hold_id}, Tally())
            return client.transact_write_items(**given)

    run = run_jobs(replace(ours, store=store_of(Overtaken())), 1_000.0, Tally())
    assert [each for each in run.ended_holds if each.endswith(hold_id)] == []
    work(ours)
    assert (found(ours, hold_id)["state"], found(ours, hold_id)["liftedBy"]) == ("LIFTED", "ann")
    assert ends(stored(client, room)) == {"expiresAt"}


def test_until_another_instant_it_is_another_hold(ours: Deployment, room: str) -> None:
    def until(days: int | None) -> str:
        end = {} if days is None else {"endsAt": to_wire(ours.now() // DAY_MS * DAY_MS + days * DAY_MS)}
        return str(set_hold(ours, PRIVACY, {"roomId": room, "reason": "Case 17", **end}, Tally())["id"])

    made = [until(None), until(20), until(30)]
    assert len(set(made)) == 3
    assert [until(None), until(20), until(30)] == made
    for each in made:
        lift_hold(ours, PRIVACY, {"id": each}, Tally())
    work(ours)
    assert ours.store.tables.get(head_place(Room.parse(room))) is not None
