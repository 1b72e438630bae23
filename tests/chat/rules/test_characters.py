"""The classes of characters are Unicode's, whatever Unicode version the Python has that runs."""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from chat.rules.characters import (
    AS_WRITTEN,
    BLANKS,
    CONTROLS,
    FLAGS,
    INVISIBLE,
    LINE_ENDS,
    NONCHARACTERS,
    SURROGATES,
    normalised,
)

NORMALISATION = "9add49efd78fb124"
"""The same under Python 3.11 (Unicode 14.0), 3.12 (15.0) and 3.13 (15.1), and with Unicode 18.0 in place of
Python's own."""


def all_characters(end: int = 0x110000) -> Iterator[str]:
    return (chr(point) for point in range(end) if not 0xD800 <= point < 0xE000)


def of_class(characters: str) -> set[str]:
    return set(re.findall(f"[{characters}]", "".join(map(chr, range(0x110000)))))


def test_normalisation_is_the_same_under_every_python() -> None:
    """Each character alone, between marks of other classes, and every pair that composes. From plane 3 on there
    are ideographs, selectors and private use, all of which normalisation leaves alone."""
    digest, composites = sha256(), []
    for character in all_characters(0x30000):
        texts = character, f"a\u0301{character}\u0323"
        shown = tuple(map(normalised, texts))
        if shown != texts:
            digest.update(ascii((ord(character), shown)).encode())
        parts = unicodedata.decomposition(character).split()
        is_pair = len(parts) == 2 and parts[0][0] != "<" and not "가" <= character <= "힣"
        if is_pair and normalised("".join(chr(int(part, 16)) for part in parts)) == character:
            composites.append(ord(character))
    digest.update(repr(composites).encode())
    assert digest.hexdigest()[:16] == NORMALISATION


@given(st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=30))
def test_normalisation_is_nfc_for_what_has_no_reason_to_be_another(text: str) -> None:
    plain = re.sub(f"[{AS_WRITTEN}]", "", text)
    assert normalised(plain) == unicodedata.normalize("NFC", plain)


@given(st.text(max_size=30), st.text(max_size=30))
def test_normalisation_does_not_look_across_what_it_leaves_alone(one: str, other: str) -> None:
    assert normalised(f"{one}\ufa19{other}") == f"{normalised(one)}\ufa19{normalised(other)}"


def test_control_characters_are_those_of_unicode() -> None:
    assert of_class(CONTROLS) == {each for each in all_characters() if unicodedata.category(each) == "Cc"}


def test_surrogates_and_noncharacters_are_those_of_unicode() -> None:
    assert of_class(SURROGATES) == set(map(chr, range(0xD800, 0xE000)))
    ends = {chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF)}
    assert of_class(NONCHARACTERS) == ends | set(map(chr, range(0xFDD0, 0xFDF0)))


def test_blanks_and_line_ends_are_all_white_space() -> None:
    spaces = {each for each in all_characters() if unicodedata.category(each) in ("Zs", "Zl", "Zp")}
    ends = {each for each in all_characters() if re.fullmatch(LINE_ENDS, each)}
    assert of_class(BLANKS) | ends == spaces | set("\t\n\v\f\r\x85")
    assert ends == set("\n\v\f\r\x85\u2028\u2029")


def test_flags_are_those_of_england_scotland_and_wales() -> None:
    """As RGI_Emoji_Tag_Sequence has them."""
    assert [ascii(flag) for flag in FLAGS] == [
        r"'\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f'",
        r"'\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f'",
        r"'\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f'",
    ]


def test_every_format_character_is_invisible_but_those_that_show() -> None:
    formats = {each for each in all_characters() if unicodedata.category(each) == "Cf"}
    shown = {ord(each) for each in formats - of_class(INVISIBLE)}
    numbers = {*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD}
    assert shown - {*range(0x13430, 0x13440)} == numbers | {*range(0xFFF9, 0xFFFC)}


def test_what_python_calls_a_letter_is_visible_but_for_fillers() -> None:
    invisible = of_class(INVISIBLE)
    hidden = {each for each in invisible if unicodedata.category(each)[0] in "LNPS"}
    assert hidden == set("\u115f\u1160\u2800\u3164\uffa0") | {
        each for each in "\U00013441\U00013442\U0001d159" if unicodedata.category(each) != "Cn"
    }
