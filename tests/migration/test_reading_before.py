"""The history of a room that is not adopted: complete, in order, both ways; everything else is refused with a reason."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.operations.on_message import on_message
from chat.rules.errors import InvalidInput, NotAllowed, NotRoomMember
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from tests.guarantees.support.fixtures import (
    NOON,
    Clock,
    change_member,
    follow,
    process,
    read,
    remove_member,
    send,
)
from tests.migration.old import (
    MILLISECOND,
    ROOMS,
    SECOND,
    Form,
    Old,
    expected,
    mixture,
    old_room,
    partition,
    put,
)

BOTH = pytest.mark.parametrize("order", ["OLDEST_FIRST", "NEWEST_FIRST"])


@given(messages=ROOMS, limit=st.integers(1, 5), data=st.data())
@settings(max_examples=40)
def test_whoever_follows_the_cursor_gets_every_message_once_in_order(
    client: Any, messages: list[Old], limit: int, data: st.DataObject
) -> None:
    room = old_room(client, messages, "ann")
    ours = process(client, Clock())
    times = sorted({each.known // MILLISECOND for each in messages})
    after, before = (data.draw(st.none() | st.sampled_from(times)) for _ in range(2))
    within = [
        each
        for each in messages
        if (after is None or each.known // MILLISECOND > after)
        and (before is None or each.known // MILLISECOND < before)
    ]
    bounds = {
        name: to_wire(instant)
        for name, instant in (("after", after), ("before", before))
        if instant is not None
    }
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        got = list(follow(ours, room.id, "ann", order=order, limit=limit, **bounds))
        ids = [message.id for message in got]
        assert ids == (expected(within) if order == "OLDEST_FIRST" else expected(within)[::-1])
        known = {each.id: each.known // MILLISECOND for each in messages}
        assert {message.id: message.ts for message in got} == {name: known[name] for name in ids}


@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_a_message_is_answered_whole_without_a_number(client: Any, prefix: str) -> None:
    message = Old((NOON - 5_000) * MILLISECOND, "m-1", Form("seconds"), Form("milliseconds"), number=True)
    room = old_room(client, [message], "ann", prefix=prefix)
    page = read(process(client, Clock()), room.id, "ann").to_wire()
    assert page == {
        "items": [
            {
                "id": "m-1",
                "roomId": room.id,
                "roomType": room.type,
                "guildId": room.guild_id,
                "senderId": "ann",
                "text": "text of m-1",
                "ts": to_wire(NOON - 5_000),
                "seq": None,
                "epoch": None,
                "clientMessageId": None,
                "rev": None,
                "editedAt": None,
                "removedAt": None,
                "erased": None,
                "version": 1,
                "attachments": None,
                "replyTo": None,
                "quote": None,
                "mentions": None,
                "mentionsAll": None,
                "reactions": None,
                "notice": None,
            }
        ],
        "nextToken": None,
        "head": {"seq": 0, "ts": None, "epoch": 1, "rev": 0, "pinsRev": 0},
    }


@BOTH
def test_a_cursor_holds_its_place_while_an_old_writer_goes_on(client: Any, order: str) -> None:
    messages = mixture()
    room = old_room(client, messages, "ann")
    ours = process(client, Clock())
    first = read(ours, room.id, "ann", order=order, limit=5)
    put(client, room, Old((NOON - 1) * MILLISECOND, "new").item(room))
    rest = list(follow_on(ours, room.id, order, first.next_token))
    got = [message.id for message in (*first.items, *rest)]
    assert got == (expected(messages)[::-1] if order == "NEWEST_FIRST" else [*expected(messages), "new"])


def follow_on(ours: Any, room_id: str, order: str, token: str | None) -> Any:
    while token:
        page = read(ours, room_id, "ann", order=order, limit=3, nextToken=token)
        yield from page.items
        token = page.next_token


@BOTH
def test_a_long_history_is_read_in_order_of_instants(client: Any, order: str) -> None:
    """Longer than what is fetched at once, with the clocks of other zones among it."""
    start = (NOON - 90_000_000) * MILLISECOND
    zones = [0, 840, -720, 60]
    messages = [
        Old(start + number * 37 * SECOND, f"{number:04d}", Form("iso", 0, zones[number % 4]), Form("iso", 3))
        for number in range(600)
    ]
    room = old_room(client, messages, "ann")
    got = [each.id for each in follow(process(client, Clock()), room.id, "ann", order=order, limit=100)]
    assert got == (expected(messages) if order == "OLDEST_FIRST" else expected(messages)[::-1])


def test_what_is_no_message_is_passed_over(client: Any) -> None:
    good = Old((NOON - 5_000) * MILLISECOND, "good")
    room = old_room(client, [good], "ann")
    bad = Old((NOON - 4_000) * MILLISECOND, "bad").item(room)
    put(
        client,
        room,
        bad | {"SK": {"S": "MSG#yesterday#bad"}},
        bad | {"SK": {"S": "MSG#2026-13-41T00:00:00Z#bad"}},
        bad | {"SK": {"S": "MSG#12345#bad"}},
        bad | {"SK": {"S": "MSG#1799999999"}},
        {name: value for name, value in bad.items() if name != "senderId"},
        bad | {"SK": {"S": "MSG#1799999999#a"}, "text": {"N": "1"}},
        bad | {"SK": {"S": "MSG#1799999999#b"}, "type": {"S": "Call"}},
    )
    ours = process(client, Clock())
    for order in ("OLDEST_FIRST", "NEWEST_FIRST"):
        assert [each.id for each in follow(ours, room.id, "ann", order=order, limit=1)] == ["good"]


@pytest.mark.parametrize("locale", ["en", "es", "fr"])
def test_a_member_may_neither_send_nor_subscribe(client: Any, locale: str) -> None:
    room = old_room(client, mixture(3), "ann")
    before = partition(client, room)
    ours = process(client, Clock())
    asked: list[Callable[[], object]] = [
        lambda: send(ours, room.id, "ann", "hi", "m1"),
        lambda: on_message(ours, Caller("ann"), {"roomId": room.id, "epoch": 1}),
        lambda: on_message(ours, Caller("ann"), {"roomId": room.id}, allow_unfenced=True),
    ]
    for ask in asked:
        with pytest.raises(NotAllowed) as caught:
            ask()
        assert caught.value.key == "room.notMigrated"
        assert str(caught.value.in_language(locale)).endswith("[code=NotAllowed reason=notMigrated]")
    assert partition(client, room) == before


def test_strangers_and_the_banned_do_not_learn_that_there_is_a_room(client: Any) -> None:
    room = old_room(client, mixture(3), "ann", "bob")
    change_member(client, room.id, "bob", status="banned")
    ours = process(client, Clock())
    for user in ("bob", "eve"):
        with pytest.raises(NotRoomMember):
            read(ours, room.id, user)
        with pytest.raises(NotRoomMember):
            send(ours, room.id, user, "hi")
        with pytest.raises(NotRoomMember):
            on_message(ours, Caller(user), {"roomId": room.id, "epoch": 1})
    token = read(ours, room.id, "ann", limit=1).next_token
    remove_member(client, room.id, "ann")
    with pytest.raises(NotRoomMember):
        read(ours, room.id, "ann", limit=1, nextToken=token)


def test_a_cursor_with_a_number_is_refused_where_there_are_none(client: Any) -> None:
    """A head does not go away; if somebody deleted one, the cursor's place means nothing any more."""
    room = old_room(client, mixture(3), "ann")
    put(client, room, {"PK": {"S": room.partition_key}, "SK": {"S": "HEAD"}} | NUMBERED_HEAD)
    for number in (1, 2):
        key = {"SK": {"S": f"MSG#{NOON - 10 + number}#n{number}"}}
        numbered = {"ts": {"N": str(NOON - 10 + number)}, "seq": {"N": str(number)}}
        put(client, room, mixture(1)[0].item(room) | key | numbered)
    ours = process(client, Clock(NOON + 60_000))
    token = read(ours, room.id, "ann", limit=1).next_token
    assert token
    client.delete_item(TableName="gg_core", Key={"PK": {"S": room.partition_key}, "SK": {"S": "HEAD"}})
    with pytest.raises(InvalidInput):
        read(process(client, Clock()), room.id, "ann", limit=1, nextToken=token)


NUMBERED_HEAD = {"rev": {"N": "1"}, "seq": {"N": "2"}, "ts": {"N": str(NOON - 8)}, "epoch": {"N": "1"}}
