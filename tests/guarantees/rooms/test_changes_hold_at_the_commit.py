"""What rules a change is judged again at its commit: whatever lands between look and commit decides, for
every operation.

Each race writes one item alone, so that no guard but that item's own is in the way.
"""

from collections.abc import Callable, Mapping
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
from chat.operations.update_room import update_room
from chat.rules.errors import ChatError, InvalidInput, NotAllowed, NotRoomMember
from chat.rules.models import Caller, Message, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.roster import read_people
from chat.storage import keys
from chat.storage.items import key
from simulator.settings import TABLES
from tests.guarantees.support.fixtures import (
    FAST,
    Clock,
    change_member,
    change_room,
    delete_message,
    edit,
    erase_text,
    new_room,
    process,
    remove,
    send,
    store_of,
    stored,
)
from tests.guarantees.support.proxy import Exchange, Fault, Proxy, pass_on

Operation = Callable[[Deployment, str], object]
Race = Callable[[Any, str], object]
"""What one item of the room, or of somebody's membership, becomes meanwhile."""

MEMBERS: Mapping[str, Role] = {"ann": "owner", "mo": "moderator", "bob": "member", "cat": "member"}


def by(verb: Callable[..., Message], user: str, **arguments: Any) -> Operation:
    return lambda deployment, room: verb(deployment, Caller(user), {"roomId": room, **arguments}, Tally())


def membership(user: str, **attributes: str | int) -> Race:
    return lambda client, room: change_member(client, room, user, **attributes)


def overtaken_by(act: Callable[[], object]) -> Fault:
    """Somebody else is served between the look and the commit of a request."""

    def fault(exchange: Exchange) -> None:
        act()
        pass_on(exchange)

    return fault


UNTIL = "2100-01-01T00:00:00.000Z"
MODERATED: Mapping[str, Operation] = {
    "addMember": by(add_member, "mo", userId="dan"),
    "banMember": by(ban_member, "mo", userId="bob"),
    "banMember of a stranger": by(ban_member, "mo", userId="dan"),
    "muteMember": by(mute_member, "mo", userId="bob", until=UNTIL),
    "removeMember": by(remove_member, "mo", userId="bob"),
    "unbanMember": by(unban_member, "mo", userId="kim"),
}
"""What a moderator does to somebody else."""
RULED: Mapping[str, Operation] = {
    "setRole": by(set_role, "ann", userId="bob", role="MODERATOR"),
    "updateRoom": by(update_room, "ann", name="The room"),
}
"""What an owner does."""


def state(client: Any, room: str) -> list[object]:
    """The room and everybody in it, but for the two who rule and race."""
    scene = [
        read_people(store_of(client), Room.parse(room), Caller(user), user) for user in ("bob", "dan", "kim")
    ]
    return [scene[0].view.head, *(each.person for each in scene)]


def the_room(client: Any, clock: Clock) -> str:
    """A room that kim is banned from."""
    room = new_room(client, settings=FAST, members=MEMBERS)
    by(ban_member, "ann", userId="kim")(process(client, clock), room)
    return room


@pytest.mark.parametrize(
    ("attributes", "refusal"),
    [
        ({"role": "member"}, NotAllowed),
        ({"status": "left"}, NotRoomMember),
        ({"status": "banned"}, NotRoomMember),
    ],
    ids=["a loss of role", "a removal", "a ban"],
)
@pytest.mark.parametrize("operation", [*MODERATED.items(), *RULED.items()], ids=[*MODERATED, *RULED])
def test_who_may_no_longer_rule_changes_nothing(
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    operation: tuple[str, Operation],
    attributes: dict[str, str],
    refusal: type[ChatError],
) -> None:
    name, act = operation
    room = the_room(client, clock)
    before = state(client, room)
    lost = membership("ann" if name in RULED else "mo", **attributes)
    proxy.once("TransactWriteItems", overtaken_by(lambda: lost(client, room)))
    with pytest.raises(refusal):
        act(process(proxied, clock), room)
    assert state(client, room) == before


PERSON: Mapping[str, tuple[Operation, Race, str]] = {
    "whom they mute is a moderator by now": (
        MODERATED["muteMember"],
        membership("bob", role="moderator"),
        "rank",
    ),
    "whom they mute has left": (MODERATED["muteMember"], membership("bob", status="left"), "notThere"),
    "whom they remove is an owner by now": (
        MODERATED["removeMember"],
        membership("bob", role="owner"),
        "rank",
    ),
    "whom they ban is a moderator by now": (
        MODERATED["banMember"],
        membership("bob", role="moderator"),
        "rank",
    ),
    "whose role they change has left": (RULED["setRole"], membership("bob", status="left"), "notThere"),
    "whom they add was banned": (
        MODERATED["addMember"],
        membership("dan", role="member", status="banned"),
        "banned",
    ),
    "whom they unban was a moderator": (
        MODERATED["unbanMember"],
        membership("kim", role="moderator"),
        "rank",
    ),
}


@pytest.mark.parametrize(("operation", "race", "reason"), PERSON.values(), ids=PERSON)
def test_somebody_is_changed_only_as_they_were_judged(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, operation: Operation, race: Race, reason: str
) -> None:
    room = the_room(client, clock)
    proxy.once("TransactWriteItems", overtaken_by(lambda: race(client, room)))
    with pytest.raises(NotAllowed) as caught:
        operation(process(proxied, clock), room)
    assert caught.value.values == {"reason": reason}


def test_a_visitor_joins_only_while_the_room_is_public(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    """Whoever changes the visibility moves `rev`, which is all that joining is judged by."""
    room = new_room(client, settings=FAST | {"visibility": "public"}, members=MEMBERS)
    proxy.once(
        "TransactWriteItems", overtaken_by(lambda: write_head(client, room, visibility="private", rev=2))
    )
    with pytest.raises(NotRoomMember):
        by(join_room, "dan")(process(proxied, clock), room)


def write_head(client: Any, room_id: str, **attributes: str | int) -> None:
    """Write attributes of the head, and `rev` only where it is one of them."""
    room = Room.parse(room_id)
    for name, value in attributes.items():
        client.update_item(
            TableName=TABLES[f"{room.table.upper()}_TABLE"],
            Key=key(room.partition_key, keys.HEAD),
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={
                ":value": {"S": value} if isinstance(value, str) else {"N": str(value)}
            },
        )


HEADS: Mapping[str, Operation] = {
    "updateRoom": RULED["updateRoom"],
    "removeMember": MODERATED["removeMember"],
    "leaveRoom": by(leave_room, "cat"),
}


@pytest.mark.parametrize("operation", HEADS.values(), ids=HEADS)
def test_a_head_is_changed_only_from_the_rev_that_was_read(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, operation: Operation
) -> None:
    """Else what others have ruled meanwhile would have no `rev` of its own."""
    room = the_room(client, clock)
    looked = read_people(store_of(client), Room.parse(room), Caller("ann"), "ann").view.head
    assert looked
    proxy.once("TransactWriteItems", overtaken_by(lambda: change_room(client, room, slowModeSeconds=5)))
    operation(process(proxied, clock), room)
    head = read_people(store_of(client), Room.parse(room), Caller("ann"), "ann").view.head
    assert head
    assert (head.rev, head.slow_mode_seconds) == (looked.rev + 2, 5)


def moderator_removes(deployment: Deployment, message: Message) -> Message:
    return remove(deployment, message, "mo")


def its_sender_removes(deployment: Deployment, message: Message) -> Message:
    return remove(deployment, message)


def its_sender_edits(deployment: Deployment, message: Message) -> Message:
    return edit(deployment, message, "uno")


CHANGES: Mapping[str, Callable[[Deployment, Message], Message]] = {
    "editMessage": its_sender_edits,
    "removeMessage of one's own": its_sender_removes,
    "removeMessage of a member's": moderator_removes,
}


def sort_key(message: Message) -> str:
    return keys.message(message.ts, message.id)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_message_that_is_gone_is_not_made_anew(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, change: Callable[[Deployment, Message], Message]
) -> None:
    room = new_room(client, settings=FAST, members=MEMBERS)
    sent = send(process(client, clock), room, "bob", "one")
    proxy.once("TransactWriteItems", overtaken_by(lambda: delete_message(client, room, sort_key(sent))))
    with pytest.raises(InvalidInput):
        change(process(proxied, clock), sent)
    assert stored(client, room) == []


def test_a_message_that_was_removed_meanwhile_is_not_edited(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    """The item alone, by a change that moved no head."""
    room = new_room(client, settings=FAST, members=MEMBERS)
    sent = send(process(client, clock), room, "bob", "one")
    removed = overtaken_by(lambda: erase_text(client, room, sort_key(sent), removedAt=clock.now()))
    proxy.once("TransactWriteItems", removed)
    with pytest.raises(NotAllowed) as caught:
        edit(process(proxied, clock), sent, "uno")
    assert caught.value.values == {"reason": "removed"}
    assert [each.get("text") for each in stored(client, room)] == [None]


@pytest.mark.parametrize(
    ("attributes", "refusal"),
    [({"role": "member"}, NotAllowed), ({"status": "left"}, NotRoomMember)],
    ids=["a loss of role", "a removal"],
)
def test_who_may_no_longer_remove_removes_nothing(
    proxy: Proxy,
    proxied: Any,
    client: Any,
    clock: Clock,
    attributes: dict[str, str],
    refusal: type[ChatError],
) -> None:
    room = new_room(client, settings=FAST, members=MEMBERS)
    sent = send(process(client, clock), room, "bob", "one")
    proxy.once("TransactWriteItems", overtaken_by(lambda: change_member(client, room, "mo", **attributes)))
    with pytest.raises(refusal):
        moderator_removes(process(proxied, clock), sent)
    assert [each["text"] for each in stored(client, room)] == ["one"]


def test_the_owners_of_a_room_from_before_they_were_counted_are_counted_consistently(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock
) -> None:
    room = new_room(client, settings=FAST, members={"ann": "owner", "eve": "owner", "bob": "member"})
    client.update_item(
        TableName=TABLES["CORE_TABLE"],
        Key=key(Room.parse(room).partition_key, keys.HEAD),
        UpdateExpression="REMOVE owners",
    )
    asked: list[dict[str, Any]] = []

    def ask(exchange: Exchange) -> None:
        asked.append(exchange.request)
        pass_on(exchange)

    proxy.always("Query", ask)
    by(leave_room, "eve")(process(proxied, clock), room)
    assert [request["ConsistentRead"] for request in asked] == [True]
    head = read_people(store_of(client), Room.parse(room), Caller("ann"), "ann").view.head
    assert head
    assert head.owners == 1
    with pytest.raises(NotAllowed) as caught:
        by(leave_room, "ann")(process(client, clock), room)
    assert caught.value.values == {"reason": "lastOwner"}
