"""A token of `sync` holds what was put into it, small, and for one person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.cursor import CursorKeys, seal_position, unseal, unseal_position
from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room
from chat.steps.catch_up import Held
from chat.steps.memberships import MembershipCursor
from chat.steps.sync_token import LONGEST, Token, room_hash, seal_token, unseal_token

KEYS = CursorKeys("k1", {"k1": b"a key for tests, 32 bytes long.."})
NUMBERS = st.integers(0, 2**31 - 1)
INSTANTS = st.integers(0, 9_999_999_999_999)
HELD = st.builds(Held, st.one_of(st.none(), NUMBERS), INSTANTS, NUMBERS, part=st.sampled_from([0, 0, 0, 7]))
POSITIONS = st.builds(
    MembershipCursor,
    st.sampled_from(["core", "guild"]),
    st.one_of(st.none(), st.text("IN#ROM.:|@-é", min_size=1)),
)
TOKENS = st.builds(
    Token, INSTANTS, POSITIONS, st.dictionaries(st.binary(min_size=8, max_size=8), HELD, max_size=20)
)


@given(TOKENS)
def test_a_token_comes_back_as_it_was(token: Token) -> None:
    assert unseal_token("ann", seal_token("ann", token, KEYS), KEYS) == token


@given(TOKENS, st.sampled_from(["ann2", "an", "bob"]))
def test_a_token_is_for_one_person_and_for_sync(token: Token, other: str) -> None:
    sealed = seal_token("ann", token, KEYS)
    with pytest.raises(InvalidInput):
        unseal_token(other, sealed, KEYS)
    for read_otherwise in (
        lambda: unseal(sealed, KEYS),
        lambda: unseal_position("sync/ann", sealed, KEYS, longest=LONGEST),
        lambda: unseal_token("ann", seal_position("sync/ann", [1, 0, 1, 0], KEYS), KEYS),
    ):
        with pytest.raises(InvalidInput):
            read_otherwise()


@given(TOKENS, st.integers(0), st.sampled_from("AB_-9"))
def test_a_token_that_was_changed_is_none(token: Token, place: int, letter: str) -> None:
    sealed = seal_token("ann", token, KEYS)
    place %= len(sealed)
    changed = sealed[:place] + letter + sealed[place + 1 :]
    if changed != sealed:
        with pytest.raises(InvalidInput) as refused:
            unseal_token("ann", changed, KEYS)
        assert refused.value.values == {"argument": "since"}


def test_a_thousand_busy_rooms_take_32_characters_each() -> None:
    rooms = [Room.parse(f"room-{number}") for number in range(1_000)]
    held = {
        room_hash("ann", room.partition_key): Held(9_999_999, 4_000_000_000_000, 99_999_999) for room in rooms
    }
    assert len(held) == 1_000
    sealed = seal_token(
        "ann", Token(4_000_000_000_000, MembershipCursor("guild", "IN#GUILD#" + "x" * 128), held), KEYS
    )
    assert len(sealed) <= 32 * 1_000 + 300 < LONGEST


def test_a_room_has_another_name_in_everybody_s_token() -> None:
    assert room_hash("ann", "ROOM#lobby") != room_hash("bob", "ROOM#lobby") != room_hash("bob", "GUILD#lobby")
