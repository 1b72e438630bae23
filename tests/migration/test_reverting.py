"""Going back: an adopted room that was used becomes messages in the old form again, and nothing else is left of the
chat."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.delete_room import delete_room
from chat.operations.edit_message import edit_message
from chat.operations.mark_read import mark_read
from chat.operations.remove_message import remove_message
from chat.rules.errors import NotAllowed, NotRoomMember
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Item, Message, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage import keys, legacy
from chat.storage.items import key, values
from chat.storage.uploads import Upload, pending_key, upload_write
from migration.old_form import written_like
from migration.report import RoomReport
from migration.revert_room import revert_room
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
    store_of,
)
from tests.migration.old import (
    FORMS,
    MILLISECOND,
    NAMES,
    ROOMS,
    Crashed,
    CrashingClient,
    Form,
    Old,
    adopt,
    mixture,
    old_room,
    partition,
    put,
    rules,
    run,
    tables_of,
)

ROSTER: dict[str, Role] = {"olga": "owner", "ann": "member", "bob": "member", "kim": "member"}


def revert(client: Any, room: Room, **changes: Any) -> RoomReport:
    report = RoomReport(room.id)
    revert_room(tables_of(client), room, rules(**changes), report, lambda _: None)
    return report


def adopted(client: Any, messages: list[Old], prefix: str = "") -> Room:
    room = old_room(client, messages, prefix=prefix)
    (report,) = run(client, [room], {room.id: ROSTER}).rooms
    assert report.outcome == "adopted"
    change_room(client, room.id, **FAST)
    return room


def personal(client: Any, room: Room) -> set[str]:
    """The sort keys of what people's partitions hold about the room."""
    found = set()
    for user in (*ROSTER, "new"):
        items, _ = store_of(client).tables.query_page(
            room.table, keys.user_partition(user), " ", "~", forward=True, count=1_000, consistent=True
        )
        found |= {item["SK"]["S"] for item in items if room.partition_key in item["SK"]["S"]}
    return found


def used(client: Any, messages: list[Old], prefix: str = "") -> tuple[Room, list[Message]]:
    """An adopted room in which something of every kind has happened, and the messages that can be seen in it."""
    room = adopted(client, messages, prefix)
    ours = process(client, Clock())
    first, second, *_ = read(ours, room.id, "ann", order="OLDEST_FIRST").items
    named = {"roomId": room.id, "id": first.id, "ts": to_wire(first.ts)}
    edit_message(ours, Caller("ann"), {**named, "text": "edited"}, Tally())
    remove_message(ours, Caller("olga"), {**named, "id": second.id, "ts": to_wire(second.ts)}, Tally())
    sent = [send(ours, room.id, user, f"new of {user}", f"name {number}".replace(" ", "-")) for number, user in enumerate(("ann", "bob", "kim"))]  # fmt: skip
    edit_message(ours, Caller("bob"), {"roomId": room.id, "id": sent[1].id, "text": "changed"}, Tally())
    remove_message(ours, Caller("kim"), {"roomId": room.id, "id": sent[2].id}, Tally())
    mark_read(ours, Caller("bob"), {"roomId": room.id, "seq": 3}, Tally())
    add_member(ours, Caller("olga"), {"roomId": room.id, "userId": "new"}, Tally())
    ban_member(ours, Caller("olga"), {"roomId": room.id, "userId": "kim"}, Tally())
    store_of(client).tables.transact([upload_write(room, _file(ours.new_id(ours.now())))])
    seen = read(ours, room.id, "ann", order="OLDEST_FIRST", limit=100).items
    return room, [each for each in seen if each.removed_at is None]


def _file(upload_id: str) -> Upload:
    return Upload(
        id=upload_id, sender_id="ann", s3_key=pending_key(upload_id), content_type="image/png", size=7,
        status="pending", expires_at=NOON,
    )  # fmt: skip


@given(messages=ROOMS)
@settings(max_examples=12)
def test_a_room_that_nobody_used_is_as_it_was_before(client: Any, messages: list[Old]) -> None:
    room = old_room(client, messages)
    before = partition(client, room)
    run(client, [room], {room.id: ROSTER})
    report = revert(client, room)
    assert (report.outcome, report.messages, report.not_returned) == ("reverted", len(messages), 0)
    assert partition(client, room) == before
    assert personal(client, room) == set()


@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_a_room_that_was_used_is_its_messages_in_the_old_form(client: Any, prefix: str) -> None:
    room, seen = used(client, mixture(), prefix)
    report = revert(client, room)
    assert (report.outcome, report.messages, report.not_returned) == ("reverted", len(seen), 2)
    items = partition(client, room)
    assert personal(client, room) == set()
    owner = "guildId" if prefix else "roomId"
    for item in items.values():
        assert item.keys() == {"PK", "SK", "type", "id", owner, "roomType", "senderId", "text", "ts"}
    texts = {item["id"]["S"]: item["text"]["S"] for item in items.values()}
    assert texts == {each.id: each.text for each in seen}
    assert {"edited", "new of ann", "changed"} <= set(texts.values())


@pytest.mark.parametrize(
    "form", [Form("iso", 0, 120), Form("iso", None), Form("seconds"), Form("milliseconds")]
)
def test_what_was_sent_is_written_as_the_newest_message_from_before_was(client: Any, form: Form) -> None:
    """Keys in milliseconds are those that it has already."""
    messages = [
        Old((NOON - 9_000 + number) * MILLISECOND, f"{number}", form, Form("seconds", 3), number=True)
        for number in range(3)
    ]
    room = adopted(client, messages)
    message = send(process(client, Clock()), room.id, "ann", "hello")
    revert(client, room)
    (item,) = [each for each in partition(client, room).values() if each["text"] == {"S": "hello"}]
    written = form.write(message.ts * MILLISECOND)
    assert item["SK"] == {"S": f"MSG#{written}#{message.id}"}
    assert float(item["ts"]["N"]) == message.ts / 1_000


def test_where_no_message_from_before_is_left_iso_is_written(client: Any) -> None:
    room = adopted(client, [])
    message = send(process(client, Clock()), room.id, "ann", "hello")
    assert revert(client, room).outcome == "reverted"
    ((sort_key, item),) = partition(client, room).items()
    assert sort_key == f"MSG#{to_wire(message.ts)}#{message.id}"
    assert item["ts"] == {"S": to_wire(message.ts)}


def test_adopted_once_more_it_shows_what_it_showed(client: Any) -> None:
    room, seen = used(client, mixture())
    revert(client, room)
    (report,) = run(client, [room], {room.id: ROSTER}, retention_days=400).rooms
    assert (report.outcome, report.skipped) == ("adopted", [])
    items = read(process(client, Clock()), room.id, "ann", order="OLDEST_FIRST", limit=100).items
    assert [(each.id, each.text) for each in items] == [(each.id, each.text) for each in seen]
    assert [each.seq for each in items] == list(range(1, len(seen) + 1))


def test_killed_before_any_write_and_started_again_it_comes_to_the_same(client: Any) -> None:
    clean, _ = used(client, mixture(3))
    counted = CrashingClient(client)
    start = counted.writes_left
    revert(counted, clean, batch=6)
    writes = start - counted.writes_left
    assert writes > 6
    goal = _shown(partition(client, clean))
    for count in range(writes):
        room, _ = used(client, mixture(3))
        with pytest.raises(Crashed):
            revert(CrashingClient(client, count), room, batch=6)
        assert revert(client, room).outcome == "reverted"
        assert _shown(partition(client, room)) == goal
        assert personal(client, room) == set()


def _shown(items: dict[str, Item]) -> list[tuple[str, str]]:
    """Texts and the old keys; what was sent has ids of its own."""
    return sorted(
        (re.sub(r"[0-9a-f-]{36}", "", sort_key), item["text"]["S"]) for sort_key, item in items.items()
    )


def sends(client: Any, room: Room) -> None:
    send(process(client, Clock()), room.id, "ann", "in between")


def edits(client: Any, room: Room) -> None:
    ours = process(client, Clock())
    newest = read(ours, room.id, "ann", limit=1).items[0]
    edit_message(ours, Caller("ann"), {"roomId": room.id, "id": newest.id, "ts": to_wire(newest.ts), "text": "in between"}, Tally())  # fmt: skip


def removes(client: Any, room: Room) -> None:
    ours = process(client, Clock())
    newest = read(ours, room.id, "ann", limit=1).items[0]
    remove_message(ours, Caller("olga"), {"roomId": room.id, "id": newest.id, "ts": to_wire(newest.ts)}, Tally())  # fmt: skip


@pytest.mark.parametrize(("act", "left_after"), [(sends, 6), (edits, 5), (removes, 4)])
def test_what_happens_before_the_head_goes_is_not_lost(
    client: Any, act: Callable[[Any, Room], None], left_after: int
) -> None:
    """After any of the writes up to then; afterwards nothing is sent any more."""
    for number in range(1, 5):
        room = adopted(client, mixture(5))
        left = [number]
        refused: list[str] = []

        def between(room: Room = room, left: list[int] = left, refused: list[str] = refused) -> None:
            left[0] -= 1
            if left[0] == 0:
                try:
                    act(client, room)
                except (NotAllowed, NotRoomMember) as refusal:
                    refused.append(refusal.code)

        report = revert(CrashingClient(client, between=between), room)
        assert report.outcome == "reverted"
        texts = [item["text"]["S"] for item in partition(client, room).values()]
        assert len(texts) == (5 if refused else left_after)
        assert ("in between" in texts) == (act is not removes and not refused)


class Restless:
    """A client that changes the room before each request that would take its head away."""

    def __init__(self, client: Any, room: Room) -> None:
        self._client = client
        self._room = room

    def transact_write_items(self, **request: Any) -> Any:
        deleted = [each["Delete"]["Key"]["SK"]["S"] for each in request["TransactItems"] if "Delete" in each]
        if keys.HEAD in deleted:
            change_room(self._client, self._room.id, slowModeSeconds=0)
        return self._client.transact_write_items(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_a_room_that_never_rests_is_left_as_it_is(client: Any) -> None:
    room = adopted(client, mixture(3))
    report = revert(Restless(client, room), room)
    assert (report.outcome, report.is_done) == ("failed", False)
    assert report.why == "This room keeps changing: take the API's mutations off first."
    send(process(client, Clock()), room.id, "ann", "still here")


def test_a_dry_run_says_what_would_come_of_it_and_writes_nothing(client: Any) -> None:
    room, seen = used(client, mixture())
    before, mine = partition(client, room), personal(client, room)
    report = revert(client, room, dry_run=True)
    assert (report.outcome, report.messages, report.not_returned) == ("wouldRevert", len(seen), 2)
    assert (partition(client, room), personal(client, room)) == (before, mine)


def test_what_has_expired_does_not_come_back(client: Any) -> None:
    room = adopted(client, mixture(3))
    message = send(process(client, Clock()), room.id, "ann", "hello")
    report = revert(client, room, now=lambda: message.ts + 366 * DAY_MS)
    assert (report.outcome, report.messages, report.not_returned) == ("reverted", 0, 4)
    assert partition(client, room) == {}


def test_what_others_keep_in_the_room_stays(client: Any) -> None:
    room = adopted(client, mixture(3))
    topic = key(room.partition_key, "META") | values({"topic": "theirs"})
    line = key(room.partition_key, keys.roster("bob"))
    late = key(room.partition_key, "MSG#2027-01-15T08:00:00Z#late") | values({"senderId": "old"})
    put(client, room, topic, late)
    client.update_item(
        TableName=NAMES[room.table],
        Key=line,
        UpdateExpression="SET nick = :nick",
        ExpressionAttributeValues=values({":nick": "bobby"}),
    )
    revert(client, room)
    items = partition(client, room)
    assert items["META"] == topic
    assert items[late["SK"]["S"]] == late
    assert items[keys.roster("bob")]["nick"] == {"S": "bobby"}
    assert len(items) == 3 + 3
    assert personal(client, room) == set()


def made(client: Any) -> Room:
    return Room.parse(new_room(client, members=ROSTER))


def never_adopted(client: Any) -> Room:
    return old_room(client, mixture(2), "ann")


def ended(client: Any) -> Room:
    room = adopted(client, mixture(2))
    delete_room(process(client, Clock()), Caller("olga"), {"roomId": room.id}, Tally())
    return room


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (made, "It was not adopted, but made in the chat: there is no old form to go back to."),
        (never_adopted, "It has no head: it was never adopted, or is reverted already."),
        (ended, "It has ended, and what was stored of it is removed."),
    ],
)
def test_a_room_without_a_way_back_is_refused_and_left(
    client: Any, make: Callable[[Any], Room], why: str
) -> None:
    room = make(client)
    before = partition(client, room)
    report = revert(client, room)
    assert (report.outcome, report.why, report.is_done) == ("refused", why, False)
    assert partition(client, room) == before


def test_a_room_on_its_way_back_is_not_adopted(client: Any) -> None:
    room = adopted(client, mixture(3))
    for count in range(1, 12):
        with pytest.raises(Crashed):
            revert(CrashingClient(client, count), room)
        if keys.HEAD not in partition(client, room):
            break
    report = adopt(client, room)
    assert (report.outcome, report.why) == ("refused", "It is being reverted: --revert goes on with that.")
    assert revert(client, room).outcome == "reverted"
    assert adopt(client, room).outcome == "adopted"


@given(form=FORMS)
def test_an_instant_is_written_in_the_form_of_another(form: Form) -> None:
    for ms in (NOON, NOON + 1, NOON - 1, NOON + 123_456_789):
        written = written_like(form.write(NOON * MILLISECOND), ms)
        assert written == form.write(ms * MILLISECOND)
        stamp = legacy.stamp(written)
        assert stamp is not None
        assert stamp.instant == form.floor(ms * MILLISECOND)


@pytest.mark.parametrize(
    ("example", "written"),
    [
        ("2023-11-14T22:13:20,1Z", "2027-01-15T08:00:00,0Z"),
        ("2023-11-14T22:13-0330", "2027-01-15T04:30-0330"),
        ("1700000000123.4", "1800000000000.0"),
    ],
)
def test_odd_forms_are_kept(example: str, written: str) -> None:
    assert written_like(example, NOON) == written


def test_no_other_form_is_made_up() -> None:
    with pytest.raises(ValueError, match="not an old form"):
        written_like("yesterday", NOON)
