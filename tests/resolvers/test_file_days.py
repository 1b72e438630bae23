"""FILE_DAYS: an attachment ends before its message, which goes on saying what it was sent with."""

import time
from typing import Any

import pytest

from chat.rules.models import DAY_MS
from chat.rules.rooms import Room
from chat.steps.hold_moves import STEPS
from chat.storage.uploads import HELD_FILES, kept_for
from simulator.settings import BUCKET
from tests.resolvers.composed import composed
from tests.resolvers.files import PNG, get, keys_of
from tests.resolvers.harness import Harness
from tests.resolvers.test_held_files import address_of, kept, of_room, sent_with_a_file
from tests.resolvers.test_set_hold import asked, ends, hold, lift

ROOMS = pytest.mark.parametrize("guild", [False, True], ids=["room", "guild's room"])
DAY_S = 86_400


def upload_of(harness: Harness, room: str) -> dict[str, Any]:
    (item,) = of_room(harness, room, "UPLOAD#")
    return item


def change_upload(harness: Harness, room: str, upload_id: str, **attributes: int | str) -> None:
    harness.change(room, Room.parse(room).partition_key, f"UPLOAD#{upload_id}", **attributes)


def sent_ago(harness: Harness, room: str, upload_id: str, days: float) -> None:
    """As if the attachment's message had been sent so many days ago."""
    ms = int(time.time() * 1_000 - days * DAY_MS)
    change_upload(harness, room, upload_id, messageSk=f"MSG#{ms:013d}#x")


@ROOMS
@pytest.mark.parametrize(
    ("retention", "file_days", "days", "folder"),
    [
        (365, "31", 31, 90),
        (365, "30", 30, 30),
        (30, "31", 30, 30),
        (36_500, "1", 1, 7),
        (365, "0", 365, 365),
    ],
)
def test_a_file_is_kept_for_the_shorter_of_both(
    harness: Harness, objects: Any, *, guild: bool, retention: int, file_days: str, days: int, folder: int
) -> None:
    with composed(harness, FILE_DAYS=file_days):
        room = harness.room({"alice": "owner"}, guild=guild, settings={"retentionDays": retention})
        message, upload_id = sent_with_a_file(harness, room)
        (stored,) = of_room(harness, room, "MSG#")
        upload = upload_of(harness, room)
        assert stored["expiresAt"] == stored["ts"] // 1_000 + retention * DAY_S
        assert upload["expiresAt"] == stored["ts"] // 1_000 + days * DAY_S
        assert str(upload["s3Key"]).startswith(f"kept/{folder}/{upload_id}-")
        assert get(harness.invoke(address_of(harness, room, upload_id))["url"]).body == PNG
    assert message["attachments"][0]["id"] == upload_id


@ROOMS
def test_a_number_that_is_lowered_holds_at_once(harness: Harness, objects: Any, *, guild: bool) -> None:
    """Of what was sent before, too; and one that is raised again gives back what was kept for longer."""
    room = harness.room({"alice": "owner"}, guild=guild)
    _, upload_id = sent_with_a_file(harness, room)
    sent_ago(harness, room, upload_id, 8)
    for file_days, is_there in (("0", True), ("9", True), ("7", False), ("9", True)):
        with composed(harness, FILE_DAYS=file_days):
            event = address_of(harness, room, upload_id)
            if is_there:
                assert get(harness.invoke(event)["url"]).body == PNG
            else:
                harness.refused(event, "InvalidInput", argument="id")


def test_a_number_that_is_raised_brings_nothing_back(harness: Harness, objects: Any) -> None:
    room = harness.room()
    with composed(harness, FILE_DAYS="7"):
        _, upload_id = sent_with_a_file(harness, room)
    sent_ago(harness, room, upload_id, 8)
    change_upload(harness, room, upload_id, expiresAt=int(time.time()) - DAY_S)
    harness.refused(address_of(harness, room, upload_id), "InvalidInput", argument="id")


@ROOMS
def test_a_message_says_what_it_was_sent_with(harness: Harness, objects: Any, *, guild: bool) -> None:
    """Whether DynamoDB has deleted what has expired, or not yet."""
    with composed(harness, FILE_DAYS="7"):
        room = harness.room({"alice": "owner"}, guild=guild)
        message, upload_id = sent_with_a_file(harness, room)
        change_upload(harness, room, upload_id, expiresAt=int(time.time()) - DAY_S)
        for _ in range(2):
            (read,) = harness.invoke(harness.event("Query.messages", roomId=room))["items"]
            assert (read["text"], read["attachments"]) == (message["text"], message["attachments"])
            harness.refused(address_of(harness, room, upload_id), "InvalidInput", argument="id")
            delete_upload(harness, room, upload_id)


def delete_upload(harness: Harness, room: str, upload_id: str) -> None:
    """As DynamoDB does with what has expired."""
    place = Room.parse(room)
    key = {"PK": {"S": place.partition_key}, "SK": {"S": f"UPLOAD#{upload_id}"}}
    harness.client.delete_item(TableName=f"gg_{place.table}", Key=key)


@ROOMS
def test_a_removed_message_takes_a_file_that_nothing_names_any_more(
    harness: Harness, objects: Any, *, guild: bool
) -> None:
    """Its folder is emptied later than its item goes."""
    with composed(harness, FILE_DAYS="31"):
        room = harness.room({"alice": "owner"}, guild=guild)
        message, upload_id = sent_with_a_file(harness, room)
        delete_upload(harness, room, upload_id)
        assert kept(objects, upload_id) == {"kept"}
        harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=message["id"]))
        assert kept(objects, upload_id) == set()


@ROOMS
def test_a_hold_keeps_a_file_that_ends_and_shows_it_to_nobody(
    harness: Harness, objects: Any, *, guild: bool
) -> None:
    with composed(harness, FILE_DAYS="7"):
        room = harness.room({"alice": "owner"}, guild=guild)
        _, upload_id = sent_with_a_file(harness, room)
        ends_at = upload_of(harness, room)["expiresAt"]
        made = hold(harness, roomId=room)
        assert ends([upload_of(harness, room)]) == {"heldExpiresAt"}
        assert upload_of(harness, room)["heldExpiresAt"] == ends_at
        assert harness.invoke(address_of(harness, room, upload_id))["url"]
        change_upload(harness, room, upload_id, heldExpiresAt=int(time.time()) - DAY_S)
        harness.refused(address_of(harness, room, upload_id), "InvalidInput", argument="id")
        assert kept(objects, upload_id) == {HELD_FILES.rstrip("/")}
        lift(harness, made["id"])
        assert kept(objects, upload_id) == set(), "what has ended meanwhile goes with the hold"
        harness.refused(address_of(harness, room, upload_id), "InvalidInput", argument="id")


def test_a_lifted_hold_gives_a_file_back_for_what_is_left_of_it(harness: Harness, objects: Any) -> None:
    with composed(harness, FILE_DAYS="31"):
        room = harness.room()
        made = hold(harness, roomId=room)
        _, upload_id = sent_with_a_file(harness, room)
        (stored,) = of_room(harness, room, "MSG#")
        assert upload_of(harness, room)["heldExpiresAt"] == stored["ts"] // 1_000 + 31 * DAY_S
        lift(harness, made["id"])
        upload = upload_of(harness, room)
        assert upload["expiresAt"] == stored["ts"] // 1_000 + 31 * DAY_S
        assert [key for key in keys_of(objects, upload_id) if key.startswith("kept/")] == [upload["s3Key"]]
        name = str(upload["s3Key"]).rpartition("/")[2]
        assert upload["s3Key"] == kept_for(name, 31)
        assert objects.head_object(Bucket=BUCKET, Key=upload["s3Key"])["ContentLength"] == len(PNG)


@pytest.mark.parametrize(("file_days", "is_first"), [("7", True), ("90", False), ("0", False)])
@pytest.mark.parametrize("of", ["roomId", "userId"])
def test_files_that_end_soon_are_held_before_messages_that_stay(
    harness: Harness, objects: Any, of: str, file_days: str, is_first: bool
) -> None:
    with composed(harness, FILE_DAYS=file_days):
        room = harness.room({"alice": "owner", "zoe": "member"})
        _, upload_id = sent_with_a_file(harness, room)
        subject = room if of == "roomId" else "alice"
        named = {"roomId": None, "userId": None, of: subject}
        made = harness.invoke(asked(harness, "Mutation.setHold", **named, reason="Case 17"))
        key = f"{'ROOM' if of == 'roomId' else 'USER'}#{subject}#{made['id']}"
        position = None
        step = STEPS["soonFiles" if of == "roomId" else "soonProofs"]
        while (position := step(harness.deployment, key, position)) is not None:
            pass
        assert (kept(objects, upload_id) == {HELD_FILES.rstrip("/")}) is is_first
        lift(harness, made["id"])
        assert kept(objects, upload_id) == {"kept"}


def test_files_go_first_of_all_that_a_room_has() -> None:
    names = list(STEPS)
    assert names.index("flag") < names.index("soonFiles") < names.index("messages")
