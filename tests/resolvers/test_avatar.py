"""Query.avatar: a short-lived address of a picture, for those who may see whose it is."""

import time
import uuid
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.resolvers.files import PNG, get
from tests.resolvers.harness import Harness
from tests.resolvers.memberships import as_admin
from tests.resolvers.test_update_me import event as update_me
from tests.resolvers.test_update_me import jobs, uploaded

EVENT = "Query.avatar"


def new() -> str:
    return f"p-{uuid.uuid4()}"


def pictured(harness: Harness) -> tuple[str, str]:
    """Somebody with a picture, and its id."""
    ann = new()
    picture = uploaded(harness, ann)
    harness.invoke(update_me(harness, ann, avatarId=picture))
    return ann, picture


def room_pictured(harness: Harness, owner: str, **settings: object) -> tuple[str, str]:
    """A room with a picture, and its id."""
    room = harness.room({owner: "owner"}, settings=settings)
    picture = uploaded(harness, owner, roomId=room)
    harness.invoke(harness.event("Mutation.updateRoom", owner, roomId=room, avatarId=picture))
    return room, picture


def test_whoever_reads_the_room_gets_an_address_of_a_persons_picture(harness: Harness, objects: Any) -> None:
    ann, picture = pictured(harness)
    room = harness.room({"bob": "owner", ann: "member"})
    answer = harness.run(harness.event(EVENT, "bob", roomId=room, id=picture), writes=[])
    url, until = answer.pop("url"), answer.pop("expiresAt")
    assert answer == {"id": picture, "name": None, "contentType": "image/png", "size": len(PNG)}
    assert datetime.fromisoformat(until).timestamp() == pytest.approx(time.time() + 300, abs=30)
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["300"]
    assert ann not in url
    served = get(url)
    assert (served.status, served.body, served.headers["Content-Disposition"]) == (200, PNG, "inline")


def test_the_picture_of_somebody_from_elsewhere_is_not_told(harness: Harness, objects: Any) -> None:
    ann, picture = pictured(harness)
    room = harness.room({"bob": "owner"})
    harness.refused(harness.event(EVENT, "bob", roomId=room, id=picture), "InvalidInput", argument="id")
    harness.member(room, ann, role="member", status="invited")
    harness.refused(harness.event(EVENT, "bob", roomId=room, id=picture), "InvalidInput", argument="id")
    harness.member(room, ann, status="left")
    assert harness.invoke(harness.event(EVENT, "bob", roomId=room, id=picture))["id"] == picture
    for user, where in (("carol", room), ("bob", "no-such-room")):
        harness.refused(harness.event(EVENT, user, roomId=where, id=picture), "NotRoomMember")
    assert harness.invoke(as_admin(harness.event(EVENT, "carla", roomId=room, id=picture)))["id"] == picture


def test_a_picture_that_was_replaced_is_gone_at_once(harness: Harness, objects: Any) -> None:
    ann, picture = pictured(harness)
    room = harness.room({ann: "owner"})
    harness.invoke(update_me(harness, ann, reset=["AVATAR"]))
    harness.refused(harness.event(EVENT, ann, roomId=room, id=picture), "InvalidInput", argument="id")
    jobs(harness)


def test_the_rooms_picture_is_for_whoever_sees_its_name(harness: Harness, objects: Any) -> None:
    owner = new()
    room, picture = room_pictured(harness, owner)
    assert get(harness.invoke(harness.event(EVENT, owner, roomId=room, id=picture))["url"]).body == PNG
    harness.refused(harness.event(EVENT, "carol", roomId=room, id=picture), "NotRoomMember")
    harness.member(room, "carol", role="member", status="invited")
    assert harness.invoke(harness.event(EVENT, "carol", roomId=room, id=picture))["id"] == picture
    public, shown = room_pictured(harness, owner, visibility="public")
    assert harness.invoke(harness.event(EVENT, "dora", roomId=public, id=shown))["id"] == shown
    harness.refused(harness.event(EVENT, owner, roomId=public, id=picture), "InvalidInput", argument="id")
    ann, hers = pictured(harness)
    harness.member(public, ann, role="member", status="active")
    harness.refused(harness.event(EVENT, "dora", roomId=public, id=hers), "NotRoomMember")


def test_an_attachment_and_a_pending_picture_are_no_pictures(harness: Harness, objects: Any) -> None:
    owner = new()
    room = harness.room({owner: "owner"})
    attachment = harness.invoke(harness.event("Mutation.createUpload", owner, roomId=room))["id"]
    pending = harness.invoke(harness.event("Mutation.createUpload.room-picture", owner, roomId=room))["id"]
    for each in (attachment, pending):
        harness.refused(harness.event(EVENT, owner, roomId=room, id=each), "InvalidInput", argument="id")
        harness.refused(
            harness.event("Query.attachment", owner, roomId=room, id=each), "InvalidInput", argument="id"
        )


@pytest.mark.parametrize("avatar_id", [None, "", "cat", 7, ["x"], "\ud800", "0" * 36], ids=ascii)
def test_what_is_no_id_is_refused(harness: Harness, objects: Any, avatar_id: object) -> None:
    made = harness.event(f"{EVENT}.malformed-id", roomId=harness.room())
    made["arguments"]["id"] = avatar_id
    harness.refused(made, "InvalidInput", argument="id")
