"""How fast somebody may make rooms and add people, and how many rooms they may be in."""

import pytest

from chat.deployment import Deployment
from chat.rules.errors import NotAllowed, RateLimited
from chat.rules.models import Member
from chat.rules.rate import Rate
from chat.steps.quota import (
    BLOCKING,
    NO_QUOTA,
    ROOMS,
    Quota,
    adding,
    charge_added_room,
    charge_adding,
    charge_blocking,
    charge_making,
    charge_own_room,
    charge_room,
    check_added_rooms,
    check_adding,
    check_blocking,
    check_making,
    check_own_rooms,
    returned_room,
)
from chat.storage.store import Store

NOW = 1_800_000_000_000
AT = NOW * 1_000
MINUTE_US = 60_000_000
HUNDRED = Rate(100 / 3_600, 100)


def test_whoever_made_none_makes_ten_at_once_and_then_one_a_minute() -> None:
    quota = NO_QUOTA
    for _ in range(10):
        check_making(quota, NOW)
        quota = Quota(tat=charge_making("ann", quota, NOW).set["tat"])
    assert quota == Quota(tat=AT + 10 * MINUTE_US)
    with pytest.raises(RateLimited) as caught:
        check_making(quota, NOW)
    assert caught.value.values == {"retryAfterMs": 60_000, "scope": "person"}
    assert caught.value.key == "room.rateLimited"
    with pytest.raises(RateLimited):
        check_making(quota, NOW + 59_999)
    check_making(quota, NOW + 60_000)


def test_a_quota_is_kept_for_longer_than_any_rate_takes_to_be_full_again() -> None:
    write = charge_making("ann", NO_QUOTA, NOW)
    assert write.set == {"type": "Quota", "tat": AT + MINUTE_US, "expiresAt": NOW // 1_000 + 100 * 86_400}
    assert (write.place.table, write.place.partition_key) == ("core", "USER#ann")
    assert ROOMS.reach(AT) < write.set["expiresAt"] * 1_000_000


def test_what_is_charged_is_a_condition_and_nothing_else_is() -> None:
    assert charge_making("ann", NO_QUOTA, NOW).condition == "attribute_not_exists(#tat)"
    making = charge_making("ann", Quota(tat=5), NOW)
    assert (making.condition, making.given) == ("#tat = :tat", {":tat": 5})
    adding = charge_adding("ann", Quota(tat=5, add_tat=7), HUNDRED, NOW)
    assert (adding.condition, adding.given) == ("#addTat = :addTat", {":addTat": 7})
    joining = charge_own_room("ann", Quota(own_tat=9), NOW)
    assert (joining.condition, joining.given) == ("#ownTat = :ownTat", {":ownTat": 9})
    room = charge_room("ann", Quota(tat=5), HUNDRED, 3, NOW)
    assert sorted(room.condition.split(" AND ")) == [
        "#tat = :tat", "attribute_not_exists(#addTat)", "attribute_not_exists(#ownTat)",
    ]  # fmt: skip
    assert room.set["addTat"] == AT + 3 * HUNDRED.step
    assert "addTat" not in charge_room("ann", NO_QUOTA, HUNDRED, 0, NOW).set


def test_a_hundred_are_added_at_once_or_one_after_the_other_and_then_one_in_36_seconds() -> None:
    check_adding(HUNDRED, NO_QUOTA, 100, NOW)
    with pytest.raises(RateLimited):
        check_adding(HUNDRED, NO_QUOTA, 101, NOW)
    quota = Quota(add_tat=HUNDRED.taken(0, AT, 60))
    check_adding(HUNDRED, quota, 40, NOW)
    with pytest.raises(RateLimited) as caught:
        check_adding(HUNDRED, quota, 41, NOW)
    assert caught.value.values == {"retryAfterMs": 36_000, "scope": "person"}
    assert caught.value.key == "room.addingTooFast"
    check_adding(HUNDRED, quota, 41, NOW + 36_000)


def test_a_thousand_rooms_of_each_kind_and_then_one_in_130_minutes() -> None:
    full = ROOMS.taken(0, AT, 1_000)
    check_own_rooms(Quota(own_tat=full - ROOMS.step, added_tat=full), NOW)
    check_added_rooms(Quota(added_tat=full - ROOMS.step, own_tat=full), NOW)
    for check, quota in ((check_own_rooms, Quota(own_tat=full)), (check_added_rooms, Quota(added_tat=full))):
        with pytest.raises(NotAllowed):
            check(quota, NOW + 7_775_999)
        check(quota, NOW + 7_776_000)


def test_being_put_into_rooms_is_counted_without_a_condition() -> None:
    first = charge_added_room("bob", NO_QUOTA, NOW)
    assert (first.condition, first.set["addedTat"], first.add) == ("", AT + ROOMS.step, {})
    next_one = charge_added_room("bob", Quota(added_tat=AT + 1), NOW)
    assert (next_one.condition, next_one.add) == ("", {"addedTat": ROOMS.step})
    assert "addedTat" not in next_one.set
    (returned,) = returned_room("bob", Member(added=1), NOW)
    assert (returned.condition, returned.add) == ("", {"addedTat": -ROOMS.step})
    assert returned_room("bob", Member(), NOW) == []


def test_each_rate_is_charged_one_step_from_now_on() -> None:
    assert charge_adding("ann", NO_QUOTA, HUNDRED, NOW).set["addTat"] == AT + HUNDRED.step
    assert charge_own_room("ann", NO_QUOTA, NOW).set["ownTat"] == AT + ROOMS.step
    assert charge_blocking("ann", NO_QUOTA, NOW).set["blockTat"] == AT + BLOCKING.step
    assert charge_added_room("bob", Quota(added_tat=AT), NOW).set["addedTat"] == AT + ROOMS.step


def test_a_hundred_are_blocked_at_once_and_then_one_in_ten_seconds() -> None:
    assert (BLOCKING.step, BLOCKING.burst) == (10_000_000, 100)
    full = Quota(block_tat=BLOCKING.taken(0, AT, 100))
    check_blocking(Quota(block_tat=full.block_tat - BLOCKING.step), NOW)
    with pytest.raises(RateLimited) as caught:
        check_blocking(full, NOW)
    assert caught.value.values == {"retryAfterMs": 10_000, "scope": "person"}
    assert caught.value.key == "room.blockingTooFast"
    with pytest.raises(RateLimited):
        check_blocking(full, NOW + 9_999)
    check_blocking(full, NOW + 10_000)


def test_the_deployment_says_how_many_strangers_are_added_in_an_hour() -> None:
    rate = adding(Deployment(Store(None, {}), additions_per_hour=100))
    assert (rate.step, rate.burst) == (36_000_000, 100)


def test_whoever_has_no_rates_yet_has_used_none() -> None:
    assert Quota() == Quota(tat=0, add_tat=0, own_tat=0, added_tat=0, block_tat=0)
