"""Arguments that several fields have: what is let through, to the last value, and what is refused."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chat.rules.arguments import (
    LARGEST_INT,
    check_bound,
    check_instant,
    check_limit,
    check_role,
    check_seq,
    check_user,
    is_whole,
)
from chat.rules.errors import InvalidInput

NOON, NOON_MS = "2026-01-31T12:00:00.000Z", 1_769_860_800_000


def refused(check: Callable[..., object], *arguments: Any) -> Mapping[str, object]:
    with pytest.raises(InvalidInput) as caught:
        check(*arguments)
    return caught.value.values


@pytest.mark.parametrize("value", [3, 4, 5])
def test_a_whole_number_within_its_bounds(value: int) -> None:
    assert is_whole(value, 3, 5)
    assert is_whole(value)


@pytest.mark.parametrize("value", [2, 6, True, 3.0, "4", None, [4]])
def test_what_is_none(value: object) -> None:
    assert not is_whole(value, 3, 5)


def test_a_page_has_1_to_100_items_and_50_unless_it_is_said() -> None:
    assert [check_limit(each) for each in ({}, {"limit": None}, {"limit": 1}, {"limit": 100})] == [
        50,
        50,
        1,
        100,
    ]
    for limit in (0, -1, 101, "7", True, 1.5):
        assert refused(check_limit, {"limit": limit}) == {"argument": "limit", "max": 100}
    assert check_limit({"limit": 1_000}, 1_000) == 1_000
    assert refused(check_limit, {"limit": 51}, 50) == {"argument": "limit", "max": 50}


def test_a_number_of_a_message_is_an_int_of_graphql_from_0_on() -> None:
    assert LARGEST_INT == 2_147_483_647
    assert [check_seq(value) for value in (0, 1, LARGEST_INT)] == [0, 1, LARGEST_INT]
    for value in (-1, LARGEST_INT + 1, None, True):
        assert refused(check_seq, value, "since") == {"argument": "since", "max": LARGEST_INT}


def test_an_instant_may_be_absent() -> None:
    assert check_instant(None) is None
    assert check_instant(NOON) == NOON_MS
    assert check_instant("2026-01-31T12:00:00.0009Z") == NOON_MS
    assert refused(check_instant, "noon") == {"argument": "ts"}


@pytest.mark.parametrize(
    ("argument", "text", "bound"),
    [
        ("before", NOON, NOON_MS),
        ("after", NOON, NOON_MS),
        ("before", "2026-01-31T12:00:00.0001Z", NOON_MS + 1),
        ("after", "2026-01-31T12:00:00.0001Z", NOON_MS),
        ("before", None, None),
    ],
)
def test_a_finer_bound_is_rounded_so_that_no_message_is_lost(
    argument: str, text: str | None, bound: int | None
) -> None:
    assert check_bound({argument: text}, argument) == bound


def test_a_person_and_a_role_are_named() -> None:
    assert check_user({"userId": "ann"}) == "ann"
    for user in (None, "", 7, "a\nb"):
        assert refused(check_user, {"userId": user}) == {"argument": "userId"}
    assert [check_role({"role": role}) for role in (None, "OWNER", "MODERATOR", "MEMBER")] == [
        None,
        "owner",
        "moderator",
        "member",
    ]
    for role in ("owner", "ADMIN", "", 7):
        assert refused(check_role, {"role": role}) == {"argument": "role"}
