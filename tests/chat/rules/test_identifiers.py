"""A message's id is a UUIDv7: https://www.rfc-editor.org/rfc/rfc9562#section-5.7."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from chat.rules.identifiers import chance_of, id_at, uuid7, uuid7_ms
from chat.rules.rooms import is_id

instants = st.integers(0, (1 << 48) - 1)


@given(instants)
def test_its_bits_are_where_rfc_9562_puts_them(ms: int) -> None:
    made = uuid.UUID(uuid7(ms))
    assert made.int >> 80 == ms
    assert (made.int >> 76) & 0xF == 7
    assert (made.int >> 62) & 0b11 == 0b10
    assert made.variant == uuid.RFC_4122
    assert str(made) == uuid7(ms)[:13] + str(made)[13:]


@given(instants, instants)
def test_ids_sort_by_time(one: int, other: int) -> None:
    if one != other:
        assert (uuid7(one) < uuid7(other)) == (one < other)


def test_all_74_other_bits_are_left_to_chance() -> None:
    made = [uuid.UUID(uuid7(0)).int for _ in range(200)]
    ever, always = 0, (1 << 128) - 1
    for number in made:
        ever |= number
        always &= number
    assert (ever ^ always).bit_count() == 74
    assert len(set(made)) == 200


def test_it_can_be_part_of_a_key() -> None:
    assert is_id(uuid7(1_769_860_800_000))


def test_an_instant_of_more_than_48_bits_loses_the_upper_ones() -> None:
    assert uuid.UUID(uuid7((1 << 49) | (1 << 48) | 5)).int >> 80 == 5


def test_its_chance_is_what_follows_the_instant() -> None:
    assert chance_of("01234567-89ab-7cde-8f01-23456789abcd") == "-7cde-8f01-23456789abcd"


@given(instants, instants)
def test_with_another_instant_it_keeps_its_chance(one: int, other: int) -> None:
    made = uuid7(one)
    moved = id_at(made, other)
    assert (uuid7_ms(made), uuid7_ms(moved)) == (one, other)
    assert chance_of(moved) == chance_of(made)
