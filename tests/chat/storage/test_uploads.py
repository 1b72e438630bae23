"""Files on their way into a room: where each lies, how long it is kept, and what its item says."""

import json
from typing import Any

import pytest

from chat.rules.identifiers import chance_of, uuid7
from chat.rules.models import Message
from chat.rules.rooms import Room
from chat.storage.items import values
from chat.storage.places import in_room
from chat.storage.tables import Tables
from chat.storage.uploads import (
    ADDRESS_S,
    FORM_S,
    KEPT_DAYS,
    MOST_ATTACHMENTS,
    PREPARING,
    USABLE_S,
    Preparing,
    Upload,
    charge_upload,
    delete_writes,
    disposition,
    is_upload_id,
    kept_key,
    keys_of,
    upload_write,
    uploads_of,
    use_write,
)

NOW = 1_800_000_000_000
LOBBY = Room.parse("lobby")
PNG = Upload(
    id="u", sender_id="ann", s3_key="kept/7/u", content_type="image/png", size=9, status="pending",
    expires_at=60, name="a.png",
)  # fmt: skip


def test_a_form_an_address_and_an_upload_are_good_for_so_long() -> None:
    assert (FORM_S, ADDRESS_S, USABLE_S, MOST_ATTACHMENTS) == (900, 300, 82_800, 10)


def test_somebody_prepares_twenty_at_once_and_ten_a_minute() -> None:
    assert (PREPARING.step, PREPARING.burst) == (6_000_000, 20)
    first = charge_upload("ann", None, NOW)
    assert first.set == {
        "type": "Preparing",
        "tat": NOW * 1_000 + 6_000_000,
        "expiresAt": NOW // 1_000 + 6 + 3_600,
    }
    assert first.condition == "attribute_not_exists(PK)"
    second = charge_upload("ann", Preparing(tat=first.set["tat"]), NOW)
    assert second.set["tat"] == NOW * 1_000 + 12_000_000
    assert charge_upload("ann", Preparing(), NOW).condition == "#tat = :tat"
    assert Preparing() == Preparing(tat=0)


@pytest.mark.parametrize(
    ("retention_days", "folder"),
    [
        (7, 7),
        (8, 30),
        (30, 30),
        (31, 90),
        (365, 365),
        (366, 730),
        (3_653, 3_653),
        (36_500, 36_500),
        (99_999, 36_500),
    ],
)
def test_a_file_is_kept_for_as_long_as_its_message_or_a_little_longer(
    retention_days: int, folder: int
) -> None:
    message_id = uuid7(NOW)
    assert kept_key("u", message_id, retention_days) == f"kept/{folder}/u{chance_of(message_id)}"


def test_there_are_nine_folders() -> None:
    assert KEPT_DAYS == (7, 30, 90, 180, 365, 730, 1_826, 3_653, 36_500)


def test_both_copies_belong_to_an_upload() -> None:
    assert keys_of(PNG) == ["kept/7/u", "pending/u"]


def test_an_uploads_item_is_new_and_whole() -> None:
    item = {
        "type": "Upload", "id": "u", "senderId": "ann", "s3Key": "kept/7/u", "contentType": "image/png", "size": 9,
        "status": "pending", "expiresAt": 60,
    }  # fmt: skip
    write = upload_write(LOBBY, PNG)
    assert (write.set, write.whole) == (item | {"name": "a.png"}, True)
    nameless = Upload(
        id="u",
        sender_id="ann",
        s3_key="kept/7/u",
        content_type="image/png",
        size=9,
        status="pending",
        expires_at=60,
    )
    assert upload_write(LOBBY, nameless).set == item


def test_whatever_is_used_belongs_to_its_message_and_goes_with_it() -> None:
    write = use_write(LOBBY, PNG, "MSG#1", 99, 60)
    assert write.set == {
        "status": "used",
        "messageSk": "MSG#1",
        "s3Key": "kept/7/u",
        "size": 9,
        "expiresAt": 99,
    }
    assert not write.whole
    (deleted,) = delete_writes(LOBBY, [PNG])
    assert (deleted.place, deleted.delete, deleted.condition) == (in_room(LOBBY, "UPLOAD#u"), True, "")


def test_images_are_shown_and_all_else_is_saved() -> None:
    def named(content_type: str, name: str | None) -> str:
        return disposition(
            Upload(
                id="u",
                sender_id="a",
                s3_key="k",
                content_type=content_type,
                size=1,
                status="used",
                expires_at=1,
                name=name,
            )
        )

    assert named("image/png", None) == "inline"
    assert named("text/html", None) == "attachment"
    assert named("image/png", "é/b.png") == "inline; filename*=UTF-8''%C3%A9%2Fb.png"


def test_an_upload_is_named_by_a_uuid() -> None:
    assert is_upload_id(uuid7(NOW))
    for value in (None, 7, "", "u", uuid7(NOW) + "0"):
        assert not is_upload_id(value)


class Client:
    """A client of DynamoDB that has one upload; `requests`: the batches that came."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request["RequestItems"])
        write = upload_write(LOBBY, PNG)
        return {"Responses": {"core": [write.place.key | values(write.set)]}}


def test_a_messages_uploads_are_read_consistently_and_only_where_it_has_any() -> None:
    client = Client()
    plain = Message(id="m", room_id="lobby", room_type="general", sender_id="ann", ts=1, seq=1)
    assert uploads_of(Tables(client, {"core": "core"}), LOBBY, plain) == []
    assert client.requests == []
    attached = Message(
        id="m", room_id="lobby", room_type="general", sender_id="ann", ts=1, seq=1,
        attachments=json.dumps([PNG.to_wire()]),
    )  # fmt: skip
    assert uploads_of(Tables(client, {"core": "core"}), LOBBY, attached) == [PNG]
    place = in_room(LOBBY, "UPLOAD#u")
    assert client.requests == [{"core": {"Keys": [place.key], "ConsistentRead": True}}]
