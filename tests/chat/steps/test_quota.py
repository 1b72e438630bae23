"""How fast somebody may make rooms: one a minute, ten at once."""

import pytest

from chat.rules.errors import RateLimited
from chat.steps.quota import Quota, charge_making, check_making

NOW = 1_800_000_000_000
MINUTE_US = 60_000_000


def test_whoever_made_none_makes_ten_at_once_and_then_one_a_minute() -> None:
    quota: Quota | None = None
    for _ in range(10):
        check_making(quota, NOW)
        quota = Quota(tat=charge_making("ann", quota, NOW).set["tat"])
    assert quota == Quota(tat=NOW * 1_000 + 10 * MINUTE_US)
    with pytest.raises(RateLimited) as caught:
        check_making(quota, NOW)
    assert caught.value.values == {"retryAfterMs": 60_000, "scope": "person"}
    assert caught.value.key == "room.rateLimited"
    with pytest.raises(RateLimited):
        check_making(quota, NOW + 59_999)
    check_making(quota, NOW + 60_000)


def test_a_quota_is_kept_for_a_day_after_it_is_full_again() -> None:
    write = charge_making("ann", None, NOW)
    assert write.set == {
        "type": "Quota",
        "tat": NOW * 1_000 + MINUTE_US,
        "expiresAt": NOW // 1_000 + 60 + 86_400,
    }
    assert (write.place.table, write.place.partition_key) == ("core", "USER#ann")
    assert charge_making("ann", Quota(tat=0), NOW).condition == "#tat = :tat"
    assert Quota() == Quota(tat=0)
