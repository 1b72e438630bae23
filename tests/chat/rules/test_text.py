"""What becomes of a message's text: NFC, nothing hidden, nothing invisible, and never too much of it."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.errors import InvalidInput
from chat.rules.text import TextLimits, clean_line, clean_text, fingerprint

LIMITS = TextLimits()
REMOVED = [
    *map(chr, [*range(9), *range(0x0B, 0x20), *range(0x7F, 0xA0)]),  # control characters but tab and newline
    *map(chr, range(0x202A, 0x202F)),  # bidirectional embeddings and overrides
    *map(chr, range(0xE0000, 0xE0080)),  # tag characters
]
KEPT = {
    "tab": "a\tb",
    "newline": "a\nb",
    "a family, held together by joiners": "👨\u200d👩\u200d👧",
    "a heart in colour, by a variation selector": "❤\ufe0f",
    "Persian with a non-joiner": "می\u200cخواهم",
    "isolates, which end with their paragraph": "a \u2067אב\u2069 b",
    "left-to-right and right-to-left marks": "a\u200e\u200fb",
    "an ideographic variation": "葛\U000e0100",
    "angle brackets and ampersands": "<b>&amp;</b>",
    "private use": "\ue000",
    "no-break space within": "10\u00a0km",
}
INVISIBLE = {
    "nothing": "",
    "spaces": "   ",
    "tabs and newlines": "\t\n\n",
    "control characters": "\x00\x07\x1b\x7f\x85",
    "a no-break space": "\u00a0",
    "an ideographic space": "\u3000",
    "an em space": "\u2003",
    "an Ogham space": "\u1680",
    "a zero-width space": "\u200b",
    "joiners": "\u200c\u200d\u2060",
    "a byte order mark": "\ufeff",
    "a soft hyphen": "\u00ad",
    "direction marks": "\u200e\u200f\u061c",
    "overrides": "\u202e\u202d",
    "isolates": "\u2066\u2069",
    "tag characters": "\U000e0041\U000e007f",
    "a language tag": "\U000e0001",
    "line and paragraph separators": "\u2028\u2029",
    "a combining grapheme joiner": "\u034f",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "Khmer inherent vowels": "\u17b4\u17b5",
    "Mongolian variation selectors": "\u180b\u180c\u180d\u180e\u180f",
    "a blank in Braille": "\u2800",
    "variation selectors": "\ufe00\ufe0f\U000e0100",
    "a musical null notehead": "\U0001d159",
    "Egyptian blanks": "\U00013441\U00013442",
    "invisible operators": "\u2061\u2064",
    "unassigned characters that are ignorable by default": "\u2065\ufff0\U000e0080\U000e0fff",
    "noncharacters": "\ufdd0\uffff\U0010ffff",
}
any_text = st.text(max_size=60) | st.text(
    st.sampled_from([*REMOVED, *"aé\u0301\u1100\u1161\u11a8\u200d\ufe0f👩\u0958\u0344 \n\t"]), max_size=60
)


def cleaned(raw: object, limits: TextLimits = LIMITS) -> str:
    return clean_text(raw, limits)


def refusal(raw: object, limits: TextLimits = LIMITS) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        clean_text(raw, limits)
    return caught.value


def test_text_is_kept_in_nfc() -> None:
    assert cleaned("e\u0301") == "é"
    assert cleaned("한") == "한"


@pytest.mark.parametrize("character", REMOVED, ids=lambda character: f"U+{ord(character):04X}")
def test_what_could_hide_or_disguise_is_removed(character: str) -> None:
    assert cleaned(f"a{character}b") == "ab"


def test_removing_lets_what_it_separated_compose() -> None:
    assert cleaned("e\x00\u0301") == "é"


def test_a_windows_line_end_is_a_newline() -> None:
    assert cleaned("a\r\nb") == "a\nb"


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_what_scripts_and_emoji_need_is_kept(text: str) -> None:
    assert cleaned(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_a_text_that_shows_nothing_is_refused(text: str) -> None:
    assert refusal(text).key == "send.textMissing"


def test_all_that_is_invisible_is_invisible_together() -> None:
    assert refusal("".join(INVISIBLE.values())).key == "send.textMissing"


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE.keys())
def test_one_visible_character_is_enough(text: str) -> None:
    assert "x" in cleaned(text + "x")


def test_an_emoji_newer_than_this_python_is_visible() -> None:
    """What a newer phone shows must not depend on the Unicode version of the runtime."""
    assert cleaned("\U0001faff") == "\U0001faff"


@pytest.mark.parametrize("raw", [None, 7, True, ["a"], {"a": "b"}, b"a"])
def test_what_is_no_text_is_refused(raw: object) -> None:
    assert refusal(raw).key == "send.textMissing"


@pytest.mark.parametrize("raw", ["\ud83d", "a\ude00b", "\ude00\ud83d"])
def test_half_of_a_surrogate_pair_is_refused(raw: str) -> None:
    assert refusal(raw).key == "send.textMalformed"


def test_the_limit_in_code_points_is_exact() -> None:
    assert len(cleaned("x" * 4_000)) == 4_000
    assert refusal("x" * 4_001).key == "send.textTooLong"


def test_the_limit_in_code_points_counts_what_is_stored() -> None:
    assert len(cleaned("e\u0301" * 4_000)) == 4_000
    assert refusal("é" * 4_001).key == "send.textTooLong"


def test_the_limit_in_bytes_is_exact() -> None:
    limits = TextLimits(max_code_points=10, max_bytes=8)
    assert cleaned("👩👩", limits) == "👩👩"
    assert refusal("👩👩x", limits).key == "send.textTooLong"
    assert cleaned("ééxxxx", limits) == "ééxxxx"
    assert refusal("ééxxxxx", limits).key == "send.textTooLong"


def test_text_that_grows_in_nfc_is_measured_as_it_is_stored() -> None:
    grows = "\u0958"  # NFC takes this letter apart
    assert refusal(grows * 2_001).key == "send.textTooLong"


def test_a_refusal_names_the_limits_and_not_the_text() -> None:
    refused = refusal("secret" * 4_000)
    assert refused.values == {"argument": "text", "maxCodePoints": 4_000, "maxBytes": 16_384}


def test_refusing_a_megabyte_costs_next_to_nothing() -> None:
    for raw in ("x" * 1_000_000, "\ud800" * 1_000_000, "\u0344" * 1_000_000):
        start = time.thread_time()
        assert refusal(raw).key == "send.textTooLong"
        assert time.thread_time() - start < 0.05


@given(any_text)
def test_cleaning_what_is_clean_changes_nothing(raw: str) -> None:
    try:
        once = cleaned(raw)
    except InvalidInput:
        return
    assert cleaned(once) == once


@given(any_text)
def test_what_is_kept_is_within_the_limits_and_holds_nothing_that_is_removed(raw: str) -> None:
    limits = TextLimits(max_code_points=20, max_bytes=50)
    try:
        text = cleaned(raw, limits)
    except InvalidInput:
        return
    assert len(text) <= 20
    assert len(text.encode()) <= 50
    assert unicodedata.is_normalized("NFC", text)
    assert not set(text) & set(REMOVED)


def test_a_fingerprint_is_of_the_raw_text_and_its_client_message_id() -> None:
    assert fingerprint("hi", "a") == fingerprint("hi", "a")
    assert len({fingerprint("hi", "a"), fingerprint("hi ", "a"), fingerprint("hi", "b")}) == 3
    assert "hi" not in fingerprint("hi", "a")


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("  The\tgarden \n gate ", "The garden gate"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("a\u202eb\u2066c\u0000", "abc"),
        ("<b>&", "<b>&"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("x" * 100, "x" * 100),
        ("e\u0301" * 100, "\u00e9" * 100),
    ],
    ids=ascii,
)
def test_a_name_is_one_line_without_what_could_hide_disguise_or_reach_over_others(
    raw: str, kept: str
) -> None:
    assert clean_line(raw, 100) == kept


@pytest.mark.parametrize(
    "raw", [None, 7, [], "", " \n", "\u202e\u2066", "x" * 101, "\ud800", "x" * 10**6], ids=str
)
def test_what_is_no_name_is_none(raw: object) -> None:
    assert clean_line(raw, 100) is None
