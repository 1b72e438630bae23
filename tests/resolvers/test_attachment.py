"""Query.attachment: a short-lived address, for those who may read the room, while the message is there."""

import time
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.resolvers.files import PNG, get, post, prepare
from tests.resolvers.harness import Harness

EVENT = "Query.attachment"


def sent(harness: Harness, room: str, user: str = "alice", content: bytes = PNG, **upload: object) -> str:
    """The id of an upload that a message of the room refers to."""
    made = prepare(harness, room, user, **upload)
    assert post(made, content).status == 204
    message = harness.invoke(
        harness.event("Mutation.sendMessage.attachments", user, roomId=room, attachments=[made["id"]])
    )
    assert message["attachments"][0]["id"] == made["id"]
    return str(made["id"])


def test_whoever_reads_the_room_gets_an_address_that_serves_the_file(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload_id = sent(harness, room)
    answer = harness.run(harness.event(EVENT, "bob", roomId=room, id=upload_id), writes=[])
    url, until = answer.pop("url"), answer.pop("expiresAt")
    assert answer == {
        "id": upload_id,
        "name": "cat on a mat.png",
        "contentType": "image/png",
        "size": len(PNG),
    }
    assert datetime.fromisoformat(until).timestamp() == pytest.approx(time.time() + 300, abs=30)
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["300"]
    served = get(url)
    assert (served.status, served.body) == (200, PNG)
    assert served.headers["Content-Type"] == "image/png"
    assert served.headers["Content-Disposition"] == "inline; filename*=UTF-8''cat%20on%20a%20mat.png"


def test_what_is_no_image_is_to_be_saved(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload_id = sent(harness, room, content=b"notes", contentType="text/plain", name='notes"; x=.html')
    served = get(harness.invoke(harness.event(EVENT, roomId=room, id=upload_id))["url"])
    assert served.headers["Content-Type"] == "text/plain"
    assert served.headers["Content-Disposition"] == "attachment; filename*=UTF-8''notes%22%3B%20x%3D.html"


@pytest.mark.real_engine("moto's S3 checks no signature")
def test_an_address_serves_nothing_but_what_it_was_made_for(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload_id = sent(harness, room)
    url = harness.invoke(harness.event(EVENT, roomId=room, id=upload_id))["url"]
    assert get(url.replace("image%2Fpng", "text%2Fhtml")).status == 403
    assert get(url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000")).status == 403
    assert get(url.split("?")[0].replace("/kept/", "/pending/") + "?" + url.split("?")[1]).status == 403


def test_an_administrator_reads_attachments_too(harness: Harness, objects: Any) -> None:
    room = harness.room()
    event = harness.event(EVENT, "root", roomId=room, id=sent(harness, room))
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert harness.run(event, writes=[])["url"]


def test_who_is_not_in_the_room_gets_no_address(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload_id = sent(harness, room, "bob")
    harness.refused(harness.event(EVENT, "carol", roomId=room, id=upload_id), "NotRoomMember")
    for status in ("left", "banned"):
        harness.member(room, "bob", status=status)
        harness.refused(harness.event(EVENT, "bob", roomId=room, id=upload_id), "NotRoomMember")


@pytest.mark.parametrize("upload_id", ["", "x", "0199a1b2-c3d4-4000-8000-000000000001", None, 7])
def test_what_is_no_id_names_no_attachment(harness: Harness, upload_id: object) -> None:
    event = harness.event(f"{EVENT}.malformed-id", roomId=harness.room())
    event["arguments"]["id"] = upload_id
    harness.refused(event, "InvalidInput", argument="id")


def test_what_no_message_refers_to_is_no_attachment(harness: Harness) -> None:
    room = harness.room()
    harness.refused(harness.event(EVENT, roomId=room), "InvalidInput", argument="id")
    pending = prepare(harness, room)
    harness.refused(harness.event(EVENT, roomId=room, id=pending["id"]), "InvalidInput", argument="id")


def test_another_rooms_attachment_is_not_found_here(harness: Harness, objects: Any) -> None:
    upload_id = sent(harness, harness.room())
    harness.refused(harness.event(EVENT, roomId=harness.room(), id=upload_id), "InvalidInput", argument="id")


def test_an_attachment_is_gone_with_its_message(harness: Harness, objects: Any) -> None:
    room = harness.room()
    event = harness.event(EVENT, roomId=room, id=sent(harness, room))
    harness.change(room, f"ROOM#{room}", f"UPLOAD#{event['arguments']['id']}", expiresAt=int(time.time()) - 5)
    harness.refused(event, "InvalidInput", argument="id")


def test_an_attachment_is_gone_where_the_room_keeps_its_messages_for_less(
    harness: Harness, objects: Any
) -> None:
    room = harness.room()
    upload_id, week_ago = sent(harness, room), int(time.time() * 1_000) - 8 * 86_400_000
    event = harness.event(EVENT, roomId=room, id=upload_id)
    harness.change(room, f"ROOM#{room}", f"UPLOAD#{upload_id}", messageSk=f"MSG#{week_ago:013d}#x")
    assert harness.invoke(event)["url"]
    harness.head(room, retentionDays=7)
    harness.refused(event, "InvalidInput", argument="id")


def test_an_attachment_that_an_earlier_retention_hid_is_gone(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload_id, now = sent(harness, room), int(time.time() * 1_000)
    event = harness.event(EVENT, roomId=room, id=upload_id)
    harness.head(room, keptSince=now - 60_000)
    assert harness.invoke(event)["url"]
    harness.head(room, keptSince=now + 60_000)
    harness.refused(event, "InvalidInput", argument="id")
