"""Mutation.markRead: a marker that only grows, published to small rooms, and private by choice."""

from typing import Any

import pytest

from chat.steps.marking import PUBLISH_EVERY_MS
from chat.steps.receipt_items import SMALL_ROOM_MEMBERS
from tests.resolvers.harness import LOBBY, Harness

EVENT = "Mutation.markRead"


def room_of_three(harness: Harness) -> str:
    room = harness.room()
    harness.send(room, "one", "two", "three")
    return room


def receipts(harness: Harness, room: str, user: str = "bob") -> dict[str, Any]:
    item = harness.item(room, f"AT#ROOM#{room}", user)
    return {name: item[name] for name in item if name not in ("PK", "SK")}


def untold(user: str = "bob", **values: object) -> dict[str, object]:
    """An answer that equals no subscription's arguments."""
    return {"roomId": None, "epoch": None, "userId": user, "readSeq": 0, "deliveredSeq": 0} | values


def test_a_reader_is_published_with_the_epoch_and_stored_in_their_own_partition(harness: Harness) -> None:
    room = room_of_three(harness)
    answer = harness.run(harness.event(EVENT, roomId=room), writes=["AT"])
    assert answer == {
        "roomId": room,
        "epoch": 1,
        "userId": "bob",
        "readSeq": 2,
        "deliveredSeq": 0,
        "retryAfterMs": None,
    }
    stored = receipts(harness, room)
    assert stored.pop("toldAt") > 0
    assert stored == {"type": "Receipts", "lastReadSeq": 2, "readSeq": 2}


def test_in_a_guild_it_lies_in_the_guilds_table(harness: Harness) -> None:
    room = harness.room({"alice": "owner", "carol": "member"}, guild=True)
    harness.send(room, "one")
    answer = harness.run(harness.event(f"{EVENT}.guild", roomId=room), writes=["AT"])
    assert (answer["roomId"], answer["readSeq"]) == (room, 1)
    assert harness.item(room, f"AT#{room}", "carol")["lastReadSeq"] == 1
    assert [
        item["SK"]["S"] for item in harness.partition("gg_core", "USER#carol") if room in item["SK"]["S"]
    ] == []


def test_in_private_only_the_callers_own_count_moves_and_nothing_is_published(harness: Harness) -> None:
    room = room_of_three(harness)
    answer = harness.run(harness.event(f"{EVENT}.private", roomId=room), writes=["AT"])
    assert answer == untold(retryAfterMs=None)
    assert receipts(harness, room) == {"type": "Receipts", "lastReadSeq": 2}


def test_what_was_read_in_private_is_in_no_later_answer(harness: Harness) -> None:
    room = room_of_three(harness)
    harness.run(harness.event(f"{EVENT}.private", roomId=room, seq=3), writes=["AT"])
    answer = harness.run(harness.event(EVENT, roomId=room, seq=1), writes=["AT"])
    assert (answer["roomId"], answer["readSeq"]) == (room, 1)
    stored = receipts(harness, room)
    assert (stored["lastReadSeq"], stored["readSeq"]) == (3, 1)


def test_a_smaller_number_is_a_success_that_changes_and_publishes_nothing(harness: Harness) -> None:
    room = room_of_three(harness)
    harness.run(harness.event(EVENT, roomId=room, seq=3), writes=["AT"])
    late = harness.run(harness.event(EVENT, roomId=room, seq=2), writes=[])
    assert late == untold(readSeq=3, retryAfterMs=None)


def test_nothing_read_is_a_success_and_no_news(harness: Harness) -> None:
    assert harness.run(harness.event(EVENT, roomId=harness.room(), seq=0), writes=[]) == untold(
        retryAfterMs=None
    )


def test_too_soon_after_the_last_it_is_stored_and_to_be_sent_again(harness: Harness) -> None:
    room = room_of_three(harness)
    harness.run(harness.event(EVENT, roomId=room, seq=2), writes=["AT"])
    soon = harness.run(harness.event(EVENT, roomId=room, seq=3), writes=["AT"])
    assert 0 < soon["retryAfterMs"] <= PUBLISH_EVERY_MS
    assert soon == untold(readSeq=3, retryAfterMs=soon["retryAfterMs"])
    harness.receipts(room, "bob", toldAt=receipts(harness, room)["toldAt"] - PUBLISH_EVERY_MS)
    again = harness.run(harness.event(EVENT, roomId=room, seq=3), writes=["AT"])
    assert (again["roomId"], again["readSeq"], again["retryAfterMs"]) == (room, 3, None)


def test_in_a_large_room_it_is_stored_and_not_published(harness: Harness) -> None:
    room = room_of_three(harness)
    harness.roster(room, *(f"m{n}" for n in range(SMALL_ROOM_MEMBERS + 1 - len(LOBBY))))
    answer = harness.run(harness.event(EVENT, roomId=room, seq=3), writes=["AT"])
    assert answer == untold(readSeq=3, retryAfterMs=None)
    assert "toldAt" not in receipts(harness, room)


def test_in_a_room_of_a_hundred_it_is_still_published(harness: Harness) -> None:
    room = room_of_three(harness)
    harness.roster(room, *(f"m{n}" for n in range(SMALL_ROOM_MEMBERS - len(LOBBY))))
    assert harness.run(harness.event(EVENT, roomId=room, seq=3), writes=["AT"])["roomId"] == room


def test_the_epoch_of_the_room_goes_with_it(harness: Harness) -> None:
    room = room_of_three(harness)
    harness.head(room, epoch=4)
    assert harness.run(harness.event(EVENT, roomId=room), writes=["AT"])["epoch"] == 4


def test_somebody_muted_may_still_mark(harness: Harness) -> None:
    room = room_of_three(harness)
    harness.member(room, "bob", mutedUntil=9_999_999_999_999)
    assert harness.run(harness.event(EVENT, roomId=room), writes=["AT"])["readSeq"] == 2


def test_a_number_beyond_the_rooms_newest_is_refused_and_the_newest_named(harness: Harness) -> None:
    room = room_of_three(harness)
    event = harness.event(f"{EVENT}.beyond-the-newest", roomId=room)
    harness.refused(event, "InvalidInput", argument="seq", max=3)


@pytest.mark.parametrize("seq", [-1, None, "2", 1.5, True, 2**31])
def test_what_is_no_messages_number_is_refused(harness: Harness, seq: object) -> None:
    event = harness.event(f"{EVENT}.negative-seq", roomId=harness.room(), seq=seq)
    harness.refused(event, "InvalidInput", argument="seq", max=2**31 - 1)


def test_subscribers_would_miss_a_field_that_is_not_selected(harness: Harness) -> None:
    event = harness.event(f"{EVENT}.incomplete-selection", roomId=harness.room())
    harness.refused(event, "InvalidInput", argument="selection", missing="epoch,userId,deliveredSeq")


def test_strangers_and_those_who_are_out_learn_nothing(harness: Harness) -> None:
    room = room_of_three(harness)
    harness.refused(harness.event(f"{EVENT}.not-member", roomId=room), "NotRoomMember")
    harness.refused(harness.event(EVENT, roomId="nowhere"), "NotRoomMember")
    for status in ("left", "banned"):
        harness.member(room, "bob", status=status)
        harness.refused(harness.event(EVENT, roomId=room, seq=9), "NotRoomMember")


def test_a_room_that_is_not_adopted_yet_says_so(harness: Harness) -> None:
    room = "not-adopted-mark-read"
    harness.member(room, "bob", status="active", role="member")
    harness.refused(harness.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")
