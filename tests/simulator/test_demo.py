"""The demo data: what tools rely on, made once, and rooms that earlier versions have made."""

from typing import TYPE_CHECKING, Any

import pytest

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.leave_room import leave_room
from chat.operations.mute_member import mute_member
from chat.operations.my_rooms import my_rooms
from chat.operations.room import room
from chat.operations.send_message import send_message
from chat.operations.update_room import update_room
from chat.rules.errors import ChatError, Muted, NotAllowed, NotRoomMember
from chat.rules.models import Caller
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.new_room import founding, room_writes
from chat.storage.places import Place
from chat.storage.tables import Write
from chat_lambda import compose
from simulator import demo
from tests.guarantees.support.fixtures import CURSOR_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE = ("alice", "bob", "carol")


@pytest.fixture
def deployment(functions_environ: None) -> Deployment:
    return compose.deployment()


def call(deployment: Deployment, verb: "Callable[..., Any]", user: str, **arguments: Any) -> Any:
    """What it answers, or the refusal."""
    try:
        return verb(deployment, Caller(user), arguments, Tally())
    except ChatError as refusal:
        return refusal


def roles(deployment: Deployment, room_id: str) -> list[str | None]:
    """What the demo people are in a room; `None` for whoever may not see it."""
    answers = [call(deployment, room, user, roomId=room_id) for user in PEOPLE]
    return [
        None if isinstance(answer, NotRoomMember) else (answer["me"] or {"role": "VISITOR"})["role"]
        for answer in answers
    ]


def test_who_is_what_in_the_demo_rooms(deployment: Deployment) -> None:
    assert {room_id: roles(deployment, room_id) for room_id in demo.ROOMS} == {
        "lobby": ["OWNER", "MEMBER", None],
        "GUILD#dragons": ["OWNER", None, "MEMBER"],
        "slow": ["OWNER", "MEMBER", None],
        "team": ["OWNER", "MODERATOR", None],
        "plaza": ["OWNER", "VISITOR", "VISITOR"],
        "quiet": ["OWNER", "MEMBER", None],
    }


def test_the_limits_of_demo_rooms_from_before_their_origin_was_kept_hold_again(
    deployment: Deployment, endpoint: str
) -> None:
    head = Place("core", "ROOM#lobby", "HEAD")
    deployment.store.tables.update(Write(head, remove=("adminRules",)))
    assert call(deployment, room, "alice", roomId="lobby")["roomBurst"] == 100
    demo.seed(endpoint)
    assert call(deployment, room, "alice", roomId="lobby")["roomBurst"] == 1_000


def test_bob_is_muted_in_the_quiet_room_and_what_became_of_it_stays(
    deployment: Deployment, endpoint: str
) -> None:
    assert isinstance(call(deployment, send_message, "bob", roomId="quiet", text="hi"), Muted)
    call(deployment, mute_member, "alice", roomId="quiet", userId="bob")
    try:
        demo.seed(endpoint)
        assert call(deployment, send_message, "bob", roomId="quiet", text="hi").text == "hi"
    finally:
        call(deployment, mute_member, "alice", roomId="quiet", userId="bob", until="2100-01-01T00:00:00Z")


@pytest.fixture
def old(deployment: Deployment) -> Room:
    """A room as versions before roles and rules of its own made it, with two messages."""
    wanted = Room.parse(f"r-{deployment.new_id(deployment.now())}")
    writes = room_writes(
        wanted, {wanted.id: "owner", f"{wanted.id}-2": "member"}, demo.FAST, founding(deployment, None)
    )
    deployment.store.tables.transact(writes)
    for text in ("one", "two"):
        call(deployment, send_message, wanted.id, roomId=wanted.id, text=text)
    head = Place(wanted.table, wanted.partition_key, "HEAD")
    item = deployment.store.tables.get(head)
    assert item
    later = {"owners", "lastId", "visibility", "name", "createdBy", "changedRev", "ruledRev", "writtenAt"}
    deployment.store.tables.update(Write(head, remove=sorted(later & set(item))))
    return wanted


def test_a_room_of_an_earlier_version_is_a_room(deployment: Deployment, old: Room) -> None:
    owner, member = old.id, f"{old.id}-2"
    page = my_rooms(deployment, CURSOR_KEYS, Caller(member), {}, Tally())
    assert [(each["unread"], each["lastMessage"]["text"]) for each in page["items"]] == [(2, "two")]
    assert call(deployment, room, member, roomId=old.id)["visibility"] == "PRIVATE"
    assert isinstance(call(deployment, leave_room, owner, roomId=old.id), NotAllowed)
    assert call(deployment, update_room, owner, roomId=old.id, name="Now named").notice.rev == 4
    assert (
        call(deployment, add_member, owner, roomId=old.id, userId="other", role="OWNER").notice.role
        == "owner"
    )
    assert call(deployment, leave_room, owner, roomId=old.id).notice.next_epoch == 2
    assert isinstance(call(deployment, leave_room, "other", roomId=old.id), NotAllowed)
    assert call(deployment, send_message, member, roomId=old.id, text="three").seq == 3
