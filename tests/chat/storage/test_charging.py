"""What a member is judged by before anything is written, to the millisecond."""

from typing import Any

import pytest

from chat.rules.access import Access
from chat.rules.errors import Muted, RateLimited
from chat.rules.models import Head, Member, RoomSettings
from chat.rules.rooms import Room
from chat.storage.charging import charge, limits_at, member_refusal

NOW = 1_800_000_000_000
SETTINGS = RoomSettings(person_per_second=1, person_burst=1)


def access(member: Member, **head: Any) -> Access:
    return Access(Head(**{"rev": 1, "seq": 0, "ts": 0, "epoch": 1, **head}), member)


@pytest.mark.parametrize(
    ("ts", "changed_at", "at"),
    [(0, 0, NOW), (NOW + 1, 0, NOW + 1), (0, NOW + 2, NOW + 2), (NOW + 2, NOW + 1, NOW + 2)],
)
def test_rates_are_judged_no_earlier_than_the_rooms_newest_message_or_change(
    ts: int, changed_at: int, at: int
) -> None:
    assert limits_at(access(Member(), ts=ts, changed_at=changed_at).head, NOW) == at * 1_000


def test_a_mute_ends_at_its_instant() -> None:
    assert member_refusal(access(Member(muted_until=NOW)), SETTINGS, NOW) is None
    refusal = member_refusal(access(Member(muted_until=NOW + 1)), SETTINGS, NOW)
    assert isinstance(refusal, Muted)
    assert refusal.values == {"until": "2027-01-15T08:00:00.001Z"}


def test_who_is_faster_than_their_rate_is_told_how_long_to_wait_by_their_own_clock() -> None:
    """The room is three seconds ahead of this process's clock: so long the wait is, too."""
    member = Member(tat=NOW * 1_000 + 400_000)
    refusal = member_refusal(access(member), SETTINGS, NOW)
    assert isinstance(refusal, RateLimited)
    assert refusal.values == {"retryAfterMs": 400, "scope": "person"}
    behind = Member(tat=(NOW + 3_000) * 1_000 + 400_000)
    refusal = member_refusal(access(behind, ts=NOW + 3_000), SETTINGS, NOW)
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
