"""Mutation.sendMessage: stored whole, once, or refused with nothing stored."""

import copy
import re
import uuid
from datetime import datetime
from typing import Any

import pytest

from chat.rules.selection import REQUIRED
from tests.guarantees.support.fixtures import FAST
from tests.resolvers.harness import Harness

SENT = ["HEAD", "IN", "MSG", "SENT"]
YEAR_S, FORTNIGHT_S = 365 * 86_400, 14 * 86_400
EVENT = "Mutation.sendMessage"


def milliseconds(ts: str) -> int:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", ts)
    return round(datetime.fromisoformat(ts).timestamp() * 1_000)


def whole(answer: dict[str, Any], **values: object) -> dict[str, Any]:
    """The whole of a new message's answer, with the parts that only the server knows taken from it."""
    assert uuid.UUID(answer["id"]).version == 7
    assert uuid.UUID(answer["id"]).int >> 80 <= milliseconds(answer["ts"])
    nothing = dict.fromkeys(
        [
            *("guildId", "rev", "editedAt", "removedAt", "erased", "attachments", "notice"),
            *("replyTo", "quote", "mentions", "mentionsAll", "reactions"),
        ]
    )
    own = {name: answer[name] for name in ("id", "ts")}
    return own | nothing | {"roomType": "general", "epoch": 1, "seq": 1, "version": 1} | values


def test_a_message_is_answered_whole_and_stored_with_its_idempotency_key(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    room = event["arguments"]["roomId"]
    answer = harness.run(event, writes=SENT)
    assert answer == whole(
        answer, roomId=room, senderId="alice", text="Good morning, lobby.", clientMessageId="event-1"
    )
    ts = milliseconds(answer["ts"])
    message_key = f"MSG#{ts:013d}#{answer['id']}"
    assert harness.item(room, "MSG#") == {
        "PK": f"ROOM#{room}",
        "SK": message_key,
        "type": "Message",
        "id": answer["id"],
        "roomId": room,
        "roomType": "general",
        "senderId": "alice",
        "text": "Good morning, lobby.",
        "ts": ts,
        "seq": 1,
        "epoch": 1,
        "clientMessageId": "event-1",
        "sentRev": 2,
        "expiresAt": ts // 1_000 + YEAR_S,
    }
    proof = harness.item(room, f"SENT#ROOM#{room}#", "alice")
    assert re.fullmatch(r"[0-9a-f]{32}", proof.pop("hash"))
    assert proof == {
        "PK": "USER#alice",
        "SK": f"SENT#ROOM#{room}#event-1",
        "type": "Sent",
        "messageSk": message_key,
        "seq": 1,
        "expiresAt": ts // 1_000 + YEAR_S + FORTNIGHT_S,
    }
    head, member = harness.item(room, "HEAD"), harness.item(room, f"IN#ROOM#{room}", "alice")
    assert (head["rev"], head["seq"], head["ts"], head["epoch"]) == (2, 1, ts, 1)
    assert member["lastSentSeq"] == 1
    assert head["tat"] > ts * 1_000 - 2_000_000
    assert member["tat"] > ts * 1_000 - 2_000_000


def test_a_guilds_message_lies_in_the_guilds_table_under_the_guilds_id(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.guild")
    room = event["arguments"]["roomId"]
    guild = room.removeprefix("GUILD#")
    answer = harness.run(event, writes=SENT)
    assert answer == whole(
        answer,
        roomId=room,
        roomType="guild",
        guildId=guild,
        senderId="alice",
        text="The gate is open.",
        clientMessageId="event-2",
    )
    stored = harness.item(room, "MSG#")
    assert (stored["PK"], stored["guildId"], stored["roomType"]) == (room, guild, "guild")
    assert "roomId" not in stored
    assert harness.partition("gg_core", room) == []
    assert harness.partition("gg_core", f"ROOM#{room}") == []


def test_without_a_client_message_id_the_server_makes_one(harness: Harness) -> None:
    event = harness.prepared(f"{EVENT}.without-client-message-id")
    answer = harness.run(event, writes=SENT)
    assert answer == whole(
        answer,
        roomId=event["arguments"]["roomId"],
        senderId="alice",
        text="No name of its own.",
        clientMessageId=answer["clientMessageId"],
    )
    again = harness.run(event, writes=SENT)
    assert (again["seq"], again["clientMessageId"] != answer["clientMessageId"]) == (2, True)


def test_a_null_client_message_id_is_none(harness: Harness) -> None:
    event = harness.event(EVENT, roomId=harness.room(), clientMessageId=None)
    assert harness.run(event, writes=SENT)["clientMessageId"]


def test_a_repeat_is_answered_as_the_first_was_and_stores_nothing(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    first = harness.run(event, writes=SENT)
    assert harness.run(event, writes=[]) == first
    harness.send(event["arguments"]["roomId"], "in between", user="bob")
    assert harness.run(event, writes=[]) == first


def test_another_text_under_the_same_name_is_a_mismatch(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    harness.run(event, writes=SENT)
    same = {name: event["arguments"][name] for name in ("roomId", "clientMessageId")}
    other = harness.event(f"{EVENT}.mismatch", None, **same)
    harness.refused(other, "IdempotencyMismatch")


def test_the_same_name_of_another_person_or_in_another_room_is_another_message(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    first = harness.run(event, writes=SENT)
    by_bob = harness.run(harness.event(EVENT, "bob", **event["arguments"]), writes=SENT)
    elsewhere = harness.run(harness.prepared(EVENT), writes=SENT)
    assert len({first["id"], by_bob["id"], elsewhere["id"]}) == 3
    assert (by_bob["seq"], elsewhere["seq"]) == (2, 1)


def test_the_sender_is_who_the_token_names_whatever_the_arguments(harness: Harness) -> None:
    event = harness.event(EVENT, roomId=harness.room(), senderId="bob", userId="bob", seq=99, ts="x", epoch=9)
    answer = harness.run(event, writes=SENT)
    assert (answer["senderId"], answer["seq"], answer["epoch"]) == ("alice", 1, 1)


def test_text_is_stored_clean_and_not_escaped(harness: Harness) -> None:
    raw = "<b>e\u0301\u202e & \x00'\"\\ 👩\u200d👧\n{x} %s ${y}</b>"
    event = harness.event(EVENT, roomId=harness.room(), text=raw)
    answer = harness.run(event, writes=SENT)
    assert answer["text"] == "<b>é & '\"\\ 👩\u200d👧\n{x} %s ${y}</b>"
    assert harness.item(event["arguments"]["roomId"], "MSG#")["text"] == answer["text"]


def test_the_longest_text_is_stored(harness: Harness) -> None:
    for text in ("x" * 4_000, "👩" * 4_000):
        answer = harness.run(harness.event(EVENT, roomId=harness.room(), text=text), writes=SENT)
        assert answer["text"] == text


REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "blank-text": ("InvalidInput", {"argument": "text"}),
    "control-characters": ("InvalidInput", {"argument": "text"}),
    "lone-surrogate": ("InvalidInput", {"argument": "text"}),
    "long-text": ("InvalidInput", {"argument": "text", "maxCodePoints": 4_000, "maxBytes": 16_384}),
    "guild-without-id": ("InvalidInput", {"argument": "roomId"}),
    "malformed-room": ("InvalidInput", {"argument": "roomId"}),
    "malformed-client-message-id": ("InvalidInput", {"argument": "clientMessageId"}),
    "incomplete-selection": (
        "InvalidInput",
        {"argument": "selection", "missing": "roomId,senderId,ts,seq,epoch,clientMessageId"},
    ),
    "aliased-selection": ("InvalidInput", {"argument": "selection", "aliased": "roomType"}),
    "unknown-room": ("NotRoomMember", {}),
    "not-member": ("NotRoomMember", {}),
    "not-member.spanish": ("NotRoomMember", {}),
    "not-member.french-header": ("NotRoomMember", {}),
}


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named_and_stores_nothing(
    harness: Harness, variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    harness.refused(harness.prepared(f"{EVENT}.{variant}"), error_type, None, **values)


@pytest.mark.parametrize(
    ("variant", "start"),
    [
        ("not-member", "There is no such room"),
        ("not-member.spanish", "No existe"),
        ("not-member.french-header", "Ce salon"),
    ],
)
def test_a_refusal_speaks_the_callers_language(harness: Harness, variant: str, start: str) -> None:
    assert harness.refused(harness.prepared(f"{EVENT}.{variant}"), "NotRoomMember").message.startswith(start)


def test_a_room_that_is_not_there_and_one_that_one_is_not_in_answer_alike(harness: Harness) -> None:
    assert harness.refused(harness.prepared(f"{EVENT}.not-member"), "NotRoomMember") == harness.refused(
        harness.event(f"{EVENT}.unknown-room"), "NotRoomMember"
    )


@pytest.mark.parametrize("argument", ["roomId", "text"])
def test_an_argument_that_is_missing_is_refused(harness: Harness, argument: str) -> None:
    event = harness.prepared(EVENT)
    del event["arguments"][argument]
    harness.refused(event, "InvalidInput", argument=argument)


@pytest.mark.parametrize("name", REQUIRED)
def test_each_field_that_subscribers_need_must_be_selected(harness: Harness, name: str) -> None:
    event = harness.prepared(EVENT)
    event["info"]["selectionSetList"].remove(name)
    harness.refused(event, "InvalidInput", argument="selection", missing=name)


def test_without_a_selection_to_check_a_message_is_sent(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    del event["info"]["selectionSetList"], event["info"]["selectionSetGraphQL"]
    assert harness.run(event, writes=SENT)["seq"] == 1


def test_parts_of_an_event_that_nobody_needs_may_be_missing(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    for part in ("request", "info", "source", "prev", "stash"):
        del event[part]
    assert harness.run(event, writes=SENT, function=EVENT)["seq"] == 1


def test_an_internal_error_quotes_the_trace_id_if_it_is_one(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    event["request"]["headers"]["x-amzn-trace-id"] = "x] [code=Other a=b"
    harness.member(event["arguments"]["roomId"], "alice", lastSentSeq="not a number", tat="not a number")
    outcome = harness.invoke(event)
    assert outcome.error_type == "InternalError"
    assert str(uuid.UUID(outcome.values["correlationId"])) == outcome.values["correlationId"]
    event["request"]["headers"]["x-amzn-trace-id"] = "Root=1-66b0c1d2-1f2e3d4c5b6a798081726354"
    assert harness.invoke(event).values == {"correlationId": "Root=1-66b0c1d2-1f2e3d4c5b6a798081726354"}


def test_somebody_banned_is_refused_as_a_stranger_is(harness: Harness) -> None:
    event = harness.event(EVENT, roomId=harness.room())
    harness.member(event["arguments"]["roomId"], "alice", status="banned")
    assert (
        harness.refused(event, "NotRoomMember").message
        == harness.refused(harness.event(f"{EVENT}.unknown-room"), "NotRoomMember").message
    )


def test_the_refusal_of_somebody_muted_says_until_when(harness: Harness) -> None:
    event = harness.event(EVENT, roomId=harness.room())
    harness.member(event["arguments"]["roomId"], "alice", mutedUntil=4_102_444_800_000)
    harness.refused(event, "Muted", until="2100-01-01T00:00:00.000Z")


def test_a_mute_that_is_over_is_over(harness: Harness) -> None:
    event = harness.event(EVENT, roomId=harness.room())
    harness.member(event["arguments"]["roomId"], "alice", mutedUntil=1)
    assert harness.run(event, writes=SENT)["seq"] == 1


@pytest.mark.parametrize(
    ("settings", "scope"),
    [
        ({"personPerSecond": 1, "personBurst": 2, "roomPerSecond": 1000, "roomBurst": 1000}, "person"),
        ({"personPerSecond": 1000, "personBurst": 1000, "roomPerSecond": 1, "roomBurst": 2}, "room"),
    ],
)
def test_beyond_a_limit_it_says_whose_and_for_how_long(
    harness: Harness, settings: dict[str, int], scope: str
) -> None:
    room = harness.room(settings=settings)
    harness.send(room, "one", "two")
    outcome = harness.run(harness.event(EVENT, roomId=room, clientMessageId="three"), writes=[])
    assert (outcome.error_type, outcome.values["scope"]) == ("RateLimited", scope)
    assert 0 < int(outcome.values["retryAfterMs"]) <= 1_000


def test_the_deployment_s_limits_hold_where_a_room_has_none(harness: Harness) -> None:
    room = harness.room(settings={})
    outcomes = [
        harness.invoke(harness.event(EVENT, roomId=room, clientMessageId=f"c-{number}"))
        for number in range(12)
    ]
    assert [outcome["seq"] for outcome in outcomes[:10]] == list(range(1, 11))
    assert outcomes[11].error_type == "RateLimited"


def test_a_handler_does_not_change_its_event(harness: Harness) -> None:
    event = harness.prepared(EVENT)
    before = copy.deepcopy(event)
    harness.invoke(event)
    assert event == before


def test_attachments_that_nobody_uploaded_are_refused(harness: Harness) -> None:
    """What becomes of those that were uploaded: test_sending_attachments."""
    harness.refused(harness.prepared(f"{EVENT}.attachments"), "InvalidInput", argument="attachments")


def test_the_events_that_refer_to_something_are_answered_as_told(harness: Harness) -> None:
    room = harness.room()
    (first,) = harness.send(room, "Good morning.")
    event = harness.event(f"{EVENT}.references", roomId=room, replyTo=first["id"])
    answer = harness.run(event, writes=[*SENT, "ALL"])
    assert (answer["replyTo"], answer["mentions"], answer["mentionsAll"]) == (first["id"], ["bob"], True)
    nobody = harness.event(f"{EVENT}.mention-of-nobody", roomId=room)
    harness.refused(nobody, "InvalidInput", argument="mentions")
    nothing = harness.event(f"{EVENT}.reply-to-nothing", roomId=room)
    harness.refused(nothing, "InvalidInput", argument="replyTo")
    by_a_member = harness.event(f"{EVENT}.mention-of-all-by-a-member", roomId=room)
    harness.refused(by_a_member, "NotAllowed", reason="role")


def test_a_repeat_is_heard_by_nobody_who_came_since_where_history_is_visible_from_joining(
    harness: Harness,
) -> None:
    """Its answer is published, whole: so in no epoch but the one that it was sent in, while that lasts."""
    room = harness.room(settings={**FAST, "historyFrom": "joining", "visibility": "public"})
    event = harness.event(EVENT, roomId=room, text="one", clientMessageId="c-1")
    sent = harness.invoke(event)
    harness.invoke(harness.event("Mutation.joinRoom", "carol", roomId=room))
    assert harness.invoke(event) == sent | {"epoch": None}
    assert harness.item(room, "HEAD")["epoch"] == sent["epoch"] + 1
    harness.invoke(harness.event("Mutation.editMessage", roomId=room, id=sent["id"], text="two"))
    again = harness.invoke(event)
    assert (again["id"], again["text"], again["epoch"]) == (sent["id"], "two", None)
