"""Query.receipts: how far all have read as far as they share it, and to how many a message was delivered."""

from typing import Any

import pytest

from chat.steps.receipt_items import SMALL_ROOM_MEMBERS
from tests.guarantees.support.fixtures import FAST
from tests.resolvers.harness import Harness

EVENT = "Query.receipts"


def room_of_four(harness: Harness) -> str:
    room = harness.room({"alice": "owner", "bob": "member", "carol": "member", "dora": "member"})
    harness.send(room, "one", "two", "three")
    return room


def receipts_of(harness: Harness, room: str, **arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = harness.run(harness.event(EVENT, roomId=room, **arguments), writes=[])
    return answer


def receipt(room: str, user: str, read: int, delivered: int) -> dict[str, object]:
    expected = {"readSeq": read, "deliveredSeq": delivered, "retryAfterMs": None}
    return {"roomId": room, "epoch": 1, "userId": user, **expected}


def test_everybody_is_listed_in_the_order_of_their_ids(harness: Harness) -> None:
    room = room_of_four(harness)
    harness.receipts(room, "bob", readSeq=2, lastReadSeq=2, deliveredSeq=3)
    assert receipts_of(harness, room) == {
        "items": [
            receipt(room, "alice", 3, 3),
            receipt(room, "bob", 2, 3),
            receipt(room, "carol", 0, 0),
            receipt(room, "dora", 0, 0),
        ],
        "nextToken": None,
        "confirmation": None,
    }


def test_whoever_answers_has_read_what_they_answer(harness: Harness) -> None:
    room = room_of_four(harness)
    harness.send(room, "four", user="bob")
    answer = receipts_of(harness, room, seq=3)
    assert [each["readSeq"] for each in answer["items"]] == [3, 4, 0, 0]
    assert [each["deliveredSeq"] for each in answer["items"]] == [3, 4, 0, 0]
    assert answer["confirmation"] == {"seq": 3, "delivered": 1, "read": 1, "of": 3}


def test_what_was_read_in_private_is_not_shared(harness: Harness) -> None:
    room = room_of_four(harness)
    harness.invoke(harness.event("Mutation.markRead.private", roomId=room, seq=3))
    answer = receipts_of(harness, room, seq=3)
    assert answer["items"][1] == receipt(room, "bob", 0, 0)
    assert answer["confirmation"] == {"seq": 3, "delivered": 0, "read": 0, "of": 3}


def test_pages_follow_each_other_to_the_end(harness: Harness) -> None:
    room = room_of_four(harness)
    for arguments in ({}, {"seq": 1}):
        users, token = [], None
        while True:
            page = receipts_of(harness, room, limit=1, nextToken=token, **arguments)
            users += [each["userId"] for each in page["items"]]
            token = page["nextToken"]
            if token is None:
                break
        assert users == ["alice", "bob", "carol", "dora"]


def test_a_message_is_confirmed_by_those_who_were_there_the_caller_aside(harness: Harness) -> None:
    room = room_of_four(harness)
    harness.receipts(room, "alice", deliveredSeq=3)
    harness.receipts(room, "bob", deliveredSeq=2)
    harness.receipts(room, "carol", readSeq=3, lastReadSeq=3)
    harness.change(room, f"ROOM#{room}", "MEMBER#late", role="member", joinedSeq=2)
    for seq, delivered, of in ((1, 2, 3), (2, 2, 3), (3, 1, 4)):
        confirmation = receipts_of(harness, room, seq=seq)["confirmation"]
        assert confirmation == {"seq": seq, "delivered": delivered, "read": 1, "of": of}


def test_the_page_is_the_same_with_and_without_a_message(harness: Harness) -> None:
    room = room_of_four(harness)
    harness.receipts(room, "dora", deliveredSeq=1)
    assert (
        receipts_of(harness, room, seq=1, limit=100)["items"]
        == receipts_of(harness, room, limit=100)["items"]
    )


def test_in_a_large_room_there_is_no_confirmation(harness: Harness) -> None:
    room = room_of_four(harness)
    harness.roster(room, *(f"m{number:03d}" for number in range(SMALL_ROOM_MEMBERS - 4)))
    assert receipts_of(harness, room, seq=1)["confirmation"]["of"] == SMALL_ROOM_MEMBERS - 1
    harness.roster(room, "one-more")
    answer = receipts_of(harness, room, seq=1, limit=100)
    assert (answer["confirmation"], len(answer["items"])) == (None, 100)
    last = receipts_of(harness, room, seq=1, limit=100, nextToken=answer["nextToken"])
    assert [each["userId"] for each in last["items"]] == ["one-more"]


def test_a_message_that_is_not_there_cannot_be_confirmed(harness: Harness) -> None:
    room = room_of_four(harness)
    event = harness.event(f"{EVENT}.confirmation", roomId=room, seq=4)
    harness.refused(event, "InvalidInput", argument="seq", max=3)
    harness.refused(harness.event(EVENT, roomId=room, seq=-1), "InvalidInput", argument="seq", max=2**31 - 1)


def test_a_token_belongs_to_its_room(harness: Harness) -> None:
    token = receipts_of(harness, room_of_four(harness), limit=1)["nextToken"]
    harness.refused(
        harness.event(EVENT, roomId=harness.room(), nextToken=token), "InvalidInput", argument="nextToken"
    )
    garbage = harness.event(f"{EVENT}.garbage-cursor", roomId=harness.room())
    harness.refused(garbage, "InvalidInput", argument="nextToken")


@pytest.mark.parametrize("limit", [0, 101, True])
def test_what_is_no_limit_is_refused(harness: Harness, limit: object) -> None:
    event = harness.event(f"{EVENT}.limit-zero", roomId=harness.room(), limit=limit)
    harness.refused(event, "InvalidInput", argument="limit", max=100)


def test_strangers_and_visitors_are_refused_and_administrators_may_read(harness: Harness) -> None:
    room = harness.room(settings={"visibility": "public"})
    event = harness.event(f"{EVENT}.not-member", roomId=room)
    harness.refused(event, "NotRoomMember")
    event["identity"]["resolverContext"]["roles"] = "admin"
    assert len(harness.run(event, writes=[])["items"]) == 2


def test_nothing_is_confirmed_of_a_message_that_the_caller_may_not_see(harness: Harness) -> None:
    room = harness.room(settings={**FAST, "historyFrom": "joining"})
    harness.send(room, "one", "two")
    harness.member(room, "bob", joinedSeq=1)
    told = {
        seq: harness.invoke(harness.event("Query.receipts", "bob", roomId=room, seq=seq))["confirmation"]
        for seq in (0, 1, 2)
    }
    assert (told[0], told[1], told[2]["seq"]) == (None, None, 2)
    harness.head(room, historyFrom="beginning")
    first = harness.invoke(harness.event("Query.receipts", "bob", roomId=room, seq=0))["confirmation"]
    assert first["seq"] == 0
