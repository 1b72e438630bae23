"""What is unread of a room, and how little is asked for it."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.deployment import Deployment
from chat.rules.models import DAY_MS, Head, Item, Member, Receipts, RoomSettings
from chat.rules.removals import Removals
from chat.rules.retention import dating, kept_since, readable_since
from chat.rules.rooms import Room
from chat.steps.unread import UnreadPlace, count_unread, counts_unread
from chat.storage import keys
from chat.storage.items import key, values
from chat.storage.store import Store

NOW = 1_800_000_000_000
NOW_S = NOW // 1_000
YEAR_MS = 365 * DAY_MS
DEFAULTS = RoomSettings(retention_days=365)
LOBBY = Room.parse("lobby")
HEAD = Head(rev=9, seq=30, ts=NOW, epoch=1)
DATED = replace(HEAD, dated_seq=1, dated_ts=NOW, dated_days=365)
"""A head that says that nothing of its room has expired; the other one does not."""


def message(seq: int | None, *, expires_at: int = NOW_S, place: int = 0, **more: int) -> Item:
    """A message, the n-th by its instant; by default in its last second."""
    number = place or seq or 0
    plain = {"expiresAt": expires_at, **({} if seq is None else {"seq": seq}), **more}
    return key(LOBBY.partition_key, keys.message(NOW - 10_000 + number, f"m{number}")) | values(plain)


def expired(*seqs: int) -> list[Item]:
    return [message(seq, expires_at=NOW_S - 1) for seq in seqs]


def removal(rev: int, seq: int) -> Item:
    """The entry of the log that says that a message was removed."""
    plain = {"id": "c", "rev": rev, "prev": rev - 1, "prevTs": 0, "messageSk": "m", "seq": seq, "ts": 0}
    return key(LOBBY.partition_key, keys.change(rev)) | values({**plain, "kind": "removed"})


class Partition:
    """A client of DynamoDB that has a room's partition; `requests`: the queries that came."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.items = sorted(items, key=lambda item: item["SK"]["S"])
        self.requests: list[dict[str, Any]] = []

    def query(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        low, high = (request["ExpressionAttributeValues"][name]["S"] for name in (":low", ":high"))
        found = [item for item in self.items if low <= item["SK"]["S"] <= high]
        found = found if request["ScanIndexForward"] else found[::-1]
        page = found[: request["Limit"]]
        return {"Items": page} | ({"LastEvaluatedKey": page[-1]} if len(page) < len(found) else {})

    @property
    def lows(self) -> list[str]:
        return [request["ExpressionAttributeValues"][":low"]["S"] for request in self.requests]


def deployment(client: Partition) -> Deployment:
    return Deployment(Store(client, {"core": "core"}), now=lambda: NOW, monotonic=lambda: 0.0)


def unread(client: Partition, head: Head, marker: int) -> int:
    receipts = Receipts(last_read_seq=marker)
    return count_unread(deployment(client), UnreadPlace(LOBBY, head, Member(), receipts), 5.0)


def test_whoever_has_read_the_last_message_has_none_and_nothing_is_asked() -> None:
    client = Partition(map(message, range(1, 31)))
    assert unread(client, HEAD, 30) == unread(client, DATED, 30) == 0
    assert client.requests == []


def test_where_everything_has_expired_nothing_is_unread_and_nothing_is_asked() -> None:
    client = Partition(map(message, range(1, 31)))
    assert unread(client, replace(HEAD, ts=NOW - YEAR_MS - 1), 3) == 0
    assert client.requests == []
    assert unread(client, replace(HEAD, ts=NOW - YEAR_MS), 3) == 27
    assert client.requests


def test_where_nothing_above_the_marker_can_have_expired_numbers_are_enough() -> None:
    client = Partition()
    assert [unread(client, DATED, marker) for marker in (0, 3, 29)] == [30, 27, 1]
    assert unread(client, replace(DATED, dated_seq=4), 3) == 27
    assert client.requests == []
    unread(client, replace(DATED, dated_seq=5), 3)
    assert len(client.requests) == 1


def test_messages_that_were_removed_are_not_unread() -> None:
    client = Partition()
    head = replace(DATED, removed=str(Removals().added(3).added(7).added(30)))
    assert [unread(client, head, marker) for marker in (0, 3, 7, 29)] == [27, 25, 22, 0]
    assert client.requests == []


def test_the_oldest_that_can_be_read_are_looked_at_and_the_others_counted() -> None:
    items = [message(seq) for seq in range(1, 31)]
    client = Partition(items)
    assert [unread(client, HEAD, marker) for marker in (0, 3, 19, 20, 25)] == [30, 27, 11, 10, 5]
    first, *_ = client.requests
    assert (first["Limit"], first["ScanIndexForward"], first["ConsistentRead"]) == (20, True, False)
    assert set(client.lows) == {keys.message_floor(NOW - YEAR_MS)}
    assert len(client.requests) == 5


def test_among_the_oldest_what_was_removed_is_not_unread_nor_what_is_further_on() -> None:
    removed_at = {"removedAt": NOW}
    items = [message(seq, **(removed_at if seq in (10, 25) else {})) for seq in range(1, 31)]
    head = replace(HEAD, removed=str(Removals().added(10).added(25)))
    assert [unread(Partition(items), head, marker) for marker in (3, 10, 25)] == [25, 19, 5]


def test_expired_messages_are_passed_over_until_one_can_be_read() -> None:
    client = Partition(expired(*range(1, 26)) + [message(seq) for seq in range(26, 31)])
    assert unread(client, HEAD, 3) == 5
    assert client.lows[1] == f"{keys.message(NOW - 10_000 + 20, 'm20')}\0"
    assert len(client.requests) == 2
    assert unread(Partition(expired(1, 2, 3) + [message(seq) for seq in range(4, 31)]), HEAD, 1) == 27


def test_where_all_that_is_left_has_expired_nothing_is_unread() -> None:
    assert unread(Partition(expired(*range(1, 31))), HEAD, 3) == 0
    assert unread(Partition(expired(1, 2)), HEAD, 0) == 0
    assert unread(Partition(), HEAD, 3) == 0


def test_behind_a_long_run_of_expired_messages_the_look_ends_and_says_up_to_where() -> None:
    client = Partition(expired(*range(1, 201)))
    assert unread(client, replace(HEAD, seq=200), 3) == 40
    assert len(client.requests) == 8
    assert unread(Partition(expired(*range(1, 201))), replace(HEAD, seq=200), 170) == 30


def test_what_was_sent_after_the_head_was_read_does_not_count() -> None:
    assert unread(Partition([message(seq) for seq in range(20, 40)]), replace(HEAD, seq=25), 22) == 3
    assert unread(Partition([message(seq) for seq in range(20, 50)]), replace(HEAD, seq=25), 22) == 3


def test_what_has_no_number_is_no_message_here() -> None:
    olds = [message(None, place=number) for number in range(1, 21)]
    assert unread(Partition([*olds, *(message(seq) for seq in range(21, 31))]), HEAD, 22) == 8
    mixed = [message(1), *(message(None, place=number) for number in range(2, 21))]
    assert unread(Partition([*mixed, *(message(seq) for seq in range(21, 31))]), HEAD, 0) == 30


def test_behind_a_long_run_of_what_has_no_number_nothing_is_known_of_the_others() -> None:
    client = Partition([message(None, place=number) for number in range(1, 171)])
    assert [unread(client, HEAD, marker) for marker in (0, 3)] == [30, 27]
    assert len(client.requests) == 2 * 8


def test_removals_of_long_ago_are_looked_up_in_the_log() -> None:
    """The head keeps those of the last 512 numbers before the highest; here from 489 on, and that 7 is below."""
    removals = Removals()
    for seq in (3, 7, 489, 1_000):
        removals = removals.added(seq)
    assert (removals.below, removals.oldest) == (7, 489)
    log = [removal(rev, seq) for rev, seq in enumerate((3, 7, 489, 1_000), start=1)]
    head = replace(DATED, seq=1_000, changed_rev=4, removed=str(removals))
    client = Partition(log)
    assert [unread(client, head, marker) for marker in (0, 3, 6)] == [996, 994, 991]
    assert [request["ScanIndexForward"] for request in client.requests] == [False] * 3
    client.requests.clear()
    assert [unread(client, head, marker) for marker in (7, 489, 999)] == [991, 510, 0]
    assert client.requests == []


def test_whoever_never_marked_anything_has_read_what_they_found_there() -> None:
    place = UnreadPlace(LOBBY, DATED, Member(joined_seq=12), None)
    assert (place.read_up_to, count_unread(deployment(Partition()), place, 5.0)) == (12, 18)


def test_the_counts_of_many_rooms_are_each_rooms_own() -> None:
    places = [
        UnreadPlace(Room.parse(f"room-{seq}"), replace(DATED, seq=seq), Member(), None)
        for seq in range(1, 41)
    ]
    ours = deployment(Partition())
    assert counts_unread(ours, iter(places), 5.0) == {f"room-{seq}": seq for seq in range(1, 41)}
    ours.threads().shutdown()


@pytest.mark.parametrize("late", [1, 0])
def test_a_message_is_there_in_its_last_second(late: int) -> None:
    assert unread(Partition([message(30, expires_at=NOW_S - late)]), HEAD, 0) == 1 - late


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1))
def test_however_often_the_retention_has_changed_a_naive_count_says_the_same(seed: int) -> None:
    """So many sends at once under each retention, some time after those before. Some were removed, some items are deleted
    already."""
    random = Random(seed)  # noqa: S311  repeatable
    sends = [
        (days, gap if n == 0 else 0)
        for _ in range(random.randint(2, 5))
        for days, gap in [(random.choice([7, 365]), random.choice([0, DAY_MS, 3 * DAY_MS]))]
        for n in range(random.choice([1, 25, 45]))
    ]
    head, items, readable = Head(rev=1, seq=0, ts=0, epoch=1), list[Item](), dict[int, int]()
    ts = NOW - random.randint(0, 12 * DAY_MS) - sum(gap + 1 for _, gap in sends)
    removals = Removals()
    for seq, (days, gap) in enumerate(sends, start=1):
        ts += gap + 1
        ruled = replace(head, retention_days=days)
        head = replace(ruled, kept_since=kept_since(head, ruled, DEFAULTS, ts - 1))
        head = replace(head, seq=seq, ts=ts).ruled(dating(head, head.settings(DEFAULTS), seq, ts))
        expires_at = (ts + days * DAY_MS) // 1_000
        is_removed = random.random() < 0.2
        removals = removals.added(seq) if is_removed else removals
        if expires_at >= NOW_S or random.random() < 0.5:
            plain = {"seq": seq, "expiresAt": expires_at, **({"removedAt": ts} if is_removed else {})}
            items.append(key(LOBBY.partition_key, keys.message(ts, f"m{seq}")) | values(plain))
        if expires_at >= NOW_S and not is_removed:
            readable[seq] = ts
    head = replace(head, removed=str(removals))
    since = readable_since(head, DEFAULTS, NOW)
    for marker in range(len(sends) + 1):
        expected = sum(seq > marker and ts >= since for seq, ts in readable.items())
        assert unread(Partition(items), head, marker) == expected, marker


def test_a_run_that_has_expired_between_others_is_not_unread_and_asked_for_by_itself() -> None:
    days = DAY_MS
    seqs = {seq: NOW - 20 * days + seq for seq in range(1, 101)}
    short = range(41, 71)
    items = [
        key(LOBBY.partition_key, keys.message(ts, f"m{seq}"))
        | values({"seq": seq, "expiresAt": (ts + (7 if seq in short else 365) * days) // 1_000})
        for seq, ts in seqs.items()
    ]
    runs = f"0.0.365 41.{seqs[41]}.7 71.{seqs[71]}.365"
    head = Head(
        rev=1, seq=100, ts=seqs[100], epoch=1,
        dated_seq=71, dated_ts=seqs[71], dated_days=365, retention_runs=runs,
    )  # fmt: skip
    client = Partition(items)
    assert [unread(client, head, marker) for marker in (0, 30, 40, 60, 70, 90)] == [70, 40, 30, 30, 30, 10]
    assert len(client.requests) == 2  # of the oldest run alone
