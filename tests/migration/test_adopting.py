"""Adopting a room: what comes of it, and what is left alone."""

from typing import Any

import pytest
from hypothesis import given, settings

from chat.operations.on_message import on_message
from chat.rules.models import Caller, Item
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.items import values
from tests.guarantees.support.fixtures import (
    DAY_MS,
    FAST,
    NOON,
    Clock,
    change_room,
    new_room,
    process,
    read,
    send,
)
from tests.guarantees.support.revisions import check_every_revision_is_told, stored_events
from tests.migration.old import (
    MILLISECOND,
    ORDERS,
    ROOMS,
    SECOND,
    Crashed,
    CrashingClient,
    Form,
    Old,
    adopt,
    count_of_writes,
    expected,
    mixture,
    normal,
    old_room,
    partition,
    put,
    read_ids,
)


@given(messages=ROOMS)
@settings(max_examples=30)
def test_messages_are_numbered_in_order_of_their_instants(client: Any, messages: list[Old]) -> None:
    room = old_room(client, messages, "ann")
    report = adopt(client, room)
    items = partition(client, room)
    head = items.pop(keys.HEAD)
    items.pop(keys.roster("ann"))
    items.pop(keys.event(1))
    assert keys.ADOPTION not in items
    in_order = sorted(messages, key=lambda each: each.order)
    found = [items[sort_key] for sort_key in sorted(items)]
    assert [item["id"]["S"] for item in found] == [each.id for each in in_order]
    assert [int(item["seq"]["N"]) for item in found] == list(range(1, len(messages) + 1))
    last = -1
    for item, old in zip(found, in_order, strict=True):
        ts = int(item["ts"]["N"])
        assert ts == max(old.known // MILLISECOND, last + 1)
        assert item["SK"]["S"] == f"MSG#{ts:013d}#{old.id}"
        assert item["text"]["S"] == f"text of {old.id}"
        assert item["adoptedFrom"]["S"] == old.sort_key
        assert int(item["expiresAt"]["N"]) == (ts + 365 * DAY_MS) // 1_000
        last = ts
    assert (head["seq"]["N"], head["ts"]["N"]) == (str(len(messages)), str(last))
    assert (report.outcome, report.messages) == ("adopted", len(messages))
    assert report.moved == sum(
        int(item["ts"]["N"]) != old.known // MILLISECOND for item, old in zip(found, in_order, strict=True)
    )
    assert report.rewritten_keys == sum(
        item["SK"]["S"] != old.sort_key for item, old in zip(found, in_order, strict=True)
    )


@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_an_adopted_room_is_as_every_room(client: Any, prefix: str) -> None:
    messages = mixture()
    room = old_room(client, messages, "ann", prefix=prefix)
    adopt(client, room)
    change_room(client, room.id, **FAST)
    ours = process(client, Clock())
    sent = send(ours, room.id, "ann", "hi", "m1")
    assert (sent.seq, sent.epoch) == (len(messages) + 1, 1)
    assert send(ours, room.id, "ann", "hi", "m1") == sent
    on_message(ours, Caller("ann"), {"roomId": room.id, "epoch": 1})
    page = read(ours, room.id, "ann", order="OLDEST_FIRST", limit=100)
    assert [message.seq for message in page.items] == list(range(1, len(messages) + 2))
    assert [message.id for message in page.items] == [*expected(messages), sent.id]
    assert {message.room_type for message in page.items} == {room.type}
    assert {message.epoch for message in page.items} == {1}
    assert page.head.seq == sent.seq


def test_the_adoption_is_the_rooms_first_event_which_nobody_hears(client: Any) -> None:
    room = old_room(client, mixture(), "ann")
    adopt(client, room)
    adopt(client, room)
    (event,) = stored_events(client, room.id)
    assert (event.kind, event.rev, event.seq, event.epoch, event.actor_id) == ("ROOM_ADOPTED", 1, 12, 1, None)
    assert event.messages() == []
    assert check_every_revision_is_told(client, room.id) == 1
    send(process(client, Clock()), room.id, "ann", "hi")
    assert check_every_revision_is_told(client, room.id) == 2


def test_a_numbered_copy_is_never_written_over_a_message_that_still_stands(client: Any) -> None:
    """The same id under the same instant, in two forms: the copy of the one would have the key of the other."""
    instant = (NOON - 60_000) * MILLISECOND
    room = old_room(
        client,
        [Old(instant, "x", Form("seconds")), Old(instant, "x", Form("milliseconds"))],
        "ann",
    )
    adopt(client, room)
    found = {sk: item for sk, item in partition(client, room).items() if sk.startswith("MSG#")}
    assert sorted(item["seq"]["N"] for item in found.values()) == ["1", "2"]
    assert sorted(item["adoptedFrom"]["S"][:15] for item in found.values()) == [
        "MSG#1799999940#",
        "MSG#17999999400",
    ]


def test_attributes_of_others_are_carried_along_and_ours_are_not_believed(client: Any) -> None:
    message = Old((NOON - 60_000) * MILLISECOND, "x")
    room = old_room(client, [], "ann")
    ours: Item = {
        "rev": {"S": "three"},
        "version": {"S": "1.0"},
        "attachments": {"L": []},
        "notice": {"BOOL": True},
    }
    put(client, room, message.item(room) | {"mood": {"S": "good"}, "tags": {"L": []}} | ours)
    adopt(client, room)
    (found,) = read(process(client, Clock()), room.id, "ann").items
    item = partition(client, room)[keys.message(found.ts, "x")]
    assert (item["mood"], item["tags"], found.rev) == ({"S": "good"}, {"L": []}, None)
    assert (found.version, found.attachments, found.notice) == (1, None, None)


def test_a_dry_run_changes_nothing_and_says_what_would_happen(client: Any) -> None:
    room = old_room(client, mixture(), "ann")
    before = partition(client, room)
    tried = adopt(client, room, dry_run=True)
    assert partition(client, room) == before
    done = adopt(client, room)
    assert tried.outcome == "wouldAdopt"
    for name in ("messages", "first", "last", "rewritten_keys", "moved", "without_offset", "contradictory"):
        assert getattr(tried, name) == getattr(done, name)
    assert adopt(client, room, dry_run=True).outcome == "alreadyAdopted"


def test_a_message_that_comes_after_the_switch_is_reported_and_hidden(client: Any) -> None:
    room = old_room(client, mixture(3), "ann")
    adopt(client, room)
    late = Old((NOON - 10) * MILLISECOND, "late", Form("milliseconds"))
    put(client, room, late.item(room))
    report = adopt(client, room)
    assert [(each.sort_key, each.reason) for each in report.skipped] == [(late.sort_key, "late")]
    assert late.sort_key in partition(client, room)
    for order in ORDERS:
        assert len(read_ids(client, room, order)) == 3


def test_what_is_no_message_is_reported_by_key_and_reason_and_stays(client: Any) -> None:
    room = old_room(client, mixture(3), "ann")
    bad = Old((NOON - 10) * MILLISECOND, "bad").item(room)
    nameless = {name: value for name, value in bad.items() if name != "senderId"}
    cases = {
        "MSG#yesterday#bad": (bad, "key"),
        "MSG#1799999999#": ({n: v for n, v in bad.items() if n != "id"}, "id"),
        "MSG#1799999999123#a": (nameless, "sender"),
        "MSG#1799999999#b": (bad | {"text": {"N": "1"}}, "text"),
        "MSG#2026-12-01T00:00:00Z#c": (bad | {"type": {"S": "Call"}}, "type"),
    }
    items = {sort_key: item | {"SK": {"S": sort_key}} for sort_key, (item, _) in cases.items()}
    put(client, room, *items.values())
    for _ in range(2):
        report = adopt(client, room)
        assert {each.sort_key: each.reason for each in report.skipped} == {
            k: why for k, (_, why) in cases.items()
        }
    stored = partition(client, room)
    assert {sort_key: stored[sort_key] for sort_key in items} == items
    assert [len(read_ids(client, room, order, limit=1)) for order in ORDERS] == [3, 3]


def test_a_room_of_ours_stays_as_it_is(client: Any) -> None:
    room = Room.parse(new_room(client, "ann"))
    send(process(client, Clock()), room.id, "ann", "hi")
    before = partition(client, room)
    assert adopt(client, room).outcome == "alreadyAdopted"
    assert partition(client, room) == before


@pytest.mark.parametrize(
    ("messages", "attributes", "why"),
    [
        ([Old((NOON - 366 * DAY_MS) * MILLISECOND, "x")], {}, "--retention-days 368 keeps them"),
        ([Old((NOON + 2 * DAY_MS) * MILLISECOND, "x")], {}, "dated in the future"),
        ([Old((NOON - 5_000) * MILLISECOND, "x")], {"seq": 7}, "have a seq already"),
    ],
    ids=["past the retention", "in the future", "numbered by somebody"],
)
def test_a_room_that_needs_a_decision_is_refused_untouched(
    client: Any, messages: list[Old], attributes: dict[str, int], why: str
) -> None:
    room = old_room(client, [], "ann")
    put(client, room, *(each.item(room) | values(attributes) for each in messages))
    before = partition(client, room)
    report = adopt(client, room)
    assert report.outcome == "refused"
    assert why in (report.why or "")
    assert partition(client, room) == before


def test_the_retention_that_was_named_keeps_what_was_refused(client: Any) -> None:
    room = old_room(client, [Old((NOON - 366 * DAY_MS) * MILLISECOND, "x")], "ann")
    assert adopt(client, room, retention_days=367).outcome == "adopted"
    assert read_ids(client, room, "OLDEST_FIRST") == ["x"]


def test_what_may_go_counts_and_goes(client: Any) -> None:
    old = [Old((NOON - 366 * DAY_MS) * MILLISECOND + each, f"x{each}") for each in range(3)]
    messages = [*old, *mixture(3)]
    goal = None
    for writes in range(count_of_writes(client, messages) + 20):
        room = old_room(client, messages, "ann")
        try:
            report = adopt(CrashingClient(client, writes), room, allow_expiry=True)
            assert report.past_retention == 3
        except Crashed:
            adopt(client, room, allow_expiry=True)
        found = normal(partition(client, room), room)
        goal = goal or found
        assert found == goal
        page = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST")
        assert [message.seq for message in page.items] == [4, 5, 6]
    assert goal
    assert len(goal) == 3 + 3  # head, its event, roster


def test_contradictions_and_missing_offsets_are_counted(client: Any) -> None:
    room = old_room(client, [Old((NOON - 5_000) * MILLISECOND, "a", Form("iso", 3, None))], "ann")
    other = Old((NOON - 9_000) * MILLISECOND, "b").item(room)
    put(client, room, other | {"ts": {"N": str(NOON // 1_000 - 70)}})
    report = adopt(client, room)
    assert (report.without_offset, report.contradictory) == (1, 1)
    page = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST")
    assert [(message.id, message.ts) for message in page.items] == [("b", NOON - 9_000), ("a", NOON - 5_000)]


def test_equal_instants_give_way_by_a_millisecond(client: Any) -> None:
    instant = (NOON - 60_000) * MILLISECOND
    messages = [Old(instant + each, f"m{9 - each}", Form("seconds"), Form("iso", 9)) for each in range(3)]
    room = old_room(client, [*messages, Old(instant + SECOND, "z", Form("seconds"))], "ann")
    assert adopt(client, room).moved == 2
    page = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST")
    assert [(each.id, each.ts - NOON + 60_000) for each in page.items] == [
        ("m9", 0),
        ("m8", 1),
        ("m7", 2),
        ("z", 1_000),
    ]
