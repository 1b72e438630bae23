"""A notice is a message without text and number, published in one epoch."""

from chat.deployment import Deployment
from chat.rules.models import Caller, Notice
from chat.rules.rooms import Room
from chat.steps.notices import notice_message, revocation_notice
from chat.storage.store import Store

DEPLOYMENT = Deployment(Store(None, {}), now=lambda: 1_000, new_id=lambda ms: f"id-{ms}")
ALICE = Caller("alice")


def test_a_notice_names_who_did_what_and_when_and_has_neither_text_nor_number() -> None:
    room, notice = Room.parse("GUILD#dragons"), Notice(kind="ROOM_UPDATED", rev=4)
    message = notice_message(DEPLOYMENT, room, ALICE, 3, notice)
    assert (message.id, message.ts, message.sender_id, message.epoch) == ("id-1000", 1_000, "alice", 3)
    assert (message.room_id, message.room_type, message.guild_id) == ("GUILD#dragons", "guild", "dragons")
    assert (message.text, message.seq, message.client_message_id, message.version) == (None,) * 4
    assert message.to_wire()["notice"]["kind"] == "ROOM_UPDATED"


def test_the_end_of_an_epoch_is_published_in_that_epoch_with_the_next_one() -> None:
    message = revocation_notice(DEPLOYMENT, Room.parse("lobby"), ALICE, "MEMBER_LEFT", "alice", 7)
    assert message.epoch == 7
    assert message.notice == Notice(kind="MEMBER_LEFT", user_id="alice", next_epoch=8)
