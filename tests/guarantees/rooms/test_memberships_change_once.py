"""Whatever goes wrong on the way, and whoever writes between read and commit:
memberships change once, by rules that hold then."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.mute_member import mute_member
from chat.operations.remove_member import remove_member
from chat.operations.set_role import set_role
from chat.operations.unban_member import unban_member
from chat.rules.errors import ChatError, NotAllowed, NotRoomMember
from chat.rules.models import Caller, Head, Member, Message, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.roster import read_people
from tests.guarantees.support.faults import FEW
from tests.guarantees.support.fixtures import FAST, Clock, change_room, new_room, process, send, store_of
from tests.guarantees.support.proxy import Fault, Proxy, overtaken

Verb = Callable[[Deployment, Caller, Mapping[str, Any], Tally], Message]
Call = tuple[Verb, str, dict[str, Any]]
"""A verb, the caller, and the arguments but for the room."""

MEMBERS: Mapping[str, Role] = {
    "ann": "owner",
    "eve": "owner",
    "mo": "moderator",
    "bob": "member",
    "cat": "member",
}
CALLS: Mapping[str, Call] = {
    "addMember": (add_member, "ann", {"userId": "dan", "role": "OWNER"}),
    "removeMember": (remove_member, "ann", {"userId": "eve"}),
    "banMember": (ban_member, "mo", {"userId": "bob"}),
    "banMember of a stranger": (ban_member, "mo", {"userId": "dan"}),
    "leaveRoom": (leave_room, "eve", {}),
    "joinRoom": (join_room, "dan", {}),
    "setRole": (set_role, "ann", {"userId": "eve", "role": "MEMBER"}),
    "setRole of one's own": (set_role, "eve", {"userId": "eve", "role": "MODERATOR"}),
    "muteMember": (mute_member, "mo", {"userId": "bob", "until": "2100-01-01T00:00:00.000Z"}),
    "unbanMember": (unban_member, "ann", {"userId": "kim"}),
}


def public_room(client: Any, clock: Clock) -> str:
    """A public room with all of `MEMBERS`, from which kim is banned."""
    room = new_room(client, settings=FAST | {"visibility": "public"}, members=MEMBERS)
    perform(process(client, clock), room, (ban_member, "ann", {"userId": "kim"}))
    return room


def perform(deployment: Deployment, room: str, call: Call) -> Message:
    verb, actor, arguments = call
    return verb(deployment, Caller(actor), {"roomId": room, **arguments}, Tally())


def read_back(client: Any, room: str, user: str) -> tuple[Head, Member | None]:
    """The head and a membership, but for what depends on the instant of joining or of a revocation."""
    found = read_people(store_of(client), Room.parse(room), Caller(user), user)
    assert found.view.head
    return replace(found.view.head, revoked_at=0), found.person and replace(found.person, join_tat=0)


def state(client: Any, room: str) -> list[object]:
    return [read_back(client, room, user) for user in (*MEMBERS, "dan", "kim")]


@pytest.fixture(scope="module")
def undisturbed(client: Any) -> Callable[[str], tuple[Message, list[object]]]:
    """What comes of a call in which nothing goes wrong: its answer, and the state that it leaves."""

    @cache
    def outcome(name: str) -> tuple[Message, list[object]]:
        clock = Clock()
        room = public_room(client, clock)
        answer = perform(process(client, clock), room, CALLS[name])
        return answer, state(client, room)

    return outcome


@pytest.mark.parametrize("fault", FEW.values(), ids=FEW)
@pytest.mark.parametrize("name", CALLS)
def test_a_fault_is_tried_again_and_memberships_change_once(
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    undisturbed: Callable[[str], tuple[Message, list[object]]],
    name: str,
    fault: Fault,
) -> None:
    call, (expected, left) = CALLS[name], undisturbed(name)
    room = public_room(client, clock)
    proxy.once("TransactWriteItems", fault)
    answer = perform(process(proxied, clock), room, call)
    before = state(client, room)
    assert before == left
    assert answer.epoch == expected.epoch
    assert answer.notice
    assert expected.notice
    assert answer.notice.next_epoch == expected.notice.next_epoch
    again = perform(process(client, clock), room, call)
    assert (again.epoch, again.notice and again.notice.kind) == (answer.epoch, answer.notice.kind)
    assert state(client, room) == before


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_messages_in_between_delay_a_change_and_do_not_lose_it(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, call: Call
) -> None:
    room = public_room(client, clock)
    busy = process(client, clock)
    before, _ = read_back(client, room, "ann")
    proxy.once("TransactWriteItems", *[overtaken(lambda: send(busy, room, "cat", "hi"))] * 3)
    answer = perform(process(proxied, clock), room, call)
    head, _ = read_back(client, room, "ann")
    assert answer.epoch == before.epoch
    assert answer.notice
    assert head.epoch == (answer.notice.next_epoch or before.epoch)
    assert 1 <= head.seq <= 3
    assert send(busy, room, "cat", "after").epoch == head.epoch


OVERTAKEN: Mapping[str, tuple[Call, Call, type[ChatError], str]] = {
    "who removes is removed": (
        CALLS["banMember"],
        (remove_member, "ann", {"userId": "mo"}),
        NotRoomMember,
        "",
    ),
    "who removes is no moderator any more": (
        CALLS["banMember"],
        (set_role, "ann", {"userId": "mo", "role": "MEMBER"}),
        NotAllowed,
        "role",
    ),
    "the muted one is a moderator by now": (
        CALLS["muteMember"],
        (set_role, "ann", {"userId": "bob", "role": "MODERATOR"}),
        NotAllowed,
        "rank",
    ),
    "the other owner left first": (CALLS["leaveRoom"], (leave_room, "ann", {}), NotAllowed, "lastOwner"),
    "the other owner was demoted first": (
        CALLS["setRole of one's own"],
        (set_role, "eve", {"userId": "ann", "role": "MEMBER"}),
        NotAllowed,
        "lastOwner",
    ),
    "two owners remove each other": (
        CALLS["removeMember"],
        (remove_member, "eve", {"userId": "ann"}),
        NotRoomMember,
        "",
    ),
    "the added one is banned": (
        CALLS["addMember"],
        (ban_member, "mo", {"userId": "dan"}),
        NotAllowed,
        "banned",
    ),
    "who joins is banned": (CALLS["joinRoom"], (ban_member, "mo", {"userId": "dan"}), NotRoomMember, ""),
    "the changed one has left": (
        CALLS["setRole"],
        (leave_room, "eve", {}),
        NotAllowed,
        "notThere",
    ),
    "the muted one has left": (CALLS["muteMember"], (leave_room, "bob", {}), NotAllowed, "notThere"),
}


@pytest.mark.parametrize(("call", "first", "refusal", "reason"), OVERTAKEN.values(), ids=OVERTAKEN)
def test_what_others_did_first_is_judged(
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    call: Call,
    first: Call,
    refusal: type[ChatError],
    reason: str,
) -> None:
    room, expected_room = public_room(client, clock), public_room(client, clock)
    other = process(client, clock)
    perform(other, expected_room, first)
    proxy.once("TransactWriteItems", overtaken(lambda: perform(other, room, first)))
    with pytest.raises(refusal) as caught:
        perform(process(proxied, clock), room, call)
    assert caught.value.values.get("reason", "") == reason
    assert state(client, room) == state(client, expected_room)


def test_a_room_that_turns_private_meanwhile_is_not_joined(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = public_room(client, clock)
    turn = overtaken(lambda: change_room(client, room, visibility="private"))
    proxy.once("TransactWriteItems", turn)
    with pytest.raises(NotRoomMember):
        perform(process(proxied, clock), room, CALLS["joinRoom"])
    assert read_back(client, room, "dan")[1] is None


@pytest.mark.parametrize(
    "call", [*CALLS.values(), (add_member, "mo", {"userId": "dan"})], ids=[*CALLS, "addMember, plain"]
)
def test_what_a_revocation_overtakes_is_published_in_the_epoch_that_it_began(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, call: Call
) -> None:
    """Else who has just lost access would get what came afterwards, and the members would not."""
    room = public_room(client, clock)
    other = process(client, clock)
    proxy.once("TransactWriteItems", overtaken(lambda: perform(other, room, (leave_room, "cat", {}))))
    assert perform(process(proxied, clock), room, call).epoch == 2


def test_two_removals_at_once_end_one_epoch_each(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = public_room(client, clock)
    other = process(client, clock)
    proxy.once("TransactWriteItems", overtaken(lambda: perform(other, room, (leave_room, "cat", {}))))
    answer = perform(process(proxied, clock), room, CALLS["banMember"])
    assert (answer.epoch, answer.notice and answer.notice.next_epoch) == (2, 3)
    ended = [read_back(client, room, user)[1] for user in ("cat", "bob")]
    assert [member and member.ended_epoch for member in ended] == [1, 2]


def test_the_same_removal_twice_at_once_ends_one_epoch(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = public_room(client, clock)
    other = process(client, clock)
    proxy.once("TransactWriteItems", overtaken(lambda: perform(other, room, CALLS["removeMember"])))
    answer = perform(process(proxied, clock), room, CALLS["removeMember"])
    assert (answer.epoch, answer.notice and answer.notice.next_epoch) == (1, 2)
    assert read_back(client, room, "ann")[0].epoch == 2
