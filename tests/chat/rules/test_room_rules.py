"""A room's name and rules: each bound to its last value, null gives back the default, and what is absent
stays absent."""

from dataclasses import replace
from typing import Any

import pytest

from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.models import Defaults, Head, RoomSettings
from chat.rules.room_rules import Rules, check_limits, check_rules
from chat.rules.rooms import Room

LOBBY, DRAGONS = Room.parse("lobby"), Room.parse("GUILD#dragons")
BOUNDS: dict[str, tuple[float, float]] = {
    "slowModeSeconds": (0, 21_600),
    "retentionDays": (7, 36_500),
    "personPerSecond": (0.001, 1_000),
    "personBurst": (1, 10_000),
    "roomPerSecond": (0.001, 1_000),
    "roomBurst": (1, 10_000),
}
RATES = ("personPerSecond", "roomPerSecond")


def refused(arguments: dict[str, Any], room: Room = LOBBY) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check_rules(room, arguments)
    return caught.value


def test_only_what_is_named_is_a_rule_and_null_leaves_one_as_it_is() -> None:
    assert check_rules(LOBBY, {"roomId": "lobby", "userId": "ann"}) == {}
    assert check_rules(LOBBY, dict.fromkeys(("name", "visibility", "reset", *BOUNDS))) == {}
    assert check_rules(LOBBY, {"name": " The  lobby ", "retentionDays": 30}) == {
        "name": "The lobby",
        "retentionDays": 30,
    }


RESETS: dict[str, tuple[str, ...]] = {
    "NAME": ("name",),
    "VISIBILITY": ("visibility",),
    "SLOW_MODE": ("slowModeSeconds",),
    "RETENTION": ("retentionDays",),
    "PERSON_RATE": ("personPerSecond", "personBurst"),
    "ROOM_RATE": ("roomPerSecond", "roomBurst"),
}


@pytest.mark.parametrize("name", RESETS)
def test_what_is_reset_is_given_back_to_the_default(name: str) -> None:
    assert check_rules(LOBBY, {"reset": [name]}) == dict.fromkeys(RESETS[name])
    assert check_rules(LOBBY, {"reset": [name, name], "userId": "ann"}) == dict.fromkeys(RESETS[name])


def test_all_may_be_reset_beside_what_is_set_and_nothing_both() -> None:
    assert check_rules(LOBBY, {"reset": [*RESETS]}) == dict.fromkeys(("name", "visibility", *BOUNDS))
    assert check_rules(LOBBY, {"reset": ["NAME"], "personBurst": 3}) == {"name": None, "personBurst": 3}
    both = refused({"reset": ["NAME", "ROOM_RATE"], "roomBurst": 3, "roomPerSecond": 1})
    assert (both.key, both.values) == ("room.resetAndSet", {"argument": "roomBurst"})
    for reset in ("NAME", ["name"], ["NAME", 7], [["NAME"]], {"NAME": True}):
        assert refused({"reset": reset}).values == {"argument": "reset"}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_number_lies_within_its_bounds(name: str) -> None:
    least, most = BOUNDS[name]
    for value in (least, most, least + 1):
        assert check_rules(LOBBY, {name: value}) == {name: value}
    for value in (least - 0.0001 if name in RATES else least - 1, most + 1):
        assert refused({name: value}).values == {"argument": name, "min": str(least), "max": str(most)}


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("value", [True, "8", [8]], ids=repr)
def test_only_numbers_are_numbers(name: str, value: object) -> None:
    assert refused({name: value}).values["argument"] == name


def test_a_rate_may_have_parts_and_a_count_may_not() -> None:
    for name in RATES:
        assert check_rules(LOBBY, {name: 1.5}) == {name: 1.5}
    for name in BOUNDS.keys() - set(RATES):
        assert refused({name: 8.0}).values["argument"] == name


def test_a_name_has_up_to_100_code_points_and_at_least_one() -> None:
    assert check_rules(LOBBY, {"name": "é" * 100}) == {"name": "é" * 100}
    for name in ("é" * 101, "", "  ", 7):
        assert refused({"name": name}).values == {"argument": "name", "max": 100}


def test_a_guild_is_never_public() -> None:
    assert check_rules(LOBBY, {"visibility": "PUBLIC"}) == {"visibility": "public"}
    for room in (LOBBY, DRAGONS):
        assert check_rules(room, {"visibility": "PRIVATE"}) == {"visibility": "private"}
        assert refused({"visibility": "SECRET"}, room).key == "room.choice"
    assert refused({"visibility": "PUBLIC"}, DRAGONS).key == "room.guildVisibility"


def head(**attributes: Any) -> Head:
    return Head(rev=1, seq=0, ts=0, epoch=1, **attributes)


def test_a_rule_that_is_given_back_takes_the_deployments_default() -> None:
    ruled = head(retention_days=30, visibility="public", name="The lobby").ruled(
        {"retentionDays": None, "visibility": None, "name": None, "personBurst": 3}
    )
    assert ruled == head(person_burst=3)
    assert head(visibility="public").ruled({"name": "A"}) == head(visibility="public", name="A")
    assert head().ruled({"visibility": "public"}).visibility == "public"
    defaults = RoomSettings(person_per_second=2, person_burst=4, retention_days=90)
    assert ruled.settings(defaults) == RoomSettings(person_per_second=2, person_burst=3, retention_days=90)
    assert head(slow_mode_seconds=0, person_per_second=0.5).settings(RoomSettings(slow_mode_seconds=9)) == (
        RoomSettings(person_per_second=0.5)
    )


def test_a_deployment_that_says_nothing_has_these_limits() -> None:
    limits = RoomSettings()
    assert (limits.person_per_second, limits.person_burst) == (1, 10)
    assert (limits.room_per_second, limits.room_burst) == (50, 100)
    assert (limits.retention_days, limits.retention_ms, limits.slow_mode_seconds) == (365, 31_536_000_000, 0)


def test_slow_mode_is_for_plain_members_and_never_faster_than_their_rate() -> None:
    slow = RoomSettings(person_per_second=2, person_burst=5, slow_mode_seconds=10)
    assert (slow.person_rate("member").per_second, slow.person_rate("member").burst) == (0.1, 1)
    for role in ("owner", "moderator"):
        assert (slow.person_rate(role).per_second, slow.person_rate(role).burst) == (2, 5)
    rare = RoomSettings(person_per_second=0.01, person_burst=5, slow_mode_seconds=10)
    assert (rare.person_rate("member").per_second, rare.person_rate("member").burst) == (0.01, 1)
    fast = RoomSettings(person_per_second=2, person_burst=5)
    assert (fast.person_rate("member").per_second, fast.person_rate("member").burst) == (2, 5)
    assert (fast.room_rate.per_second, fast.room_rate.burst) == (50, 100)


def test_what_a_head_says_of_an_empty_room_has_no_instant() -> None:
    assert head().to_wire() == {"seq": 0, "ts": None, "epoch": 1, "rev": 1, "pinsRev": 0}
    assert Head(rev=3, seq=1, ts=0, epoch=2).to_wire()["ts"] == "1970-01-01T00:00:00.000Z"
    assert (head().revoked_at, head().tat, head().changed_rev, head().changed_at, head().ruled_rev) == (
        0,
    ) * 5
    assert (head().adopted_at, head().adopted_seq, head().owners, head().visibility) == (
        0,
        0,
        None,
        "private",
    )


DEFAULTS = Defaults(person_per_second=2, person_burst=4, owner_max_person_burst=8, owner_max_room_burst=50)
"""Owners may set people's burst up to 8, the others no higher than they are: their rate 2, the room's 50 and 100."""


def limited(rules: Rules, *, by_admin: bool = False, **attributes: Any) -> Rules:
    return check_limits(head(**attributes), rules, DEFAULTS, by_admin=by_admin)


def too_high(rules: Rules, **attributes: Any) -> dict[str, Any]:
    with pytest.raises(NotAllowed) as caught:
        limited(rules, **attributes)
    assert caught.value.key == "room.limit"
    return dict(caught.value.values)


def test_owners_set_limits_up_to_what_the_deployment_says() -> None:
    for rules in ({"personBurst": 8}, {"personPerSecond": 2.0}, {"roomPerSecond": 50}, {"roomBurst": 100}):
        allowed: Rules = {**rules}
        assert limited(allowed) == allowed
    refusal = {"reason": "limit", "argument": "personBurst", "max": "8"}
    assert too_high({"personBurst": 9}) == refusal
    assert too_high({"personPerSecond": 2.5}) == {
        "reason": "limit",
        "argument": "personPerSecond",
        "max": "2",
    }
    assert too_high({"roomPerSecond": 51})["argument"] == "roomPerSecond"
    assert too_high({"roomBurst": 101}) == {"reason": "limit", "argument": "roomBurst", "max": "100"}


def test_other_rules_are_no_limits() -> None:
    assert limited({"retentionDays": 36_500, "name": "A"}) == {"retentionDays": 36_500, "name": "A"}
    assert limited({}, admin_rules="personBurst") == {}


def test_administrators_set_limits_higher_and_it_is_noted_which() -> None:
    assert limited({"roomBurst": 9_000, "personBurst": 9}, by_admin=True) == {
        "roomBurst": 9_000,
        "personBurst": 9,
        "adminRules": "personBurst,roomBurst",
    }
    again: Rules = {"roomBurst": 8_000}
    assert limited(again, by_admin=True, admin_rules="personBurst,roomBurst") == again
    assert limited(again, by_admin=True, admin_rules="personBurst")["adminRules"] == "personBurst,roomBurst"


def test_a_limit_that_owners_set_anew_or_give_back_is_no_administrators_any_more() -> None:
    noted: dict[str, Any] = {"admin_rules": "personBurst,roomBurst", "person_burst": 900, "room_burst": 9_000}
    assert limited({"personBurst": 5}, **noted) == {"personBurst": 5, "adminRules": "roomBurst"}
    assert limited({"personBurst": None}, **noted) == {"personBurst": None, "adminRules": "roomBurst"}
    last = {**noted, "admin_rules": "personBurst"}
    assert limited({"personBurst": 5}, **last) == {"personBurst": 5, "adminRules": None}
    given_back: Rules = {"personBurst": None}
    assert limited(given_back, by_admin=True, **last) == {"personBurst": None, "adminRules": None}
    assert limited(given_back, admin_rules="personBurst") == {"personBurst": None, "adminRules": None}


def test_owners_may_say_again_what_an_administrator_set() -> None:
    noted: dict[str, Any] = {"admin_rules": "personBurst", "person_burst": 900}
    assert limited({"personBurst": 900}, **noted) == {"personBurst": 900}
    assert too_high({"personBurst": 901}, **noted)["max"] == "8"


def test_what_owners_may_set_is_never_below_the_deployments_own_limit() -> None:
    assert [DEFAULTS.most_for_owners(name) for name in ("person_burst", "room_burst", "room_per_second")] == [
        8,
        100,
        50,
    ]
    assert RoomSettings(person_burst=3).most_for_owners("person_burst") == 3


def test_a_limit_above_what_owners_may_set_holds_where_an_administrator_set_it() -> None:
    high = head(person_burst=9, room_burst=101, person_per_second=2.0)
    assert high.settings(DEFAULTS) == replace(DEFAULTS, person_burst=8, room_burst=100)
    noted = head(person_burst=9, room_burst=101, admin_rules="roomPerSecond,personBurst")
    assert noted.settings(DEFAULTS) == replace(DEFAULTS, person_burst=9, room_burst=100)
    within = head(person_burst=8, person_per_second=0.5)
    assert within.settings(DEFAULTS) == replace(DEFAULTS, person_burst=8, person_per_second=0.5)
