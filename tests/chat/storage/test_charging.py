"""What a member is judged by before anything is written, to the millisecond."""

from typing import Any

import pytest

from chat.rules.access import Access
from chat.rules.errors import Muted, RateLimited
from chat.rules.models import Head, Member, RoomSettings
from chat.rules.rooms import Room
from chat.storage.charging import charge, charged, member_refusal, wait_ms

NOW = 1_800_000_000_000
SETTINGS = RoomSettings(person_per_second=1, person_burst=1)


def access(member: Member, **head: Any) -> Access:
    return Access(Head(**{"rev": 1, "seq": 0, "ts": 0, "epoch": 1, **head}), member)


@pytest.mark.parametrize("stamp", [0, NOW + 1, NOW + 3_000, NOW + 730 * 86_400_000])
def test_the_rooms_stamps_are_nothing_that_a_rate_is_judged_by(stamp: int) -> None:
    seen = access(Member(), ts=stamp, changed_at=stamp)
    assert charge(Room.parse("lobby"), "ann", seen, SETTINGS, NOW).set == {
        "tat": (NOW + 1_000) * 1_000,
        "writtenAt": NOW,
    }
    assert charged(SETTINGS.room_rate, seen.head, NOW) == {"tat": (NOW + 20) * 1_000, "writtenAt": NOW}


@pytest.mark.parametrize(
    ("written_at", "wait", "at"),
    [
        (NOW - 1, 400, NOW),
        (NOW + 3_000, 3_400, NOW + 3_000),
        (NOW + 3_001, 0, NOW),
        (NOW + 730 * 86_400_000, 0, NOW),
    ],
)
def test_a_clock_that_is_a_little_ahead_is_waited_for_and_no_other(
    written_at: int, wait: int, at: int
) -> None:
    """Whoever sent by that clock may go on at once, but has no burst left."""
    member = Member(tat=max(NOW, written_at) * 1_000 + 400_000, written_at=written_at)
    assert wait_ms(SETTINGS.person_rate("member"), member, NOW) == wait
    if not wait:
        assert charged(SETTINGS.person_rate("member"), member, NOW) == {
            "tat": (NOW + 1_000) * 1_000,
            "writtenAt": NOW,
        }
    write = charge(Room.parse("lobby"), "ann", access(member), SETTINGS, NOW)
    assert write.set["writtenAt"] == at


def test_what_a_clock_far_ahead_has_charged_counts_from_now() -> None:
    """Two of a burst of five are used."""
    settings, hour = RoomSettings(person_per_second=1, person_burst=5), 3_600_000
    member = Member(tat=(NOW + hour + 2_000) * 1_000, written_at=NOW + hour)
    write = charge(Room.parse("lobby"), "ann", access(member), settings, NOW)
    assert write.set == {"tat": (NOW + 3_000) * 1_000, "writtenAt": NOW}
    assert write.condition.endswith("tat = :was")
    assert write.given[":was"] == member.tat


def test_a_mute_ends_at_its_instant() -> None:
    assert member_refusal(access(Member(muted_until=NOW)), SETTINGS, NOW) is None
    refusal = member_refusal(access(Member(muted_until=NOW + 1)), SETTINGS, NOW)
    assert isinstance(refusal, Muted)
    assert refusal.values == {"until": "2027-01-15T08:00:00.001Z"}


def test_who_is_faster_than_their_rate_is_told_how_long_to_wait_by_their_own_clock() -> None:
    """The clock that charged them is three seconds ahead of this process's: so long the wait is, too."""
    member = Member(tat=NOW * 1_000 + 400_000)
    refusal = member_refusal(access(member), SETTINGS, NOW)
    assert isinstance(refusal, RateLimited)
    assert refusal.values == {"retryAfterMs": 400, "scope": "person"}
    behind = Member(tat=(NOW + 3_000) * 1_000 + 400_000, written_at=NOW + 3_000)
    refusal = member_refusal(access(behind), SETTINGS, NOW)
    assert isinstance(refusal, RateLimited)
    assert refusal.values == {"retryAfterMs": 3400, "scope": "person"}
    assert member_refusal(access(Member(tat=NOW * 1_000)), SETTINGS, NOW) is None


def test_only_a_role_that_is_not_everybodys_has_to_be_the_same_at_the_commit() -> None:
    plain, moderator = (
        charge(Room.parse("lobby"), "ann", access(Member(role=role)), SETTINGS, NOW)
        for role in ("member", "moderator")
    )
    assert "#role" not in plain.condition
    assert moderator.condition.endswith(" AND #role = :role")
    assert moderator.given[":role"] == "moderator"
