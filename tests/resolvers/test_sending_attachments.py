"""Mutation.sendMessage with attachments: all of it or nothing, and each upload in one message at the most."""

import copy
import time
import uuid
from typing import Any

import pytest

from chat.storage.uploads import KEPT_DAYS
from simulator.settings import BUCKET
from tests.resolvers.files import PNG, keys_of, post, prepare
from tests.resolvers.harness import Harness

EVENT = "Mutation.sendMessage"
SENT = ["HEAD", "IN", "MSG", "SENT"]
NOBODYS = "0199a1b2-c3d4-7000-8000-000000000001"
GRANTED = {"personPerSecond": 0.01, "personBurst": 1, "roomPerSecond": 1000, "roomBurst": 1000}


def uploaded(harness: Harness, room: str, user: str = "alice", content: bytes | None = PNG) -> dict[str, Any]:
    """An upload, with its file in the bucket unless there is to be none."""
    upload = prepare(harness, room, user)
    if content is not None:
        assert post(upload, content).status == 204
    return upload


def message_with(harness: Harness, room: str, *uploads: Any, user: str = "alice") -> dict[str, Any]:
    """The event of a message with these uploads, by their answers or their ids."""
    ids = [each["id"] if isinstance(each, dict) else each for each in uploads]
    name = f"c-{uuid.uuid4()}"
    return harness.event(f"{EVENT}.attachments", user, roomId=room, clientMessageId=name, attachments=ids)


def kept(objects: Any, upload: dict[str, Any]) -> list[str]:
    return [key for key in keys_of(objects, upload["id"]) if key.startswith("kept/")]


def test_a_message_is_stored_with_its_attachments_and_takes_their_uploads(
    harness: Harness, objects: Any
) -> None:
    room = harness.room()
    first, second = uploaded(harness, room), uploaded(harness, room, content=PNG[:40])
    answer = harness.run(message_with(harness, room, first, second), writes=[*SENT, "UPLOAD", "UPLOAD"])
    file = {"name": "cat on a mat.png", "contentType": "image/png"}
    assert answer["attachments"] == [
        {"id": first["id"], **file, "size": len(PNG)},
        {"id": second["id"], **file, "size": 40},
    ]
    (read,) = harness.invoke(harness.event("Query.messages", roomId=room))["items"]
    assert read["attachments"] == answer["attachments"]
    stored, upload = harness.item(room, "MSG#"), harness.item(room, f"UPLOAD#{first['id']}")
    assert (upload["status"], upload["messageSk"]) == ("used", stored["SK"])
    assert (upload["size"], upload["expiresAt"]) == (len(PNG), stored["expiresAt"])
    assert kept(objects, first) == [upload["s3Key"]]
    assert upload["s3Key"].startswith(f"kept/365/{first['id']}-")


def test_a_guilds_message_has_attachments_too(harness: Harness, objects: Any) -> None:
    room = harness.room({"alice": "owner"}, guild=True)
    answer = harness.run(message_with(harness, room, uploaded(harness, room)), writes=[*SENT, "UPLOAD"])
    assert len(answer["attachments"]) == 1


@pytest.mark.parametrize(("days", "folder"), [(7, 7), (8, 30), (366, 730), (36_500, 36_500)])
def test_an_attachment_is_kept_where_it_outlives_its_message(
    harness: Harness, objects: Any, days: int, folder: int
) -> None:
    assert folder in KEPT_DAYS
    room = harness.room({"alice": "owner"}, settings={"retentionDays": days})
    upload = uploaded(harness, room)
    harness.run(message_with(harness, room, upload), writes=[*SENT, "UPLOAD"])
    assert kept(objects, upload)[0].startswith(f"kept/{folder}/")


def test_a_repeat_answers_with_the_attachments_and_keeps_nothing_more(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload = uploaded(harness, room)
    event = message_with(harness, room, upload)
    first = harness.run(copy.deepcopy(event), writes=[*SENT, "UPLOAD"])
    before = kept(objects, upload)
    assert harness.run(copy.deepcopy(event), writes=[]) == first
    assert kept(objects, upload) == before


def test_the_same_name_with_other_attachments_is_a_mismatch(harness: Harness, objects: Any) -> None:
    room = harness.room()
    first, second = uploaded(harness, room), uploaded(harness, room)
    event = message_with(harness, room, first, second)
    harness.run(copy.deepcopy(event), writes=[*SENT, "UPLOAD", "UPLOAD"])
    for other in ([first["id"]], [second["id"], first["id"]], [], None):
        event["arguments"]["attachments"] = other
        harness.refused(event, "IdempotencyMismatch")


def test_no_attachments_and_an_empty_list_are_the_same(harness: Harness) -> None:
    room = harness.room()
    event = message_with(harness, room)
    first = harness.run(copy.deepcopy(event), writes=SENT)
    assert first["attachments"] is None
    del event["arguments"]["attachments"]
    assert harness.run(event, writes=[]) == first


def test_a_form_that_is_posted_again_does_not_change_what_was_sent(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload = uploaded(harness, room)
    harness.run(message_with(harness, room, upload), writes=[*SENT, "UPLOAD"])
    assert post(upload, b"something else").status == 204
    (key,) = kept(objects, upload)
    assert objects.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == len(PNG)


@pytest.mark.parametrize("guild", [False, True])
def test_a_removed_message_takes_its_files_with_it(harness: Harness, objects: Any, guild: bool) -> None:
    room = harness.room({"alice": "owner", "bob": "member"}, guild=guild)
    uploads = [uploaded(harness, room), uploaded(harness, room)]
    sent = harness.invoke(message_with(harness, room, *uploads))
    removal = harness.event("Mutation.removeMessage", roomId=room, id=sent["id"])
    answer = harness.run(removal, writes=["CHG", "HEAD", "MSG", "UPLOAD", "UPLOAD"])
    assert (answer["text"], answer["attachments"]) == (None, None)
    for upload in uploads:
        assert keys_of(objects, upload["id"]) == []
        address = harness.event("Query.attachment", roomId=room, id=upload["id"])
        harness.refused(address, "InvalidInput", argument="id")
    assert harness.run(removal, writes=[]) == answer


def test_an_edited_message_keeps_its_attachments(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload = uploaded(harness, room)
    sent = harness.invoke(message_with(harness, room, upload))
    edited = harness.invoke(harness.event("Mutation.editMessage", roomId=room, id=sent["id"], text="better"))
    assert (edited["text"], edited["attachments"]) == ("better", sent["attachments"])
    assert harness.invoke(harness.event("Query.attachment", roomId=room, id=upload["id"]))["url"]


def test_an_upload_is_in_one_message_at_the_most(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload = uploaded(harness, room)
    harness.run(message_with(harness, room, upload), writes=[*SENT, "UPLOAD"])
    before = kept(objects, upload)
    harness.refused(message_with(harness, room, upload), "InvalidInput", argument="attachments")
    assert kept(objects, upload) == before


def test_a_file_that_was_not_posted_yet_cannot_be_sent(harness: Harness, objects: Any) -> None:
    room = harness.room()
    there, missing = uploaded(harness, room), uploaded(harness, room, content=None)
    event = message_with(harness, room, there, missing)
    refusal = harness.refused(event, "InvalidInput", argument="attachments")
    assert "has not been uploaded yet" in refusal.message
    assert kept(objects, there) == []
    assert post(missing).status == 204
    assert len(harness.run(event, writes=[*SENT, "UPLOAD", "UPLOAD"])["attachments"]) == 2


def test_what_lies_there_must_be_what_was_named(harness: Harness, objects: Any) -> None:
    """The form sees to it; whoever may write to the bucket may not get around it either."""
    room = harness.room()
    for content, content_type in ((bytes(1_025), "image/png"), (PNG, "text/html"), (b"", "image/png")):
        upload = uploaded(harness, room, content=None)
        key = f"pending/{upload['id']}"
        objects.put_object(Bucket=BUCKET, Key=key, Body=content, ContentType=content_type)
        harness.refused(message_with(harness, room, upload), "InvalidInput", argument="attachments")
        assert kept(objects, upload) == []


@pytest.mark.parametrize(
    "content", [b"<html><script>alert(1)</script>", b"GIF89a" + bytes(9), b"\x89PNG", b"x"]
)
def test_a_file_that_is_not_what_its_type_says_cannot_be_sent(
    harness: Harness, objects: Any, content: bytes
) -> None:
    """It was posted as the form asks, under the type of a picture."""
    room = harness.room()
    there, upload = uploaded(harness, room), uploaded(harness, room, content=content)
    event = message_with(harness, room, there, upload)
    refusal = harness.refused(event, "InvalidInput", argument="attachments")
    assert "not what its type says" in refusal.message
    assert kept(objects, upload) == kept(objects, there) == []
    assert harness.run(message_with(harness, room, there), writes=[*SENT, "UPLOAD"])


def test_others_uploads_and_other_rooms_uploads_are_unknown(harness: Harness, objects: Any) -> None:
    room, other = harness.room(), harness.room()
    theirs, elsewhere = uploaded(harness, room, "bob"), uploaded(harness, other)
    for upload in (theirs, elsewhere, NOBODYS, str(uuid.uuid4()), "", None, 7):
        event = message_with(harness, room, upload)
        refusal = harness.refused(event, "InvalidInput", argument="attachments")
        assert "was not uploaded by you" in refusal.message


def test_an_upload_that_is_about_to_be_deleted_cannot_be_sent(harness: Harness, objects: Any) -> None:
    room = harness.room()
    upload = uploaded(harness, room)
    harness.change(room, f"ROOM#{room}", f"UPLOAD#{upload['id']}", expiresAt=int(time.time()) - 5)
    harness.refused(message_with(harness, room, upload), "InvalidInput", argument="attachments")


def test_ten_different_attachments_are_the_most(harness: Harness, objects: Any) -> None:
    room = harness.room({"alice": "owner", "many": "member"})
    uploads = [uploaded(harness, room, "many") for _ in range(10)]
    too_many = message_with(harness, room, *uploads, uploads[0], user="many")
    harness.refused(too_many, "InvalidInput", argument="attachments", max=10)
    twice = message_with(harness, room, uploads[0], uploads[0], user="many")
    harness.refused(twice, "InvalidInput", argument="attachments", max=10)
    event = message_with(harness, room, *uploads, user="many")
    answer = harness.run(event, writes=[*SENT, *["UPLOAD"] * 10])
    assert [each["id"] for each in answer["attachments"]] == [each["id"] for each in uploads]


@pytest.mark.parametrize("attachments", ["0199a1b2-c3d4-7000-8000-000000000001", {"id": "x"}, 7])
def test_attachments_are_a_list(harness: Harness, attachments: object) -> None:
    event = harness.event(f"{EVENT}.attachments", roomId=harness.room(), attachments=attachments)
    harness.refused(event, "InvalidInput", argument="attachments", max=10)


def test_a_refusal_comes_in_the_order_of_every_send(harness: Harness, objects: Any) -> None:
    room = harness.room(settings=GRANTED)
    upload = uploaded(harness, room, "bob")
    event = message_with(harness, room, NOBODYS, user="bob")
    harness.refused(message_with(harness, room, NOBODYS, user="carol"), "NotRoomMember")
    harness.member(room, "bob", mutedUntil=4_000_000_000_000)
    harness.refused(event, "Muted", until="2096-10-02T07:06:40.000Z")
    harness.member(room, "bob", mutedUntil=0)
    good = message_with(harness, room, upload, user="bob")
    harness.run(copy.deepcopy(good), writes=[*SENT, "UPLOAD"])
    limited = harness.run(event, writes=[])
    assert (limited.error_type, limited.values["scope"]) == ("RateLimited", "person")
    harness.member(room, "bob", mutedUntil=4_000_000_000_000)
    assert harness.run(good, writes=[])["attachments"]
    good["arguments"]["text"] = "another"
    harness.refused(good, "IdempotencyMismatch")
