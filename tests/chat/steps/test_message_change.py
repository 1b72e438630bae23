"""How a message is named, and the writes that change it beside the head and the log."""

from typing import Any

import pytest

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput
from chat.rules.identifiers import uuid7
from chat.rules.models import DAY_MS, Head, Item, Message
from chat.rules.rooms import Room
from chat.steps.message_change import (
    Target,
    TargetView,
    change_writes,
    check_target,
    read_target,
    remember_change,
)
from chat.storage import keys
from chat.storage.items import values
from chat.storage.places import head_place
from chat.storage.store import Store

NOW = 1_800_000_000_000
NOON, NOON_MS = "2026-01-31T12:00:00.000Z", 1_769_860_800_000
LOBBY = Room.parse("lobby")


def refused(**arguments: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check_target({"roomId": "lobby", **arguments})
    return caught.value


def test_a_message_is_named_by_its_id_alone_where_that_tells_its_instant() -> None:
    message_id = uuid7(NOW)
    target = check_target({"roomId": "lobby", "id": message_id})
    assert target == Target(LOBBY, keys.message(NOW, message_id))
    assert (target.place.partition_key, target.place.sort_key) == ("ROOM#lobby", target.sort_key)


@pytest.mark.parametrize("message_id", ["x", "é" * 250, "an id of before"])
def test_a_message_from_before_is_named_by_id_and_instant(message_id: str) -> None:
    target = check_target({"roomId": "lobby", "id": message_id, "ts": NOON})
    assert target == Target(LOBBY, keys.message(NOON_MS, message_id))
    assert refused(id=message_id).values == {"argument": "id"}


@pytest.mark.parametrize("message_id", [None, 7, "", "x" * 251, "a\nb", "\ud800"], ids=repr)
def test_what_names_no_message_is_refused_before_anything_is_read(message_id: object) -> None:
    for more in ({}, {"ts": NOON}):
        assert refused(id=message_id, **more).values == {"argument": "id"}


def test_a_change_is_the_next_revision_after_the_head_that_was_read() -> None:
    head = Head(rev=7, seq=3, ts=NOW, epoch=2, changed_rev=5, changed_at=NOW - 9, change_written_at=NOW - 8)
    message = Message(id="m", room_id="lobby", room_type="general", sender_id="ann", ts=NOW - 20, seq=3)
    moved, logged, changed = change_writes(
        Target(LOBBY, "MSG#m"),
        head,
        message,
        kind="edited",
        now=NOW,
        change_id="c",
        attributes={"text": "uno", "changedBy": "bob"},
        remove=["attachments"],
    )
    assert moved.set == {"rev": 8, "changedRev": 8, "changedAt": NOW, "changeWrittenAt": NOW}
    assert logged.set == {
        "type": "Change", "id": "c", "rev": 8, "prev": 5, "prevTs": NOW - 9, "messageSk": "MSG#m", "seq": 3,
        "kind": "edited", "ts": NOW, "writtenAt": NOW, "prevWrittenAt": NOW - 8, "expiresAt": NOW // 1_000 + 30 * 86_400,
    }  # fmt: skip
    assert (logged.place.sort_key, logged.whole) == (keys.change(8), True)
    told = {"text": "uno", "rev": 8, "epoch": 2, "changedBy": "bob"}
    assert (changed.set, list(changed.remove)) == (told, ["attachments", "traceId"])
    unnumbered = Message(id="m", room_id="lobby", room_type="general", sender_id="ann", ts=NOW)
    more = {"kind": "removed", "now": NOW, "change_id": "c", "attributes": {}}
    assert change_writes(Target(LOBBY, "MSG#m"), head, unnumbered, **more)[1].set["seq"] == 0  # type: ignore[arg-type]


def test_the_next_send_of_this_process_starts_from_the_head_that_a_change_left() -> None:
    deployment = Deployment(Store(None, {}), monotonic=lambda: 5.0)
    remember_change(deployment, LOBBY, Head(rev=7, seq=3, ts=NOW, epoch=2), NOW + 1)
    assert deployment.memory.heads.get("ROOM#lobby", 5.0) == Head(
        rev=8, seq=3, ts=NOW, epoch=2, changed_rev=8, changed_at=NOW + 1, change_written_at=NOW + 1
    )


class Client:
    """A client of DynamoDB that has these items; `consistent`: how each batch was read."""

    def __init__(self, *items: Item) -> None:
        self.items = items
        self.consistent: list[bool] = []

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        self.consistent.append(request["RequestItems"]["core"]["ConsistentRead"])
        return {"Responses": {"core": [*self.items]}}


def stored(target: Target, **attributes: object) -> Item:
    """The item of a message of this moment."""
    plain = {"id": "m", "roomType": "general", "senderId": "ann", "text": "hi", "ts": NOW, **attributes}
    return target.place.key | values(plain)


def seen(client: Client, target: Target, now: int = NOW + 999) -> TargetView:
    return read_target(Deployment(Store(client, {"core": "core"}), now=lambda: now), target, "ann")


@pytest.mark.parametrize(
    ("attributes", "there"),
    [
        ({"seq": 1}, True),
        ({"seq": 1, "expiresAt": NOW // 1_000}, True),
        ({"seq": 1, "expiresAt": NOW // 1_000 - 1}, False),
        ({}, False),
    ],
    ids=["kept", "in its last second", "expired", "without a number"],
)
def test_a_message_is_to_be_had_up_to_its_last_second_and_only_with_a_number(
    attributes: dict[str, object], there: bool
) -> None:
    """One without a number has a copy that has one, or its room was never adopted."""
    target = Target(LOBBY, keys.message(NOW, "m"))
    client = Client(stored(target, **attributes))
    assert (seen(client, target).found is not None) == there
    assert client.consistent == [True]


def test_what_is_not_to_be_had_is_refused_by_its_id() -> None:
    target = Target(LOBBY, keys.message(NOW, "m"))
    assert seen(Client(stored(target, seq=1)), target).message.text == "hi"
    with pytest.raises(InvalidInput) as caught:
        _ = seen(Client(), target).message
    assert (caught.value.key, caught.value.values) == ("message.notFound", {"argument": "id"})


def test_what_the_rooms_retention_hides_is_not_to_be_had() -> None:
    target = Target(LOBBY, keys.message(NOW, "m"))
    head = head_place(LOBBY).key | values({"rev": 5, "seq": 1, "ts": NOW, "epoch": 3, "retentionDays": 7})
    client = Client(stored(target, seq=1), head)
    assert seen(client, target, NOW + 7 * DAY_MS - 1).found
    assert seen(client, target, NOW + 7 * DAY_MS + 1).found is None
