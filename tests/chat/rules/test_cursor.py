"""A cursor is a position that only we can write."""

import base64
import hashlib
import hmac
import json
import string
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.cursor import (
    Cursor,
    CursorKeys,
    seal,
    seal_bytes,
    seal_position,
    unseal,
    unseal_bytes,
    unseal_position,
)
from chat.rules.errors import InvalidInput
from tests.chat.rules.test_user_ids import SUBJECTS

OLD, NEW = b"o" * 32, b"n" * 32
KEYS = CursorKeys("k2", {"k1": OLD, "k2": NEW})
CURSOR = Cursor("GUILD#dragons", True, 1_000, None, "MSG#0000000002000#id", 7)
LONGEST = Cursor("GUILD#" + "x" * 128, False, 10**13, 10**13, "MSG#" + "9" * 13 + "#" + "x" * 36, 10**12)
BASE64URL = string.ascii_letters + string.digits + "-_"

cursors = st.builds(
    Cursor,
    room=st.text(max_size=30),
    forward=st.booleans(),
    after=st.none() | st.integers(-(10**14), 10**14),
    before=st.none() | st.integers(-(10**14), 10**14),
    position=st.text(max_size=30),
    seq=st.none() | st.integers(0, 10**12),
    generation=st.integers(1, 4),
)


def refused(token: object, keys: CursorKeys = KEYS) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        unseal(token, keys)
    return caught.value


@given(cursors)
def test_what_was_sealed_comes_back(cursor: Cursor) -> None:
    assert unseal(seal(cursor, KEYS), KEYS) == cursor


@pytest.mark.parametrize("generation", [1, 2, 3])
def test_a_cursor_knows_the_generation_that_it_was_issued_in(generation: int) -> None:
    cursor = replace(CURSOR, generation=generation)
    assert unseal(seal(cursor, KEYS), KEYS) == cursor


def test_a_cursor_from_before_a_deployment_still_opens() -> None:
    token = (
        "pNXULZJeZtv5PHhZiosyEmsyLlsxLCJHVUlMRCNkcmFnb25zIix0cnVlLDEwMDAsbnVsbCwiTVNHIzAwMDAwMDAwMD"
        "IwMDAjaWQiLDdd"
    )
    assert unseal(token, KEYS) == CURSOR
    assert seal(CURSOR, KEYS) == token


def test_the_longest_cursor_fits() -> None:
    assert unseal(seal(LONGEST, KEYS), KEYS) == LONGEST


@pytest.mark.parametrize("user_id", [each for each in SUBJECTS if len(each.encode()) >= 128], ids=len)
def test_a_position_after_the_longest_user_id_fits(user_id: str) -> None:
    """Written in ASCII, `é` takes six characters, and 128 of them more than a token may have."""
    for purpose in (f"members/GUILD#{'x' * 128}/ACTIVE", f"myRooms/{user_id}"):
        assert unseal_position(purpose, seal_position(purpose, [user_id], KEYS), KEYS) == [user_id]


def test_a_position_that_an_older_version_has_sealed_still_opens() -> None:
    body = json.dumps(["members/lobby/ACTIVE", "jos\u00e9"]).encode()
    signed = b"k2." + body
    signature = hmac.digest(NEW, signed, hashlib.sha256)[:16]
    token = base64.urlsafe_b64encode(signature + signed).decode().rstrip("=")
    assert unseal_position("members/lobby/ACTIVE", token, KEYS) == ["jos\u00e9"]


def test_a_token_can_stand_in_an_address() -> None:
    assert set(seal(LONGEST, KEYS)) <= set(BASE64URL)


def test_changing_any_single_character_is_noticed() -> None:
    token = seal(CURSOR, KEYS)
    for place, was in enumerate(token):
        for other in BASE64URL:
            if other != was:
                refused(token[:place] + other + token[place + 1 :])


def test_leaving_out_doubling_and_adding_characters_is_noticed() -> None:
    token = seal(CURSOR, KEYS)
    for place in range(len(token)):
        refused(token[:place] + token[place + 1 :])
        refused(token[:place] + token[place] + token[place:])
    for extra in ("=", "==", "\n", " ", "A", "\x00", "."):
        refused(token + extra)
        refused(extra + token)


def test_another_key_is_refused() -> None:
    refused(seal(CURSOR, CursorKeys("k2", {"k2": b"x" * 32})))


def test_a_key_under_another_name_is_refused() -> None:
    refused(seal(CURSOR, CursorKeys("k1", {"k1": NEW})))
    refused(seal(CURSOR, CursorKeys("k3", {"k3": NEW})))


def test_a_key_that_is_no_longer_current_still_opens() -> None:
    assert unseal(seal(CURSOR, CursorKeys("k1", {"k1": OLD})), KEYS) == CURSOR


def test_a_key_that_was_withdrawn_does_not_open() -> None:
    refused(seal(CURSOR, CursorKeys("k1", {"k1": OLD})), CursorKeys("k2", {"k2": NEW}))


def test_a_content_without_signature_is_refused() -> None:
    body = json.dumps([1, "lobby", True, None, None, "", None]).encode()
    for raw in (body, b"k2." + body, b"\x00" * 16 + b"k2." + body):
        refused(base64.urlsafe_b64encode(raw).decode().rstrip("="))


def test_more_than_a_thousand_characters_are_refused() -> None:
    refused("A" * 1_001)
    refused(seal(replace(CURSOR, position="x" * 1_000), KEYS))


def test_a_thousand_characters_are_not() -> None:
    places = ["x" * length for length in range(600, 700)]
    tokens = [seal(replace(CURSOR, position=place), KEYS) for place in places]
    longest = next(token for token in tokens if len(token) == 1_000)
    assert unseal(longest, KEYS).position in places


@pytest.mark.parametrize(
    "token", [None, 7, 1.5, True, [], ["a"], {}, b"AAAA", "", " ", "é", "\ud800", "A", "=", "null"]
)
def test_what_is_no_token_is_refused(token: object) -> None:
    refusal = refused(token)
    assert refusal.values == {"argument": "nextToken"}


@given(
    st.text(max_size=200)
    | st.text(BASE64URL, max_size=200)
    | st.binary(max_size=100).map(base64.urlsafe_b64encode).map(bytes.decode)
)
def test_garbage_is_never_anything_but_invalid_input(token: str) -> None:
    refused(token)


OPENERS: dict[str, Callable[[object, int], object]] = {
    "position": lambda token, longest: unseal_position("members/lobby", token, KEYS, "cursor", longest),
    "bytes": lambda token, longest: unseal_bytes("members/lobby", token, KEYS, "cursor", longest),
}
POSITION: list[str | int | None] = ["alice", 7, None]
SEALED = {
    "position": seal_position("members/lobby", POSITION, KEYS),
    "bytes": seal_bytes("members/lobby", b"a\n\x00b", KEYS),
}
CONTENTS: dict[str, object] = {"position": POSITION, "bytes": b"a\n\x00b"}
kinds = pytest.mark.parametrize("kind", OPENERS)


def key_of(kind: str, token: object, longest: int = 1_000) -> str:
    """The sentence of the refusal."""
    with pytest.raises(InvalidInput) as caught:
        OPENERS[kind](token, longest)
    assert caught.value.values == {"argument": "cursor"}
    return caught.value.key


@kinds
def test_a_token_of_any_list_gives_back_what_it_holds_up_to_its_longest(kind: str) -> None:
    token = SEALED[kind]
    assert OPENERS[kind](token, len(token)) == CONTENTS[kind]
    assert key_of(kind, token, len(token) - 1) == "history.cursor"


@kinds
@pytest.mark.parametrize("token", [None, 7, [], b"AAAA", "", "AAAA", "é"], ids=ascii)
def test_what_is_no_token_of_any_list_is_refused(kind: str, token: object) -> None:
    assert key_of(kind, token) == "history.cursor"


@kinds
def test_a_token_of_another_list_is_told_apart(kind: str) -> None:
    assert key_of(kind, seal_position("members/hall", ["members/lobby"], KEYS)) == "history.cursorConflict"
    assert key_of(kind, seal_bytes("members/hall", b"members/lobby", KEYS)) == "history.cursorConflict"
    assert key_of(kind, seal(CURSOR, KEYS)) == "history.cursorConflict"


@kinds
def test_a_token_of_the_other_kind_is_told_apart(kind: str) -> None:
    (other,) = SEALED.keys() - {kind}
    assert key_of(kind, SEALED[other]) == "history.cursorConflict"
    refused(SEALED[other])


@pytest.mark.parametrize("purpose", ["7", "[]", "{}", '"members/lobby"', "null"])
def test_bytes_that_happen_to_be_json_are_no_position(purpose: str) -> None:
    token = seal_bytes(purpose, b"", KEYS)
    assert key_of("position", token) == "history.cursorConflict"
    refused(token)
