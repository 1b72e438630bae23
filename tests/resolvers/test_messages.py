"""Query.messages: pages of a room's history for its members, and nothing written."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chat.rules.cursor import Cursor, CursorKeys, seal

if TYPE_CHECKING:
    from tests.resolvers.conftest import Stage

EVENT = "Query.messages"
EMPTY: dict[str, object] = {
    "items": [],
    "nextToken": None,
    "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 1},
}


def page(stage: "Stage", room: str, user: str = "alice", **arguments: Any) -> Any:
    """A page, read by somebody; reading writes nothing."""
    return stage.act(stage.event(EVENT, user, roomId=room, **arguments), writes=[])


def pages(stage: "Stage", room: str, **arguments: Any) -> list[list[dict[str, Any]]]:
    """All pages, followed to the end."""
    found, token = [], None
    while True:
        answer = page(stage, room, nextToken=token, **arguments)
        found.append(answer["items"])
        token = answer["nextToken"]
        if token is None:
            return found


@pytest.mark.parametrize("variant", ["", ".guild", ".oldest-first", ".between"])
def test_a_room_without_messages_is_an_empty_page(stage: "Stage", variant: str) -> None:
    assert stage.act(stage.staged(EVENT + variant), writes=[]) == EMPTY


@pytest.mark.parametrize("variant", ["", ".guild", ".oldest-first", ".between"])
def test_a_page_holds_messages_as_their_sending_answered_them(stage: "Stage", variant: str) -> None:
    event = stage.staged(EVENT + variant)
    sent = stage.send(event["arguments"]["roomId"], "one", "two")
    answer = stage.act(event, writes=[])
    assert answer == {
        "items": sent if variant == ".oldest-first" else sent[::-1],
        "nextToken": None,
        "head": {"seq": 2, "ts": sent[1]["ts"], "epoch": 1, "rev": 3},
    }


def test_pages_follow_each_other_without_a_hole_in_either_order(stage: "Stage") -> None:
    room = stage.room()
    sent = stage.send(room, *"abcde")
    assert pages(stage, room, order="OLDEST_FIRST", limit=2) == [sent[:2], sent[2:4], sent[4:]]
    back = sent[::-1]
    assert pages(stage, room, order="NEWEST_FIRST", limit=2) == [back[:2], back[2:4], back[4:]]
    assert pages(stage, room, limit=5) == [back]


def test_a_page_that_is_just_full_is_the_last(stage: "Stage") -> None:
    room = stage.room()
    stage.send(room, *"ab")
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        assert page(stage, room, order=order, limit=2)["nextToken"] is None


def test_after_and_before_are_exclusive(stage: "Stage") -> None:
    room = stage.room()
    sent = stage.send(room, *"abcd")
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        between = page(stage, room, order=order, after=sent[0]["ts"], before=sent[3]["ts"])
        assert sorted(item["text"] for item in between["items"]) == ["b", "c"]
        assert page(stage, room, order=order, after=sent[3]["ts"])["items"] == []
        assert page(stage, room, order=order, before=sent[0]["ts"])["items"] == []
        assert page(stage, room, order=order, after=sent[2]["ts"], before=sent[1]["ts"])["items"] == []


def test_bounds_finer_than_milliseconds_are_exact(stage: "Stage") -> None:
    room = stage.room()
    (sent,) = stage.send(room, "a")
    a_little_later = sent["ts"].replace("Z", "000001Z")
    assert page(stage, room, before=a_little_later)["items"] == [sent]
    assert page(stage, room, after=a_little_later)["items"] == []


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
    stage: "Stage", order: str, bounds: dict[str, str], inside: bool
) -> None:
    room = stage.room()
    sent = stage.send(room, "a")
    answer = page(stage, room, order=order, **bounds)
    assert (answer["items"], answer["nextToken"]) == (sent if inside else [], None)


def test_null_arguments_are_as_if_left_out(stage: "Stage") -> None:
    room = stage.room()
    sent = stage.send(room, *"ab")
    nothing: dict[str, Any] = dict.fromkeys(["after", "before", "order", "limit", "nextToken"])
    assert page(stage, room, **nothing)["items"] == sent[::-1]


def test_a_cursor_goes_on_where_bounds_are_repeated_or_left_out(stage: "Stage") -> None:
    room = stage.room()
    sent = stage.send(room, *"abcd")
    bounds = {"after": sent[0]["ts"], "before": "2100-01-01T00:00:00Z"}
    first = page(stage, room, order="OLDEST_FIRST", limit=2, **bounds)
    for repeated in (bounds, {}, {"after": bounds["after"]}, {"before": "2100-01-01T01:00:00+01:00"}):
        second = page(stage, room, order="OLDEST_FIRST", limit=2, nextToken=first["nextToken"], **repeated)
        assert (second["items"], second["nextToken"]) == (sent[3:], None)


def test_a_cursor_is_bound_to_its_room_order_and_bounds(stage: "Stage") -> None:
    room, other = stage.room(), stage.room()
    sent = stage.send(room, *"abcd")
    bounds = {"after": sent[0]["ts"], "before": "2100-01-01T00:00:00Z"}
    token = page(stage, room, order="OLDEST_FIRST", limit=2, **bounds)["nextToken"]
    good = {"roomId": room, "order": "OLDEST_FIRST", "nextToken": token}
    for change in (
        {"roomId": other},
        {"order": "NEWEST_FIRST"},
        {"order": None},
        {"after": sent[1]["ts"]},
        {"before": "2100-01-01T00:00:00.001Z"},
    ):
        stage.refused(stage.event(EVENT, **(good | change)), "InvalidInput", argument="nextToken")


def test_a_cursor_without_bounds_takes_none(stage: "Stage") -> None:
    room = stage.room()
    stage.send(room, *"abc")
    token = page(stage, room, limit=1)["nextToken"]
    event = stage.event(EVENT, roomId=room, nextToken=token, after="1970-01-01T00:00:00Z")
    stage.refused(event, "InvalidInput", argument="nextToken")


def test_a_cursor_gives_nobody_the_room(stage: "Stage") -> None:
    room = stage.room()
    stage.send(room, *"abc")
    token = page(stage, room, limit=1)["nextToken"]
    assert page(stage, room, "bob", limit=1, nextToken=token)["items"]
    stage.refused(stage.event(EVENT, "carol", roomId=room, nextToken=token), "NotRoomMember")


def test_a_cursor_that_was_not_issued_here_is_refused(stage: "Stage") -> None:
    room = stage.room()
    cursor = Cursor(room, False, None, None, "MSG#9999999999999#x", 1)
    own = stage.cursor(cursor)
    assert page(stage, room, nextToken=own)["items"] == []
    forged = seal(cursor, CursorKeys(stage.cursor_keys.current, {stage.cursor_keys.current: b"x" * 32}))
    changed = stage.cursor(replace(cursor, seq=2))[:20] + own[20:]
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
        event = stage.event(EVENT, roomId=room, nextToken=token)
        stage.refused(event, "InvalidInput", argument="nextToken")


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
    stage: "Stage", variant: str, outcome: tuple[str, dict[str, object]]
) -> None:
    error_type, values = outcome
    stage.refused(stage.staged(f"{EVENT}.{variant}"), error_type, None, **values)


def test_a_limit_of_one_and_of_a_hundred_is_allowed(stage: "Stage") -> None:
    room = stage.room()
    assert page(stage, room, limit=1) == EMPTY
    assert page(stage, room, limit=100) == EMPTY


def test_somebody_banned_reads_nothing_any_more(stage: "Stage") -> None:
    room = stage.room()
    stage.send(room, "a")
    assert page(stage, room, "bob")["items"]
    stage.member(room, "bob", status="banned")
    stage.refused(stage.event(EVENT, "bob", roomId=room), "NotRoomMember")


def test_somebody_muted_still_reads(stage: "Stage") -> None:
    room = stage.room()
    stage.send(room, "a")
    stage.member(room, "bob", mutedUntil=4_102_444_800_000)
    assert page(stage, room, "bob")["items"]


def test_a_member_of_a_guild_is_not_in_a_general_room_of_the_same_name(stage: "Stage") -> None:
    room = stage.room({"carol": "owner"}, guild=True)
    stage.send(room, "a", user="carol")
    assert page(stage, room, "carol")["items"]
    stage.refused(stage.event(EVENT, "carol", roomId=room.removeprefix("GUILD#")), "NotRoomMember")


def test_nothing_but_messages_is_ever_in_a_page(stage: "Stage") -> None:
    """The roster and other items lie in the same partition."""
    room = stage.room()
    stage.send(room, "a")
    for sort_key in ("CHG#0000000000001", "MEMBER#zoe", "MSH#", "MSG", "N"):
        stage.client.put_item(TableName="gg_core", Item={"PK": {"S": f"ROOM#{room}"}, "SK": {"S": sort_key}})
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        assert [item["text"] for item in page(stage, room, order=order)["items"]] == ["a"]


def test_a_message_of_a_later_version_is_shown_with_what_is_known(stage: "Stage") -> None:
    room = stage.room()
    (sent,) = stage.send(room, "a")
    stored = stage.item(room, "MSG#")
    stage.client.update_item(
        TableName="gg_core",
        Key={"PK": {"S": stored["PK"]}, "SK": {"S": stored["SK"]}},
        UpdateExpression="SET reactions = :some, rev = :rev, editedAt = :at REMOVE #text",
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues={
            ":some": {"L": [{"S": "x"}]},
            ":rev": {"N": "7"},
            ":at": {"N": "1769860800000"},
        },
    )
    assert page(stage, room)["items"] == [
        sent | {"text": None, "rev": 7, "editedAt": "2026-01-31T12:00:00.000Z"}
    ]


def test_the_head_tells_the_epoch_to_subscribe_with(stage: "Stage") -> None:
    room = stage.room()
    stage.head(room, epoch=4)
    assert page(stage, room)["head"] == {"seq": 0, "ts": None, "epoch": 4, "rev": 1}
