"""Who may do what, written down once more by hand: a right that is won or lost by mistake shows here at
once."""

from typing import get_args

import pytest

from chat.rules.permissions import (
    DIRECT,
    NOT_IN_DIRECT,
    PERMISSIONS,
    RANKS,
    Operation,
    Standing,
    outranks,
)

TABLE = """
             owner moderator member admin gateway invited visitor
look         x     x         x      x     x       x       x
join         x     x         x      x     .       x       x
read         x     x         x      x     x       .       .
subscribe    x     x         x      .     x       .       .
send         x     x         x      .     .       .       .
saveDraft    x     x         x      .     .       .       .
react        x     x         x      .     .       .       .
mark         x     x         x      .     .       .       .
leave        x     x         x      .     .       .       .
removeOwn    x     x         x      .     .       .       .
removeAny    x     x         .      x     .       .       .
pin          x     x         .      .     .       .       .
addMember    x     x         .      x     .       .       .
removeMember x     x         .      x     .       .       .
banMember    x     x         .      x     .       .       .
unbanMember  x     x         .      x     .       .       .
muteMember   x     x         .      x     .       .       .
listBanned   x     x         .      x     .       .       .
listInvited  x     x         .      x     .       .       .
measure      x     x         .      x     .       .       .
report       .     .         .      .     x       .       .
mentionAll   x     x         .      .     .       .       .
updateRoom   x     .         .      x     .       .       .
setRole      x     .         .      x     .       .       .
deleteRoom   x     .         .      x     .       .       .
"""
IN_DIRECT = """
             owner moderator member admin gateway invited visitor
look         .     .         x      x     x       x       .
join         .     .         x      .     .       x       .
read         .     .         x      x     x       .       .
subscribe    .     .         x      .     x       .       .
send         .     .         x      .     .       .       .
saveDraft    .     .         x      .     .       .       .
react        .     .         x      .     .       .       .
mark         .     .         x      .     .       .       .
leave        .     .         x      .     .       .       .
removeOwn    .     .         x      .     .       .       .
removeAny    .     .         .      x     .       .       .
pin          .     .         x      .     .       .       .
muteMember   .     .         .      x     .       .       .
listBanned   .     .         .      x     .       .       .
listInvited  .     .         .      x     .       .       .
measure      .     .         .      x     .       .       .
report       .     .         .      .     x       .       .
"""
"""The same in a direct room; what it does not name nobody may there."""
(STANDINGS, *ROWS) = [line.split() for line in TABLE.strip().splitlines()]


def test_the_table_names_everything() -> None:
    assert {row[0] for row in ROWS} == set(get_args(Operation))
    assert set(STANDINGS) == set(get_args(Standing)) == set(PERMISSIONS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_only_these_may(row: list[str]) -> None:
    operation, *cells = row
    allowed = [standing for standing, cell in zip(STANDINGS, cells, strict=True) if cell == "x"]
    assert [standing for standing in STANDINGS if operation in PERMISSIONS[standing]] == allowed  # type: ignore[index]


def test_in_a_direct_room_only_these_may() -> None:
    (standings, *rows) = [line.split() for line in IN_DIRECT.strip().splitlines()]
    allowed = {
        row[0]: [who for who, cell in zip(standings, row[1:], strict=True) if cell == "x"] for row in rows
    }
    for operation in get_args(Operation):
        may = [who for who in standings if operation in DIRECT.get(who, ())]  # type: ignore[call-overload]
        assert may == allowed.get(operation, [])
        assert (operation in NOT_IN_DIRECT) == (operation not in allowed)


def test_whoever_stands_higher_rules_and_owners_and_administrators_rule_their_equals() -> None:
    order: list[Standing] = ["visitor", "member", "moderator", "owner", "admin"]
    assert sorted(order, key=RANKS.__getitem__) == order
    assert len({RANKS[standing] for standing in order}) == len(order)
    assert RANKS["gateway"] == RANKS["invited"] == RANKS["visitor"]
    for one in order:
        for other in order:
            above = order.index(one) > order.index(other)
            assert outranks(one, other) == (above or one in ("owner", "admin"))
