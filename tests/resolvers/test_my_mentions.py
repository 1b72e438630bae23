"""Query.myMentions, and how many mentions are unread."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chat.rules.mentions import MOST_COUNTED
from chat.rules.models import Role
from tests.resolvers.harness import Harness
from tests.resolvers.mentions import images, mention, mentioned, project

EVENT = "Query.myMentions"


@pytest.fixture
def bob() -> str:
    """A user who is in no other room."""
    return f"bob-{uuid.uuid4().hex[:8]}"


def people(bob: str) -> Mapping[str, Role]:
    return {"alice": "owner", bob: "member", "cid": "moderator"}


def page(harness: Harness, room: str, user: str, **arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = harness.run(harness.event(EVENT, user, roomId=room, **arguments), writes=[])
    return answer


def seqs(harness: Harness, room: str, user: str, limit: int = 50) -> list[int]:
    """The numbers of all messages that a user finds, page by page."""
    return [each["seq"] for each in _items(harness, room, user, limit)]


def _items(harness: Harness, room: str, user: str, limit: int) -> Iterator[dict[str, Any]]:
    token = None
    while True:
        answer = page(harness, room, user, limit=limit, nextToken=token)
        yield from answer["items"]
        token = answer["nextToken"]
        if token is None:
            return


def unread(harness: Harness, room: str, user: str) -> int:
    """How many mentions are unread, as each field says."""
    (mine,) = harness.invoke(harness.event("Query.myRooms", user))["items"]
    (synced,) = harness.invoke(harness.event("Query.sync", user, since=None))["rooms"]
    beat = harness.event(
        "Mutation.heartbeat",
        user,
        rooms=[{"roomId": room, "seq": 0}],
        watching=None,
        deviceId=str(uuid.uuid4()),
    )
    (state,) = harness.invoke(beat)["rooms"]
    assert mine["unreadMentions"] == synced["unreadMentions"] == state["unreadMentions"] <= mine["unread"]
    count: int = mine["unreadMentions"]
    return count


def test_mentions_are_found_newest_first_and_counted_while_they_are_unread(
    harness: Harness, bob: str
) -> None:
    room = harness.room(people(bob))
    mention(harness, room, bob)
    harness.send(room, "nothing")
    mention(harness, room, mentionsAll=True)
    mention(harness, room, bob, "cid", mentionsAll=True)
    mention(harness, room, "cid")
    project(harness, room)
    assert seqs(harness, room, bob) == [4, 3, 1]
    assert unread(harness, room, bob) == 3
    for read, left in ((1, 2), (3, 1), (5, 0)):
        harness.invoke(harness.event("Mutation.markRead", bob, roomId=room, seq=read))
        assert unread(harness, room, bob) == left
    assert seqs(harness, room, bob) == [4, 3, 1]


def test_before_the_projection_only_mentions_of_everybody_count(harness: Harness, bob: str) -> None:
    room = harness.room(people(bob))
    mention(harness, room, bob)
    mention(harness, room, mentionsAll=True)
    assert (unread(harness, room, bob), seqs(harness, room, bob)) == (1, [2])
    project(harness, room)
    assert (unread(harness, room, bob), seqs(harness, room, bob)) == (2, [2, 1])


def test_mentions_are_stored_with_the_person_and_told_once(harness: Harness, bob: str) -> None:
    room = harness.room(people(bob))
    message = mention(harness, room, bob, "alice")
    for _ in range(2):
        project(harness, room)
        stored, image = harness.item(room, "MENTION#", bob), harness.item(room, "MSG#")
        assert stored == {
            "PK": f"USER#{bob}",
            "SK": f"MENTION#ROOM#{room}#000000000001",
            "type": "Mention",
            "seq": 1,
            "messageId": message["id"],
            "ts": image["ts"],
            "senderId": "alice",
            "expiresAt": image["expiresAt"],
        }
        assert harness.item(room, "AT#", bob) == {
            "PK": f"USER#{bob}",
            "SK": f"AT#ROOM#{room}",
            "type": "Receipts",
            "mentionedSeq": 1,
        }
    assert mentioned(harness, room, "alice") == []


def test_pages_of_any_size_find_the_same(harness: Harness, bob: str) -> None:
    room = harness.room(people(bob))
    for number in range(9):
        mention(harness, room, *[bob][: number % 2], mentionsAll=number % 3 == 0)
    project(harness, room)
    found = [number + 1 for number in range(9) if number % 2 or number % 3 == 0][::-1]
    for limit in (1, 2, 3, 100):
        assert seqs(harness, room, bob, limit) == found


def test_nothing_of_ones_own_is_a_mention(harness: Harness) -> None:
    me = f"me-{uuid.uuid4().hex[:8]}"
    room = harness.room({me: "owner", "cid": "member"})
    mention(harness, room, me, "cid", user=me, mentionsAll=True)
    project(harness, room)
    assert (seqs(harness, room, me), unread(harness, room, me)) == ([], 0)


def test_edits_and_removals_count_at_once(harness: Harness, bob: str) -> None:
    room = harness.room(people(bob))
    first, second, third = (mention(harness, room, bob) for _ in range(3))
    everybody = mention(harness, room, mentionsAll=True)
    project(harness, room)
    assert unread(harness, room, bob) == 4
    harness.invoke(harness.event("Mutation.editMessage", roomId=room, id=first["id"], text="a", mentions=[]))
    assert unread(harness, room, bob) == 3
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=second["id"]))
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=everybody["id"]))
    assert (unread(harness, room, bob), seqs(harness, room, bob)) == (1, [third["seq"]])


def test_what_has_expired_or_is_hidden_is_no_mention(harness: Harness, bob: str) -> None:
    room = harness.room(people(bob))
    first, second, third = (mention(harness, room, bob, mentionsAll=True) for _ in range(3))
    project(harness, room)
    for key in (f"MENTION#ROOM#{room}#000000000001", "ALL#000000000001"):
        owner = f"USER#{bob}" if key.startswith("MENTION") else f"ROOM#{room}"
        harness.change(room, owner, key, expiresAt=1)
    image = harness.item(room, f"MSG#{stamp(first):013d}")
    harness.change(room, f"ROOM#{room}", image["SK"], expiresAt=1)
    assert (unread(harness, room, bob), seqs(harness, room, bob)) == (2, [3, 2])
    harness.head(room, keptSince=stamp(third))
    assert (unread(harness, room, bob), seqs(harness, room, bob)) == (1, [third["seq"]])
    assert second["seq"] == 2


def stamp(message: Mapping[str, Any]) -> int:
    return int(message["id"].replace("-", "")[:12], 16)


def test_whoever_leaves_and_comes_back_has_read_what_was_before(harness: Harness, bob: str) -> None:
    room = harness.room(
        people(bob), settings={"visibility": "public", "personPerSecond": 1000, "personBurst": 1000}
    )
    mention(harness, room, bob, mentionsAll=True)
    mention(harness, room, bob)
    late = images(harness, room)
    project(harness, room, late[:1])
    harness.invoke(harness.event("Mutation.leaveRoom", bob, roomId=room))
    project(harness, room, late)
    assert mentioned(harness, room, bob) == [1, 2]
    assert harness.item(room, "AT#", bob)["mentionedSeq"] == 1
    harness.refused(harness.event(EVENT, bob, roomId=room), "NotRoomMember")
    harness.invoke(harness.event("Mutation.joinRoom", bob, roomId=room))
    project(harness, room, late)
    assert unread(harness, room, bob) == 0
    assert seqs(harness, room, bob) == [2, 1]
    mention(harness, room, bob)
    project(harness, room)
    assert (unread(harness, room, bob), seqs(harness, room, bob)) == (1, [3, 2, 1])


def test_where_history_begins_with_joining_so_do_mentions(harness: Harness, bob: str) -> None:
    room = harness.room(
        people(bob), settings={"historyFrom": "joining", "personPerSecond": 1000, "personBurst": 1000}
    )
    for _ in range(3):
        mention(harness, room, bob, mentionsAll=True)
    project(harness, room)
    harness.member(room, bob, joinedSeq=2)
    assert (unread(harness, room, bob), seqs(harness, room, bob)) == (1, [3])


def test_a_hundred_stands_for_that_or_more(harness: Harness, bob: str) -> None:
    room = harness.room(people(bob))
    for number in range(MOST_COUNTED + 2):
        mention(harness, room, *[bob][: number % 2], mentionsAll=number % 2 == 0)
    project(harness, room)
    assert unread(harness, room, bob) == MOST_COUNTED
    harness.invoke(harness.event("Mutation.markRead", bob, roomId=room, seq=3))
    assert unread(harness, room, bob) == MOST_COUNTED - 1


def test_an_item_whose_message_says_nothing_of_it_is_left_out(harness: Harness, bob: str) -> None:
    room = harness.room(people(bob))
    mention(harness, room, "cid")
    mention(harness, room, bob)
    project(harness, room)
    first = images(harness, room)[0]
    own = {"seq": 1, "senderId": "alice", "ts": int(first["ts"]["N"]), "messageId": first["id"]["S"]}
    harness.change(room, f"USER#{bob}", f"MENTION#ROOM#{room}#000000000001", **own)
    assert seqs(harness, room, bob) == [2]


def test_a_guild_has_mentions_too(harness: Harness, bob: str) -> None:
    room = harness.room({"alice": "owner", bob: "member"}, guild=True)
    mention(harness, room, bob)
    mention(harness, room, mentionsAll=True)
    project(harness, room)
    assert (unread(harness, room, bob), seqs(harness, room, bob, 1)) == (2, [2, 1])


def test_the_demo_events_are_answered(harness: Harness) -> None:
    room = harness.room()
    assert page(harness, room, "bob") == {"items": [], "nextToken": None}
    harness.refused(harness.event(f"{EVENT}.not-member", roomId=room), "NotRoomMember")
    harness.refused(
        harness.event(f"{EVENT}.limit-zero", roomId=room), "InvalidInput", argument="limit", max=100
    )


def test_a_page_is_for_whom_it_was_made(harness: Harness, bob: str) -> None:
    room = harness.room(people(bob))
    for _ in range(2):
        mention(harness, room, bob, "cid")
    project(harness, room)
    token = page(harness, room, bob, limit=1)["nextToken"]
    event = harness.event(EVENT, "cid", roomId=room, nextToken=token)
    harness.refused(event, "InvalidInput", argument="nextToken")
    harness.refused(
        harness.event(EVENT, bob, roomId=room, nextToken="x"), "InvalidInput", argument="nextToken"
    )


def test_an_administrator_who_is_not_in_the_room_is_mentioned_by_nobody(harness: Harness) -> None:
    event = harness.event(EVENT, "root", roomId=harness.room())
    event["identity"]["resolverContext"]["roles"] = "admin"
    harness.refused(event, "NotRoomMember")
