"""Whatever subject an issuer gives people, they are people of the chat: added, listed, banned, heard and found again."""

import re
import time
import uuid
from typing import Any

import pytest

from chat.rules.rooms import ERASED
from chat.storage import keys
from simulator.keys import SigningKey
from tests.chat.rules.test_user_ids import NO_SUBJECTS, SUBJECTS
from tests.resolvers.harness import Harness

SAME = {"alice", "Alice"}
USERS = [each for each in SUBJECTS if each not in SAME]
ORDERED = sorted(USERS, key=lambda user: keys.roster(user).encode())
ABOUT_SOMEBODY = (
    *("Mutation.addMember", "Mutation.removeMember", "Mutation.banMember", "Mutation.unbanMember"),
    *("Mutation.muteMember", "Mutation.setRole"),
)
NO_JSON_IDS = [value for value in NO_SUBJECTS if not isinstance(value, bytes)]
NO_IDS = [value for value in NO_SUBJECTS if isinstance(value, str)]


@pytest.fixture(scope="module")
def room(harness: Harness) -> str:
    """A room of alice's to which everybody was added, one after the other, by an owner who adds nobody elsewhere: what
    somebody may add in an hour is limited."""
    host = f"host-{uuid.uuid4()}"
    room_id = harness.room({"alice": "owner", host: "owner"})
    for user in USERS:
        answer = harness.invoke(
            harness.event("Mutation.addMember", host, roomId=room_id, userId=user, role="MEMBER")
        )
        assert answer["notice"]["userId"] == user
    assert (
        harness.invoke(harness.event("Mutation.leaveRoom", host, roomId=room_id))["notice"]["userId"] == host
    )
    return room_id


def pages(harness: Harness, name: str, user: str = "alice", **arguments: Any) -> list[dict[str, Any]]:
    """All items that the pages of a list have, in their order."""
    found, token = [], None
    while True:
        page = harness.invoke(harness.event(name, user, nextToken=token, **arguments))
        found += page["items"]
        token = page["nextToken"]
        if token is None:
            return found


def test_a_token_names_them_exactly(harness: Harness, key: SigningKey) -> None:
    event = harness.event("authorizer")
    for user in USERS:
        token = key.mint(user, now=int(time.time()), ttl=60)
        answer = harness.invoke(event | {"authorizationToken": token})
        assert answer["resolverContext"].keys() == {"userId", "roles", "signedInAt"}
        assert answer["resolverContext"]["userId"] == user
        assert answer["resolverContext"]["roles"] == ""


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_everybody_is_listed_once_whatever_the_pages(harness: Harness, room: str, limit: int) -> None:
    found = pages(harness, "Query.members", roomId=room, status="ACTIVE", limit=limit)
    assert [each["userId"] for each in found if each["userId"] != "alice"] == ORDERED


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("seq", [None, 0], ids=["all", "of a message"])
def test_everybodys_receipts_are_listed_once(
    harness: Harness, room: str, limit: int, seq: int | None
) -> None:
    found = pages(harness, "Query.receipts", roomId=room, limit=limit, seq=seq)
    assert [each["userId"] for each in found if each["userId"] != "alice"] == ORDERED


def test_everybody_sends_reads_and_is_seen(harness: Harness, room: str) -> None:
    sent = {user: harness.send(room, f"by {user}", user=user)[0] for user in USERS}
    history = pages(harness, "Query.messages", roomId=room, order="OLDEST_FIRST", limit=100)
    assert [(each["senderId"], each["seq"]) for each in history] == [
        (user, message["seq"]) for user, message in sent.items()
    ]
    for start in range(0, len(USERS), 10):
        few = USERS[start : start + 10]  # asked for before the first of them may count as gone
        for user in few:
            seq = sent[user]["seq"]
            marked = harness.invoke(harness.event("Mutation.markRead", user, roomId=room, seq=seq))
            assert marked["readSeq"] == seq
            found = harness.invoke(harness.event("Query.room", user, roomId=room))
            assert (found["me"]["userId"], found["memberCount"]) == (user, len(USERS) + 1)
            rooms = {"rooms": [{"roomId": room, "seq": seq}], "watching": room, "status": "ONLINE"}
            heard = harness.invoke(harness.event("Mutation.heartbeat", user, **rooms))
            assert heard["rooms"][0]["left"] is False
        presence = harness.invoke(harness.event("Query.presence", "alice", roomId=room))
        seen = {each["userId"]: each["status"] for each in presence["people"]}
        assert {user: seen[user] for user in few} == dict.fromkeys(few, "ONLINE")


def test_everybody_finds_their_rooms_again_page_by_page(harness: Harness, room: str) -> None:
    for user in USERS:
        own = f"r-{uuid.uuid4()}"
        harness.invoke(harness.event("Mutation.createRoom", user, roomId=own, members=["alice"]))
        found = [each["room"]["roomId"] for each in pages(harness, "Query.myRooms", user, limit=1)]
        assert {room, own} <= set(found)
        assert len(found) == len(set(found))
        token = harness.invoke(harness.event("Query.sync", user, since=None))["token"]
        assert harness.invoke(harness.event("Query.sync", user, since=token))["rooms"] == []


def test_two_that_look_alike_are_two(harness: Harness) -> None:
    """Neither case, nor normalisation, nor an escape makes one of two."""
    pairs = [
        ("ann", "Ann"),
        ("jos\u00e9", "jose\u0301"),
        ("a#b", "a%23b"),
        ("a%b", "a%25b"),
        ("a", "a "),
        ("\ufa19", "\u795e"),
    ]
    for one, other in pairs:
        room_id = harness.room({"alice": "owner", one: "member"})
        assert [each["seq"] for each in harness.send(room_id, "hi", user=one)] == [1]
        outsider = harness.invoke(harness.event("Query.messages", other, roomId=room_id))
        assert outsider.error_type == "NotRoomMember"


def test_whoever_is_banned_is_listed_and_let_in_again(harness: Harness) -> None:
    room_id = harness.room({"alice": "owner"})
    for user in USERS:
        harness.invoke(harness.event("Mutation.banMember", "alice", roomId=room_id, userId=user))
    found = pages(harness, "Query.members", roomId=room_id, status="BANNED", limit=5)
    assert [each["userId"] for each in found] == ORDERED
    for user in USERS:
        harness.invoke(harness.event("Mutation.unbanMember", "alice", roomId=room_id, userId=user))
    assert pages(harness, "Query.members", roomId=room_id, status="BANNED", limit=5) == []


@pytest.mark.parametrize("field", ABOUT_SOMEBODY)
@pytest.mark.parametrize("value", NO_JSON_IDS, ids=lambda value: ascii(value)[:30])
def test_what_is_no_user_id_is_named(harness: Harness, room: str, field: str, value: object) -> None:
    event = harness.event(field, "alice", roomId=room, userId=value)
    refusal = harness.invoke(event)
    assert (refusal.error_type, refusal.values) == ("InvalidInput", {"argument": "userId"})


@pytest.mark.parametrize("value", NO_IDS, ids=lambda value: ascii(value)[:30])
def test_nor_may_it_be_a_first_member_or_come_from_a_service(harness: Harness, value: str) -> None:
    made = harness.invoke(
        harness.event("Mutation.createRoom", f"p-{uuid.uuid4()}", roomId=f"r-{uuid.uuid4()}", members=[value])
    )
    assert (made.error_type, made.values) == ("InvalidInput", {"argument": "members"})
    for people, argument in (({"add": [{"userId": value}]}, "userId"), ({"remove": [value]}, "remove")):
        fed = harness.call("guild_membership", {"guildId": f"g-{uuid.uuid4()}", **people})
        assert (fed.error_type, fed.values) == ("InvalidInput", {"argument": argument})


@pytest.mark.parametrize("value", NO_JSON_IDS, ids=lambda value: ascii(value)[:30])
def test_nor_may_it_call(harness: Harness, room: str, value: object) -> None:
    event = harness.event("Query.room", "alice", roomId=room)
    event["identity"]["resolverContext"]["userId"] = value
    refusal = harness.invoke(event)
    assert (refusal.error_type, refusal.values) == ("IdentityRefused", {"reason": "claim", "claim": "userId"})


def test_the_form_of_erased_senders_is_refused_wherever_somebody_is_named() -> None:
    assert [each for each in NO_IDS if re.fullmatch(ERASED, each)] == ["erased:" + "0" * 128]


def test_a_guilds_service_brings_and_takes_anybody(harness: Harness) -> None:
    guild, people = f"g-{uuid.uuid4()}", USERS[:40]
    fed = harness.call("guild_membership", {"guildId": guild, "add": [{"userId": user} for user in people]})
    assert (fed["added"], fed["refused"]) == (people, [])
    fed = harness.call("guild_membership", {"guildId": guild, "remove": people})
    assert fed["removed"] == people
