"""Where the deployment asks for people's consent, whoever others add is invited: the room is not theirs until they
accept. Every state of a membership meets every operation."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.create_room import create_room
from chat.operations.delete_room import delete_room
from chat.operations.guild_membership import guild_membership
from chat.operations.heartbeat import heartbeat
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.members import members
from chat.operations.messages import messages
from chat.operations.mute_member import mute_member
from chat.operations.my_rooms import my_rooms
from chat.operations.remove_member import remove_member
from chat.operations.room import room as room_of
from chat.operations.run_jobs import run_jobs
from chat.operations.send_message import send_message
from chat.operations.set_role import set_role
from chat.operations.sync import sync
from chat.operations.unban_member import unban_member
from chat.rules.errors import ChatError
from chat.rules.models import Caller, Head, Member
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.subscription import authorize_subscription
from chat.storage import keys
from chat.storage.places import membership_place
from tests.guarantees.support import proxy as faults
from tests.guarantees.support.fixtures import (
    CURSOR_KEYS,
    Clock,
    new_room,
    partition,
    process,
    send,
    store_of,
    table_name,
)
from tests.guarantees.support.proxy import Proxy

PAGES = (members, messages, my_rooms, sync)
TRANSITIONS = """
           none       invited    active     left       banned
add        invited    =          =          invited    banned
add, admin active     active     =          active     banned
join       .          active     =          .          .
join, open active     active     =          active     .
leave      .          left       LEFT       =          .
remove     notThere   left       LEFT       =          =
ban        banned     banned     BANNED     banned     =
unban      notThere   =          =          =          left
setRole    notThere   notThere   =          notThere   notThere
mute       notThere   notThere   =          notThere   notThere
feed       active     active     =          active     =
feed out   =          left       LEFT       =          =
"""
"""What becomes of a membership, by what it is and what is done: its next status (in capitals where the room's epoch
ends), `=` where it stays, `.` for `NotRoomMember`, or the reason of `NotAllowed`. `open`: the room is public. `feed`: the
guild's service."""

_, _HEADER, *_ROWS = TRANSITIONS.splitlines()
TABLE = {row[:11].strip(): dict(zip(_HEADER.split(), row[11:].split(), strict=True)) for row in _ROWS}


def call(deployment: Deployment, verb: Callable[..., Any], who: str, room: str, **arguments: Any) -> Any:
    """What it answers, or the refusal. `root` is an administrator."""
    caller = Caller(who, frozenset({"admin"} if who == "root" else ()))
    own = (deployment, CURSOR_KEYS) if verb in PAGES else (deployment,)
    try:
        return verb(*own, caller, {"roomId": room, **arguments}, Tally())
    except ChatError as refusal:
        return refusal


def subscribe(deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], _tally: Tally) -> None:
    authorize_subscription(deployment, caller, arguments, allow_unfenced=False)


def member_of(client: Any, room: str, user: str) -> Member | None:
    return Member.found(store_of(client).tables.get(membership_place(Room.parse(room), user)))


def head_of(client: Any, room: str) -> Head:
    head = store_of(client).view(Room.parse(room), "-", consistent=True).head
    assert head
    return head


def lines(client: Any, room: str) -> set[str]:
    """What the room's lists say of whom."""
    parsed = Room.parse(room)
    items = partition(client, table_name(parsed), parsed.partition_key)
    kinds = ("MEMBER", "INVITED", "BANNED")
    return {item["SK"]["S"] for item in items if item["SK"]["S"].partition("#")[0] in kinds}


@pytest.fixture
def asking(client: Any, clock: Clock) -> Deployment:
    """A process of a deployment that asks for consent."""
    return process(client, clock, adding_needs_consent=True)


@pytest.fixture
def guest() -> str:
    return f"guest-{uuid.uuid4().hex[:8]}"


def prepared(client: Any, asking: Deployment, guest: str, status: str, operation: str) -> str:
    """A room to which the guest stands so. A guild's, where its service is to act."""
    settings = {"visibility": "public"} if operation == "join, open" else {}
    room = new_room(
        client, members={"ann": "owner"}, prefix="GUILD#" if "feed" in operation else "", settings=settings
    )
    if status == "invited":
        call(asking, add_member, "ann", room, userId=guest, role="MODERATOR")
    elif status != "none":
        call(replace(asking, adding_needs_consent=False), add_member, "ann", room, userId=guest)
        if status == "left":
            call(asking, leave_room, guest, room)
        if status == "banned":
            call(asking, ban_member, "ann", room, userId=guest)
    return room


def act(asking: Deployment, operation: str, room: str, guest: str) -> Any:
    verbs: Mapping[str, Callable[[], Any]] = {
        "add": lambda: call(asking, add_member, "ann", room, userId=guest),
        "add, admin": lambda: call(asking, add_member, "root", room, userId=guest),
        "join": lambda: call(asking, join_room, guest, room),
        "join, open": lambda: call(asking, join_room, guest, room),
        "leave": lambda: call(asking, leave_room, guest, room),
        "remove": lambda: call(asking, remove_member, "ann", room, userId=guest),
        "ban": lambda: call(asking, ban_member, "ann", room, userId=guest),
        "unban": lambda: call(asking, unban_member, "ann", room, userId=guest),
        "setRole": lambda: call(asking, set_role, "ann", room, userId=guest, role="MEMBER"),
        "mute": lambda: call(asking, mute_member, "ann", room, userId=guest, until=None),
        "feed": lambda: feed(asking, room, add=[{"userId": guest}]),
        "feed out": lambda: feed(asking, room, remove=[guest]),
    }
    return verbs[operation]()


def feed(asking: Deployment, room: str, **arguments: Any) -> Any:
    return guild_membership(asking, {"guildId": room.removeprefix("GUILD#"), **arguments}, Tally())


LISTED = {"active": keys.roster, "invited": keys.invited, "banned": keys.banned}


@pytest.mark.parametrize("status", _HEADER.split())
@pytest.mark.parametrize("operation", TABLE)
def test_every_state_meets_every_operation(
    client: Any, asking: Deployment, guest: str, operation: str, status: str
) -> None:
    room = prepared(client, asking, guest, status, operation)
    epoch, cell = head_of(client, room).epoch, TABLE[operation][status]
    answer = act(asking, operation, room, guest)
    member = member_of(client, room, guest)
    after = member.status if member else "none"
    if cell == ".":
        assert (type(answer).__name__, after) == ("NotRoomMember", status)
    elif cell in ("notThere", "banned") and isinstance(answer, ChatError):
        assert (answer.code, answer.values, after) == ("NotAllowed", {"reason": cell}, status)
    else:
        assert not isinstance(answer, ChatError), answer
        assert after == (status if cell == "=" else cell.lower())
        again = act(asking, operation, room, guest)
        if operation not in ("feed", "feed out") and cell != "=":
            assert again.notice.kind == answer.notice.kind
        assert member_of(client, room, guest) == member
    assert head_of(client, room).epoch == epoch + cell.isupper()
    wanted = {LISTED[after](guest)} if after in LISTED else set()
    assert lines(client, room) == {keys.roster("ann")} | wanted


def test_who_is_invited_sees_that_and_nothing_else_of_the_room(
    client: Any, asking: Deployment, guest: str
) -> None:
    room = new_room(client, members={"ann": "owner"}, settings={"name": "The garden"})
    send(asking, room, "ann", "a secret")
    notice = call(asking, add_member, "ann", room, userId=guest, role="MODERATOR").notice
    assert (notice.kind, notice.user_id, notice.role, notice.next_epoch) == (
        "MEMBER_INVITED",
        guest,
        "moderator",
        None,
    )
    for verb, arguments in (
        (messages, {}),
        (members, {}),
        (subscribe, {"epoch": 1}),
        (send_message, {"text": "hi"}),
        (add_member, {"userId": "bob"}),
    ):
        assert type(call(asking, verb, guest, room, **arguments)).__name__ == "NotRoomMember", verb
    (mine,) = call(asking, my_rooms, guest, room)["items"]
    assert mine["invitation"]["role"] == "MODERATOR"
    assert mine["invitation"]["status"] == "INVITED"
    assert (mine["unread"], mine["lastReadSeq"], mine["lastMessage"]) == (0, 0, None)
    assert (mine["room"]["name"], mine["room"]["head"], mine["room"]["me"]) == ("The garden", None, None)
    looked = call(asking, room_of, guest, room)
    assert (looked["head"], looked["me"], looked["memberCount"]) == (None, None, 1)
    assert call(asking, sync, guest, room)["rooms"] == []
    (state,) = heartbeat(asking, Caller(guest), {"rooms": [{"roomId": room, "seq": 0}]}, Tally())["rooms"]
    assert state["left"]
    listed = call(asking, members, "ann", room, status="INVITED")["items"]
    assert [(each["userId"], each["role"], each["status"]) for each in listed] == [
        (guest, "MODERATOR", "INVITED")
    ]
    assert [each["userId"] for each in call(asking, members, "ann", room)["items"]] == ["ann"]


def test_who_accepts_is_in_the_room_as_they_were_invited(client: Any, asking: Deployment, guest: str) -> None:
    room = new_room(client, members={"ann": "owner"})
    call(asking, add_member, "ann", room, userId=guest, role="OWNER")
    assert head_of(client, room).owners == 1
    send(asking, room, "ann", "before")
    notice = call(asking, join_room, guest, room).notice
    assert (notice.kind, notice.role) == ("MEMBER_JOINED", "owner")
    head, member = head_of(client, room), member_of(client, room, guest)
    assert member
    assert (head.owners, member.role, member.joined_seq, member.added) == (2, "owner", 1, 1)
    (mine,) = call(asking, my_rooms, guest, room)["items"]
    assert (mine["invitation"], mine["added"], mine["room"]["me"]["status"]) == (None, True, "ACTIVE")
    call(asking, leave_room, "ann", room)
    assert head_of(client, room).owners == 1


def test_the_first_members_of_a_room_are_invited_too(client: Any, asking: Deployment, guest: str) -> None:
    named = {"roomId": f"r-{uuid.uuid4()}", "members": [guest]}
    made = create_room(asking, Caller(f"host-of-{guest}"), named, Tally())
    assert (made["memberCount"], member_of(client, made["roomId"], guest)) == (
        1,
        Member(status="invited", added=1),
    )
    assert lines(client, made["roomId"]) == {keys.roster(f"host-of-{guest}"), keys.invited(guest)}
    call(asking, join_room, guest, made["roomId"])
    assert lines(client, made["roomId"]) == {keys.roster(f"host-of-{guest}"), keys.roster(guest)}


@pytest.mark.parametrize("how", ["deleteRoom", "the only member leaves"])
def test_an_invitation_ends_with_its_room(client: Any, asking: Deployment, guest: str, how: str) -> None:
    """Who is invited does not keep the room, either."""
    room = new_room(client, members={"ann": "owner"})
    call(asking, add_member, "ann", room, userId=guest)
    notice = call(asking, delete_room if how == "deleteRoom" else leave_room, "ann", room).notice
    assert notice.kind == "ROOM_DELETED"
    assert call(asking, my_rooms, guest, room)["items"] == []
    for verb in (join_room, leave_room, room_of):
        assert type(call(asking, verb, guest, room)).__name__ == "NotRoomMember"
    run_jobs(asking, 1_000.0, Tally())
    run_jobs(asking, 1_000.0, Tally())
    member = member_of(client, room, guest)
    assert member
    assert (member.status, lines(client, room)) == ("left", set())


def test_who_declines_is_not_invited_without_end(client: Any, asking: Deployment, guest: str) -> None:
    room = new_room(client, members={"ann": "owner"})
    for _ in range(4):
        call(asking, add_member, "ann", room, userId=guest)
        call(asking, leave_room, guest, room)
    assert type(call(asking, add_member, "ann", room, userId=guest)).__name__ == "RateLimited"


RACES: Mapping[str, tuple[str, str, str]] = {
    "accepting what is taken back": ("join", "remove", "."),
    "accepting under a ban": ("join", "ban", "."),
    "declining what is taken back": ("leave", "remove", "left"),
    "taking back what is accepted": ("remove", "join", "LEFT"),
    "inviting who comes by themself": ("add", "add, admin", "active"),
}


@pytest.mark.parametrize("race", RACES)
def test_what_lands_between_look_and_commit_decides(
    proxy: Proxy, proxied: Any, client: Any, clock: Clock, asking: Deployment, guest: str, race: str
) -> None:
    operation, rival, cell = RACES[race]
    status = "none" if operation == "add" else "invited"
    room = prepared(client, asking, guest, status, operation)
    epoch = head_of(client, room).epoch
    proxy.once("TransactWriteItems", faults.overtaken(lambda: act(asking, rival, room, guest)))
    slow = process(proxied, clock, adding_needs_consent=True)
    answer = act(slow, operation, room, guest)
    member = member_of(client, room, guest)
    assert member
    if cell == ".":
        assert type(answer).__name__ == "NotRoomMember"
    else:
        assert member.status == cell.lower()
    assert head_of(client, room).epoch == epoch + cell.isupper()
