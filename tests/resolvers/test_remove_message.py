"""Mutation.removeMessage: a message's text goes for ever, its number stays, and who did it is kept."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from chat.rules.selection import REMOVED
from tests.resolvers.test_send_message import milliseconds

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Mutation.removeMessage"
CHANGED = ["CHG", "HEAD", "MSG"]


def removal(
    stage: "Stage", message: dict[str, Any], user: str = "alice", roles: str = "", **more: object
) -> Any:
    """The event that removes a message."""
    event = stage.event(EVENT, user, roomId=message["roomId"], id=message["id"], **more)
    event["identity"]["resolverContext"]["roles"] = roles
    return event


@pytest.mark.parametrize("variant", ["", ".guild"])
def test_a_removed_message_keeps_its_number_and_loses_its_text(stage: "Stage", variant: str) -> None:
    event = stage.staged(EVENT + variant)
    room = event["arguments"]["roomId"]
    (sent,) = stage.send(room, "one")
    before = stage.item(room, "MSG#")
    stage.change(room, before["PK"], before["SK"], attachments="[]")
    event["arguments"]["id"] = sent["id"]
    answer = stage.act(event, writes=CHANGED)
    at = milliseconds(answer["removedAt"])
    assert answer == sent | {"text": None, "rev": 3, "removedAt": answer["removedAt"]}
    assert at >= milliseconds(sent["ts"])
    del before["text"]
    own = {"rev": 3, "epoch": 1, "removedAt": at, "removedBy": "alice"}
    assert stage.item(room, "MSG#") == before | own
    entry = stage.item(room, "CHG#")
    assert (entry["SK"], entry["kind"], entry["messageSk"]) == ("CHG#000000000003", "removed", before["SK"])
    head = stage.item(room, "HEAD")
    assert (head["rev"], head["changedRev"], head["changedAt"], head["seq"]) == (3, 3, at, 1)


def test_a_removal_again_answers_what_is_left(stage: "Stage") -> None:
    (sent,) = stage.send(stage.room(), "one", user="bob")
    first = stage.act(removal(stage, sent), writes=CHANGED)
    assert stage.act(removal(stage, sent), writes=[]) == first
    assert stage.act(removal(stage, sent, "bob"), writes=[]) == first


def test_a_removed_text_is_in_no_page_and_no_repeat(stage: "Stage") -> None:
    event = stage.staged("Mutation.sendMessage")
    sent = stage.invoke(event)
    removed = stage.act(removal(stage, sent), writes=CHANGED)
    assert stage.act(event, writes=[]) == removed
    stage.refused(
        stage.event("Mutation.sendMessage", roomId=sent["roomId"], text="other"), "IdempotencyMismatch"
    )
    assert stage.invoke(stage.event("Query.messages", roomId=sent["roomId"]))["items"] == [removed]
    assert "Good morning" not in str(stage.partition("gg_core", f"ROOM#{sent['roomId']}"))


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
    stage: "Stage", user: str, role: str | None, roles: str, allowed: bool
) -> None:
    (sent,) = stage.send(stage.room(), "one", user="bob")
    if role:
        stage.member(sent["roomId"], user, role=role)
    event = removal(stage, sent, user, roles)
    if allowed:
        assert stage.act(event, writes=CHANGED)["senderId"] == "bob"
        assert stage.item(sent["roomId"], "MSG#")["removedBy"] == user
    else:
        stage.refused(event, "NotAllowed", reason="role")
        stage.act(removal(stage, sent, "bob"), writes=CHANGED)
        stage.refused(event, "NotAllowed", reason="role")


def test_somebody_muted_may_take_back_what_they_said_and_pays_nothing(stage: "Stage") -> None:
    room = stage.room(settings={"personPerSecond": 0.01, "personBurst": 1})
    (sent,) = stage.send(room, "one")
    stage.member(room, "alice", mutedUntil=4_102_444_800_000, role="member")
    stage.act(removal(stage, sent), writes=CHANGED)


def test_an_administrator_who_has_left_removes_what_was_once_their_own(stage: "Stage") -> None:
    (sent,) = stage.send(stage.room(), "one", user="bob")
    stage.member(sent["roomId"], "bob", status="left")
    stage.refused(removal(stage, sent, "bob"), "NotRoomMember")
    stage.act(removal(stage, sent, "bob", "admin"), writes=CHANGED)


def test_an_edited_message_stays_edited_when_it_is_removed(stage: "Stage") -> None:
    (sent,) = stage.send(stage.room(), "one")
    edited = stage.invoke(
        stage.event("Mutation.editMessage", roomId=sent["roomId"], id=sent["id"], text="uno")
    )
    stage.head(sent["roomId"], epoch=2)
    removed = stage.act(removal(stage, sent), writes=CHANGED)
    assert removed == edited | {"text": None, "rev": 4, "epoch": 2, "removedAt": removed["removedAt"]}


def test_an_expired_message_is_gone(stage: "Stage") -> None:
    (sent,) = stage.send(stage.room(), "one")
    item = stage.item(sent["roomId"], "MSG#")
    stage.change(sent["roomId"], item["PK"], item["SK"], expiresAt=1)
    stage.refused(removal(stage, sent), "InvalidInput", argument="id")


def test_a_message_from_before_numbering_is_named_by_its_instant_too(stage: "Stage") -> None:
    (sent,) = stage.send(stage.room(), "one")
    old = stage.item(sent["roomId"], "MSG#")
    for name, value in {**old, "id": "m-1"}.items():
        if name not in ("PK", "SK"):
            stage.change(sent["roomId"], old["PK"], f"MSG#{old['ts']:013d}#m-1", **{name: value})
    asked = sent | {"id": "m-1"}
    stage.refused(removal(stage, asked), "InvalidInput", argument="id")
    answer = stage.act(removal(stage, asked, ts=sent["ts"]), writes=CHANGED)
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
    stage: "Stage", variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    stage.refused(stage.staged(f"{EVENT}.{variant}"), error_type, None, **values)


@pytest.mark.parametrize("name", REMOVED)
def test_each_field_that_subscribers_need_must_be_selected(stage: "Stage", name: str) -> None:
    event = stage.staged(EVENT)
    event["info"]["selectionSetList"].remove(name)
    stage.refused(event, "InvalidInput", argument="selection", missing=name)


def test_a_visitor_of_a_public_room_is_a_stranger_here(stage: "Stage") -> None:
    (sent,) = stage.send(stage.room(), "one")
    stage.head(sent["roomId"], visibility="public")
    stage.refused(removal(stage, sent, "zoe"), "NotRoomMember")


def test_in_a_room_that_is_not_adopted_nothing_is_removed(stage: "Stage") -> None:
    room = f"old-{uuid.uuid4()}"
    stage.member(room, "alice", role="member", status="active")
    stage.refused(stage.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")
