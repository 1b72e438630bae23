"""Mutation.sendMessage with what it refers to: an answer to a message, mentions of people and of everybody."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from chat.rules.mentions import MOST_MENTIONS
from chat.rules.models import Role
from tests.resolvers.harness import Harness

EVENT = "Mutation.sendMessage"
SENT = ["HEAD", "IN", "MSG", "SENT"]
NOBODYS = "0199a1b2-c3d4-7000-8000-00000000dead"
PEOPLE: Mapping[str, Role] = {"alice": "owner", "bob": "member", "cid": "moderator"}


def message_with(harness: Harness, room: str, user: str = "alice", **references: Any) -> dict[str, Any]:
    """The event of a message that refers to these."""
    name = f"c-{uuid.uuid4()}"
    return harness.event(EVENT, user, roomId=room, text="look", clientMessageId=name, **references)


def references_of(message: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(message[name] for name in ("replyTo", "quote", "mentions", "mentionsAll"))


def test_a_message_is_stored_with_what_it_refers_to(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (first,) = harness.send(room, "first", user="bob")
    event = message_with(harness, room, replyTo=first["id"], mentions=["cid", "bob", "cid"], mentionsAll=True)
    answer = harness.run(event, writes=[*SENT, "ALL"])
    assert references_of(answer) == (first["id"], None, ["cid", "bob"], True)
    stored = harness.item(room, f"MSG#{int(stamp(answer)):013d}")
    assert (stored["replyTo"], stored["mentions"], stored["mentionsAll"]) == (first["id"], '["cid","bob"]', 1)
    assert harness.item(room, "HEAD")["allSeq"] == 2
    everybody = harness.item(room, "ALL#")
    assert everybody == {
        "PK": f"ROOM#{room}",
        "SK": "ALL#000000000002",
        "type": "Mention",
        "seq": 2,
        "messageId": answer["id"],
        "ts": stored["ts"],
        "senderId": "alice",
        "expiresAt": stored["expiresAt"],
    }


def stamp(answer: Mapping[str, Any]) -> int:
    """The milliseconds in a message's id, which are its instant."""
    return int(answer["id"].replace("-", "")[:12], 16)


def test_a_guilds_message_refers_too(harness: Harness) -> None:
    room = harness.room({"alice": "owner", "bob": "member"}, guild=True)
    (first,) = harness.send(room, "first")
    event = message_with(harness, room, replyTo=first["id"], mentions=["bob"], mentionsAll=True)
    answer = harness.run(event, writes=[*SENT, "ALL"])
    assert references_of(answer) == (first["id"], None, ["bob"], True)


@pytest.mark.parametrize("nothing", [None, False])
def test_naming_nothing_refers_to_nothing(harness: Harness, nothing: bool | None) -> None:
    room = harness.room()
    event = message_with(
        harness, room, replyTo=None, mentions=[] if nothing is False else None, mentionsAll=nothing
    )
    assert references_of(harness.run(event, writes=SENT)) == (None, None, None, None)
    plain = dict(event, arguments={n: event["arguments"][n] for n in ("roomId", "text", "clientMessageId")})
    assert harness.run(plain, writes=[])["seq"] == 1


def test_a_repeat_must_refer_to_the_same_in_any_order(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    first, second = harness.send(room, "first", "second")
    named: dict[str, Any] = {"replyTo": first["id"], "mentions": ["bob", "cid"], "mentionsAll": True}
    event = message_with(harness, room, **named)
    answer = harness.run(event, writes=[*SENT, "ALL"])
    event["arguments"]["mentions"] = ["cid", "bob", "bob"]
    assert harness.run(event, writes=[]) == answer
    for other in (
        {"replyTo": second["id"]},
        {"replyTo": None},
        {"mentions": ["bob"]},
        {"mentions": None},
        {"mentionsAll": False},
        dict.fromkeys(named),
    ):
        different = dict(event, arguments=event["arguments"] | other)
        harness.refused(different, "IdempotencyMismatch")


def test_a_repeat_finds_the_message_when_what_it_refers_to_has_gone(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (first,) = harness.send(room, "first")
    event = message_with(harness, room, replyTo=first["id"], mentions=["bob"], mentionsAll=True)
    answer = harness.run(event, writes=[*SENT, "ALL"])
    harness.invoke(harness.event("Mutation.leaveRoom", "bob", roomId=room))
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=first["id"]))
    harness.member(room, "alice", role="member")
    assert harness.run(event, writes=[]) == answer | {
        "epoch": 2
    }  # who left may still hear what is told in the first


@pytest.mark.parametrize("reply_to", ["", "m-1", NOBODYS, 7, ["x"], "x" * 251, NOBODYS.upper()], ids=repr)
def test_what_answers_no_message_is_refused(harness: Harness, reply_to: object) -> None:
    event = message_with(harness, harness.room(), replyTo=reply_to)
    harness.refused(event, "InvalidInput", argument="replyTo")


def test_only_what_the_sender_may_see_is_answered(harness: Harness) -> None:
    room, other = harness.room(PEOPLE), harness.room()
    (first,), (elsewhere,) = harness.send(room, "first"), harness.send(other, "elsewhere")
    harness.refused(message_with(harness, room, replyTo=elsewhere["id"]), "InvalidInput", argument="replyTo")
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=first["id"]))
    harness.refused(message_with(harness, room, replyTo=first["id"]), "InvalidInput", argument="replyTo")
    (second,) = harness.send(room, "second")
    harness.change(room, f"ROOM#{room}", f"MSG#{stamp(second):013d}#{second['id']}", expiresAt=1)
    harness.refused(message_with(harness, room, replyTo=second["id"]), "InvalidInput", argument="replyTo")
    (third,) = harness.send(room, "third")
    harness.head(room, historyFrom="joining", rev=harness.item(room, "HEAD")["rev"] + 1)
    harness.member(room, "bob", joinedSeq=third["seq"])
    event = message_with(harness, room, "bob", replyTo=third["id"])
    harness.refused(event, "InvalidInput", argument="replyTo")
    assert harness.run(message_with(harness, room, replyTo=third["id"]), writes=SENT)["seq"] == 4


@pytest.mark.parametrize(
    ("mentions", "values"),
    [
        ("bob", {"max": MOST_MENTIONS}),
        ([f"u{number}" for number in range(MOST_MENTIONS + 1)], {"max": MOST_MENTIONS}),
        (["bob"] * (MOST_MENTIONS + 1), {"max": MOST_MENTIONS}),
        ([""], {}),
        (["bob", None], {}),
        ([7], {}),
        (["x" * 129], {}),
        (["a\nb"], {}),
        (["stranger"], {}),
        (["bob", "stranger"], {}),
    ],
    ids=repr,
)
def test_only_people_in_the_room_are_mentioned(
    harness: Harness, mentions: object, values: dict[str, Any]
) -> None:
    event = message_with(harness, harness.room(), mentions=mentions)
    harness.refused(event, "InvalidInput", argument="mentions", **values)


@pytest.mark.parametrize("status", ["left", "banned", "invited"])
def test_whoever_is_not_in_the_room_any_more_or_yet_is_not_mentioned(harness: Harness, status: str) -> None:
    room = harness.room(PEOPLE)
    harness.member(room, "bob", status=status)
    harness.refused(message_with(harness, room, mentions=["bob"]), "InvalidInput", argument="mentions")


def test_twenty_people_are_mentioned_by_any_subject(harness: Harness) -> None:
    users = [f"u%#{number} ß" for number in range(MOST_MENTIONS)]
    room = harness.room({"alice": "owner", **dict.fromkeys(users, "member")})
    answer = harness.run(message_with(harness, room, mentions=users), writes=SENT)
    assert answer["mentions"] == users
    assert json.loads(harness.item(room, "MSG#")["mentions"]) == users


@pytest.mark.parametrize("flag", [0.5, "true", 1, [True]], ids=repr)
def test_mentions_all_is_a_boolean(harness: Harness, flag: object) -> None:
    event = message_with(harness, harness.room(), mentionsAll=flag)
    harness.refused(event, "InvalidInput", argument="mentionsAll")


def test_everybody_is_mentioned_by_owners_and_moderators_alone(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    harness.refused(message_with(harness, room, "bob", mentionsAll=True), "NotAllowed", reason="role")
    for user in ("alice", "cid"):
        assert harness.run(message_with(harness, room, user, mentionsAll=True), writes=[*SENT, "ALL"])
    as_admin = message_with(harness, room, "bob", mentionsAll=True)
    as_admin["identity"]["resolverContext"]["roles"] = "admin"
    harness.refused(as_admin, "NotAllowed", reason="role")


def test_whoever_is_no_moderator_any_more_mentions_everybody_no_more(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    harness.run(message_with(harness, room, "cid", mentionsAll=True), writes=[*SENT, "ALL"])
    harness.member(room, "cid", role="member")
    harness.refused(message_with(harness, room, "cid", mentionsAll=True), "NotAllowed", reason="role")


def test_strangers_learn_nothing_by_referring(harness: Harness) -> None:
    room = harness.room()
    (first,) = harness.send(room, "first")
    for named in ({"replyTo": first["id"]}, {"mentions": ["bob"]}, {"mentionsAll": True}):
        harness.refused(message_with(harness, room, "carol", **named), "NotRoomMember")


def test_a_member_who_is_muted_is_told_so_first(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    harness.member(room, "bob", mutedUntil=4_000_000_000_000)
    event = message_with(harness, room, "bob", mentions=["stranger"])
    harness.refused(event, "Muted", until="2096-10-02T07:06:40.000Z")
