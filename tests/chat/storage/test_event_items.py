"""Events as items: what is written of one is what is read of it."""

from typing import Any

import pytest

from chat.rules.events import RoomEvent
from chat.rules.generations import LEAP
from chat.rules.models import DAY_MS, Head, Item, Notice
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.event_items import event_of, event_write
from chat.storage.items import key, values

NOON = 1_769_860_800_000
LOBBY, DRAGONS = Room.parse("lobby"), Room.parse("GUILD#dragons")
HEAD = Head(rev=9, seq=4, ts=NOON, epoch=2)
NOTICE = Notice(kind="MEMBER_JOINED", user_id="añ", role="member", rev=9).to_wire()


def event(room: Room = LOBBY, **more: Any) -> RoomEvent:
    plain: dict[str, Any] = {
        "id": "e-1", "kind": "MEMBER_JOINED", "room_id": room.id, "room_type": room.type, "guild_id": room.guild_id,
        "rev": 9, "seq": 4, "epoch": 2, "generation": 1, "ts": NOON, "actor_id": "añ", "notices": (NOTICE,),
    }  # fmt: skip
    return RoomEvent(**(plain | more))


def item_of(room: Room, head: Head, wanted: RoomEvent) -> Item:
    write = event_write(room, head, wanted)
    return write.place.key | values(write.set)


def message(room: Room = LOBBY, **more: Any) -> Item:
    plain = {
        "type": "Message", "id": "m-1", "senderId": "ann", "text": "hi", "ts": NOON, "roomType": room.type, "seq": 4,
        "epoch": 2, "clientMessageId": "c-1", "expiresAt": 9, **more,
    }  # fmt: skip
    return key(room.partition_key, keys.message(NOON, "m-1")) | values(plain)


def found(item: Item) -> RoomEvent:
    wanted = event_of(item)
    assert wanted is not None
    return wanted


def test_an_event_is_written_whole_under_its_revision_and_kept_as_long_as_the_change_log() -> None:
    write = event_write(LOBBY, HEAD, event())
    assert (write.place.partition_key, write.place.sort_key) == ("ROOM#lobby", "EVT#0000000000000009")
    assert (write.whole, write.condition) == (True, "")
    assert write.set == {
        "type": "Event", "id": "e-1", "rev": 9, "seq": 4, "epoch": 2, "kind": "MEMBER_JOINED", "ts": NOON,
        "actorId": "añ", "expiresAt": (NOON + 30 * DAY_MS) // 1_000,
        "notices": '[{"kind":"MEMBER_JOINED","userId":"añ","role":"MEMBER","mutedUntil":null,"nextEpoch":null,'
        '"rev":9,"room":null,"messageId":null,"seq":null}]',
    }  # fmt: skip


@pytest.mark.parametrize("room", [LOBBY, DRAGONS])
def test_an_event_is_read_as_it_was_written(room: Room) -> None:
    for wanted in (event(room), event(room, actor_id=None, kind="INTERNAL", notices=())):
        assert event_of(item_of(room, HEAD, wanted)) == wanted


def test_an_event_says_with_which_revision_its_generation_began() -> None:
    later = Head(rev=LEAP + 9, seq=4, ts=NOON, epoch=LEAP + 2, generation=2, generation_rev=LEAP + 8)
    wanted = event(rev=LEAP + 9, epoch=LEAP + 2, generation=2, generation_rev=LEAP + 8)
    assert event_of(item_of(LOBBY, later, wanted)) == wanted


@pytest.mark.parametrize("room", [LOBBY, DRAGONS])
def test_a_message_is_the_event_of_its_sending(room: Room) -> None:
    sent = found(message(room, sentRev=9))
    assert (sent.id, sent.kind, sent.rev, sent.seq, sent.epoch, sent.ts) == (
        "m-1.9",
        "MESSAGE_SENT",
        9,
        4,
        2,
        NOON,
    )
    assert (sent.room_id, sent.room_type, sent.guild_id) == (room.id, room.type, room.guild_id)
    assert (sent.actor_id, sent.generation, sent.notices) == ("ann", 1, ())
    assert sent.message is not None
    assert (sent.message.room_id, sent.message.text, sent.message.rev) == (room.id, "hi", None)


def test_a_changed_message_is_the_event_of_its_last_change() -> None:
    edited = found(message(sentRev=9, rev=12, editedAt=NOON + 1, version=2, changedBy="ann"))
    assert (edited.id, edited.kind, edited.rev, edited.ts) == ("m-1.12", "MESSAGE_EDITED", 12, NOON + 1)
    removed = found(message(sentRev=9, rev=13, editedAt=NOON + 1, removedAt=NOON + 2, changedBy="bob"))
    assert (removed.kind, removed.rev, removed.ts, removed.actor_id) == (
        "MESSAGE_REMOVED",
        13,
        NOON + 2,
        "bob",
    )


def test_who_changed_a_message_before_that_was_written_is_known_all_the_same() -> None:
    assert found(message(rev=12, editedAt=NOON + 1)).actor_id == "ann"
    assert found(message(rev=12, removedAt=NOON + 1, removedBy="bob")).actor_id == "bob"


def test_a_messages_epoch_tells_its_generation() -> None:
    assert found(message(sentRev=LEAP + 9, epoch=LEAP + 1)).generation == 2
    assert found(message(sentRev=9, epoch=LEAP)).generation == 1


@pytest.mark.parametrize(
    "item",
    [
        message(),  # from before events were kept
        message(adoptedFrom="MSG#2026#m-1"),
        {name: value for name, value in message(sentRev=9).items() if name != "seq"},
        item_of(LOBBY, HEAD, event()) | {"type": {"S": "Theirs"}},
        {name: value for name, value in item_of(LOBBY, HEAD, event()).items() if name != "type"},
        item_of(LOBBY, HEAD, event()) | {"PK": {"S": "ORDER#7"}},
        item_of(LOBBY, HEAD, event()) | {"PK": {"S": "lobby"}},
        item_of(LOBBY, HEAD, event()) | {"PK": {"S": "ROOM#a b"}},
        item_of(LOBBY, HEAD, event()) | {"PK": {"S": "ROOM#GUILD#x"}},
        message(sentRev=9) | {"PK": {"S": "USER#ann"}},
        key("ROOM#lobby", keys.change(9)) | values({"type": "Change", "rev": 9}),
        key("ROOM#lobby", keys.HEAD) | values({"type": "Room", "rev": 9}),
    ],
)
def test_anything_else_tells_no_event(item: Item) -> None:
    assert event_of(item) is None


@pytest.mark.parametrize("broken", [{"rev": {"S": "x"}}, {"notices": {"S": "{"}}, {"ts": {"N": "x"}}])
def test_one_of_ours_that_cannot_be_read_is_an_error(broken: Item) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        event_of(item_of(LOBBY, HEAD, event()) | broken)


@pytest.mark.parametrize(
    "sort_key",
    [
        "EVT#2026-05-01",
        "EVT#1",
        "EVT#",
        "EVT#0000000000000002#x",
        "EVT#000000000000000x",
        "MSG#abc",
        "MSG#1#x",
        "MSG#",
    ],
)
def test_what_another_team_keeps_under_keys_that_begin_alike_tells_nothing(sort_key: str) -> None:
    """And is no poison, which would be pointed to each time that they write."""
    theirs: Item = {"type": {"S": "Event"}, "kind": {"S": "concert"}, "seq": {"N": "1"}, "rev": {"N": "2"}}
    assert event_of({"PK": {"S": "ROOM#lobby"}, "SK": {"S": sort_key}, **theirs}) is None


def test_an_event_under_another_revisions_key_is_not_read() -> None:
    with pytest.raises(ValueError, match="key"):
        event_of(item_of(LOBBY, HEAD, event()) | key(LOBBY.partition_key, keys.event(8)))
