"""Whatever goes wrong on the way, a room is made once and its rules are
changed once, and a repeat is a success."""

import uuid
from typing import Any

import pytest

from chat.operations.create_room import create_room
from chat.operations.update_room import update_room
from chat.rules.errors import NotAllowed, ServiceUnavailable
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.storage import keys
from chat.storage.places import Place
from simulator.settings import TABLES
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.faults import ALL
from tests.guarantees.support.fixtures import (
    NOON,
    Clock,
    change_member,
    new_room,
    partition,
    process,
    store_of,
)
from tests.guarantees.support.proxy import Fault, Proxy


def make(deployment: Any, user: str, room: str | None, **arguments: Any) -> dict[str, Any]:
    return create_room(deployment, Caller(user), {"roomId": room, **arguments}, Tally())


def sort_keys(client: Any, user: str) -> list[str]:
    """The sort keys of all items of a user in the core table."""
    items = partition(client, TABLES["CORE_TABLE"], keys.user_partition(user))
    return [item["SK"]["S"] for item in items]


@pytest.fixture
def user() -> str:
    """A user who has made no room yet."""
    return f"p-{uuid.uuid4().hex}"


@pytest.mark.parametrize("named", [True, False], ids=["named by its maker", "named by the server"])
@pytest.mark.parametrize("fault", ALL)
def test_a_room_is_made_once_and_charged_once(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, user: str, fault: Fault, named: bool
) -> None:
    proxy.once("TransactWriteItems", fault, fault)
    room = f"r-{uuid.uuid4().hex}" if named else None
    made = make(process(proxied, clock), user, room, name="One", members=[f"{user}-friend"])
    assert (made["name"], made["memberCount"], made["me"]["role"]) == ("One", 2, "OWNER")
    assert sort_keys(client, user) == [f"IN#ROOM#{made['roomId']}", keys.QUOTA]
    step = 60_000_000
    (quota,) = (
        store_of(client).tables.batch([Place("core", f"USER#{user}", keys.QUOTA)], consistent=True).values()
    )
    assert int(quota["tat"]["N"]) <= clock.ms * 1_000 + step
    again = make(process(client, clock), user, made["roomId"], name="Two")
    assert again == made


@pytest.mark.parametrize("fault", ALL)
def test_rules_are_changed_once(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, user: str, fault: Fault
) -> None:
    room = make(process(client, clock), user, None)["roomId"]
    proxy.once("TransactWriteItems", fault, fault)
    arguments = {"roomId": room, "name": "One", "retentionDays": 30}
    answer = update_room(process(proxied, clock), Caller(user), arguments, Tally())
    assert answer.notice
    assert answer.notice.room
    assert (answer.notice.rev, answer.notice.room["name"], answer.notice.room["retentionDays"]) == (
        2,
        "One",
        30,
    )


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems", "Query"])
def test_what_does_not_pass_ends_at_the_deadline_with_nothing_made(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, user: str, operation: str
) -> None:
    proxy.always(operation, faults.error("ThrottlingException"))
    with pytest.raises(ServiceUnavailable):
        make(process(proxied, clock), user, f"r-{uuid.uuid4().hex}")
    assert 1.5 < clock.seconds <= 2
    proxy.heal()
    assert sort_keys(client, user) == []


def test_of_two_who_make_a_room_of_one_name_at_once_one_does(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, user: str
) -> None:
    """The other sees no room at its read, and finds it at the commit."""
    room, rival = f"r-{uuid.uuid4().hex}", f"{user}-rival"

    proxy.once("TransactWriteItems", faults.overtaken(lambda: make(process(client, clock), rival, room)))
    with pytest.raises(NotAllowed) as caught:
        make(process(proxied, clock), user, room)
    assert caught.value.values == {"reason": "taken"}
    assert sort_keys(client, user) == [keys.QUOTA]


def test_of_two_who_ask_for_a_taken_name_at_once_both_are_charged(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, user: str
) -> None:
    room = make(process(client, clock), f"{user}-rival", f"r-{uuid.uuid4().hex}")["roomId"]

    def ask_too() -> None:
        with pytest.raises(NotAllowed):
            make(process(client, clock), user, room)

    proxy.once("UpdateItem", faults.overtaken(ask_too))
    with pytest.raises(NotAllowed):
        make(process(proxied, clock), user, room)
    quota = store_of(client).tables.get(Place("core", f"USER#{user}", keys.QUOTA))
    assert quota
    assert int(quota["tat"]["N"]) > clock.ms * 1_000 + 60_000_000


@pytest.mark.parametrize("before", [0, 1], ids=["the first", "further ones"])
def test_rooms_that_are_made_at_once_are_all_charged(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, user: str, before: int
) -> None:
    for _ in range(before):
        make(process(client, clock), user, None)

    proxy.once("TransactWriteItems", faults.overtaken(lambda: make(process(client, clock), user, None)))
    make(process(proxied, clock), user, None)
    quota = store_of(client).tables.get(Place("core", f"USER#{user}", keys.QUOTA))
    assert quota
    assert int(quota["tat"]["N"]) >= NOON * 1_000 + (2 + before) * 60_000_000


def test_two_who_change_rules_at_once_change_both(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, user: str
) -> None:
    room = make(process(client, clock), user, None)["roomId"]

    first = {"roomId": room, "personBurst": 3}
    others = faults.overtaken(lambda: update_room(process(client, clock), Caller(user), first, Tally()))
    proxy.once("TransactWriteItems", others)
    arguments = {"roomId": room, "name": "One"}
    notice = update_room(process(proxied, clock), Caller(user), arguments, Tally()).notice
    assert notice
    assert notice.room
    assert (notice.rev, notice.room["name"], notice.room["personBurst"]) == (3, "One", 3)


def test_an_owner_who_loses_the_role_meanwhile_changes_nothing(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, "ann")
    change_member(client, room, "ann", role="owner")

    demote = faults.overtaken(lambda: change_member(client, room, "ann", role="member"))
    proxy.once("TransactWriteItems", demote)
    with pytest.raises(NotAllowed) as caught:
        update_room(process(proxied, clock), Caller("ann"), {"roomId": room, "name": "Mine"}, Tally())
    assert caught.value.values == {"reason": "role"}
    head = store_of(client).tables.get(Place("core", f"ROOM#{room}", keys.HEAD))
    assert head
    assert "name" not in head
