"""Whatever goes wrong on the way, and whoever writes in between: a call of the
guild's service is applied once, as a whole."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.ban_member import ban_member
from chat.operations.guild_membership import guild_membership
from chat.rules.models import Caller, Head, Member, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.roster import read_members
from tests.guarantees.support.faults import FEW
from tests.guarantees.support.fixtures import Clock, new_room, process, send, store_of
from tests.guarantees.support.proxy import Fault, Proxy, overtaken

MEMBERS: Mapping[str, Role] = {"ann": "owner", "bob": "member", "cat": "member"}
NAMED = (*MEMBERS, "dan", "eve")
CALLS: Mapping[str, dict[str, Any]] = {
    "members join": {"add": [{"userId": "dan", "role": "OWNER"}, {"userId": "eve"}]},
    "members leave": {"remove": ["bob", "cat", "nobody"]},
    "both": {"add": [{"userId": "dan"}, {"userId": "cat", "role": "MODERATOR"}], "remove": ["ann", "bob"]},
}


def call(deployment: Deployment, room: str, arguments: dict[str, Any]) -> dict[str, Any]:
    guild_id = room.removeprefix("GUILD#")
    return guild_membership(deployment, {"guildId": guild_id, **arguments}, Tally())


def guild(client: Any) -> str:
    return new_room(client, prefix="GUILD#", members=MEMBERS)


def state(client: Any, room: str) -> tuple[Head | None, Mapping[str, Member]]:
    """The head, but for the instant of the last revocation, and the memberships."""
    head, members = read_members(store_of(client), Room.parse(room), NAMED)
    return head and replace(head, revoked_at=0), members


@pytest.mark.parametrize("fault", FEW.values(), ids=FEW)
@pytest.mark.parametrize("arguments", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("is_new", [False, True], ids=["a room that is there", "a new room"])
def test_a_fault_is_tried_again_and_the_call_is_done_once(
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    is_new: bool,
    arguments: dict[str, Any],
    fault: Fault,
) -> None:
    rooms = [f"GUILD#{uuid.uuid4()}" if is_new else guild(client) for _ in range(2)]
    expected = call(process(client, clock), rooms[0], arguments)
    proxy.once("TransactWriteItems", fault)
    answer = call(process(proxied, clock), rooms[1], arguments)
    assert answer == expected | {"roomId": rooms[1]}
    assert state(client, rooms[1]) == state(client, rooms[0])
    assert call(process(client, clock), rooms[1], arguments) == answer
    assert state(client, rooms[1]) == state(client, rooms[0])


def test_two_calls_at_once_make_one_room_with_the_members_of_both(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room, other = f"GUILD#{uuid.uuid4()}", process(client, clock)

    first = {"add": [{"userId": "ann", "role": "OWNER"}]}
    proxy.once("TransactWriteItems", overtaken(lambda: call(other, room, first)))
    answer = call(process(proxied, clock), room, {"add": [{"userId": "bob"}]})
    assert (answer["epoch"], answer["owners"]) == (1, 1)
    head, members = state(client, room)
    assert head
    assert (head.rev, set(members)) == (2, {"ann", "bob"})


def test_messages_in_between_delay_a_removal_and_do_not_lose_it(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room, busy = guild(client), process(client, clock)

    sent = overtaken(lambda: send(busy, room, "cat", "hi"))
    proxy.once("TransactWriteItems", sent, sent)
    answer = call(process(proxied, clock), room, {"remove": ["bob"]})
    assert (answer["epoch"], answer["seq"]) == (2, 2)
    assert send(busy, room, "cat", "after").epoch == 2


def test_who_is_banned_meanwhile_is_refused_and_the_others_are_added(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room, other = guild(client), process(client, clock)

    ban = {"roomId": room, "userId": "dan"}
    proxy.once("TransactWriteItems", overtaken(lambda: ban_member(other, Caller("ann"), ban, Tally())))
    arguments = {"add": [{"userId": "dan"}, {"userId": "eve"}]}
    answer = call(process(proxied, clock), room, arguments)
    assert (answer["added"], answer["refused"]) == (["eve"], [{"userId": "dan", "reason": "banned"}])
    _, members = state(client, room)
    assert (members["dan"].status, members["eve"].status) == ("banned", "active")
