"""Mutation.editMessage and Mutation.removeMessage of messages that mention people."""

from collections.abc import Mapping
from typing import Any

import pytest

from chat.rules.models import Role
from tests.resolvers.harness import Harness
from tests.resolvers.mentions import images, mention, mentioned, project

EDITED = ["CHG", "HEAD", "IN", "MSG"]
REMOVED = ["CHG", "HEAD", "MSG"]
PEOPLE: Mapping[str, Role] = {"alice": "owner", "bob": "member", "cid": "moderator"}


def edit(
    harness: Harness, message: Mapping[str, Any], user: str = "alice", **arguments: Any
) -> dict[str, Any]:
    """The event of an edit that writes the text again, with these arguments."""
    named = {"roomId": message["roomId"], "id": message["id"], "text": message["text"]}
    return harness.event("Mutation.editMessage", user, **named | arguments)


def test_mentions_that_are_given_replace_those_that_were(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    message = mention(harness, room, "bob")
    project(harness, room)
    assert (mentioned(harness, room, "bob"), mentioned(harness, room, "cid")) == ([1], [])
    answer = harness.run(edit(harness, message, mentions=["cid"]), writes=EDITED)
    assert (answer["mentions"], answer["version"], answer["text"]) == (["cid"], 2, "look")
    assert (mentioned(harness, room, "bob"), mentioned(harness, room, "cid")) == ([], [])
    project(harness, room)
    assert (mentioned(harness, room, "bob"), mentioned(harness, room, "cid")) == ([], [1])
    assert harness.run(edit(harness, message, mentions=[]), writes=EDITED)["mentions"] is None
    assert mentioned(harness, room, "cid") == []
    assert "mentions" not in harness.item(room, "MSG#")


def test_mentions_that_are_not_given_stay(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    message = mention(harness, room, "bob", mentionsAll=True)
    nothing: dict[str, Any] = {"mentions": None, "mentionsAll": None}
    for absent in ({}, nothing):
        answer = harness.run(edit(harness, message, text=f"new {absent}", **absent), writes=EDITED)
        assert (answer["mentions"], answer["mentionsAll"]) == (["bob"], True)


def test_the_same_again_changes_nothing(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    message = mention(harness, room, "bob", "cid", mentionsAll=True)
    same = edit(harness, message, mentions=["cid", "bob"], mentionsAll=True)
    assert harness.run(same, writes=[])["mentions"] == ["bob", "cid"]
    plain = mention(harness, room)
    same = edit(harness, plain, mentions=[], mentionsAll=False)
    assert harness.run(same, writes=[])["rev"] is None


def test_everybody_is_mentioned_by_an_edit_and_no_more_by_another(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    message = mention(harness, room)
    harness.send(room, "later")
    answer = harness.run(edit(harness, message, mentionsAll=True), writes=[*EDITED, "ALL"])
    assert answer["mentionsAll"] is True
    stored = harness.item(room, f"MSG#{int(message['id'].replace('-', '')[:12], 16):013d}")
    everybody = harness.item(room, "ALL#")
    assert (everybody["seq"], everybody["messageId"], everybody["senderId"]) == (1, message["id"], "alice")
    assert (everybody["ts"], everybody["expiresAt"]) == (stored["ts"], stored["expiresAt"])
    assert harness.item(room, "HEAD")["allSeq"] == 1
    mention(harness, room, mentionsAll=True)
    answer = harness.run(edit(harness, message, mentionsAll=False), writes=[*EDITED, "ALL"])
    assert answer["mentionsAll"] is None
    assert harness.item(room, "ALL#")["seq"] == 3
    harness.run(edit(harness, message, mentionsAll=True), writes=[*EDITED, "ALL"])
    assert harness.item(room, "HEAD")["allSeq"] == 3


def test_whoever_may_not_mention_everybody_may_leave_it_or_end_it(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    message = mention(harness, room, user="cid", mentionsAll=True)
    harness.member(room, "cid", role="member")
    answer = harness.run(edit(harness, message, "cid", text="b", mentionsAll=True), writes=EDITED)
    assert answer["mentionsAll"] is True
    harness.run(edit(harness, message, "cid", mentionsAll=False), writes=[*EDITED, "ALL"])
    harness.refused(edit(harness, message, "cid", mentionsAll=True), "NotAllowed", reason="role")


def test_only_those_who_are_new_need_to_be_there(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    message = mention(harness, room, "bob")
    harness.invoke(harness.event("Mutation.leaveRoom", "bob", roomId=room))
    answer = harness.run(edit(harness, message, mentions=["bob", "cid"]), writes=EDITED)
    assert answer["mentions"] == ["bob", "cid"]
    harness.run(edit(harness, message, mentions=["cid"]), writes=EDITED)
    refused = edit(harness, message, mentions=["bob"])
    harness.refused(refused, "InvalidInput", argument="mentions")


@pytest.mark.parametrize("mentions", ["bob", ["u"] * 21, [""], [7], ["stranger"]], ids=repr)
def test_other_mentions_are_refused(harness: Harness, mentions: object) -> None:
    room = harness.room(PEOPLE)
    refusal = harness.invoke(edit(harness, mention(harness, room, "bob"), mentions=mentions))
    assert (refusal.error_type, refusal.values["argument"]) == ("InvalidInput", "mentions")
    refusal = harness.invoke(edit(harness, mention(harness, room), mentionsAll="yes"))
    assert (refusal.error_type, refusal.values["argument"]) == ("InvalidInput", "mentionsAll")


def test_a_late_record_brings_nothing_back(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    message = mention(harness, room, "bob")
    late = images(harness, room)
    harness.run(edit(harness, message, mentions=["cid"]), writes=EDITED)
    later = images(harness, room)
    project(harness, room, [*late, *later, *late, *later])
    assert (mentioned(harness, room, "bob"), mentioned(harness, room, "cid")) == ([], [1])
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=message["id"]))
    project(harness, room, [*late, *later, *images(harness, room)])
    assert (mentioned(harness, room, "bob"), mentioned(harness, room, "cid")) == ([], [])


def test_a_removal_takes_everything_that_it_refers_to(harness: Harness) -> None:
    room = harness.room(PEOPLE)
    (first,) = harness.send(room, "first")
    message = mention(harness, room, "bob", "cid", mentionsAll=True, replyTo=first["id"])
    project(harness, room)
    event = harness.event("Mutation.removeMessage", roomId=room, id=message["id"])
    answer = harness.run(event, writes=[*REMOVED, "ALL"])
    names = ("text", "replyTo", "mentions", "mentionsAll")
    assert [answer[name] for name in names] == [None] * 4
    stored = harness.item(room, f"MSG#{int(message['id'].replace('-', '')[:12], 16):013d}")
    assert not stored.keys() & set(names)
    assert (mentioned(harness, room, "bob"), mentioned(harness, room, "cid")) == ([], [])


def test_a_guilds_message_is_edited_and_removed_too(harness: Harness) -> None:
    room = harness.room({"alice": "owner", "bob": "member", "cid": "member"}, guild=True)
    message = mention(harness, room, "bob", mentionsAll=True)
    project(harness, room)
    edited = harness.run(edit(harness, message, mentions=["cid"], mentionsAll=False), writes=[*EDITED, "ALL"])
    assert (edited["mentions"], mentioned(harness, room, "bob")) == (["cid"], [])
    harness.invoke(harness.event("Mutation.removeMessage", roomId=room, id=message["id"]))
    assert "mentions" not in harness.item(room, "MSG#")
