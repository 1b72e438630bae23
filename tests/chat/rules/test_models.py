"""What an absent attribute means, what each is called, and what is answered of a message."""

from dataclasses import asdict, replace

import pytest

from chat.rules.models import (
    NOT_ADOPTED,
    Head,
    Item,
    Member,
    Message,
    Notice,
    Receipts,
    RoomSettings,
    attribute,
)
from chat.rules.rate import Rate

ZERO_IN_A_HEAD = {
    *("revoked_at", "tat", "adopted_at", "adopted_seq", "changed_rev", "changed_at", "ruled_rev"),
    *(
        "kept_since",
        "dated_seq",
        "dated_ts",
        "dated_days",
        "ended_at",
        "alone",
        "written_at",
        "change_written_at",
        "generation_rev",
        "held",
        "history_rev",
        "all_seq",
        "reacted_at",
        "archived_at",
        "pins",
        "pinned_rev",
    ),
}
MESSAGE = Message(id="m-1", room_id="lobby", room_type="general", sender_id="ann", ts=1_000)


def test_what_a_rooms_head_lacks_is_nought_or_not_known() -> None:
    head = asdict(Head.of({name: {"N": "5"} for name in ("rev", "seq", "ts", "epoch")}))
    assert {name for name, value in head.items() if value == 5} == {"rev", "seq", "ts", "epoch"}
    assert {name for name, value in head.items() if value == 0} == ZERO_IN_A_HEAD
    assert head.pop("visibility") == "private"
    assert head.pop("generation") == 1
    assert {value for value in head.values() if value not in (0, 5)} == {None}


def test_what_a_membership_lacks_is_nought() -> None:
    assert asdict(Member.of({})) == {
        "role": "member",
        "status": "active",
        "muted_until": 0,
        "joined_seq": 0,
        "joined_ts": 0,
        "joined_epoch": 0,
        "joined_rev": 0,
        "last_sent_seq": 0,
        "tat": 0,
        "written_at": 0,
        "ended_epoch": None,
        "join_tat": 0,
        "added": 0,
        "again_tat": 0,
        "react_tat": 0,
        "held": 0,
        "erased_at": 0,
        "left_by_self": 0,
        "invitation_ended": 0,
        "ranked": 0,
    }


def test_whoever_has_no_receipts_has_read_and_received_nothing() -> None:
    numbers = asdict(Receipts.of({}))
    assert (numbers.pop("notify_level"), set(numbers.values())) == (None, {0})


def test_a_room_that_was_never_adopted_begins_with_its_first_epoch() -> None:
    assert Head(rev=0, seq=0, ts=0, epoch=1) == NOT_ADOPTED
    assert NOT_ADOPTED.to_wire() == {"seq": 0, "ts": None, "epoch": 1, "rev": 0, "pinsRev": 0}


def test_attributes_are_named_as_on_the_wire_but_for_three_older_names() -> None:
    assert [attribute(name) for name in ("seq", "last_sent_seq", "sender_id")] == [
        "seq",
        "lastSentSeq",
        "senderId",
    ]
    assert [attribute(name) for name in ("revoked_at", "published_at", "accounted_seq")] == [
        "partedAt",
        "toldAt",
        "judgedSeq",
    ]


def test_texts_and_numbers_are_read_and_what_is_not_known_is_passed_over() -> None:
    item: Item = {
        "role": {"S": "owner"},
        "mutedUntil": {"N": "7"},
        "PK": {"S": "USER#ann"},
        "flags": {"BOOL": True},
    }
    assert Member.found(item) == Member(role="owner", muted_until=7)
    assert Member.found(None) is None
    rule = Head.of(
        {name: {"N": "1"} for name in ("rev", "seq", "ts", "epoch")} | {"personPerSecond": {"N": "0.5"}}
    )
    assert rule.person_per_second == 0.5


def test_what_nobody_set_is_as_the_reference_says() -> None:
    settings = RoomSettings()
    assert settings.person_rate("member") == Rate(1.0, 10)
    assert settings.room_rate == Rate(50.0, 100)
    assert settings.slow_mode_seconds == 0
    assert settings.retention_ms == 31_536_000_000


def test_slow_mode_is_for_plain_members_and_never_faster_than_the_rate() -> None:
    slow = RoomSettings(slow_mode_seconds=4)
    assert slow.person_rate("member") == Rate(0.25, 1)
    assert slow.person_rate("moderator") == slow.person_rate("owner") == Rate(1.0, 10)
    slower = RoomSettings(slow_mode_seconds=4, person_per_second=0.1)
    assert slower.person_rate("member") == Rate(0.1, 1)


def test_a_rooms_own_rules_come_before_the_deployments() -> None:
    defaults = RoomSettings(room_burst=7)
    head = Head(rev=1, seq=0, ts=0, epoch=1, person_burst=3, slow_mode_seconds=0)
    assert head.settings(defaults) == RoomSettings(room_burst=7, person_burst=3)


def test_rules_are_changed_by_their_names_in_the_item() -> None:
    head = Head(rev=1, seq=0, ts=0, epoch=1, person_burst=3, visibility="public")
    assert head.ruled({"personBurst": None, "name": "hall"}) == Head(
        rev=1, seq=0, ts=0, epoch=1, name="hall", visibility="public"
    )
    assert head.ruled({"visibility": None}).visibility == "private"
    assert NOT_ADOPTED.ruled({"visibility": "public"}).visibility == "public"


def test_a_plain_message_has_its_instant_and_nothing_else_converted() -> None:
    wire = MESSAGE.to_wire()
    assert wire.pop("ts") == "1970-01-01T00:00:01.000Z"
    assert {name: value for name, value in wire.items() if value is not None} == {
        "id": "m-1",
        "roomId": "lobby",
        "roomType": "general",
        "senderId": "ann",
        "version": 1,
    }


def test_attachments_are_answered_as_a_list_and_a_notice_as_its_fields() -> None:
    notice = Notice(kind="ROLE_CHANGED", user_id="bob", role="owner", muted_until=2_000)
    message = Message(
        id="m-1", room_id="lobby", room_type="general", sender_id="ann", ts=1_000,
        edited_at=2_000, removed_at=3_000, attachments='[{"id": "a"}]', notice=notice,
    )  # fmt: skip
    wire = message.to_wire()
    assert (wire["editedAt"], wire["removedAt"]) == ("1970-01-01T00:00:02.000Z", "1970-01-01T00:00:03.000Z")
    assert wire["attachments"] == [{"id": "a"}]
    assert wire["notice"] == {
        "kind": "ROLE_CHANGED",
        "userId": "bob",
        "role": "OWNER",
        "mutedUntil": "1970-01-01T00:00:02.000Z",
        "nextEpoch": None,
        "rev": None,
        "room": None,
        "messageId": None,
        "seq": None,
    }


def test_that_its_sender_was_erased_is_true_or_null() -> None:
    assert MESSAGE.to_wire()["erased"] is None
    assert replace(MESSAGE, erased=1).to_wire()["erased"] is True


@pytest.mark.parametrize("kind", ["ROOM_UPDATED", "MEMBER_LEFT"])
def test_a_notice_without_a_role_has_none(kind: str) -> None:
    wire = Notice(kind=kind).to_wire()  # type: ignore[arg-type]
    assert (wire["role"], wire["mutedUntil"]) == (None, None)
