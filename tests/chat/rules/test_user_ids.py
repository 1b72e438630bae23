"""Any subject of a token is a user id, and one form is nobody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.rooms import ERASED, is_id, is_user_id

SUBJECTS = [
    *(
        "alice",
        "Alice",
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "google-oauth2|103547991597142817347",
        "user+tag@example.com",
    ),
    *(
        "a/b=c~d\\e",
        "CN=Ann Example,O=Ex",
        "am9zw6k/+==",
        "did:key:z6Mk",
        "https://idp.example/u/1?x=y&z",
        "urn:x:1",
    ),
    *(
        "josé",
        "jose\u0301",
        "李小龍",
        "\ufa19",
        "Ω",
        "مريم",
        "🏴",
        "👨\u200d👩\u200d👧",
        "\U000e0100",
        "\ue000",
    ),
    *(" ", "  spaces  ", "a b", "\u00a0", "\u2028", "\u200b", "\u202e", "\ufeff", "\u0378"),
    *(
        "#",
        "%",
        "%23",
        "%25",
        "%2523",
        "#%",
        "a#b",
        "USER#alice",
        "MEMBER#",
        "GUILD#a",
        "~",
        "$",
        "!",
        '"',
        "'",
        "{}",
    ),
    *(
        "x" * 128,
        "é" * 128,
        "🏴" * 64,
        "#" * 128,
        "%" * 128,
        '"' * 128,
        "#" * 64 + "é" * 64,
        "erased:" + "0" * 121,
    ),
]
CONTROLS = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))]
NONCHARACTERS = [
    *map(chr, range(0xFDD0, 0xFDF0)),
    *(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF)),
]
NO_SUBJECTS: list[object] = [
    *(
        "",
        "x" * 129,
        "é" * 129,
        "🏴" * 65,
        "李" * 86,
        "a" + "🏴" * 64,
        "erased:" + "0" * 128,
        "erased:" + "9af" * 50,
    ),
    *(
        "\ud800",
        "a\udfff",
        "\udc00\ud800",
        "alice\n",
        "al\x00ice",
        "\x7f",
        "a\x85",
        "\ufdd0",
        "\uffff",
        "\U0010fffe",
    ),
    *(None, 7, 1.5, True, [], ["alice"], {}, {"S": "alice"}, b"alice"),
]


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: ascii(subject)[:40])
def test_any_subject_is_a_user_id(subject: str) -> None:
    assert is_user_id(subject)


@pytest.mark.parametrize("value", NO_SUBJECTS, ids=lambda value: ascii(value)[:40])
def test_everything_else_is_none(value: object) -> None:
    assert not is_user_id(value)


def test_control_characters_and_noncharacters_are_in_none() -> None:
    for character in (*CONTROLS, *NONCHARACTERS):
        for value in (character, f"a{character}", f"{character}a", f"é{character}é"):
            assert not is_user_id(value)


@given(st.text(max_size=140))
def test_a_user_id_has_128_code_points_and_256_bytes_at_the_most(text: str) -> None:
    is_plain = not set(text) & {*CONTROLS, *NONCHARACTERS}
    assert is_user_id(text) == (is_plain and 0 < len(text) <= 128 and len(text.encode()) <= 256)


@given(st.from_regex(r"\A[A-Za-z0-9_.:|@-]{1,128}\Z"))
def test_what_was_an_id_before_is_one(text: str) -> None:
    assert is_id(text)
    assert is_user_id(text)


@given(st.from_regex(ERASED, fullmatch=True))
def test_the_form_of_erased_senders_is_nobodys(text: str) -> None:
    assert not is_user_id(text)
