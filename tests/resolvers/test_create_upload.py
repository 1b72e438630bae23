"""Mutation.createUpload: a form that takes one file of the type and size
that were named, from those who may send."""

import base64
import json
import time
from datetime import datetime
from typing import Any

import pytest

from chat.storage.uploads import PREPARING, USABLE_S
from simulator.settings import BUCKET
from tests.resolvers.files import PNG, get, keys_of, post
from tests.resolvers.harness import Harness

EVENT = "Mutation.createUpload"
WRITES = ["UPLOAD", "UPLOADING"]


def policy(upload: dict[str, Any]) -> Any:
    fields = {field["name"]: field["value"] for field in upload["fields"]}
    return json.loads(base64.b64decode(fields["policy"]))


def user(harness: Harness, **settings: object) -> tuple[str, str]:
    """A room with somebody new in it, whose rate nobody else uses."""
    name = f"u-{time.monotonic_ns()}"
    return harness.room({"alice": "owner", name: "member"}), name


def test_an_upload_is_stored_as_pending_and_answered_with_a_form(harness: Harness) -> None:
    room, name = user(harness)
    answer = harness.run(harness.event(EVENT, name, roomId=room), writes=WRITES)
    assert harness.item(room, "UPLOAD#") == {
        "PK": f"ROOM#{room}",
        "SK": f"UPLOAD#{answer['id']}",
        "type": "Upload",
        "id": answer["id"],
        "senderId": name,
        "s3Key": f"pending/{answer['id']}",
        "contentType": "image/png",
        "size": 1024,
        "name": "cat on a mat.png",
        "status": "pending",
        "expiresAt": pytest.approx(time.time() + USABLE_S, abs=60),
    }
    assert datetime.fromisoformat(answer["expiresAt"]).timestamp() == pytest.approx(time.time() + 900, abs=60)
    assert set(answer) == {"id", "url", "fields", "expiresAt"}


def test_the_forms_policy_binds_key_type_size_and_a_quarter_of_an_hour(harness: Harness) -> None:
    """Whatever the engine enforces: this is the policy for S3. Nothing else may be posted with the form."""
    room, name = user(harness)
    answer = harness.invoke(harness.event(EVENT, name, roomId=room))
    own = policy(answer)
    assert datetime.fromisoformat(own["expiration"]).timestamp() == pytest.approx(time.time() + 900, abs=60)
    signed = {"policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"}
    assert [each for each in own["conditions"] if not signed.intersection(map(str, each))] == [
        {"Content-Type": "image/png"},
        ["content-length-range", 1, 1024],
        {"bucket": BUCKET},
        {"key": f"pending/{answer['id']}"},
    ]
    fields = {field["name"] for field in answer["fields"]}
    assert fields == {"key", "Content-Type"} | signed


def test_the_file_is_posted_with_the_form_and_lies_in_the_bucket(harness: Harness, objects: Any) -> None:
    room, name = user(harness)
    upload = harness.invoke(harness.event(EVENT, name, roomId=room))
    assert post(upload).status == 204
    assert keys_of(objects, upload["id"]) == [f"pending/{upload['id']}"]
    own = {"Bucket": BUCKET, "Key": f"pending/{upload['id']}"}
    served = get(objects.generate_presigned_url("get_object", own))
    assert (served.headers["Content-Type"], served.body) == ("image/png", PNG)


@pytest.mark.real_engine("moto's S3 checks neither a form's policy nor its signature")
@pytest.mark.parametrize(
    ("content", "changes", "code"),
    [
        (bytes(1_025), {}, "EntityTooLarge"),
        (b"", {}, "EntityTooSmall"),
        (PNG, {"Content-Type": "text/html"}, "AccessDenied"),
        (PNG, {"key": "pending/another"}, "AccessDenied"),
        (PNG, {"x-amz-tagging": "<Tagging/>"}, "AccessDenied"),
        (PNG, {"acl": "public-read"}, "AccessDenied"),
    ],
    ids=["too large", "empty", "another type", "another key", "a tag", "an access list"],
)
def test_what_the_form_was_not_made_for_is_refused_by_the_bucket(
    harness: Harness, objects: Any, content: bytes, changes: dict[str, str], code: str
) -> None:
    room, name = user(harness)
    upload = harness.invoke(harness.event(EVENT, name, roomId=room))
    answer = post(upload, content, **changes)
    assert (answer.status >= 400, answer.code) == (True, code)
    assert keys_of(objects, upload["id"]) == []


def test_a_guilds_upload_lies_in_the_guilds_table_and_its_rate_in_the_core_table(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.guild")
    answer = harness.run(event, writes=WRITES)
    room = event["arguments"]["roomId"]
    assert [item["SK"]["S"] for item in harness.partition("gg_guild", room)].count(
        f"UPLOAD#{answer['id']}"
    ) == 1
    assert "name" not in harness.item(room, "UPLOAD#")
    assert [item for item in harness.partition("gg_core", "USER#alice") if item["SK"]["S"] == "UPLOADING"]


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "image/png; q=1", "png", "", None, 7])
def test_a_type_that_is_not_taken_is_refused(harness: Harness, content_type: object) -> None:
    event = harness.event(f"{EVENT}.html", roomId=harness.room())
    event["arguments"]["contentType"] = content_type
    harness.refused(event, "InvalidInput", argument="contentType")


def test_a_type_is_the_same_in_capitals(harness: Harness) -> None:
    room, name = user(harness)
    answer = harness.invoke(harness.event(EVENT, name, roomId=room, contentType="Image/PNG"))
    assert {"Content-Type": "image/png"} in policy(answer)["conditions"]


@pytest.mark.parametrize("size", [0, -1, 10_485_761, 1.5, True, "1024", None])
def test_a_size_out_of_bounds_is_refused(harness: Harness, size: object) -> None:
    event = harness.event(f"{EVENT}.too-large", roomId=harness.room())
    event["arguments"]["size"] = size
    harness.refused(event, "InvalidInput", argument="size", max=10_485_760)


@pytest.mark.parametrize("name", ["", " \n ", "\u200b", "x" * 201, "\ud800.png", 7])
def test_a_name_that_nobody_could_read_is_refused(harness: Harness, name: object) -> None:
    event = harness.event(EVENT, roomId=harness.room(), name=name)
    harness.refused(event, "InvalidInput", argument="name", max=200)


def test_a_name_is_kept_on_one_line_and_without_disguise(harness: Harness) -> None:
    room, person = user(harness)
    harness.invoke(harness.event(EVENT, person, roomId=room, name="cv\n\u202e  gnp.exe"))
    assert harness.item(room, "UPLOAD#")["name"] == "cv gnp.exe"


def test_who_is_not_in_the_room_or_was_banned_gets_no_form(harness: Harness) -> None:
    room = harness.room()
    harness.refused(harness.event(EVENT, "carol", roomId=room), "NotRoomMember")
    harness.refused(harness.event(EVENT, "alice", roomId="no-such-room"), "NotRoomMember")
    harness.member(room, "bob", status="banned")
    harness.refused(harness.event(EVENT, "bob", roomId=room), "NotRoomMember")


def test_who_is_muted_gets_no_form(harness: Harness) -> None:
    room = harness.room()
    harness.member(room, "bob", mutedUntil=4_000_000_000_000)
    harness.refused(harness.event(EVENT, "bob", roomId=room), "Muted", until="2096-10-02T07:06:40.000Z")


def test_nobody_prepares_more_than_twenty_at_once_and_ten_a_minute(harness: Harness) -> None:
    room, name = user(harness)
    other_room = harness.room({"alice": "owner", name: "member"})
    for number in range(PREPARING.burst):
        where = room if number % 2 else other_room
        harness.run(harness.event(EVENT, name, roomId=where), writes=WRITES)
    refusal = harness.run(harness.event(EVENT, name, roomId=room), writes=[])
    assert refusal.error_type == "RateLimited"
    assert refusal.values["scope"] == "person"
    assert 0 < int(refusal.values["retryAfterMs"]) <= 6_000


def test_a_picture_of_ones_own_needs_no_room_and_keeps_no_name(harness: Harness) -> None:
    name = f"u-{time.monotonic_ns()}"
    made = harness.event(f"{EVENT}.picture", name, name="me.png")
    answer = harness.run(made, writes=["PICTURE", "UPLOADING"])
    assert harness.item("x", "PICTURE#", name) == {
        "PK": f"USER#{name}",
        "SK": f"PICTURE#{answer['id']}",
        "type": "Picture",
        "id": answer["id"],
        "senderId": name,
        "s3Key": f"pending/{answer['id']}",
        "contentType": "image/png",
        "size": 1024,
        "status": "pendingAvatar",
        "expiresAt": pytest.approx(time.time() + USABLE_S, abs=60),
    }
    assert ["content-length-range", 1, 1024] in policy(answer)["conditions"]


def test_a_picture_of_a_room_is_for_those_who_rule_it(harness: Harness) -> None:
    owner = f"u-{time.monotonic_ns()}"
    room = harness.room({owner: "owner", "mona": "moderator", "bob": "member"})
    answer = harness.run(harness.event(f"{EVENT}.room-picture", owner, roomId=room), writes=WRITES)
    stored = harness.item(room, "UPLOAD#")
    assert (stored["id"], stored["status"]) == (answer["id"], "pendingAvatar")
    for user in ("mona", "bob"):
        made = harness.event(f"{EVENT}.room-picture", user, roomId=room)
        harness.refused(made, "NotAllowed", reason="role")
    harness.refused(harness.event(f"{EVENT}.room-picture", "carol", roomId=room), "NotRoomMember")


def test_no_message_takes_a_picture(harness: Harness) -> None:
    owner = f"u-{time.monotonic_ns()}"
    room = harness.room({owner: "owner"})
    upload = harness.invoke(harness.event(f"{EVENT}.room-picture", owner, roomId=room))
    sent = harness.event("Mutation.sendMessage.attachments", owner, roomId=room, attachments=[upload["id"]])
    harness.refused(sent, "InvalidInput", argument="attachments")


@pytest.mark.parametrize("content_type", ["image/heic", "image/svg+xml", "application/pdf", "text/html"])
def test_a_picture_is_what_browsers_show(harness: Harness, content_type: str) -> None:
    made = harness.event(f"{EVENT}.picture", f"u-{time.monotonic_ns()}", contentType=content_type)
    harness.refused(made, "InvalidInput", argument="contentType")


def test_a_picture_has_one_megabyte_at_the_most(harness: Harness) -> None:
    made = harness.event(f"{EVENT}.picture-too-large", f"u-{time.monotonic_ns()}")
    harness.refused(made, "InvalidInput", argument="size", max=1_048_576)


def test_an_attachment_needs_its_room_and_a_purpose_is_one_of_two(harness: Harness) -> None:
    harness.refused(harness.event(EVENT, roomId=None), "InvalidInput", argument="roomId")
    harness.refused(harness.event(f"{EVENT}.picture", "bob", roomId="a b"), "InvalidInput", argument="roomId")
    for purpose in ("", "avatar", 7, ["AVATAR"], True):
        made = harness.event(EVENT, roomId=harness.room(), purpose=purpose)
        harness.refused(made, "InvalidInput", argument="purpose")
