"""Ids follow one grammar, and a room's id alone says where the room lies."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room, is_id

ALPHABET = string.ascii_letters + string.digits + "_.:|@-"
IDS = ["a", "lobby", "A-Z.0_9:|@", "x" * 128, "GUILD", "guild", "ROOM", "-", ".", "..", "GUILD:x"]
NO_IDS: list[object] = [
    "", " ", "a b", "a#b", "#", "x" * 129, "a\n", "\na", "a\x00", "\x7f", "a\tb", "é", "ａ", "٣", "a/b", "a\\b", "a%23b",
    "a,b", "a+b", "a*", "ROOM#a", "USER#a", "guild#a", "Guild#a", " lobby", "lobby ", "\ud800", "a\u200b",
    None, 7, 1.5, True, [], ["a"], {}, {"a": "b"}, b"lobby",
]  # fmt: skip
NO_ROOMS = [
    *NO_IDS,
    "GUILD#",
    "GUILD##",
    "GUILD#a#b",
    "GUILD#GUILD#a",
    "GUILD# ",
    "GUILD#a\n",
    "GUILD#" + "x" * 129,
]


@pytest.mark.parametrize("value", IDS)
def test_an_id_has_up_to_128_characters_of_the_grammar(value: str) -> None:
    assert is_id(value)
    assert Room.parse(value) == Room(value, "general", "core", f"ROOM#{value}", None)
    assert Room.parse(f"GUILD#{value}") == Room(f"GUILD#{value}", "guild", "guild", f"GUILD#{value}", value)


@pytest.mark.parametrize("value", NO_IDS, ids=ascii)
def test_everything_else_is_no_id(value: object) -> None:
    assert not is_id(value)


@pytest.mark.parametrize("value", NO_ROOMS, ids=ascii)
def test_everything_else_names_no_room(value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        Room.parse(value)
    assert caught.value.values == {"argument": "roomId"}


@given(st.text(ALPHABET, min_size=1, max_size=128))
def test_every_string_of_the_alphabet_is_an_id(value: str) -> None:
    assert is_id(value)


@given(st.text(max_size=140))
def test_a_string_with_any_other_character_is_no_id(value: str) -> None:
    assert is_id(value) == (0 < len(value) <= 128 and set(value) <= set(ALPHABET))


@given(st.text(ALPHABET, min_size=1, max_size=20), st.text(ALPHABET, min_size=1, max_size=20))
def test_two_rooms_never_share_a_partition(one: str, other: str) -> None:
    rooms = [Room.parse(one), Room.parse(other), Room.parse(f"GUILD#{one}"), Room.parse(f"GUILD#{other}")]
    assert len({(room.table, room.partition_key) for room in rooms}) == len({room.id for room in rooms})


@given(st.text(ALPHABET, min_size=1, max_size=20))
def test_a_room_is_found_again_by_its_partition(value: str) -> None:
    for room in (Room.parse(value), Room.parse(f"GUILD#{value}")):
        assert Room.lying_in(room.partition_key) == room
