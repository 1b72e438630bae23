"""Who is being erased comes nowhere meanwhile, and what they wrote before is stored by nobody later, also when they are back."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.block_user import block_user
from chat.operations.create_room import create_room
from chat.operations.delete_room import delete_room
from chat.operations.direct import direct
from chat.operations.guild_membership import guild_membership
from chat.operations.join_room import join_room
from chat.operations.run_jobs import BEGINNINGS, KINDS, run_jobs
from chat.operations.send_message import send_message
from chat.operations.set_hold import set_hold
from chat.operations.update_me import update_me
from chat.rules.erasure import ERASED_SENDER
from chat.rules.errors import NotAllowed
from chat.rules.identifiers import uuid7
from chat.rules.models import Caller, Member
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps import erasure, room_removal
from chat.steps.data_requests import Asking, list_erasures, make_request
from chat.steps.due_jobs import begin_due_jobs
from chat.steps.jobs import run_jobs as run_only
from chat.steps.new_room import add_room
from chat.steps.roster import add_writes
from chat.storage import keys
from chat.storage.erased_items import State, tombstone_write
from chat.storage.places import held_place, membership_place
from simulator.settings import TABLES, WIRING
from tests.guarantees.support.fixtures import (
    FAST,
    Clock,
    new_room,
    partition,
    process,
    run_one_piece,
    store_of,
    stored,
    table_name,
)

ADMIN = Caller("root", frozenset({"admin"}))
PRIVACY = Caller("ann", frozenset({"privacy"}))

Come = Callable[[Deployment, str, str, str], Any]
"""What takes somebody (the second) into a room (the first), or has them write without one; the third is in the room."""

COMES: dict[str, Come] = {
    "joinRoom": lambda ours, room, eve, _: join_room(ours, Caller(eve), {"roomId": room}, Tally()),
    "addMember": lambda ours, room, eve, bob: add_member(
        ours, Caller(bob), {"roomId": room, "userId": eve}, Tally()
    ),
    "createRoom": lambda ours, _, eve, __: create_room(ours, Caller(eve), {}, Tally()),
    "direct": lambda ours, _, eve, bob: direct(ours, Caller(eve), {"userId": bob}, Tally()),
    "updateMe": lambda ours, _, eve, __: update_me(ours, Caller(eve), {"name": "Eve"}, Tally()),
    "blockUser": lambda ours, _, eve, bob: block_user(ours, Caller(eve), {"userId": bob}, Tally()),
}
BY_OTHERS: dict[str, Come] = {
    "createRoom": lambda ours, _, eve, bob: create_room(ours, Caller(bob), {"members": [eve]}, Tally()),
    "direct": lambda ours, _, eve, bob: direct(ours, Caller(bob), {"userId": eve}, Tally()),
    "addMember": lambda ours, room, eve, _: add_member(ours, ADMIN, {"roomId": room, "userId": eve}, Tally()),
}

IN_ROOMS = {
    *("sendMessage", "editMessage", "removeMessage", "pinMessage", "unpinMessage", "saveDraft", "react"),
    *("updateRoom", "removeMember", "leaveRoom", "deleteRoom", "banMember", "unbanMember", "setRole"),
    *("muteMember", "markRead", "markDelivered", "typing", "setNotifications"),
}
"""For those in a room, whose memberships end first."""

EXPIRING = {"createUpload", "heartbeat", "heartbeats"}
"""What leaves nothing but what expires by itself within a day: the last look takes it, too."""

NOTHING_OF_THEIRS = {
    *("unblockUser", "publishMessage", "publishMine", "revokeSubscriptions", "setHold", "liftHold"),
    *("exportMyData", "eraseMe", "withdrawDataRequest", "requestExport", "requestErasure"),
}
"""They delete, write nothing into the person's partition but requests, which know of erasures by themselves, or name a room."""


@pytest.fixture
def ours(client: Any, clock: Clock) -> Deployment:
    return process(client, clock)


@pytest.fixture
def eve() -> str:
    return f"eve-{uuid.uuid4()}"


@pytest.fixture
def room(client: Any) -> str:
    return new_room(client, members={"bob": "owner"}, settings={**FAST, "visibility": "public"})


def mark(ours: Deployment, user_id: str, state: State) -> int:
    """As the job does it; when."""
    now = ours.now()
    ours.store.tables.transact([tombstone_write(user_id, state, now)])
    return now


def membership(ours: Deployment, room: str, user_id: str) -> Member | None:
    return Member.found(ours.store.tables.get(membership_place(Room.parse(room), user_id)))


def test_every_operation_that_writes_is_known_here() -> None:
    wired = json.loads(WIRING.read_text(encoding="utf-8"))["fields"]
    fields = {name.removeprefix("Mutation.") for name in wired if name.startswith("Mutation.")}
    assert fields == {*COMES, *IN_ROOMS, *EXPIRING, *NOTHING_OF_THEIRS}


@pytest.mark.parametrize("come", [*COMES.values(), *BY_OTHERS.values()], ids=[*COMES, *BY_OTHERS])
def test_who_is_being_erased_is_taken_in_nowhere(
    client: Any, ours: Deployment, room: str, eve: str, come: Come
) -> None:
    mark(ours, eve, "erasing")
    with pytest.raises(NotAllowed) as refusal:
        come(ours, room, eve, "bob")
    assert refusal.value.values == {"reason": "erasing"}
    left = {item["SK"]["S"] for item in partition(client, TABLES["CORE_TABLE"], keys.user_partition(eve))}
    assert left <= {keys.ERASED, keys.QUOTA}


def test_a_guilds_service_is_told_who_is_being_erased(ours: Deployment, eve: str) -> None:
    mark(ours, eve, "erasing")
    guild, add = uuid.uuid4().hex[:12], [{"userId": eve}, {"userId": "bob"}]
    answer = guild_membership(ours, {"guildId": guild, "add": add}, Tally())
    assert (answer["added"], answer["refused"]) == (["bob"], [{"userId": eve, "reason": "erasing"}])
    assert membership(ours, f"GUILD#{guild}", eve) is None


@pytest.mark.parametrize("come", [COMES["joinRoom"], COMES["addMember"]], ids=["joinRoom", "addMember"])
def test_whoever_comes_back_brings_nothing_from_before(
    client: Any, clock: Clock, ours: Deployment, room: str, eve: str, come: Come
) -> None:
    at = mark(ours, eve, "erased")
    come(ours, room, eve, "bob")
    assert getattr(membership(ours, room, eve), "erased_at", None) == at
    for late in (uuid7(at), uuid7(at - 86_400_000), str(uuid.uuid4()), "m-1"):
        with pytest.raises(NotAllowed) as refusal:
            send_message(ours, Caller(eve), {"roomId": room, "text": "old", "clientMessageId": late}, Tally())
        assert refusal.value.values == {"reason": "erased"}
    assert stored(client, room) == []
    for new in (uuid7(at + 1), None):
        send_message(ours, Caller(eve), {"roomId": room, "text": "new", "clientMessageId": new}, Tally())
        clock.sleep(1.0)
    assert [item["text"] for item in stored(client, room)] == ["new", "new"]


def test_what_is_sent_without_an_id_is_new_whatever_the_clock_says(
    client: Any, clock: Clock, ours: Deployment, room: str, eve: str
) -> None:
    """The process that serves them is behind the one that has erased them."""
    mark(ours, eve, "erased")
    clock.jump(-3_000)
    join_room(ours, Caller(eve), {"roomId": room}, Tally())
    send_message(ours, Caller(eve), {"roomId": room, "text": "new"}, Tally())
    assert [item["text"] for item in stored(client, room)] == ["new"]


def test_a_process_that_remembers_the_membership_from_before_stores_nothing(
    client: Any, ours: Deployment, room: str, eve: str
) -> None:
    """What it remembers would let the send pass; the condition of the write does not."""
    place = Room.parse(room)
    before = uuid7(ours.now())
    ours.store.tables.transact(add_writes(place, eve, None, "member", 0))
    send_message(ours, Caller(eve), {"roomId": room, "text": "first"}, Tally())
    ours.store.tables.update(
        add_writes(place, eve, Member(), "member", 0, {"erasedAt": ours.now(), "held": 0})[0]
    )
    with pytest.raises(NotAllowed):
        send_message(ours, Caller(eve), {"roomId": room, "text": "old", "clientMessageId": before}, Tally())
    assert [item["text"] for item in stored(client, room)] == ["first"]


def test_the_membership_of_somebody_under_a_legal_hold_says_so(
    client: Any, ours: Deployment, room: str, eve: str
) -> None:
    hold = set_hold(ours, PRIVACY, {"reason": "a lawsuit", "userId": eve}, Tally())
    assert ours.store.tables.get(held_place(eve)) is not None
    join_room(ours, Caller(eve), {"roomId": room}, Tally())
    assert getattr(membership(ours, room, eve), "held", None) == 1
    send_message(ours, Caller(eve), {"roomId": room, "text": "hello"}, Tally())
    (message,) = stored(client, room)
    assert "heldExpiresAt" in message
    assert "expiresAt" not in message
    assert hold


def test_what_was_under_way_when_the_erasure_began_is_erased_too(
    client: Any, ours: Deployment, room: str, eve: str
) -> None:
    """A room that others made with them, a moment after their memberships had ended, in which they have written."""
    late = Room.parse(f"late-{uuid.uuid4().hex[:8]}")
    make_request(ours, eve, "ERASURE", Asking("OPERATOR", None), 0, Tally())

    class Late:
        """A client that gives them a room with the first message that is erased, which is after the memberships."""

        def __init__(self) -> None:
            self.is_done = False

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def update_item(self, **given: Any) -> Any:
            if not self.is_done and ERASED_SENDER in json.dumps(given):
                self.is_done = True
                _come_late(client, ours, late, eve)
            return client.update_item(**given)

    join_room(ours, Caller(eve), {"roomId": room}, Tally())
    send_message(ours, Caller(eve), {"roomId": room, "text": "in time"}, Tally())
    run = run_jobs(replace(ours, store=store_of(Late())), 1_000.0, Tally())
    assert run.failures == []
    left = [
        item
        for table in ("CORE_TABLE", "GUILD_TABLE")
        for item in partition(client, TABLES[table], keys.user_partition(eve))
    ]
    assert {item["SK"]["S"] for item in left} == {keys.ERASED}
    for each in (room, late.id):
        (message,) = stored(client, each)
        assert (message["senderId"], message.get("text")) == (ERASED_SENDER, None)


@pytest.mark.parametrize("status", ["active", "invited", "banned"])
def test_a_room_that_has_ended_and_is_not_removed_yet_holds_up_no_erasure(
    client: Any, ours: Deployment, room: str, eve: str, status: str
) -> None:
    """Its removal is a job that may come after this one."""
    if status == "banned":
        ban_member(ours, Caller("bob"), {"roomId": room, "userId": eve}, Tally())
    else:
        asking = replace(ours, adding_needs_consent=status == "invited")
        add_member(asking, Caller("bob"), {"roomId": room, "userId": eve}, Tally())
    delete_room(ours, Caller("bob"), {"roomId": room}, Tally())
    make_request(ours, eve, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    for _ in range(60):
        if list_erasures(ours, eve):
            break
        run_one_piece(ours)
    assert list_erasures(ours, eve)
    assert membership(ours, room, eve) is None
    place = Room.parse(room)
    lines = partition(client, table_name(place), place.partition_key)
    assert not [item for item in lines if eve in item["SK"]["S"]]


def is_left_write(given: Any, user_id: str) -> bool:
    return any(
        "Update" in each and each["Update"]["Key"]["PK"] == {"S": keys.user_partition(user_id)}
        for each in given["TransactItems"]
    )


@pytest.mark.parametrize("status", ["active", "banned"])
@pytest.mark.parametrize("added", [True, False], ids=["by others", "by themself"])
def test_the_removal_of_a_room_brings_back_nothing_of_somebody_who_is_erased_meanwhile(
    client: Any, ours: Deployment, room: str, eve: str, status: str, added: bool
) -> None:
    """The job has looked at the membership, and is about to write that it has ended; by then the whole erasure is done."""
    if added:
        add_member(ours, Caller("bob"), {"roomId": room, "userId": eve}, Tally())
    else:
        join_room(ours, Caller(eve), {"roomId": room}, Tally())
    if status == "banned":
        ban_member(ours, Caller("bob"), {"roomId": room, "userId": eve}, Tally())
    delete_room(ours, Caller("bob"), {"roomId": room}, Tally())
    removal = room_removal.STEPS["banned" if status == "banned" else "members"]

    class Late:
        """A client of the removal, whose first write to the person's partition comes after the erasure."""

        def __init__(self) -> None:
            self.is_erased = False

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

        def transact_write_items(self, **given: Any) -> Any:
            if not self.is_erased and is_left_write(given, eve):
                self.is_erased = True
                erase(ours, eve)
            return client.transact_write_items(**given)

    late = Late()
    position = None
    while (position := removal(replace(ours, store=store_of(late)), room, position)) is not None:
        pass
    assert late.is_erased
    left = [
        item["SK"]["S"]
        for table in ("CORE_TABLE", "GUILD_TABLE")
        for item in partition(client, TABLES[table], keys.user_partition(eve))
    ]
    assert left == [keys.ERASED]


def erase(ours: Deployment, user_id: str) -> None:
    """From the request to the receipt, without the other jobs."""
    make_request(ours, user_id, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    begin_due_jobs(ours, KINDS, BEGINNINGS)
    run = run_only(ours, {erasure.KIND: KINDS[erasure.KIND]}, 1_000.0)
    assert list_erasures(ours, user_id), run


def _come_late(client: Any, ours: Deployment, late: Room, user_id: str) -> None:
    add_room(store_of(client), late, {"bob": "owner", user_id: "member"}, FAST)
    send_message(ours, Caller(user_id), {"roomId": late.id, "text": "late"}, Tally())
