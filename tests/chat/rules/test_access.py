"""Who gets a room, and what for: those who are in it, administrators and visitors
by their rights; all others alike do not."""

from dataclasses import replace
from typing import get_args

import pytest

from chat.rules.access import (
    ADMIN,
    Access,
    RoomAccess,
    View,
    enter_room,
    is_in,
    is_invited,
    may_act_on,
    may_appoint,
    may_end,
    may_overrule,
    open_history,
    open_room,
)
from chat.rules.errors import ChatError, NotAllowed, NotRoomMember
from chat.rules.models import Caller, Head, Member, Role, Status
from chat.rules.permissions import PERMISSIONS, RANKS, Operation, Standing, outranks
from chat.rules.rooms import Room
from chat.storage.items import values

HEAD = Head(rev=1, seq=0, ts=0, epoch=1)
PUBLIC = Head(rev=1, seq=0, ts=0, epoch=1, visibility="public")
ENDED = Head(rev=9, seq=5, ts=1, epoch=2, visibility="public", ended_at=1)
ALICE = Caller("alice")
ADMINISTRATOR = Caller("root", frozenset({ADMIN}))
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
NOBODY_INSIDE = [
    View(None, None),
    View(None, Member(status="banned")),
    View(HEAD, None),
    View(HEAD, Member(status="left")),
    View(HEAD, Member(status="banned")),
    View(HEAD, Member(role="owner", status="banned")),
    View(PUBLIC, Member(status="banned")),
    View(ENDED, None),
    View(ENDED, Member()),
    View(ENDED, Member(role="owner")),
]
NAMES = [
    "no room",
    "banned before the room was adopted",
    "no membership",
    "left",
    "banned",
    "banned owner",
    "banned from a public room",
    "a public room that has ended",
    "a member of a room that has ended",
    "an owner of a room that has ended",
]


@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
def test_every_active_member_gets_the_room(role: Role) -> None:
    member = Member(role=role, status="active")
    assert open_room(View(HEAD, member), "send") == Access(HEAD, member)
    assert open_history(View(HEAD, member), ALICE) == HEAD
    assert enter_room(View(HEAD, member), ALICE, "read") == RoomAccess(HEAD, member, role)


def test_somebody_muted_is_still_in_the_room() -> None:
    member = Member(muted_until=10**13)
    assert open_room(View(HEAD, member), "read").member == member


@pytest.mark.parametrize("view", NOBODY_INSIDE, ids=NAMES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_room_no_membership_and_a_ban_answer_alike(view: View, operation: Operation) -> None:
    refusals: list[ChatError] = []
    with pytest.raises(NotRoomMember) as caught:
        open_room(view, operation)
    refusals.append(caught.value)
    with pytest.raises(NotRoomMember) as caught:
        enter_room(view, ALICE, operation)
    refusals.append(caught.value)
    with pytest.raises(NotRoomMember) as caught:
        open_history(view, ALICE)
    refusals.append(caught.value)
    assert {str(refusal) for refusal in refusals} == {str(NotRoomMember())}


@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
def test_a_room_without_a_head_is_read_and_nothing_else(role: Role) -> None:
    view = View(None, Member(role=role))
    assert open_history(view, ALICE) is None
    for operation in OPERATIONS:
        with pytest.raises(NotAllowed) as caught:
            open_room(view, operation)
        assert caught.value.values == {"reason": "notMigrated"}


@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_role_may_do_what_the_table_says_and_is_refused_the_rest(role: Role, operation: Operation) -> None:
    view = View(HEAD, Member(role=role))
    if operation in PERMISSIONS[role]:
        assert open_room(view, operation).member.role == role
        return
    with pytest.raises(NotAllowed) as caught:
        open_room(view, operation)
    assert (caught.value.key, caught.value.values) == ("room.role", {"reason": "role"})


@pytest.mark.parametrize("head", [HEAD, PUBLIC], ids=["private", "public"])
@pytest.mark.parametrize("status", [None, "left", "banned"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_administrator_enters_every_room_without_being_in_it(
    head: Head, status: Status | None, operation: Operation
) -> None:
    view = View(head, Member(role="owner", status=status) if status else None)
    if operation in PERMISSIONS["admin"]:
        assert enter_room(view, ADMINISTRATOR, operation) == RoomAccess(head, None, "admin")
        return
    with pytest.raises(NotRoomMember):
        enter_room(view, ADMINISTRATOR, operation)


@pytest.mark.parametrize("view", [View(None, None), View(ENDED, None), View(ENDED, Member(role="owner"))])
@pytest.mark.parametrize("role", ["admin", "gateway"])
def test_platform_roles_find_no_room_where_there_is_none_any_more(view: View, role: str) -> None:
    caller = Caller("root", frozenset({role}))
    for operation in OPERATIONS:
        with pytest.raises(NotRoomMember):
            enter_room(view, caller, operation)
    with pytest.raises(NotRoomMember):
        open_history(view, caller)


def test_who_is_in_a_room_is_in_it_until_it_ends() -> None:
    assert is_in(View(HEAD, Member()))
    assert is_in(View(None, Member()))
    assert not is_in(View(HEAD, Member(status="left")))
    assert not is_in(View(HEAD, None))
    assert not is_in(View(ENDED, Member()))


@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
def test_an_administrator_who_is_in_the_room_acts_by_the_highest_standing_that_may(role: Role) -> None:
    member = Member(role=role)
    view = View(HEAD, member)
    assert enter_room(view, ADMINISTRATOR, "send") == RoomAccess(HEAD, member, role)
    for operation in ("banMember", "setRole", "read", "deleteRoom"):
        assert enter_room(view, ADMINISTRATOR, operation) == RoomAccess(HEAD, member, "admin")


@pytest.mark.parametrize(
    ("standing", "may"), [("owner", False), ("moderator", False), ("member", False), ("admin", True)]
)
def test_a_guilds_room_is_ended_by_administrators_alone(standing: Standing, may: bool) -> None:
    may_end(RoomAccess(HEAD, None, "owner"), Room.parse("lobby"))
    entry = RoomAccess(HEAD, None, standing)
    if may:
        may_end(entry, Room.parse("GUILD#dragons"))
        return
    with pytest.raises(NotAllowed) as caught:
        may_end(entry, Room.parse("GUILD#dragons"))
    assert caught.value.values == {"reason": "role"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_gateway_reads_every_room_and_changes_none(operation: Operation) -> None:
    gateway, view = Caller("bridge", frozenset({"gateway"})), View(HEAD, None)
    if operation in ("look", "read", "subscribe", "report"):
        assert enter_room(view, gateway, operation) == RoomAccess(HEAD, None, "gateway")
        return
    with pytest.raises(NotRoomMember):
        enter_room(view, gateway, operation)


def test_a_view_is_what_the_two_items_contain() -> None:
    head = values({"rev": 1, "seq": 0, "ts": 0, "epoch": 1, "visibility": "public"})
    assert View.of(head, values({"role": "owner", "status": "left"})) == View(
        PUBLIC, Member(role="owner", status="left")
    )
    assert View.of(None, None) == View(None, None)


@pytest.mark.parametrize("status", [None, "left"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_visitor_sees_a_public_room_and_joins_it_and_nothing_else(
    status: Status | None, operation: Operation
) -> None:
    view = View(PUBLIC, Member(role="owner", status=status) if status else None)
    if operation in ("look", "join"):
        assert enter_room(view, ALICE, operation) == RoomAccess(PUBLIC, None, "visitor")
    else:
        with pytest.raises(NotRoomMember):
            enter_room(view, ALICE, operation)
    with pytest.raises(NotRoomMember):
        open_room(view, operation)


@pytest.mark.parametrize("head", [HEAD, PUBLIC], ids=["private", "public"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_whoever_is_invited_sees_any_room_and_joins_it_and_nothing_else(
    head: Head, operation: Operation
) -> None:
    view = View(head, Member(role="owner", status="invited"))
    if operation in ("look", "join"):
        assert enter_room(view, ALICE, operation) == RoomAccess(head, None, "invited")
    else:
        with pytest.raises(NotRoomMember):
            enter_room(view, ALICE, operation)
    with pytest.raises(NotRoomMember):
        open_room(view, operation)
    assert is_invited(view)
    assert not is_in(view)


@pytest.mark.parametrize("member", [None, *(Member(status=each) for each in ("active", "left", "banned"))])
def test_nobody_else_is_invited(member: Member | None) -> None:
    assert not is_invited(View(HEAD, member))


@pytest.mark.parametrize("head", [None, replace(HEAD, ended_at=1)], ids=["none", "ended"])
def test_nobody_is_invited_to_a_room_that_is_not_there(head: Head | None) -> None:
    view = View(head, Member(status="invited"))
    assert not is_invited(view)
    for operation in OPERATIONS:
        with pytest.raises(NotRoomMember):
            enter_room(view, ALICE, operation)


@pytest.mark.parametrize(
    ("standing", "below"),
    [
        ("visitor", set()),
        ("member", {"visitor", "invited", "gateway"}),
        ("moderator", {"visitor", "invited", "gateway", "member"}),
        ("owner", {"visitor", "invited", "gateway", "member", "moderator", "owner", "admin"}),
        ("admin", {"visitor", "invited", "gateway", "member", "moderator", "owner", "admin"}),
    ],
)
def test_a_rank_acts_on_those_below_and_the_highest_on_their_equals(
    standing: Standing, below: set[Standing]
) -> None:
    assert {other for other in RANKS if outranks(standing, other)} == below


STANDINGS: tuple[Standing, ...] = get_args(Standing)
ROLES: tuple[Role, ...] = get_args(Role)
OVERRULED = [
    *[("moderator", "member"), ("owner", "member"), ("owner", "moderator"), ("owner", "owner")],
    *[("admin", "member"), ("admin", "moderator"), ("admin", "owner")],
]
APPOINTED = [
    *[("member", "member"), ("moderator", "member"), ("moderator", "moderator")],
    *[("owner", role) for role in ROLES],
    *[("admin", role) for role in ROLES],
]


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("status", ["active", "banned"])
def test_somebody_acts_on_those_below_whether_there_or_banned(
    standing: Standing, role: Role, status: Status
) -> None:
    entry, person = RoomAccess(HEAD, None, standing), Member(role=role, status=status)
    if (standing, role) in OVERRULED:
        may_act_on(entry, ALICE, "bob", person)
        return
    with pytest.raises(NotAllowed) as caught:
        may_overrule(entry, person)
    assert (caught.value.key, caught.value.values) == ("room.rank", {"reason": "rank"})


@pytest.mark.parametrize("role", ROLES)
def test_whoever_left_or_never_was_there_has_no_rank(role: Role) -> None:
    may_act_on(RoomAccess(HEAD, None, "moderator"), ALICE, "bob", Member(role=role, status="left"))
    may_act_on(RoomAccess(HEAD, None, "moderator"), ALICE, "bob", None)


@pytest.mark.parametrize("standing", STANDINGS)
def test_nobody_acts_on_themself(standing: Standing) -> None:
    with pytest.raises(NotAllowed) as caught:
        may_act_on(RoomAccess(HEAD, None, standing), ALICE, "alice", Member())
    assert (caught.value.key, caught.value.values) == ("room.self", {"reason": "self"})


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("role", ROLES)
def test_somebody_appoints_at_most_what_they_are(standing: Standing, role: Role) -> None:
    entry = RoomAccess(HEAD, None, standing)
    if (standing, role) in APPOINTED:
        may_appoint(entry, role)
        return
    with pytest.raises(NotAllowed) as caught:
        may_appoint(entry, role)
    assert caught.value.values == {"reason": "rank"}
