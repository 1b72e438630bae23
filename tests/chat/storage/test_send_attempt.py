"""The four writes of a send, as they are handed to the store."""

import pytest

from chat.rules.access import Access
from chat.rules.models import Head, Member, Message, RoomSettings
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.places import head_place, in_room, sent_place
from chat.storage.send_attempt import SendAttempt, send_writes

NOW = 1_800_000_000_000
SETTINGS = RoomSettings(person_per_second=1, person_burst=2, room_per_second=10, room_burst=3)
EXPIRES_AT = NOW // 1_000 + 30 * 86_400


def attempt(room_id: str = "lobby", name: str | None = "c-1", attachments: str | None = None) -> SendAttempt:
    room = Room.parse(room_id)
    message = Message(
        id="m-1", room_id=room.id, room_type=room.type, guild_id=room.guild_id, sender_id="ann", text="hi", ts=NOW, seq=4,
        epoch=2, client_message_id=name, attachments=attachments,
    )  # fmt: skip
    head = Head(rev=7, seq=3, ts=NOW - 1, epoch=2, tat=(NOW + 50) * 1_000)
    return SendAttempt(room, message, "f", Access(head, Member(tat=NOW * 1_000)), SETTINGS, NOW, EXPIRES_AT)


def test_the_sender_is_charged_and_keeps_the_number_of_their_last_message() -> None:
    member, _, _, _ = send_writes(attempt())
    assert member.set == {"lastSentSeq": 4, "tat": (NOW + 1_000) * 1_000, "writtenAt": NOW}
    after = attempt().charged_member
    assert (after.tat, after.written_at) == (member.set["tat"], NOW)


def test_the_proof_outlives_its_message_by_two_weeks() -> None:
    """TTL deletes late and in any order. A proof that has expired is replaced whole."""
    _, proof, _, _ = send_writes(attempt())
    assert proof.place == sent_place(Room.parse("lobby"), "ann", "c-1")
    assert proof.given == {":now": NOW // 1_000}
    assert proof.whole
    assert proof.set == {
        "type": "Sent",
        "messageSk": keys.message(NOW, "m-1"),
        "seq": 4,
        "hash": "f",
        "expiresAt": EXPIRES_AT + 1_209_600,
    }


def test_a_send_without_a_name_is_proved_by_its_message() -> None:
    _, proof, _, _ = send_writes(attempt(name=None))
    assert proof.place == sent_place(Room.parse("lobby"), "ann", "m-1")


def test_the_head_takes_the_next_rev_and_the_messages_number() -> None:
    _, _, head, _ = send_writes(attempt())
    assert (head.place, head.given) == (head_place(Room.parse("lobby")), {":rev": 7})
    rated = {"tat": (NOW + 150) * 1_000, "writtenAt": NOW}
    moved = {"rev": 8, "seq": 4, "ts": NOW, "lastId": "m-1", **rated}
    assert head.set == moved | {"datedSeq": 4, "datedTs": NOW, "datedDays": 365}
    after = attempt().charged_head
    assert (after.rev, after.seq, after.ts, after.last_id) == (8, 4, NOW, "m-1")
    assert (after.dated_seq, after.dated_ts, after.dated_days) == (4, NOW, 365)
    assert {"tat": after.tat, "writtenAt": after.written_at} == rated
    assert not head.whole


@pytest.mark.parametrize(
    ("room_id", "owner"),
    [
        ("lobby", {"roomId": "lobby", "roomType": "general"}),
        ("GUILD#x", {"guildId": "x", "roomType": "guild"}),
    ],
)
def test_the_message_is_stored_whole_with_what_it_says(room_id: str, owner: dict[str, str]) -> None:
    _, _, _, message = send_writes(attempt(room_id))
    item = {
        "type": "Message", "id": "m-1", "senderId": "ann", "text": "hi", "ts": NOW, "seq": 4, "epoch": 2,
        "clientMessageId": "c-1", "sentRev": 8, "expiresAt": EXPIRES_AT, **owner,
    }  # fmt: skip
    assert message.place == in_room(Room.parse(room_id), keys.message(NOW, "m-1"))
    assert (message.set, message.whole, message.condition) == (item, True, "")
    _, _, _, with_files = send_writes(attempt(room_id, attachments="[]"))
    assert with_files.set == {**item, "attachments": "[]"}
