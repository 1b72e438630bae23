"""Mutation.editMessage: another text for a message of one's own, logged for
those who are away, or nothing changed."""

import uuid
from itertools import pairwise
from typing import Any

import pytest

from chat.rules.selection import EDITED
from tests.guarantees.support.fixtures import FAST
from tests.resolvers.composed import composed
from tests.resolvers.harness import Harness
from tests.resolvers.test_send_message import milliseconds

EVENT = "Mutation.editMessage"
CHANGED = ["CHG", "HEAD", "IN", "MSG"]
MONTH_S = 30 * 86_400


def edit(harness: Harness, message: dict[str, Any], text: str, user: str = "alice", **more: object) -> Any:
    """The event that edits a message."""
    return harness.event(EVENT, user, roomId=message["roomId"], id=message["id"], text=text, **more)


@pytest.mark.parametrize(
    ("variant", "table", "partition"), [("", "gg_core", "ROOM#"), (".guild", "gg_guild", "")]
)
def test_an_edited_message_is_answered_whole_stored_and_logged(
    harness: Harness, variant: str, table: str, partition: str
) -> None:
    event = harness.prepared(EVENT + variant)
    room, text = event["arguments"]["roomId"], event["arguments"]["text"]
    (sent,) = harness.send(room, "Good mroning.")
    before = harness.item(room, "MSG#")
    event["arguments"]["id"] = sent["id"]
    answer = harness.run(event, writes=CHANGED)
    assert milliseconds(answer["editedAt"]) >= milliseconds(sent["ts"])
    own = {"text": text, "rev": 3, "version": 2, "editedAt": answer["editedAt"]}
    assert answer == sent | own
    at = milliseconds(answer["editedAt"])
    assert harness.item(room, "MSG#") == before | own | {"editedAt": at, "epoch": 1, "changedBy": "alice"}
    entry = harness.item(room, "CHG#")
    assert uuid.UUID(entry.pop("id")).version == 7
    assert entry == {
        "PK": partition + room,
        "SK": "CHG#000000000003",
        "type": "Change",
        "rev": 3,
        "prev": 0,
        "prevTs": 0,
        "messageSk": before["SK"],
        "seq": 1,
        "kind": "edited",
        "ts": at,
        "writtenAt": at,
        "prevWrittenAt": 0,
        "expiresAt": at // 1_000 + MONTH_S,
    }
    head = harness.item(room, "HEAD")
    assert (head["rev"], head["changedRev"], head["changedAt"], head["changeWrittenAt"]) == (3, 3, at, at)
    assert (head["seq"], head["ts"]) == (1, milliseconds(sent["ts"]))


def test_each_edit_is_chained_to_the_one_before(harness: Harness) -> None:
    room = harness.room()
    one, two = harness.send(room, "one", "two")
    answers = [
        harness.run(edit(harness, message, text), writes=CHANGED)
        for message, text in ((two, "2"), (one, "1"), (two, "II"))
    ]
    assert [(each["rev"], each["version"]) for each in answers] == [(4, 2), (5, 2), (6, 3)]
    entries = [
        (int(item["rev"]["N"]), int(item["prev"]["N"]), int(item["seq"]["N"]))
        for item in harness.partition("gg_core", f"ROOM#{room}")
        if item["SK"]["S"].startswith("CHG#")
    ]
    assert entries == [(4, 0, 2), (5, 4, 1), (6, 5, 2)]
    assert harness.send(room, "three")[0]["seq"] == 3


def test_what_changes_nothing_is_published_in_no_epoch_that_has_ended(harness: Harness) -> None:
    """Who has left meanwhile may still have a subscription under it."""
    (sent,) = harness.send(harness.room(), "one")
    edited = harness.run(edit(harness, sent, "uno"), writes=CHANGED)
    harness.head(sent["roomId"], epoch=4)
    assert harness.run(edit(harness, sent, "uno"), writes=[]) == edited | {"epoch": 4}


def test_the_same_text_again_changes_nothing_and_costs_nothing(harness: Harness) -> None:
    room = harness.room(settings={"personPerSecond": 0.01, "personBurst": 2})
    (sent,) = harness.send(room, "one")
    assert harness.run(edit(harness, sent, "one"), writes=[]) == sent
    edited = harness.run(edit(harness, sent, "uno"), writes=CHANGED)
    for _ in range(3):
        assert harness.run(edit(harness, sent, "un\x00o"), writes=[]) == edited
    outcome = harness.run(edit(harness, sent, "eins"), writes=[])
    assert (outcome.error_type, outcome.values["scope"]) == ("RateLimited", "person")
    assert 90_000 < int(outcome.values["retryAfterMs"]) <= 100_000


def test_the_text_is_cleaned_as_a_new_one_is(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    answer = harness.run(edit(harness, sent, "e\u0301\u202e <b>\x00"), writes=CHANGED)
    assert answer["text"] == "é <b>"
    harness.refused(
        edit(harness, sent, "x" * 4_001),
        "InvalidInput",
        argument="text",
        maxCodePoints=4_000,
        maxBytes=16_384,
    )


def test_a_repeat_of_the_send_answers_the_text_as_it_is_now(harness: Harness) -> None:
    """And compares what is sent with what was sent the first time."""
    event = harness.prepared("Mutation.sendMessage")
    sent = harness.invoke(event)
    edited = harness.run(edit(harness, sent, "Good evening."), writes=CHANGED)
    assert harness.run(event, writes=[]) == edited
    harness.refused(
        harness.event("Mutation.sendMessage", roomId=sent["roomId"], text="Good evening."),
        "IdempotencyMismatch",
    )


def test_an_edit_is_published_in_the_epoch_that_holds(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    harness.head(sent["roomId"], epoch=4)
    assert harness.run(edit(harness, sent, "uno"), writes=CHANGED)["epoch"] == 4
    assert harness.item(sent["roomId"], "MSG#")["epoch"] == 4


def test_others_messages_are_not_ones_own_whatever_the_role(harness: Harness) -> None:
    room = harness.room()
    (sent,) = harness.send(room, "mine", user="bob")
    harness.refused(edit(harness, sent, "yours"), "NotAllowed", reason="notYours")
    as_admin = edit(harness, sent, "yours")
    as_admin["identity"]["resolverContext"]["roles"] = "admin"
    harness.refused(as_admin, "NotAllowed", reason="notYours")
    assert harness.run(edit(harness, sent, "still mine", "bob"), writes=CHANGED)["senderId"] == "bob"


def test_a_removed_message_does_not_come_back(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    harness.invoke(harness.event("Mutation.removeMessage", roomId=sent["roomId"], id=sent["id"]))
    harness.refused(edit(harness, sent, "uno"), "NotAllowed", reason="removed")
    harness.refused(edit(harness, sent, "one"), "NotAllowed", reason="removed")


def test_an_expired_message_is_gone(harness: Harness) -> None:
    """By its own instant, and by a retention that the room got later."""
    (sent,) = harness.send(harness.room(), "one")
    item = harness.item(sent["roomId"], "MSG#")
    harness.change(sent["roomId"], item["PK"], item["SK"], expiresAt=1)
    harness.refused(edit(harness, sent, "uno"), "InvalidInput", argument="id")
    harness.change(sent["roomId"], item["PK"], item["SK"], expiresAt=item["expiresAt"])
    harness.head(sent["roomId"], retentionDays=-1)
    harness.refused(edit(harness, sent, "uno"), "InvalidInput", argument="id")


def test_a_message_of_another_room_is_not_found(harness: Harness) -> None:
    here = harness.room()
    (sent,) = harness.send(harness.room(), "one")
    harness.refused(
        harness.event(EVENT, roomId=here, id=sent["id"], text="uno"), "InvalidInput", argument="id"
    )


def test_a_message_from_before_numbering_is_named_by_its_instant_too(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    old = harness.item(sent["roomId"], "MSG#")
    sort_key = f"MSG#{old['ts']:013d}#m 1 é"
    for name, value in {**old, "id": "m 1 é"}.items():
        if name not in ("PK", "SK"):
            harness.change(sent["roomId"], old["PK"], sort_key, **{name: value})
    sent_id = sent | {"id": "m 1 é"}
    harness.refused(edit(harness, sent_id, "uno"), "InvalidInput", argument="id")
    harness.refused(edit(harness, sent_id, "uno", ts="1970-01-01T00:00:00Z"), "InvalidInput", argument="id")
    answer = harness.run(edit(harness, sent_id, "uno", ts=sent["ts"]), writes=CHANGED)
    assert (answer["id"], answer["text"], answer["ts"]) == ("m 1 é", "uno", sent["ts"])
    assert harness.item(sent["roomId"], "CHG#")["messageSk"] == sort_key


def test_what_has_no_number_in_a_numbered_room_is_not_found(harness: Harness) -> None:
    room = harness.room()
    old: dict[str, int | str] = {"id": "m-1", "senderId": "alice", "text": "old", "ts": 1}
    for name, value in old.items():
        harness.change(room, f"ROOM#{room}", "MSG#0000000000001#m-1", **{name: value})
    event = harness.event(EVENT, roomId=room, id="m-1", ts="1970-01-01T00:00:00.001Z", text="new")
    harness.refused(event, "InvalidInput", argument="id")


def test_who_is_muted_may_not_edit_but_gets_the_edit_that_is_done(harness: Harness) -> None:
    (sent,) = harness.send(harness.room(), "one")
    harness.member(sent["roomId"], "alice", mutedUntil=4_102_444_800_000)
    harness.refused(edit(harness, sent, "uno"), "Muted", until="2100-01-01T00:00:00.000Z")
    assert harness.run(edit(harness, sent, "one"), writes=[]) == sent


@pytest.mark.parametrize("role", ["owner", "moderator", "member"])
def test_slow_mode_is_for_plain_members(harness: Harness, role: str) -> None:
    room = harness.room(settings={"slowModeSeconds": 600})
    harness.member(room, "bob", role=role)
    (sent,) = harness.send(room, "one", user="bob")
    outcome = harness.invoke(edit(harness, sent, "uno", "bob"))
    if role == "member":
        assert (outcome.error_type, outcome.values["scope"]) == ("RateLimited", "person")
        assert 590_000 < int(outcome.values["retryAfterMs"]) <= 600_000
    else:
        assert outcome["text"] == "uno"


def test_edits_and_messages_share_one_rate(harness: Harness) -> None:
    room = harness.room(settings={"personPerSecond": 0.01, "personBurst": 4})
    one, two = harness.send(room, "one", "two")
    tats = [harness.item(room, f"IN#ROOM#{room}", "alice")["tat"]]
    for text in ("1", "2"):
        harness.run(edit(harness, two, text), writes=CHANGED)
        tats.append(harness.item(room, f"IN#ROOM#{room}", "alice")["tat"])
    assert [later - earlier for earlier, later in pairwise(tats)] == [100_000_000] * 2
    outcome = harness.run(edit(harness, one, "3"), writes=[])
    assert outcome.error_type == "RateLimited"
    sending = harness.event("Mutation.sendMessage", roomId=room, clientMessageId="c-9", text="four")
    assert harness.run(sending, writes=[]).error_type == "RateLimited"


REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "blank-text": ("InvalidInput", {"argument": "text"}),
    "malformed-id": ("InvalidInput", {"argument": "id"}),
    "malformed-ts": ("InvalidInput", {"argument": "ts"}),
    "malformed-room": ("InvalidInput", {"argument": "roomId"}),
    "not-found": ("InvalidInput", {"argument": "id"}),
    "not-member": ("NotRoomMember", {}),
    "unknown-room": ("NotRoomMember", {}),
    "incomplete-selection": (
        "InvalidInput",
        {
            "argument": "selection",
            "missing": "roomId,senderId,ts,seq,epoch,clientMessageId,rev,version,editedAt",
        },
    ),
}


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named_and_changes_nothing(
    harness: Harness, variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    harness.refused(harness.prepared(f"{EVENT}.{variant}"), error_type, None, **values)


@pytest.mark.parametrize("message_id", [None, 7, "", "x" * 251, "\ud800", "a\x00", [], "m-1"])
def test_an_id_that_is_none_is_refused(harness: Harness, message_id: object) -> None:
    event = harness.event(EVENT, roomId=harness.room(), id=message_id)
    harness.refused(event, "InvalidInput", argument="id")


@pytest.mark.parametrize("name", EDITED)
def test_each_field_that_subscribers_need_must_be_selected(harness: Harness, name: str) -> None:
    event = harness.prepared(EVENT)
    event["info"]["selectionSetList"].remove(name)
    harness.refused(event, "InvalidInput", argument="selection", missing=name)


def test_a_former_member_is_refused_as_a_stranger_is(harness: Harness) -> None:
    for status in ("left", "banned"):
        (sent,) = harness.send(harness.room(), "one", user="bob")
        harness.member(sent["roomId"], "bob", status=status)
        harness.refused(edit(harness, sent, "uno", "bob"), "NotRoomMember")


def test_in_a_room_that_is_not_adopted_nothing_is_edited(harness: Harness) -> None:
    room = f"old-{uuid.uuid4()}"
    harness.member(room, "alice", role="member", status="active")
    harness.refused(harness.event(EVENT, roomId=room), "NotAllowed", reason="notMigrated")


def test_the_event_that_changes_mentions_is_answered(harness: Harness) -> None:
    room = harness.room()
    (message,) = harness.send(room, "Good morning.")
    event = harness.event("Mutation.editMessage.mentions", roomId=room, id=message["id"])
    answer = harness.run(event, writes=["ALL", "CHG", "HEAD", "IN", "MSG"])
    assert (answer["mentions"], answer["mentionsAll"]) == (["bob"], True)


def test_where_history_is_visible_from_joining_an_edit_is_published_as_which_message_it_is(
    harness: Harness, publishing: str
) -> None:
    room = harness.room(settings={**FAST, "historyFrom": "joining"})
    (sent,) = harness.send(room, "one")
    harness.head(room, epoch=4)
    answer = harness.run(edit(harness, sent, "another"), writes=CHANGED)
    assert answer["epoch"] == 4
    assert harness.item(room, "MSG#")["historyFrom"] == "joining"
    told = {name: value for name, value in answer.items() if value is not None}
    if publishing == "sender":  # it goes to all subscribers, also to those who may not see the message
        names = ("id", "roomId", "roomType", "senderId", "ts", "seq", "epoch")
        assert told == {name: sent[name] for name in names} | {"epoch": 4, "rev": 3}
    else:
        assert (told["text"], told["version"], told["rev"]) == ("another", 2, 3)
    again = harness.run(edit(harness, sent, "another"), writes=[])
    assert again == answer


def test_nothing_is_published_of_a_message_from_joining_that_has_the_text_already(
    harness: Harness, publishing: str
) -> None:
    room = harness.room(settings={**FAST, "historyFrom": "joining"})
    (sent,) = harness.send(room, "one")
    answer = harness.run(edit(harness, sent, "one"), writes=[])
    assert answer == sent | ({"epoch": None} if publishing == "sender" else {})


def test_an_edit_from_the_beginning_on_is_whole_again(harness: Harness) -> None:
    room = harness.room(settings={**FAST, "historyFrom": "joining"})
    (sent,) = harness.send(room, "one")
    harness.run(edit(harness, sent, "two"), writes=CHANGED)
    harness.invoke(harness.event("Mutation.updateRoom", roomId=room, historyFrom="BEGINNING"))
    answer = harness.run(edit(harness, sent, "three"), writes=CHANGED)
    assert (answer["text"], answer["version"], answer["epoch"]) == ("three", 3, 2)
    assert "historyFrom" not in harness.item(room, "MSG#")


def test_a_message_from_before_ones_joining_is_none(harness: Harness) -> None:
    room = harness.room(settings={**FAST, "historyFrom": "joining"})
    (sent,) = harness.send(room, "one", user="bob")
    harness.invoke(harness.event("Mutation.leaveRoom", "bob", roomId=room))
    harness.invoke(harness.event("Mutation.addMember", roomId=room, userId="bob", role=None))
    harness.refused(edit(harness, sent, "another", "bob"), "InvalidInput", argument="id")


def test_a_message_says_in_which_trace_it_was_changed_last_where_the_deployment_stores_that(
    harness: Harness,
) -> None:
    room = harness.room(settings=FAST)

    def stored() -> Any:
        return harness.item(room, "MSG#").get("traceId")

    def traced(event: dict[str, Any], number: int) -> Any:
        event["request"]["headers"]["traceparent"] = f"00-{number:032x}-00f067aa0ba902b7-01"
        return harness.invoke(event)

    with composed(harness, TRACE_MESSAGES="true"):
        message = traced(harness.event("Mutation.sendMessage", roomId=room), 1)
        assert stored() == f"{1:032x}"
        traced(edit(harness, message, "one"), 2)
        assert stored() == f"{2:032x}"
    traced(edit(harness, message, "two"), 3)
    assert stored() is None
    with composed(harness, TRACE_MESSAGES="true"):
        traced(harness.event("Mutation.removeMessage", roomId=room, id=message["id"]), 4)
        assert stored() == f"{4:032x}"
