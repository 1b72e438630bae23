"""Mutation.removeMessage: a message's text is deleted, its number stays, and who did it is kept."""

import uuid
from typing import Any

import pytest

from chat.rules.selection import REMOVED
from tests.guarantees.support.fixtures import FAST
from tests.resolvers.harness import Harness
from tests.resolvers.test_send_message import milliseconds

EVENT = "Mutation.removeMessage"
CHANGED = ["CHG", "HEAD", "MSG"]


def removal(
    harness: Harness, message: dict[str, Any], user: str = "alice", roles: str = "", **more: object
) -> Any:
    """The event that removes a message."""
    event = harness.event(EVENT, user, roomId=message["roomId"], id=message["id"], **more)
    event["identity"]["resolverContext"]["roles"] = roles
    return event


@pytest.mark.parametrize("variant", ["", ".guild"])
def test_a_removed_message_keeps_its_number_and_loses_its_text(harness: Harness, variant: str) -> None:
    event = harness.prepared(EVENT + variant)
    room = event["arguments"]["roomId"]
    (sent,) = harness.send(room, "one")
    before = harness.item(room, "MSG#")
    harness.change(room, before["PK"], before["SK"], attachments="[]")
    event["arguments"]["id"] = sent["id"]
    answer = harness.run(event, writes=CHANGED)
    at = milliseconds(answer["removedAt"])
    assert answer == sent | {"text": None, "rev": 3, "removedAt": answer["removedAt"]}
    assert at >= milliseconds(sent["ts"])
    del before["text"]
    own = {"rev": 3, "epoch": 1, "removedAt": at, "removedBy": "alice", "changedBy": "alice"}
    assert harness.item(room, "MSG#") == before | own
    entry = harness.item(room, "CHG#")
    assert (entry["SK"], entry["kind"], entry["messageSk"]) == ("CHG#000000000003", "removed", before["SK"])
    head = harness.item(room, "HEAD")
    assert (head["rev"], head["changedRev"], head["changedAt"], head["seq"]) == (3, 3, at, 1)


def test_a_removal_again_answers_what_is_left(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one", user="bob")
    first = harness.run(removal(harness, sent), writes=CHANGED)
    assert harness.run(removal(harness, sent), writes=[]) == first
    assert harness.run(removal(harness, sent, "bob"), writes=[]) == first


def test_a_removed_text_is_in_no_page_and_no_repeat(harness: Harness) -> None:
    event = harness.prepared("Mutation.sendMessage")
    sent = harness.invoke(event)
    removed = harness.run(removal(harness, sent), writes=CHANGED)
    assert harness.run(event, writes=[]) == removed
    harness.refused(
        harness.event("Mutation.sendMessage", roomId=sent["roomId"], text="other"), "IdempotencyMismatch"
    )
    assert harness.invoke(harness.event("Query.messages", roomId=sent["roomId"]))["items"] == [removed]
    assert "Good morning" not in str(harness.partition("gg_core", f"ROOM#{sent['roomId']}"))


@pytest.mark.parametrize(
    ("user", "role", "roles", "allowed"),
    [
        ("alice", "owner", "", True),
        ("alice", "moderator", "", True),
        ("alice", "member", "", False),
        ("alice", "member", "admin", True),
        ("zoe", None, "admin", True),
    ],
)
def test_others_messages_are_removed_by_who_keeps_order(
    harness: Harness, user: str, role: str | None, roles: str, allowed: bool
) -> None:
    (sent,) = harness.send(harness.room(), "one", user="bob")
    if role:
        harness.member(sent["roomId"], user, role=role)
    event = removal(harness, sent, user, roles)
    if allowed:
        assert harness.run(event, writes=CHANGED)["senderId"] == "bob"
        assert harness.item(sent["roomId"], "MSG#")["removedBy"] == user
    else:
        harness.refused(event, "NotAllowed", reason="role")
        harness.run(removal(harness, sent, "bob"), writes=CHANGED)
        harness.refused(event, "NotAllowed", reason="role")


def test_somebody_muted_may_remove_their_message_and_is_not_charged(harness: Harness) -> None:
    room = harness.room(settings={"personPerSecond": 0.01, "personBurst": 1})
    (sent,) = harness.send(room, "one")
    harness.member(room, "alice", mutedUntil=4_102_444_800_000, role="member")
    harness.run(removal(harness, sent), writes=CHANGED)


def test_an_administrator_who_has_left_removes_what_was_once_their_own(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one", user="bob")
    harness.member(sent["roomId"], "bob", status="left")
    harness.refused(removal(harness, sent, "bob"), "NotRoomMember")
    harness.run(removal(harness, sent, "bob", "admin"), writes=CHANGED)


def test_an_edited_message_stays_edited_when_it_is_removed(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    edited = harness.invoke(
        harness.event("Mutation.editMessage", roomId=sent["roomId"], id=sent["id"], text="uno")
    )
    harness.head(sent["roomId"], epoch=2)
    removed = harness.run(removal(harness, sent), writes=CHANGED)
    assert removed == edited | {"text": None, "rev": 4, "epoch": 2, "removedAt": removed["removedAt"]}


def test_an_expired_message_is_gone(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    item = harness.item(sent["roomId"], "MSG#")
    harness.change(sent["roomId"], item["PK"], item["SK"], expiresAt=1)
    harness.refused(removal(harness, sent), "InvalidInput", argument="id")


def test_a_message_from_before_numbering_is_named_by_its_instant_too(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    old = harness.item(sent["roomId"], "MSG#")
    for name, value in {**old, "id": "m-1"}.items():
        if name not in ("PK", "SK"):
            harness.change(sent["roomId"], old["PK"], f"MSG#{old['ts']:013d}#m-1", **{name: value})
    sent_id = sent | {"id": "m-1"}
    harness.refused(removal(harness, sent_id), "InvalidInput", argument="id")
    answer = harness.run(removal(harness, sent_id, ts=sent["ts"]), writes=CHANGED)
    assert (answer["id"], answer["text"]) == ("m-1", None)


REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "malformed-id": ("InvalidInput", {"argument": "id"}),
    "malformed-ts": ("InvalidInput", {"argument": "ts"}),
    "malformed-room": ("InvalidInput", {"argument": "roomId"}),
    "not-found": ("InvalidInput", {"argument": "id"}),
    "not-member": ("NotRoomMember", {}),
    "unknown-room": ("NotRoomMember", {}),
    "incomplete-selection": (
        "InvalidInput",
        {"argument": "selection", "missing": "roomId,senderId,text,ts,seq,epoch,clientMessageId,removedAt"},
    ),
}


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named_and_changes_nothing(
    harness: Harness, variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    harness.refused(harness.prepared(f"{EVENT}.{variant}"), error_type, None, **values)


@pytest.mark.parametrize("name", REMOVED)
def test_each_field_that_subscribers_need_must_be_selected(harness: Harness, name: str) -> None:
    event = harness.prepared(EVENT)
    event["info"]["selectionSetList"].remove(name)
    harness.refused(event, "InvalidInput", argument="selection", missing=name)


def test_a_visitor_of_a_public_room_is_a_stranger_here(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    harness.head(sent["roomId"], visibility="public")
    harness.refused(removal(harness, sent, "zoe"), "NotRoomMember")


def test_in_a_room_that_is_not_adopted_nothing_is_removed(harness: Harness) -> None:
    room = f"old-{uuid.uuid4()}"
    harness.member(room, "alice", role="member", status="active")
    harness.refused(harness.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")


def test_where_history_is_visible_from_joining_a_removal_is_published_as_which_message_it_is(
    harness: Harness, publishing: str
) -> None:
    room = harness.room(settings={**FAST, "historyFrom": "joining"})
    (sent,) = harness.send(room, "one", user="bob")
    answer = harness.run(removal(harness, sent, "alice"), writes=CHANGED)
    told = {name: value for name, value in answer.items() if value is not None}
    names = ("id", "roomId", "roomType", "ts", "seq", "epoch")
    own = {"rev": 3, "removedAt": answer["removedAt"]}
    if publishing == "sender":
        assert told == {name: sent[name] for name in names} | {"senderId": "alice"} | own
    else:
        assert (
            told
            == {name: value for name, value in sent.items() if value is not None and name != "text"} | own
        )
    assert harness.run(removal(harness, sent, "alice"), writes=[]) == answer


def test_ones_own_words_are_taken_back_where_one_does_not_see_them_any_more(harness: Harness) -> None:
    room = harness.room(
        {"alice": "owner", "mona": "moderator", "bob": "member"}, settings={**FAST, "historyFrom": "joining"}
    )
    own, other = harness.send(room, "mine", user="mona") + harness.send(room, "theirs", user="bob")
    harness.invoke(harness.event("Mutation.leaveRoom", "mona", roomId=room))
    harness.invoke(harness.event("Mutation.addMember", roomId=room, userId="mona", role="MODERATOR"))
    harness.refused(removal(harness, other, "mona"), "InvalidInput", argument="id")
    answer = harness.run(removal(harness, own, "mona"), writes=CHANGED)
    assert (answer["id"], answer["text"], bool(answer["removedAt"])) == (own["id"], None, True)
    assert harness.run(removal(harness, other, "root", "admin"), writes=CHANGED)["removedAt"]
