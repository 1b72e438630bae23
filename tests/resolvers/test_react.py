"""Mutation.react: what somebody reacts with is stored beside the message, once, and nothing of the room is written."""

from typing import Any

import pytest

from chat.rules.emoji import emoji
from chat.rules.models import Role
from chat.rules.reactions import MAX_KINDS, attribute_of, shard_of
from chat.rules.rooms import Room
from chat.storage import keys
from tests.guarantees.support.fixtures import plain, table_name
from tests.resolvers.harness import Harness

EVENT = "Mutation.react"
REACTED = ["IN", "REACTED"]
MANY: dict[str, Role] = {"alice": "owner", **dict.fromkeys(["bob", *(f"p{n}" for n in range(25))], "member")}


def react(
    harness: Harness, message: dict[str, Any], user: str = "bob", emoji: str = "👍", **more: object
) -> Any:
    """The event that reacts to a message."""
    given = {"roomId": message["roomId"], "id": message["id"], "emoji": emoji, "on": True, **more}
    return harness.event(EVENT, user, **given)


def shard(harness: Harness, message: dict[str, Any], user: str = "bob") -> dict[str, dict[str, Any]]:
    """What lies in somebody's shard of a message's reactions, by sort key."""
    room = Room.parse(message["roomId"])
    partition_key = keys.reaction_shard(room.partition_key, message["id"], shard_of(user))
    items = harness.partition(table_name(room), partition_key)
    return {item["SK"]["S"]: plain(item) for item in items}


def kinds(harness: Harness, message: dict[str, Any]) -> dict[str, Any]:
    room = Room.parse(message["roomId"])
    (item,) = harness.partition(table_name(room), keys.reactions_of_room(room.partition_key))
    return plain(item)


@pytest.mark.parametrize("variant", ["", ".guild"])
def test_a_reaction_is_answered_and_stored_with_the_message_and_the_person(
    harness: Harness, variant: str
) -> None:
    event = harness.prepared(EVENT + variant)
    room = event["arguments"]["roomId"]
    (message,) = harness.send(room, "Good morning.")
    event["arguments"]["id"] = message["id"]
    answer = harness.run(event, writes=REACTED)
    assert answer == {
        "roomId": room, "id": message["id"], "emoji": "👍", "userId": "alice", "on": True, "ts": answer["ts"],
    }  # fmt: skip
    stored = harness.item(room, "MSG#")
    expires = {"expiresAt": stored["expiresAt"]}
    found = shard(harness, message, "alice")
    assert {name: each | {"PK": "", "SK": "", "ts": 0} for name, each in found.items()} == {
        "BY#👍#alice": {"PK": "", "SK": "", "type": "Reaction", "ts": 0, **expires},
        "COUNT#👍": {"PK": "", "SK": "", "type": "ReactionCount", "n": 1, "ts": 0, **expires},
    }
    mine = harness.item(room, f"REACTED#{Room.parse(room).partition_key}#{message['id']}", "alice")
    assert mine["seq"] == 1
    assert mine["expiresAt"] == stored["expiresAt"]
    assert attribute_of("👍") in mine
    listed = kinds(harness, message)
    assert (listed["kinds"], listed[attribute_of("👍")]) == (1, 1 << shard_of("alice"))
    assert "reactions" not in stored  # the projection puts them there


def test_a_repeat_changes_nothing_and_is_a_success(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    first = harness.run(react(harness, message), writes=REACTED)
    before = shard(harness, message)
    assert harness.run(react(harness, message), writes=[]) == first
    assert shard(harness, message) == before


def test_what_is_taken_back_is_gone_and_may_be_taken_back_again(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.off")
    (message,) = harness.send(event["arguments"]["roomId"], "hi")
    event["arguments"]["id"] = message["id"]
    harness.run(react(harness, message, "alice"), writes=REACTED)
    answer = harness.run(event, writes=REACTED)
    assert (answer["on"], answer["ts"]) == (False, None)
    assert {name: each["n"] for name, each in shard(harness, message, "alice").items()} == {"COUNT#👍": 0}
    assert harness.run(event, writes=[]) == answer
    harness.run(react(harness, message, "alice"), writes=REACTED)
    assert shard(harness, message, "alice")["COUNT#👍"]["n"] == 1


def test_without_on_it_is_on(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    assert harness.run(react(harness, message, on=None), writes=REACTED)["on"] is True


def test_several_emoji_of_one_person_are_several_reactions(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    for each in ("👍", "#️⃣", "❤️‍🔥"):
        harness.run(react(harness, message, emoji=each), writes=REACTED)
    assert set(shard(harness, message)) == {
        *("BY#👍#bob", "BY#%23️⃣#bob", "BY#❤️‍🔥#bob"),
        *("COUNT#👍", "COUNT#%23️⃣", "COUNT#❤️‍🔥"),
    }


def test_a_short_code_of_the_deployment_is_one_and_can_be_taken_back_when_it_is_none_any_more(
    harness: Harness,
) -> None:
    (message,) = harness.send(harness.room(), "hi")
    harness.run(react(harness, message, emoji=":party_parrot:"), writes=REACTED)
    assert harness.run(react(harness, message, emoji=":was_one:", on=False), writes=[])["on"] is False
    harness.refused(react(harness, message, emoji=":was_one:"), "InvalidInput", argument="emoji")


def test_a_minimally_qualified_emoji_is_the_qualified_one(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    lacking, whole = "👁️‍🗨", "👁️‍🗨️"
    assert lacking in emoji()[0]
    assert lacking != whole
    assert harness.run(react(harness, message, emoji=lacking), writes=REACTED)["emoji"] == whole
    assert harness.run(react(harness, message, emoji=whole), writes=[])["emoji"] == whole


@pytest.mark.parametrize("variant", ["two-emoji", "unknown-short-code"])
def test_what_is_no_emoji_is_refused(harness: Harness, variant: str) -> None:
    event = harness.prepared(f"{EVENT}.{variant}")
    (message,) = harness.send(event["arguments"]["roomId"], "hi")
    event["arguments"]["id"] = message["id"]
    harness.refused(event, "InvalidInput", argument="emoji")


@pytest.mark.parametrize(
    "emoji", ["", "a", "👍 ", ":", "::", "❤", "🏻", "🇩", "\ufe0f", "x" * 65, 7, None, ["👍"]]
)
def test_nothing_else_is_an_emoji(harness: Harness, emoji: object) -> None:
    (message,) = harness.send(harness.room(), "hi")
    harness.refused(react(harness, message, emoji=emoji), "InvalidInput", argument="emoji")  # type: ignore[arg-type]


@pytest.mark.parametrize("on", ["true", 1, 0, []])
def test_on_is_true_or_false(harness: Harness, on: object) -> None:
    (message,) = harness.send(harness.room(), "hi")
    harness.refused(react(harness, message, on=on), "InvalidInput", argument="on")


@pytest.mark.parametrize("variant", ["not-found", "malformed-id"])
def test_a_message_that_is_not_there_is_not_found(harness: Harness, variant: str) -> None:
    event = harness.prepared(f"{EVENT}.{variant}")
    harness.send(event["arguments"]["roomId"], "hi")
    harness.refused(event, "InvalidInput", argument="id")


def test_a_message_of_another_room_is_not_found(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    other = harness.room()
    harness.refused(react(harness, message, roomId=other), "InvalidInput", argument="id")


def test_whoever_is_not_in_the_room_is_told_nothing(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.not-member")
    (message,) = harness.send(event["arguments"]["roomId"], "hi")
    event["arguments"]["id"] = message["id"]
    refusal = harness.refused(event, "NotRoomMember")
    event["arguments"]["roomId"] = "nowhere"
    assert harness.refused(event, "NotRoomMember") == refusal


def test_an_administrator_who_is_not_in_the_room_does_not_react(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    event = react(harness, message, "erin")
    event["identity"]["resolverContext"]["roles"] = "admin"
    harness.refused(event, "NotRoomMember")


def test_a_removed_message_takes_none(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    harness.invoke(harness.event("Mutation.removeMessage", roomId=message["roomId"], id=message["id"]))
    harness.refused(react(harness, message), "NotAllowed", reason="removed")


def test_an_expired_message_takes_none(harness: Harness) -> None:
    (message,) = harness.send(harness.room(), "hi")
    sort_key = harness.item(message["roomId"], "MSG#")["SK"]
    harness.change(message["roomId"], Room.parse(message["roomId"]).partition_key, sort_key, expiresAt=1)
    harness.refused(react(harness, message), "InvalidInput", argument="id")


def test_history_from_joining_hides_what_was_before(harness: Harness) -> None:
    room = harness.room()
    before, after = harness.send(room, "before", "after")
    harness.head(room, historyFrom="joining")
    harness.member(room, "bob", joinedSeq=1)
    harness.refused(react(harness, before), "InvalidInput", argument="id")
    harness.run(react(harness, after), writes=REACTED)
    harness.run(react(harness, before, "alice"), writes=REACTED)


def test_who_is_muted_does_not_react(harness: Harness) -> None:
    room = harness.room()
    one, two = harness.send(room, "one", "two")
    harness.run(react(harness, one), writes=REACTED)
    harness.member(room, "bob", mutedUntil=4_000_000_000_000)
    until = "2096-10-02T07:06:40.000Z"
    harness.refused(react(harness, two), "Muted", until=until)
    harness.refused(react(harness, one, on=False), "Muted", until=until)


def test_nobody_reacts_in_an_archived_room(harness: Harness) -> None:
    room = harness.room()
    (message,) = harness.send(room, "hi")
    harness.invoke(harness.event("Mutation.updateRoom", "alice", roomId=room, archived=True))
    harness.refused(react(harness, message), "NotAllowed", reason="archived")


def beyond_the_limit(harness: Harness, event: Any) -> None:
    """It is refused, and charged for the look at all counters."""
    refusal = harness.run(event, writes=["IN"])
    assert (refusal.error_type, refusal.values) == (
        "NotAllowed",
        {"reason": "tooManyKinds", "max": str(MAX_KINDS)},
    )


def test_a_message_takes_twenty_different_emoji_and_one_more_when_one_is_given_up(harness: Harness) -> None:
    room = harness.room(MANY)
    (message,) = harness.send(room, "hi")
    people, some = (
        [each for each in MANY if each.startswith("p")],
        list(dict.fromkeys(emoji()[0].values()))[::150],
    )
    for user, each in zip(people, some[:MAX_KINDS], strict=False):
        harness.run(react(harness, message, user, each), writes=REACTED)
    beyond_the_limit(harness, react(harness, message, emoji=some[20]))
    harness.run(react(harness, message, emoji=some[3]), writes=REACTED)
    harness.run(react(harness, message, emoji=some[3], on=False), writes=REACTED)
    beyond_the_limit(harness, react(harness, message, emoji=some[20]))
    harness.run(react(harness, message, people[3], some[3], on=False), writes=REACTED)
    harness.run(react(harness, message, emoji=some[20]), writes=REACTED)
    assert kinds(harness, message)["kinds"] == MAX_KINDS
    beyond_the_limit(harness, react(harness, message, people[3], some[3]))
