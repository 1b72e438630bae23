"""Query.messages: pages of a room's history for its members, and nothing written."""

from dataclasses import replace
from typing import Any

import pytest

from chat.rules.cursor import Cursor, CursorKeys, seal
from tests.resolvers.harness import Harness

EVENT = "Query.messages"
EMPTY: dict[str, object] = {
    "items": [],
    "nextToken": None,
    "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 1, "pinsRev": 0},
}


def page(harness: Harness, room: str, user: str = "alice", **arguments: Any) -> Any:
    """A page, read by somebody; reading writes nothing."""
    return harness.run(harness.event(EVENT, user, roomId=room, **arguments), writes=[])


def pages(harness: Harness, room: str, **arguments: Any) -> list[list[dict[str, Any]]]:
    """All pages, followed to the end."""
    found, token = [], None
    while True:
        answer = page(harness, room, nextToken=token, **arguments)
        found.append(answer["items"])
        token = answer["nextToken"]
        if token is None:
            return found


@pytest.mark.parametrize("variant", ["", ".guild", ".oldest-first", ".between"])
def test_a_room_without_messages_is_an_empty_page(harness: Harness, variant: str) -> None:
    assert harness.run(harness.prepared(EVENT + variant), writes=[]) == EMPTY


@pytest.mark.parametrize("variant", ["", ".guild", ".oldest-first", ".between"])
def test_a_page_holds_messages_as_their_sending_answered_them(harness: Harness, variant: str) -> None:
    event = harness.prepared(EVENT + variant)
    sent = harness.send(event["arguments"]["roomId"], "one", "two")
    answer = harness.run(event, writes=[])
    assert answer == {
        "items": sent if variant == ".oldest-first" else sent[::-1],
        "nextToken": None,
        "head": {"seq": 2, "ts": sent[1]["ts"], "epoch": 1, "rev": 3, "pinsRev": 0},
    }


def test_pages_follow_each_other_without_a_gap_in_either_order(harness: Harness) -> None:
    room = harness.room()
    sent = harness.send(room, *"abcde")
    assert pages(harness, room, order="OLDEST_FIRST", limit=2) == [sent[:2], sent[2:4], sent[4:]]
    back = sent[::-1]
    assert pages(harness, room, order="NEWEST_FIRST", limit=2) == [back[:2], back[2:4], back[4:]]
    assert pages(harness, room, limit=5) == [back]


def test_a_page_that_is_just_full_is_the_last(harness: Harness) -> None:
    room = harness.room()
    harness.send(room, *"ab")
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        assert page(harness, room, order=order, limit=2)["nextToken"] is None


def test_after_and_before_are_exclusive(harness: Harness) -> None:
    room = harness.room()
    sent = harness.send(room, *"abcd")
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        between = page(harness, room, order=order, after=sent[0]["ts"], before=sent[3]["ts"])
        assert sorted(item["text"] for item in between["items"]) == ["b", "c"]
        assert page(harness, room, order=order, after=sent[3]["ts"])["items"] == []
        assert page(harness, room, order=order, before=sent[0]["ts"])["items"] == []
        assert page(harness, room, order=order, after=sent[2]["ts"], before=sent[1]["ts"])["items"] == []


def test_bounds_finer_than_milliseconds_are_exact(harness: Harness) -> None:
    room = harness.room()
    (sent,) = harness.send(room, "a")
    a_little_later = sent["ts"].replace("Z", "000001Z")
    assert page(harness, room, before=a_little_later)["items"] == [sent]
    assert page(harness, room, after=a_little_later)["items"] == []


@pytest.mark.parametrize("order", ["OLDEST_FIRST", "NEWEST_FIRST"])
@pytest.mark.parametrize(
    ("bounds", "inside"),
    [
        ({"after": "0001-01-01T00:00:00Z"}, True),
        ({"after": "1970-01-01T00:00:00Z"}, True),
        ({"before": "9999-12-31T23:59:59.999999999-14:00"}, True),
        ({"after": "9999-12-31T23:59:59.999Z"}, False),
        ({"before": "0001-01-01T00:00:00+14:00"}, False),
        ({"before": "1970-01-01T00:00:00Z"}, False),
        ({"before": "1970-01-01T00:00:00.001Z"}, False),
    ],
    ids=str,
)
def test_bounds_may_lie_at_the_ends_of_time(
    harness: Harness, order: str, bounds: dict[str, str], inside: bool
) -> None:
    room = harness.room()
    sent = harness.send(room, "a")
    answer = page(harness, room, order=order, **bounds)
    assert (answer["items"], answer["nextToken"]) == (sent if inside else [], None)


def test_null_arguments_are_as_if_left_out(harness: Harness) -> None:
    room = harness.room()
    sent = harness.send(room, *"ab")
    nothing: dict[str, Any] = dict.fromkeys(["after", "before", "order", "limit", "nextToken"])
    assert page(harness, room, **nothing)["items"] == sent[::-1]


def test_a_cursor_goes_on_where_bounds_are_repeated_or_left_out(harness: Harness) -> None:
    room = harness.room()
    sent = harness.send(room, *"abcd")
    bounds = {"after": sent[0]["ts"], "before": "2100-01-01T00:00:00Z"}
    first = page(harness, room, order="OLDEST_FIRST", limit=2, **bounds)
    for repeated in (bounds, {}, {"after": bounds["after"]}, {"before": "2100-01-01T01:00:00+01:00"}):
        second = page(harness, room, order="OLDEST_FIRST", limit=2, nextToken=first["nextToken"], **repeated)
        assert (second["items"], second["nextToken"]) == (sent[3:], None)


def test_a_cursor_is_bound_to_its_room_order_and_bounds(harness: Harness) -> None:
    room, other = harness.room(), harness.room()
    sent = harness.send(room, *"abcd")
    bounds = {"after": sent[0]["ts"], "before": "2100-01-01T00:00:00Z"}
    token = page(harness, room, order="OLDEST_FIRST", limit=2, **bounds)["nextToken"]
    good = {"roomId": room, "order": "OLDEST_FIRST", "nextToken": token}
    for change in (
        {"roomId": other},
        {"order": "NEWEST_FIRST"},
        {"order": None},
        {"after": sent[1]["ts"]},
        {"before": "2100-01-01T00:00:00.001Z"},
    ):
        harness.refused(harness.event(EVENT, **(good | change)), "InvalidInput", argument="nextToken")


def test_a_cursor_without_bounds_takes_none(harness: Harness) -> None:
    room = harness.room()
    harness.send(room, *"abc")
    token = page(harness, room, limit=1)["nextToken"]
    event = harness.event(EVENT, roomId=room, nextToken=token, after="1970-01-01T00:00:00Z")
    harness.refused(event, "InvalidInput", argument="nextToken")


def test_a_cursor_gives_nobody_the_room(harness: Harness) -> None:
    room = harness.room()
    harness.send(room, *"abc")
    token = page(harness, room, limit=1)["nextToken"]
    assert page(harness, room, "bob", limit=1, nextToken=token)["items"]
    harness.refused(harness.event(EVENT, "carol", roomId=room, nextToken=token), "NotRoomMember")


def test_a_cursor_that_was_not_issued_here_is_refused(harness: Harness) -> None:
    room = harness.room()
    cursor = Cursor(room, False, None, None, "MSG#9999999999999#x", 1)
    own = harness.cursor(cursor)
    assert page(harness, room, nextToken=own)["items"] == []
    forged = seal(cursor, CursorKeys(harness.cursor_keys.current, {harness.cursor_keys.current: b"x" * 32}))
    changed = harness.cursor(replace(cursor, seq=2))[:20] + own[20:]
    tokens: list[object] = [
        forged,
        changed,
        own[:-1],
        own + "=",
        "",
        " ",
        "x",
        "é",
        "\ud800",
        "x" * 2_000,
        7,
        True,
        [],
        {},
    ]
    for token in tokens:
        event = harness.event(EVENT, roomId=room, nextToken=token)
        harness.refused(event, "InvalidInput", argument="nextToken")


REFUSED: dict[str, tuple[str, dict[str, object]]] = {
    "garbage-cursor": ("InvalidInput", {"argument": "nextToken"}),
    "limit-zero": ("InvalidInput", {"argument": "limit", "max": 100}),
    "limit-negative": ("InvalidInput", {"argument": "limit", "max": 100}),
    "limit-million": ("InvalidInput", {"argument": "limit", "max": 100}),
    "malformed-after": ("InvalidInput", {"argument": "after"}),
    "malformed-room": ("InvalidInput", {"argument": "roomId"}),
    "not-member": ("NotRoomMember", {}),
    "unknown-room": ("NotRoomMember", {}),
}


@pytest.mark.parametrize(("variant", "outcome"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_refused_is_named(
    harness: Harness, variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    harness.refused(harness.prepared(f"{EVENT}.{variant}"), error_type, None, **values)


def test_a_limit_of_one_and_of_a_hundred_is_allowed(harness: Harness) -> None:
    room = harness.room()
    assert page(harness, room, limit=1) == EMPTY
    assert page(harness, room, limit=100) == EMPTY


def test_somebody_banned_reads_nothing_any_more(harness: Harness) -> None:
    room = harness.room()
    harness.send(room, "a")
    assert page(harness, room, "bob")["items"]
    harness.member(room, "bob", status="banned")
    harness.refused(harness.event(EVENT, "bob", roomId=room), "NotRoomMember")


def test_somebody_muted_still_reads(harness: Harness) -> None:
    room = harness.room()
    harness.send(room, "a")
    harness.member(room, "bob", mutedUntil=4_102_444_800_000)
    assert page(harness, room, "bob")["items"]


def test_a_member_of_a_guild_is_not_in_a_general_room_of_the_same_name(harness: Harness) -> None:
    room = harness.room({"carol": "owner"}, guild=True)
    harness.send(room, "a", user="carol")
    assert page(harness, room, "carol")["items"]
    harness.refused(harness.event(EVENT, "carol", roomId=room.removeprefix("GUILD#")), "NotRoomMember")


def test_nothing_but_messages_is_ever_in_a_page(harness: Harness) -> None:
    """The roster and other items lie in the same partition."""
    room = harness.room()
    harness.send(room, "a")
    for sort_key in ("CHG#0000000000001", "MEMBER#zoe", "MSH#", "MSG", "N"):
        harness.client.put_item(
            TableName="gg_core", Item={"PK": {"S": f"ROOM#{room}"}, "SK": {"S": sort_key}}
        )
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        assert [item["text"] for item in page(harness, room, order=order)["items"]] == ["a"]


def test_a_message_of_a_later_version_is_shown_with_what_is_known(harness: Harness) -> None:
    room = harness.room()
    (sent,) = harness.send(room, "a")
    stored = harness.item(room, "MSG#")
    harness.client.update_item(
        TableName="gg_core",
        Key={"PK": {"S": stored["PK"]}, "SK": {"S": stored["SK"]}},
        UpdateExpression="SET sparkles = :some, rev = :rev, editedAt = :at REMOVE #text",
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues={
            ":some": {"L": [{"S": "x"}]},
            ":rev": {"N": "7"},
            ":at": {"N": "1769860800000"},
        },
    )
    assert page(harness, room)["items"] == [
        sent | {"text": None, "rev": 7, "editedAt": "2026-01-31T12:00:00.000Z"}
    ]


def test_the_head_has_the_epoch_to_subscribe_with(harness: Harness) -> None:
    room = harness.room()
    harness.head(room, epoch=4)
    assert page(harness, room)["head"] == {"seq": 0, "ts": None, "epoch": 4, "rev": 1, "pinsRev": 0}
