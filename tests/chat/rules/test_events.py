"""What is told of an event: to subscribers, and to consumers of the contract's JSON."""

from dataclasses import replace
from typing import Any

from chat.rules.events import RoomEvent
from chat.rules.models import Message, Notice

NOON, NOON_WIRE = 1_769_860_800_000, "2026-01-31T12:00:00.000Z"
FILES = '[{"id":"u-1","name":"plan.pdf","contentType":"application/pdf","size":7}]'
MESSAGE = Message(
    id="m-1", room_id="lobby", room_type="general", sender_id="ann", text="hi", ts=NOON, seq=4, epoch=2,
    client_message_id="c-1", attachments=FILES,
)  # fmt: skip


def event(**more: Any) -> RoomEvent:
    plain: dict[str, Any] = {
        "id": "e-1", "kind": "MEMBER_JOINED", "room_id": "GUILD#x", "room_type": "guild", "guild_id": "x", "rev": 9,
        "seq": 4, "epoch": 2, "generation": 1, "ts": NOON, "actor_id": "ann",
    }  # fmt: skip
    return RoomEvent(**(plain | more))


def notice(user_id: str) -> dict[str, Any]:
    return Notice(kind="MEMBER_JOINED", user_id=user_id, role="member", rev=9).to_wire()


def test_of_a_message_subscribers_hear_the_message() -> None:
    assert event(kind="MESSAGE_SENT", message=MESSAGE).messages() == [MESSAGE.to_wire()]


def test_a_notice_is_heard_in_a_message_of_its_event() -> None:
    (told,) = event(notices=(notice("ann"),)).messages()
    heard = {name: value for name, value in told.items() if value is not None}
    assert heard == {
        "id": "e-1",
        "roomId": "GUILD#x",
        "roomType": "guild",
        "guildId": "x",
        "senderId": "ann",
        "ts": NOON_WIRE,
        "epoch": 2,
        "notice": notice("ann"),
    }
    assert set(told) == set(MESSAGE.to_wire())


def test_several_notices_are_heard_in_their_order_under_ids_of_their_own() -> None:
    both = (notice("ann"), notice("bob"))
    told = event(kind="GUILD_MEMBERSHIP", actor_id=None, notices=both).messages()
    assert [(each["id"], each["senderId"], each["notice"]["userId"]) for each in told] == [
        ("e-1.0", "", "ann"),
        ("e-1.1", "", "bob"),
    ]


def test_of_some_revisions_nobody_hears() -> None:
    """Of a room that is made nobody can: who subscribes to it does so after it was there."""
    assert event(kind="INTERNAL").messages() == []
    for kind in ("ROOM_CREATED", "ROOM_ADOPTED"):
        assert event(kind=kind, notices=(notice("ann"),)).messages() == []


def test_consumers_get_the_contracts_json() -> None:
    wire = event(notices=(notice("ann"),)).to_wire(with_text=True)
    assert wire == {
        "version": 1, "id": "e-1", "kind": "MEMBER_JOINED", "roomId": "GUILD#x", "roomType": "guild", "guildId": "x",
        "rev": 9, "seq": 4, "epoch": 2, "generation": 1, "ts": NOON_WIRE, "actorId": "ann", "message": None,
        "notices": [notice("ann")], "rebuilt": False,
    }  # fmt: skip
    assert event().to_wire(with_text=False, rebuilt=True)["rebuilt"] is True


def test_texts_and_names_of_files_are_told_only_where_they_are_wanted() -> None:
    sent = event(kind="MESSAGE_SENT", message=MESSAGE)
    file = {"id": "u-1", "contentType": "application/pdf", "size": 7}
    shown = {
        "id": "m-1", "seq": 4, "senderId": "ann", "ts": NOON_WIRE, "version": 1, "editedAt": None, "removedAt": None,
        "clientMessageId": "c-1", "attachments": [file], "replyTo": None, "mentions": None, "mentionsAll": None,
    }  # fmt: skip
    assert sent.to_wire(with_text=False)["message"] == shown
    named = [{**file, "name": "plan.pdf"}]
    assert sent.to_wire(with_text=True)["message"] == shown | {"text": "hi", "attachments": named}


def test_of_a_change_that_not_all_may_see_subscribers_hear_which_message_it_is_and_consumers_all() -> None:
    edited = replace(MESSAGE, rev=9, version=2, edited_at=NOON, history_from="joining")
    told = event(kind="MESSAGE_EDITED", message=edited)
    (heard,) = told.messages()
    assert (heard["id"], heard["rev"], heard["text"], heard["attachments"], heard["version"]) == (
        "m-1",
        9,
        None,
        None,
        None,
    )
    shown = told.to_wire(with_text=True)["message"]
    assert (shown["text"], shown["version"]) == ("hi", 2)
    assert "historyFrom" not in shown
