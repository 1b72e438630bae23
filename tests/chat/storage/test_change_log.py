"""What a change writes into the log, and what reading it says where an entry is not visible yet, or gone."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest

from chat.rules.gaps import Recency
from chat.rules.models import Head
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.change_log import (
    LogEntry,
    changed_at,
    entries_since,
    log_writes,
    recent_changes,
    removed_numbers,
)
from chat.storage.items import values
from chat.storage.store import Store

NOW = 1_800_000_000_000
OLD = NOW - 10_000
RECENT = Recency(OLD, NOW + 3_000)
AHEAD = NOW + 730 * 86_400_000
LOBBY = Room.parse("lobby")


class Log:
    """A client of DynamoDB that knows a room's log alone, in pages of `page` entries; `requests`: the queries
    that came."""

    def __init__(self, entries: Sequence[LogEntry], page: int = 1_000) -> None:
        self.items = [self._item(entry) for entry in sorted(entries, key=lambda entry: entry.rev)]
        self.page = page
        self.requests: list[dict[str, Any]] = []

    def query(self, **request: Any) -> dict[str, Any]:
        assert "ExclusiveStartKey" not in request, "outside of the bounds, DynamoDB refuses it"
        self.requests.append(request)
        bounds = request["ExpressionAttributeValues"]
        low, high = bounds[":low"]["S"], bounds[":high"]["S"]
        row = self.items if request["ScanIndexForward"] else self.items[::-1]
        found = [item for item in row if low <= item["SK"]["S"] <= high]
        count = min(request["Limit"], self.page)
        return {"Items": found[:count]} | (
            {"LastEvaluatedKey": found[count - 1]} if len(found) >= count else {}
        )

    @staticmethod
    def _item(entry: LogEntry) -> dict[str, Any]:
        write = log_writes(LOBBY, head(entry.rev), entry)[1]
        return write.place.key | values(write.set)


def head(changed_rev: int, at: int = NOW, ts: int = 0, written_at: int = 0) -> Head:
    return Head(
        rev=9,
        seq=5,
        ts=ts,
        epoch=1,
        changed_rev=changed_rev,
        changed_at=at,
        change_written_at=written_at,
    )


def entry(rev: int, prev: int, *, ts: int = NOW, prev_ts: int = NOW, of: str = "m", **more: int) -> LogEntry:
    return LogEntry(
        id=f"c-{rev}",
        rev=rev,
        prev=prev,
        prev_ts=prev_ts,
        message_sk=of,
        seq=1,
        kind="edited",
        ts=ts,
        written_at=more.get("written_at", ts),
        prev_written_at=more.get("prev_written_at", 0),
    )


def since(log: Log, rev: int, last: Head, count: int = 10) -> tuple[list[int], str]:
    page = entries_since(Store(log, {"core": "core"}), LOBBY, rev, last, count=count, recency=RECENT)
    return [each.rev for each in page.entries], page.then


def recent(log: Log, last: Head) -> dict[str, int] | None:
    return recent_changes(Store(log, {"core": "core"}), LOBBY, last, recency=RECENT)


@pytest.mark.parametrize(("now", "ts", "last"), [(3, 1, 2), (1, 3, 2), (1, 2, 3)])
def test_a_change_is_no_earlier_than_what_the_room_has_seen(now: int, ts: int, last: int) -> None:
    assert changed_at(head(1, at=last, ts=ts), now) == 3


def test_a_change_moves_the_head_and_is_kept_for_a_month() -> None:
    moved, logged = log_writes(LOBBY, head(4), entry(10, 4))
    assert (moved.condition, moved.given) == ("#rev = :rev", {":rev": 9})
    assert moved.set == {"rev": 10, "changedRev": 10, "changedAt": NOW, "changeWrittenAt": NOW}
    assert logged.whole
    assert logged.set["expiresAt"] == 1_800_000_000 + 2_592_000


def test_who_has_seen_the_last_change_asks_nothing() -> None:
    log = Log([entry(4, 0)])
    assert since(log, 4, head(4)) == since(log, 5, head(4)) == ([], "complete")
    assert log.requests == []


def test_entries_that_follow_each_other_are_complete_up_to_the_heads_last() -> None:
    log = Log([entry(2, 0), entry(4, 2), entry(6, 4)])
    assert since(log, 2, head(6)) == since(log, 3, head(6)) == ([4, 6], "complete")
    assert since(log, 0, head(4)) == ([2, 4], "complete")
    assert [request["ConsistentRead"] for request in log.requests] == [True] * 3
    bounds = [request["ExpressionAttributeValues"][":low"]["S"] for request in log.requests]
    assert bounds == [keys.change(rev) for rev in (3, 4, 1)]


def test_where_a_page_ends_there_is_more() -> None:
    log = Log([entry(2, 0), entry(4, 2), entry(6, 4)])
    assert since(log, 0, head(6), count=2) == ([2, 4], "more")


@pytest.mark.parametrize(("prev_ts", "then"), [(OLD + 1, "recent"), (OLD, "lost")])
def test_an_entry_that_is_missing_before_another_may_still_come_for_ten_seconds(
    prev_ts: int, then: Literal["recent", "lost"]
) -> None:
    log = Log([entry(2, 0), entry(6, 4, prev_ts=prev_ts)])
    assert since(log, 0, head(6)) == ([2], then)
    assert since(log, 0, head(6), count=2) == ([2], then)


@pytest.mark.parametrize(("at", "then"), [(OLD + 1, "recent"), (OLD, "lost")])
def test_so_may_the_last(at: int, then: Literal["recent", "lost"]) -> None:
    assert since(Log([entry(2, 0)]), 0, head(6, at=at)) == ([2], then)


def test_a_message_must_show_its_newest_recent_change() -> None:
    log = Log(
        [
            entry(2, 0, of="old", ts=OLD, prev_ts=0),
            entry(3, 2, of="a", prev_ts=OLD),
            entry(4, 3, of="b"),
            entry(6, 4, of="a"),
        ]
    )
    assert recent(log, head(6)) == {"a": 6, "b": 4}
    assert [request["ConsistentRead"] for request in log.requests] == [True]


def test_all_recent_changes_of_a_young_room_are_known() -> None:
    log = Log([entry(2, 0, of="a"), entry(4, 2, of="b")])
    assert recent(log, head(4)) == {"a": 2, "b": 4}
    assert recent(Log([entry(2, 0, of="a"), entry(4, 2, of="b")], page=1), head(4)) == {"a": 2, "b": 4}


def test_a_room_whose_last_change_is_not_recent_is_not_asked() -> None:
    log = Log([])
    assert recent(log, head(4, at=OLD)) == recent(log, head(0, at=NOW)) == {}
    assert log.requests == []


@pytest.mark.parametrize("visible", [[], [entry(2, 0)], [entry(4, 2), entry(6, 5)]])
def test_a_recent_change_that_is_not_visible_yet_is_waited_for(visible: list[LogEntry]) -> None:
    assert recent(Log(visible), head(6)) is None


def test_of_an_entry_that_does_not_say_when_it_was_written_the_instant_counts() -> None:
    """One that an earlier version wrote."""
    log = Log([entry(2, 0), entry(6, 4, ts=AHEAD, prev_ts=AHEAD)])
    for item in log.items:
        del item["writtenAt"], item["prevWrittenAt"]
    old = LogEntry.of(log.items[-1])
    assert (old.written_at, old.prev_written_at) == (0, 0)
    assert since(log, 0, head(6)) == ([2], "recent")


def test_in_a_room_stamped_ahead_a_change_is_as_old_as_its_writing() -> None:
    old, young = OLD, OLD + 1
    missing = [entry(2, 0), entry(6, 4, ts=AHEAD, prev_ts=AHEAD, written_at=NOW, prev_written_at=old)]
    assert since(Log(missing), 0, head(6)) == ([2], "lost")
    missing = [entry(2, 0), entry(6, 4, ts=AHEAD, prev_ts=AHEAD, written_at=NOW, prev_written_at=young)]
    assert since(Log(missing), 0, head(6)) == ([2], "recent")
    assert since(Log([entry(2, 0)]), 0, head(6, at=AHEAD, written_at=old)) == ([2], "lost")
    assert since(Log([entry(2, 0)]), 0, head(6, at=AHEAD, written_at=young)) == ([2], "recent")
    log = Log([])
    assert recent(log, head(6, at=AHEAD, written_at=old)) == {}
    assert log.requests == []
    log = Log([entry(6, 4, of="a", ts=AHEAD, prev_ts=AHEAD, written_at=young, prev_written_at=old)])
    assert recent(log, head(6, at=AHEAD, written_at=young)) == {"a": 6}


def removed(log: Log, last: Head) -> set[int]:
    return set(removed_numbers(Store(log, {"core": "core"}), LOBBY, last).removed)


def test_the_numbers_of_what_the_last_changes_removed_are_found_in_one_request() -> None:
    changes = [replace(entry(rev, rev - 1), seq=rev + 10) for rev in range(1, 5)]
    changes[1], changes[2] = (replace(each, kind="removed") for each in changes[1:3])
    log = Log(changes)
    assert removed(log, head(4)) == {12, 13}
    assert removed(log, head(2)) == {12}
    assert [request["ConsistentRead"] for request in log.requests] == [False] * 2


def test_of_more_than_500_changes_the_last_are_looked_through() -> None:
    log = Log([replace(entry(rev, rev - 1), seq=rev, kind="removed") for rev in range(1, 503)])
    assert removed(log, head(501)) == set(range(2, 502))
    assert len(log.requests) == 1


def about(rev: int, prev: int, *sort_keys: str) -> LogEntry:
    """An entry about the reactions to some messages."""
    named = [[sort_key, number] for number, sort_key in enumerate(sort_keys, 1)]
    return replace(entry(rev, prev, of=sort_keys[0]), kind="reacted", messages=json.dumps(named))


def test_an_entry_of_reactions_is_about_each_of_its_messages() -> None:
    log = Log([entry(2, 0, of="m1"), about(3, 2, "m1", "m2"), about(4, 3, "m2", "m3")])
    assert recent(log, head(4)) == {"m1": 3, "m2": 4, "m3": 4}
    (first,) = [each for each in map(LogEntry.of, log.items) if each.rev == 3]
    assert (first.message_sk, first.seq, first.sort_keys) == ("m1", 1, ["m1", "m2"])
    assert LogEntry.of(log.items[0]).sort_keys == ["m1"]


def test_reactions_hide_no_removal() -> None:
    removal = replace(entry(2, 0), kind="removed", seq=7)
    log = Log([removal, *(about(rev, rev - 1, "m1") for rev in range(3, 1_600))])
    assert removed(log, head(1_599)) == {7}
    assert len(log.requests) == 4
    few = Log([removal, *(about(rev, rev - 1, "m1") for rev in range(3, 400))])
    assert removed(few, head(399)) == {7}
    assert len(few.requests) == 1


def test_two_thousand_entries_are_looked_through_at_the_most() -> None:
    removal = replace(entry(2, 0), kind="removed", seq=7)
    log = Log([removal, *(about(rev, rev - 1, "m1") for rev in range(3, 3_000))])
    assert removed(log, head(2_999)) == set()
    assert len(log.requests) == 4
