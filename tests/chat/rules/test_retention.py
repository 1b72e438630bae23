"""Since when a room's messages may be read, and what a change of its retention leaves in the head."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chat.rules.models import DAY_MS, Head, RoomSettings
from chat.rules.retention import dating, kept_since, none_expired_from, readable_since

DEFAULTS = RoomSettings(retention_days=365)
NOW = 1_800_000_000_000
days = st.integers(7, 36_500)


def head(retention_days: int | None = None, kept: int = 0, ts: int = NOW) -> Head:
    return Head(rev=1, seq=1, ts=ts, epoch=1, retention_days=retention_days, kept_since=kept)


def test_messages_may_be_read_as_long_as_the_rooms_retention_says_or_the_deployments() -> None:
    assert readable_since(None, DEFAULTS, NOW) == NOW - 365 * DAY_MS
    assert readable_since(head(), DEFAULTS, NOW) == NOW - 365 * DAY_MS
    assert readable_since(head(7), DEFAULTS, NOW) == NOW - 7 * DAY_MS
    assert readable_since(head(7, kept=NOW - 1), DEFAULTS, NOW) == NOW - 1
    assert readable_since(head(7, kept=1), DEFAULTS, NOW) == NOW - 7 * DAY_MS


def test_the_shorter_of_both_retentions_counts_up_to_the_newest_message() -> None:
    for before, after in ((365, 7), (7, 365), (None, 7), (7, None)):
        assert kept_since(head(before), head(after), DEFAULTS, NOW) == NOW - 7 * DAY_MS
        assert kept_since(head(before, ts=5), head(after, ts=5), DEFAULTS, NOW) == 6
    for before, after in ((7, 7), (None, 365), (365, None)):
        assert kept_since(head(before, kept=3), head(after, kept=3), DEFAULTS, NOW) == 3


@given(st.lists(st.tuples(st.none() | days, st.integers(0, 400 * DAY_MS)), max_size=20))
def test_whatever_changes_it_never_goes_back(changes: list[tuple[int | None, int]]) -> None:
    """Each change after some time; what cannot be read once cannot be read later."""
    now, own = NOW, head()
    floor = readable_since(own, DEFAULTS, now)
    for retention_days, passed in changes:
        now += passed
        floor = max(floor, readable_since(own, DEFAULTS, now))
        changed = head(retention_days, own.kept_since)
        own = head(retention_days, kept_since(own, changed, DEFAULTS, now))
        assert min(readable_since(own, DEFAULTS, now), NOW + 1) >= min(floor, NOW + 1)


def dated(seq: int, ts: int, dated_days: int, retention_days: int | None = None) -> Head:
    head = Head(rev=1, seq=9, ts=NOW, epoch=1, retention_days=retention_days)
    return replace(head, dated_seq=seq, dated_ts=ts, dated_days=dated_days)


def test_a_send_dates_the_head_first_and_after_half_a_retention_and_where_that_has_changed() -> None:
    says = {"datedSeq": 5, "datedTs": NOW, "datedDays": 365}
    half = 365 * DAY_MS // 2
    assert dating(head(), DEFAULTS, 5, NOW) == says
    assert dating(dated(1, NOW - half, 365), DEFAULTS, 5, NOW) == {}
    assert dating(dated(1, NOW - half - 1, 365), DEFAULTS, 5, NOW) == says
    assert dating(dated(1, NOW, 364), DEFAULTS, 5, NOW) == says | {"retentionRuns": f"0.0.364 5.{NOW}.365"}


def test_the_head_says_that_nothing_has_expired_only_where_it_is_sure() -> None:
    assert not none_expired_from(head(), 1, DEFAULTS, NOW)
    assert none_expired_from(dated(3, NOW - 365 * DAY_MS, 365), 3, DEFAULTS, NOW)
    assert not none_expired_from(dated(3, NOW - 365 * DAY_MS, 365), 2, DEFAULTS, NOW)
    assert none_expired_from(dated(1, NOW, 365), 1, DEFAULTS, NOW)
    assert not none_expired_from(dated(0, NOW, 365), 1, DEFAULTS, NOW)
    assert not none_expired_from(dated(3, NOW - 365 * DAY_MS - 1, 365), 3, DEFAULTS, NOW)
    # Kept for a week when they were sent, for a year now; and the other way round.
    assert not none_expired_from(dated(3, NOW - 7 * DAY_MS - 1, 7), 3, DEFAULTS, NOW)
    assert none_expired_from(dated(3, NOW - 7 * DAY_MS, 7), 3, DEFAULTS, NOW)
    assert not none_expired_from(dated(3, NOW - 7 * DAY_MS - 1, 365, 7), 3, DEFAULTS, NOW)
    assert not none_expired_from(replace(dated(3, NOW - 2, 365), kept_since=NOW - 1), 3, DEFAULTS, NOW)
