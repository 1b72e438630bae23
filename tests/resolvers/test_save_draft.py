"""Mutation.saveDraft: one draft for each person and room, and no device overwrites another's newer one."""

import logging
import uuid
from typing import Any

import pytest

from chat.steps.saved_drafts import SAVING
from tests.resolvers.harness import Harness, Refusal

EVENT = "Mutation.saveDraft"


def save(harness: Harness, room: str, text: str | None, rev: int | None = None, user: str = "alice") -> Any:
    return harness.invoke(harness.event(EVENT, user, roomId=room, text=text, rev=rev, replyTo=None))


def test_a_draft_is_answered_and_stored(harness: Harness) -> None:
    room = harness.room()
    reply = str(uuid.uuid4())
    event = harness.event(EVENT, roomId=room, text="e\u0301\r\nnext", replyTo=reply)
    answer = harness.run(event, writes=["DRAFT"])
    assert answer == {
        "roomId": room, "text": "é\nnext", "replyTo": reply, "rev": answer["rev"],
        "savedAt": answer["savedAt"], "saved": True,
    }  # fmt: skip
    stored = harness.item("lobby", f"DRAFT#ROOM#{room}", "alice")
    assert (stored["text"], stored["replyTo"], stored["rev"]) == ("é\nnext", reply, answer["rev"])
    days = (stored["expiresAt"] * 1_000 - stored["savedAt"]) / 86_400_000
    assert days == pytest.approx(90, abs=0.01)


def test_a_guilds_room_has_drafts_too(harness: Harness) -> None:
    room = harness.room({"alice": "owner"}, guild=True)
    assert save(harness, room, "hi")["saved"]
    assert harness.item("lobby", f"DRAFT#{room}", "alice")["text"] == "hi"


def test_rev_rises_and_an_older_one_overwrites_nothing(harness: Harness) -> None:
    room = harness.room()
    first = save(harness, room, "one")
    second = save(harness, room, "two", first["rev"])
    assert second["rev"] == first["rev"] + 1
    for rev in (first["rev"], None, 0, second["rev"] + 1):
        event = harness.event(EVENT, roomId=room, text="three", rev=rev, replyTo=None)
        assert harness.run(event, writes=[]) == {**second, "saved": False}


def test_a_call_whose_answer_was_lost_is_a_success(harness: Harness) -> None:
    room = harness.room()
    first = save(harness, room, "one")
    second = save(harness, room, "two", first["rev"])
    assert save(harness, room, "two", first["rev"]) == second


@pytest.mark.parametrize("empty", [None, "", "  \n"])
def test_without_a_text_it_is_deleted_and_no_older_device_brings_it_back(
    harness: Harness, empty: str | None
) -> None:
    room = harness.room()
    first = save(harness, room, "one")
    gone = save(harness, room, empty, first["rev"])
    assert (gone["text"], gone["savedAt"], gone["saved"]) == (None, None, True)
    assert "text" not in harness.item("lobby", f"DRAFT#ROOM#{room}", "alice")
    stale = save(harness, room, "again", first["rev"])
    assert (stale["text"], stale["saved"], stale["rev"]) == (None, False, gone["rev"])
    assert save(harness, room, "new")["rev"] == gone["rev"] + 1


def test_whoever_comes_back_begins_anew(harness: Harness) -> None:
    room = harness.room(settings={"visibility": "public"})
    save(harness, room, "one", user="bob")
    harness.invoke(harness.event("Mutation.leaveRoom", "bob", roomId=room))
    assert isinstance(save(harness, room, "two", user="bob"), Refusal)
    stored = [item["SK"]["S"] for item in harness.partition("gg_core", "USER#bob")]
    assert f"DRAFT#ROOM#{room}" not in stored
    harness.invoke(harness.event("Mutation.joinRoom", "bob", roomId=room))
    assert save(harness, room, "three", user="bob")["saved"]
    harness.member(room, "bob", joinedSeq=7)
    assert save(harness, room, "four", user="bob")["saved"]


def test_it_has_a_rate(harness: Harness) -> None:
    room, rev = harness.room(), None
    for number in range(SAVING.burst):
        rev = save(harness, room, f"m{number}", rev)["rev"]
    outcome = save(harness, room, "one too many", rev)
    assert (outcome.error_type, outcome.values["scope"]) == ("RateLimited", "person")


def test_who_is_not_in_the_room_has_none(harness: Harness) -> None:
    room = harness.room()
    event = harness.event(EVENT, "carol", roomId=room)
    harness.refused(event, "NotRoomMember")
    event["identity"]["resolverContext"]["roles"] = "admin"
    harness.refused(event, "NotRoomMember")


def test_who_is_muted_and_in_an_archived_room_one_may_write_drafts(harness: Harness) -> None:
    room = harness.room()
    harness.member(room, "bob", mutedUntil=4_102_444_800_000)
    harness.head(room, archivedAt=1)
    assert save(harness, room, "later", user="bob")["saved"]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *(("text", each) for each in ["x" * 4_001, "\u200b", "\ud800", 7, [], {}]),
        *(("replyTo", each) for each in ["", 7, "x" * 251, "\x00", []]),
        *(("rev", each) for each in [-1, 2**31, "1", 1.5, True, []]),
        *(("roomId", each) for each in [None, "", "a b", 7]),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_bad_argument_is_named(harness: Harness, argument: str, value: object) -> None:
    event = harness.event(EVENT, roomId=harness.room())
    event["arguments"][argument] = value
    outcome = harness.run(event, writes=[])
    assert (outcome.error_type, outcome.values["argument"]) == ("InvalidInput", argument)


def test_no_draft_is_logged(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    text = f"secret-{uuid.uuid4()}"
    with caplog.at_level(logging.INFO):
        save(harness, harness.room(), text)
    lines = [vars(each) for each in caplog.records]
    assert lines
    assert text not in str(lines)
