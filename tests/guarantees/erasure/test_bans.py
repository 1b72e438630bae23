"""A room keeps out whom it has banned after their erasure, too, and nothing in the tables says whom."""

import json
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.guild_membership import guild_membership
from chat.operations.join_room import join_room
from chat.operations.members import members
from chat.operations.remove_message import remove_message
from chat.operations.room import room as look
from chat.operations.run_jobs import run_jobs
from chat.operations.set_role import set_role
from chat.operations.unban_member import unban_member
from chat.rules.erasure import is_ban_form
from chat.rules.errors import ChatError, InvalidInput, NotAllowed, NotRoomMember
from chat.rules.models import Caller, Item, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, make_request
from chat.storage import keys
from chat.storage.aws import client as aws_client
from chat.storage.erased_items import OUTBOX_KEPT_MS
from privacy.scan import findings, kept_of, traces_of
from privacy.scan_tables import Table
from simulator.settings import REGION, TABLES
from tests.guarantees.support.fixtures import (
    CURSOR_KEYS,
    FAST,
    Clock,
    new_room,
    partition,
    process,
    run_one_piece,
    send,
    store_of,
    table_name,
)
from tests.resolvers.rights import Rights

pytestmark = pytest.mark.usefixtures("few_items")

ADMIN = Caller("root", frozenset({"admin"}))


@pytest.fixture
def ours(client: Any, clock: Clock) -> Deployment:
    return process(client, clock)


@pytest.fixture
def eve() -> str:
    return f"eve-{uuid.uuid4()}"


def a_room(client: Any, ours: Deployment, eve: str, *, prefix: str = "", role: Role = "member") -> str:
    """One from which the owner, bob, has banned eve; mo is a moderator of it."""
    public = {} if prefix else {"visibility": "public"}
    there: dict[str, Role] = {"bob": "owner", "mo": "moderator", eve: role}
    room = new_room(client, members=there, settings={**FAST, **public}, prefix=prefix)
    ban_member(ours, Caller("bob"), {"roomId": room, "userId": eve}, Tally())
    return room


def erase(ours: Deployment, eve: str) -> None:
    make_request(ours, eve, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    assert run_jobs(ours, 1_000.0, Tally()).failures == []


def found(client: Any, eve: str) -> list[str]:
    tables = [Table(client, each, kept_keys=kept_of(eve)) for each in TABLES.values()]
    return findings(tables, traces_of(eve))


def refusal(ours: Deployment, operation: Any, caller: Caller, **arguments: Any) -> ChatError:
    with pytest.raises(ChatError) as refused:
        operation(ours, caller, arguments, Tally())
    return refused.value


def banned(ours: Deployment, room: str) -> list[str]:
    page = members(ours, CURSOR_KEYS, Caller("mo"), {"roomId": room, "status": "BANNED"}, Tally())
    return [each["userId"] for each in page["items"]]


def lines(client: Any, room: str) -> list[Item]:
    place = Room.parse(room)
    return partition(client, table_name(place), place.partition_key, keys.BANS)


def test_whoever_comes_back_is_banned_still_and_nothing_names_them(
    client: Any, ours: Deployment, eve: str
) -> None:
    room, guild = a_room(client, ours, eve), a_room(client, ours, eve, prefix="GUILD#")
    assert found(client, eve)
    erase(ours, eve)
    assert found(client, eve) == []
    assert isinstance(refusal(ours, join_room, Caller(eve), roomId=room), NotRoomMember)
    assert isinstance(refusal(ours, look, Caller(eve), roomId=room), NotRoomMember)
    back = Caller(eve, frozenset({"admin"}))
    assert refusal(ours, join_room, back, roomId=room).values == {"reason": "banned"}
    for each in (room, guild):
        said = refusal(ours, add_member, Caller("bob"), roomId=each, userId=eve)
        assert (said.code, said.values) == ("NotAllowed", {"reason": "banned"})
    add = [{"userId": eve}, {"userId": "new"}]
    answer = guild_membership(ours, {"guildId": guild.removeprefix("GUILD#"), "add": add}, Tally())
    assert (answer["added"], answer["refused"]) == (["new"], [{"userId": eve, "reason": "banned"}])
    assert found(client, eve) == []
    join_room(ours, Caller(f"{eve}-2"), {"roomId": room}, Tally())


def test_two_rooms_do_not_show_that_they_have_banned_the_same_person(
    client: Any, ours: Deployment, eve: str
) -> None:
    rooms = [a_room(client, ours, eve) for _ in range(2)]
    erase(ours, eve)
    (one,), (other,) = (banned(ours, room) for room in rooms)
    assert is_ban_form(one)
    assert is_ban_form(other)
    assert one != other


@pytest.mark.parametrize("named", ["as the list says", "by their id"])
def test_a_moderator_takes_the_ban_back(client: Any, ours: Deployment, eve: str, named: str) -> None:
    room = a_room(client, ours, eve)
    erase(ours, eve)
    (line,) = banned(ours, room)
    whom = line if named == "as the list says" else eve
    answer = unban_member(ours, Caller("mo"), {"roomId": room, "userId": whom}, Tally())
    assert answer.notice is not None
    assert (answer.notice.kind, answer.notice.user_id) == ("MEMBER_UNBANNED", whom)
    assert (banned(ours, room), found(client, eve)) == ([], [])
    assert refusal(ours, unban_member, Caller("mo"), roomId=room, userId=whom).values == {
        "reason": "notThere"
    }
    join_room(ours, Caller(eve), {"roomId": room}, Tally())


def test_a_moderator_does_not_undo_what_an_owner_did_to_another(
    client: Any, ours: Deployment, eve: str
) -> None:
    room = a_room(client, ours, eve, role="moderator")
    erase(ours, eve)
    (line,) = banned(ours, room)
    for whom in (line, eve):
        said = refusal(ours, unban_member, Caller("mo"), roomId=room, userId=whom)
        assert said.values == {"reason": "rank"}
    unban_member(ours, Caller("bob"), {"roomId": room, "userId": line}, Tally())
    assert banned(ours, room) == []


def test_a_ban_that_is_made_anew_is_taken_back_with_the_one_before(
    client: Any, ours: Deployment, eve: str
) -> None:
    room = a_room(client, ours, eve)
    erase(ours, eve)
    ban_member(ours, Caller("mo"), {"roomId": room, "userId": eve}, Tally())
    assert len(banned(ours, room)) == 2
    unban_member(ours, Caller("mo"), {"roomId": room, "userId": eve}, Tally())
    assert banned(ours, room) == []
    join_room(ours, Caller(eve), {"roomId": room}, Tally())


def test_it_outlasts_a_second_erasure_and_ends_with_the_tombstone(
    client: Any, clock: Clock, ours: Deployment, eve: str
) -> None:
    room = a_room(client, ours, eve)
    erase(ours, eve)
    clock.sleep(60.0)
    erase(ours, eve)
    assert isinstance(refusal(ours, join_room, Caller(eve), roomId=room), NotRoomMember)
    clock.sleep(OUTBOX_KEPT_MS / 1_000)
    assert banned(ours, room) == []
    join_room(ours, Caller(eve), {"roomId": room}, Tally())


def test_a_deployment_may_let_bans_end(client: Any, ours: Deployment, eve: str) -> None:
    room = a_room(client, ours, eve)
    erase(replace(ours, erasure_keeps_bans=False), eve)
    assert (lines(client, room), found(client, eve)) == ([], [])
    join_room(ours, Caller(eve), {"roomId": room}, Tally())


def test_another_key_finds_no_ban_from_before_and_the_list_still_has_it(
    client: Any, ours: Deployment, eve: str
) -> None:
    room = a_room(client, ours, eve)
    erase(ours, eve)
    rotated = replace(ours, pseudonym=lambda user_id: f"other{len(user_id)}")
    (line,) = banned(rotated, room)
    join_room(rotated, Caller(eve), {"roomId": room}, Tally())
    unban_member(rotated, Caller("mo"), {"roomId": room, "userId": line}, Tally())
    assert banned(rotated, room) == []


def test_the_ban_stands_after_each_piece_of_the_erasure(client: Any, ours: Deployment, eve: str) -> None:
    """The job goes one piece further at a time; at no time does the room take the person in."""
    room = a_room(client, ours, eve)
    make_request(ours, eve, "ERASURE", Asking("OPERATOR", None), 0, Tally())
    for _ in range(60):
        assert isinstance(refusal(ours, join_room, Caller(eve), roomId=room), NotRoomMember | NotAllowed)
        assert refusal(ours, add_member, ADMIN, roomId=room, userId=eve).code == "NotAllowed"
        assert len(lines(client, room)) == 1
        run_one_piece(ours)
    run_jobs(ours, 1_000.0, Tally())
    assert found(client, eve) == []
    assert isinstance(refusal(ours, join_room, Caller(eve), roomId=room), NotRoomMember)


def test_nobody_else_is_named_in_that_form(client: Any, ours: Deployment, eve: str) -> None:
    room, form = a_room(client, ours, eve), f"erased:{'a' * 128}"
    for operation in (add_member, ban_member):
        assert isinstance(refusal(ours, operation, ADMIN, roomId=room, userId=form), InvalidInput)
    zeros = f"erased:{'0' * 128}"
    assert isinstance(refusal(ours, unban_member, ADMIN, roomId=room, userId=zeros), InvalidInput)


def test_what_somebody_removed_as_a_moderator_names_them_no_more(
    client: Any, ours: Deployment, eve: str
) -> None:
    """Also where they were banned since, and are no moderator any more."""
    there: dict[str, Role] = {"bob": "owner", eve: "moderator"}
    rooms = [new_room(client, members=there) for _ in range(2)]
    for room in rooms:
        message = send(ours, room, "bob", "hello")
        remove_message(ours, Caller(eve), {"roomId": room, "id": message.id}, Tally())
    set_role(ours, Caller("bob"), {"roomId": rooms[0], "userId": eve, "role": "MEMBER"}, Tally())
    ban_member(ours, Caller("bob"), {"roomId": rooms[1], "userId": eve}, Tally())
    assert "removedBy" in json.dumps(found(client, eve))
    erase(ours, eve)
    assert found(client, eve) == []


def test_the_functions_have_the_rights_for_it(client: Any, endpoint: str, ours: Deployment, eve: str) -> None:
    room = a_room(client, ours, eve)
    erase(ours, eve)
    watched = aws_client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)
    function = replace(ours, store=store_of(watched))
    rights = Rights(function.store)
    for field, operation, caller in (
        ("Query.room", look, eve),
        ("Mutation.joinRoom", join_room, eve),
        ("Mutation.addMember", add_member, "bob"),
        ("Mutation.unbanMember", unban_member, "bob"),
    ):
        rights.begin()
        with suppress(NotAllowed, NotRoomMember):
            operation(function, Caller(caller), {"roomId": room, "userId": eve}, Tally())
        assert rights.lacking(field) == set()
    watched.close()
