"""Files, guilds' rooms and changes under a legal hold: kept where nothing ends them, and read by nobody who could not before."""

from typing import Any

import pytest

from chat.operations.guild_membership import guild_membership
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.items import plain
from chat.storage.uploads import HELD_FILES
from tests.resolvers.files import PNG, get, keys_of
from tests.resolvers.harness import Event, Harness
from tests.resolvers.test_sending_attachments import message_with, uploaded
from tests.resolvers.test_set_hold import ends, hold, lift, work

ROOMS = pytest.mark.parametrize("guild", [False, True], ids=["room", "guild's room"])


def sent_with_a_file(harness: Harness, room: str) -> tuple[dict[str, Any], str]:
    """A message, and the id of its file."""
    upload = uploaded(harness, room)
    message = harness.invoke(message_with(harness, room, upload))
    return message, upload["id"]


def kept(objects: Any, upload_id: str) -> set[str]:
    """The folders in which copies of the file lie, but for the one of what was not sent yet."""
    folders = {key.partition("/")[0] for key in keys_of(objects, upload_id)}
    return folders - {"pending"}


def of_room(harness: Harness, room: str, kind: str) -> list[dict[str, Any]]:
    place = Room.parse(room)
    items = map(plain, harness.partition(f"gg_{place.table}", place.partition_key))
    return [each for each in items if str(each["SK"]).startswith(kind)]


def address_of(harness: Harness, room: str, upload_id: str) -> Event:
    return harness.event("Query.attachment", roomId=room, id=upload_id)


@ROOMS
def test_a_file_lies_where_no_lifecycle_ends_it_and_is_served_as_before(
    harness: Harness, objects: Any, *, guild: bool
) -> None:
    room = harness.room({"alice": "owner"}, guild=guild)
    _, upload_id = sent_with_a_file(harness, room)
    assert kept(objects, upload_id) == {"kept"}
    (before,) = of_room(harness, room, "UPLOAD#")
    made = hold(harness, roomId=room)
    assert made["state"] == "ACTIVE"
    assert kept(objects, upload_id) == {HELD_FILES.rstrip("/")}
    (item,) = of_room(harness, room, "UPLOAD#")
    assert (item["s3Key"].startswith(HELD_FILES), "expiresAt" in item) == (True, False)
    assert ends(of_room(harness, room, "MSG#")) == {"heldExpiresAt"}
    assert get(harness.invoke(address_of(harness, room, upload_id))["url"]).body == PNG
    assert lift(harness, made["id"])["state"] == "LIFTED"
    assert kept(objects, upload_id) == {"kept"}
    (after,) = of_room(harness, room, "UPLOAD#")
    assert {**after, "s3Key": ""} == {**before, "s3Key": ""}
    assert get(harness.invoke(address_of(harness, room, upload_id))["url"]).body == PNG


@ROOMS
def test_what_is_sent_under_a_hold_is_held_from_the_beginning(
    harness: Harness, objects: Any, *, guild: bool
) -> None:
    room = harness.room({"alice": "owner"}, guild=guild)
    made = hold(harness, roomId=room)
    _, upload_id = sent_with_a_file(harness, room)
    assert kept(objects, upload_id) == {HELD_FILES.rstrip("/")}
    assert (
        ends(of_room(harness, room, "UPLOAD#")) == ends(of_room(harness, room, "MSG#")) == {"heldExpiresAt"}
    )
    lift(harness, made["id"])
    assert kept(objects, upload_id) == {"kept"}
    assert ends(of_room(harness, room, "UPLOAD#")) == {"expiresAt"}


@ROOMS
def test_the_file_of_what_is_removed_under_a_hold_is_kept_and_read_by_nobody(
    harness: Harness, objects: Any, *, guild: bool
) -> None:
    room = harness.room({"alice": "owner"}, guild=guild)
    message, upload_id = sent_with_a_file(harness, room)
    made = hold(harness, roomId=room)
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=message["id"]))
    (original,) = of_room(harness, room, "HELD#")
    assert (original["text"], upload_id in str(original["attachments"])) == (message["text"], True)
    assert kept(objects, upload_id) == {HELD_FILES.rstrip("/")}
    assert harness.invoke(harness.event("Query.messages", roomId=room))["items"][0]["attachments"] is None
    harness.refused(address_of(harness, room, upload_id), "InvalidInput", argument="id")
    lift(harness, made["id"])
    assert kept(objects, upload_id) == set(), "what was hidden goes when the hold does"
    harness.refused(address_of(harness, room, upload_id), "InvalidInput", argument="id")


@ROOMS
def test_each_state_of_an_edited_message_is_kept(harness: Harness, *, guild: bool) -> None:
    room = harness.room({"alice": "owner"}, guild=guild)
    (message,) = harness.send(room, "first")
    made = hold(harness, roomId=room)
    for text in ("second", "third"):
        harness.invoke(harness.event("Mutation.editMessage", roomId=room, id=message["id"], text=text))
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=message["id"]))
    assert [each["text"] for each in of_room(harness, room, "HELD#")] == ["first", "second", "third"]
    seen = str(harness.invoke(harness.event("Query.messages", roomId=room)))
    seen += str(harness.invoke(harness.event("Query.changes", roomId=room, since=1)))
    assert not any(text in seen for text in ("first", "second", "third"))
    lift(harness, made["id"])
    assert ends(of_room(harness, room, "HELD#")) <= {"expiresAt"}


def test_a_held_guilds_room_outlives_its_guild(harness: Harness) -> None:
    """It ends for everybody; what it held is removed once the hold is lifted."""
    room = harness.room({"alice": "owner"}, guild=True)
    harness.send(room, "still here")
    made = hold(harness, roomId=room)
    ended = {"guildId": room.removeprefix("GUILD#"), "end": True}
    assert guild_membership(harness.deployment, ended, Tally())["ended"]
    work(harness)
    assert [each["text"] for each in of_room(harness, room, "MSG#")] == ["still here"]
    harness.refused(harness.event("Query.messages", roomId=room), "NotRoomMember")
    lift(harness, made["id"])
    work(harness)
    assert of_room(harness, room, "MSG#") == []
