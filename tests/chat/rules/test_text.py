"""What becomes of a text: NFC, lines, nothing hidden, nothing invisible, and never too much of it."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.characters import FLAGS
from chat.rules.errors import InvalidInput
from chat.rules.text import TextLimits, clean_line, clean_text, fingerprint

LIMITS = TextLimits()
REMOVED = [
    *map(chr, [*range(9), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0)]),  # control characters
    *map(chr, range(0x202A, 0x202F)),  # bidirectional embeddings and overrides
    *map(chr, range(0xE0000, 0xE0080)),  # tag characters
]
LINE_ENDS = {
    "LF": "\n",
    "CR": "\r",
    "CR LF": "\r\n",
    "NEL": "\x85",
    "VT": "\v",
    "FF": "\f",
    "LS": "\u2028",
    "PS": "\u2029",
}
COMPATIBILITY_IDEOGRAPHS = [
    character
    for character in map(chr, [*range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)])
    if unicodedata.normalize("NFC", character) != character
]
EVERY_TAG = "".join(map(chr, range(0xE0000, 0xE0080)))
NO_FLAGS = {
    "a country's flag has no tags": "🇬🇧" + FLAGS[0][1:],
    "an unknown place": "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "gbxxx") + "\U000e007f",
    "a place that few show, Texas": "🏴"
    + "".join(chr(0xE0000 + ord(letter)) for letter in "ustx")
    + "\U000e007f",
    "capital letters": "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "GBENG") + "\U000e007f",
    "without its end": FLAGS[0][:-1],
    "without its flag": FLAGS[0][1:],
    "without its place": "🏴\U000e007f",
    "another base": "🏳" + FLAGS[0][1:],
    "a selector before the tags": "🏴\ufe0f" + FLAGS[0][1:],
    "a joiner before the tags": "🏴\u200d" + FLAGS[0][1:],
    "something removed before the tags": "🏴\x00" + FLAGS[0][1:],
    "an override before the tags": "🏴\u202e" + FLAGS[0][1:],
    "something removed between the tags": FLAGS[0][:3] + "\x00" + FLAGS[0][3:],
    "a language tag": "🏴\U000e0001" + FLAGS[0][1:],
    "all tags": "🏴" + EVERY_TAG,
}
KEPT = {
    "tab": "a\tb",
    "newline": "a\nb",
    "a family, held together by joiners": "👨\u200d👩\u200d👧",
    "a heart in colour, by a variation selector": "❤\ufe0f",
    "Persian with a non-joiner": "می\u200cخواهم",
    "isolates": "a \u2067אב\u2069 b",
    "an isolate that its line ends": "a \u2067אב\nb",
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
    "line ends": "".join(LINE_ENDS.values()),
    "embeddings": "\u202a\u202c\u202b\u202c",
}
VISIBLE_FORMAT_CHARACTERS = [
    *map(chr, [*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD]),
    *map(chr, [*range(0xFFF9, 0xFFFC), *range(0x13430, 0x13440)]),
]
"""General category Cf and no Default_Ignorable_Code_Point: Prepended_Concatenation_Mark and the rest."""
PARTS = [
    *REMOVED,
    *LINE_ENDS.values(),
    *FLAGS,
    *COMPATIBILITY_IDEOGRAPHS[:5],
    "\u2066",
    "\u2067",
    "\u2068",
    "\u2069",
]
PARTS += "aé\u0301\u1100\u1161\u11a8\u200d\ufe0f👩🏴\u0958\u0344\u2000 \n\t"
any_text = st.text(max_size=60) | st.lists(st.sampled_from(PARTS), max_size=60).map("".join)


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


@pytest.mark.parametrize("end", LINE_ENDS.values(), ids=LINE_ENDS.keys())
def test_what_ends_a_line_is_a_newline_and_in_a_name_a_space(end: str) -> None:
    assert cleaned(f"a{end}b") == "a\nb"
    assert cleaned(f"a{end}{end}b") == "a\n\nb"
    assert clean_line(f"a{end}b{end}", 100) == "a b"


def test_only_carriage_return_and_line_feed_are_one_line_end_together() -> None:
    ends = [end for name, end in LINE_ENDS.items() if name != "CR LF"]
    for one in ends:
        for other in ends:
            assert cleaned(f"a{one}{other}b") == ("a\nb" if (one, other) == ("\r", "\n") else "a\n\nb")


def test_a_name_is_kept_as_it_is_written() -> None:
    """NFC would write each of these ideographs as another, for ever."""
    assert len(COMPATIBILITY_IDEOGRAPHS) == 1_002
    for character in COMPATIBILITY_IDEOGRAPHS:
        text = f"{character}e\u0301{character}\u0301\u0323"
        assert cleaned(text) == f"{character}é{character}\u0323\u0301"
        assert clean_line(text, 100) == cleaned(text)


@pytest.mark.parametrize("flag", FLAGS, ids=("England", "Scotland", "Wales"))
def test_a_flag_keeps_its_tags_wherever_it_stands(flag: str) -> None:
    for text in (flag, f"a{flag}b", flag * 3, "".join(FLAGS), f"🏴{flag}", f"{flag}\u200d{flag}"):
        assert cleaned(text) == text
        assert clean_line(text, 100) == text


@pytest.mark.parametrize("text", NO_FLAGS.values(), ids=NO_FLAGS.keys())
def test_other_tags_are_removed(text: str) -> None:
    kept, shown = cleaned(text + "x"), "🏴🏳🇬🇧x"
    assert not set(kept) & set(EVERY_TAG)
    assert [each for each in kept if each in shown] == [each for each in text + "x" if each in shown]


@given(st.lists(st.sampled_from([*FLAGS, "🏴", "a", *EVERY_TAG[0x61:0x7B], EVERY_TAG[0x7F]]), max_size=12))
def test_tags_are_left_in_flags_alone(parts: list[str]) -> None:
    try:
        text = cleaned("".join(parts))
    except InvalidInput:
        return
    for flag in FLAGS:
        text = text.replace(flag, "")
    assert not set(text) & set(EVERY_TAG)


@pytest.mark.parametrize(
    "character", VISIBLE_FORMAT_CHARACTERS, ids=lambda character: f"U+{ord(character):04X}"
)
def test_a_format_character_that_shows_is_a_text(character: str) -> None:
    assert cleaned(character) == character
    assert clean_line(character, 1) == character


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("\u202babc \u202aאב\u202c\u202c", "\u2067abc \u2066אב\u2069\u2069"),
        ("غرفة \u202aChat\u202c 5", "غرفة \u2066Chat\u2069 5"),
        ("a\u202bb", "ab"),
        ("a\u202cb", "ab"),
        ("a\u202bb\nc\u202cd", "ab\ncd"),
        ("a\u202dbc\u202c", "abc"),
        ("a\u202b\u202ebc\u202cd\u202ce", "a\u2067bcd\u2069e"),
        ("a\u202e\u202bbc\u202cd\u202ce", "a\u2067bc\u2069de"),
        ("\u2067a\u202bb\u2069c\u202cd", "\u2067ab\u2069cd"),
        ("\u202ba\u2067b\u202cc\u2069d", "a\u2067bc\u2069d"),
        ("\u202ba\u2067b\u2069c\u202cd", "\u2067a\u2067b\u2069c\u2069d"),
        ("\u202ba\u2069b\u202cc", "\u2067ab\u2069c"),
        ("\u2066a\u2069\u202bb\u2069c\u202cd", "\u2066a\u2069\u2067bc\u2069d"),
        ("\u2067a\u2069b\u2069c", "\u2067a\u2069bc"),
        ("\u2067a\u202bb\u202cc", "\u2067a\u2067b\u2069c"),
        ("\u202a\u202a\u202ca", "\u2066\u2069a"),
    ],
    ids=ascii,
)
def test_an_embedding_that_is_closed_is_kept_as_an_isolate(raw: str, kept: str) -> None:
    assert cleaned(raw) == kept
    assert cleaned(kept) == kept


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("غرفة \u202bChat\u202c 5", "غرفة \u2067Chat\u2069 5"),
        ("a \u2067אב\u2069 b", "a \u2067אב\u2069 b"),
        ("a\u2067b", "ab"),
        ("a\u2069b", "ab"),
        ("\u2067a\u202bb\u202cc", "a\u2067b\u2069c"),
        ("\u2066a\u2067b\u2069c", "a\u2067b\u2069c"),
        ("a\u202bb\nc\u202cd", "a\u2067b c\u2069d"),
        ("a\u202eb\u202cc", "abc"),
        ("\u2066 \u2069 a", "\u2066 \u2069 a"),
    ],
    ids=ascii,
)
def test_a_name_keeps_what_is_closed_and_nothing_that_would_reach_over_others(raw: str, kept: str) -> None:
    assert clean_line(raw, 100) == kept
    assert clean_line(kept, 100) == kept


DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.text(st.sampled_from(DIRECTIONS + "aא\n"), max_size=40))
def test_no_directions_reach_beyond_a_line_or_a_name_nor_disguise(raw: str) -> None:
    try:
        text = cleaned("x" + raw)
    except InvalidInput:
        return
    name = clean_line("x" + raw, 100) or ""
    depth = 0
    for each in (*text.split("\n"), name):
        depth = 0
        for character in each:
            depth += (character in DIRECTIONS[5:8]) - (character == DIRECTIONS[8])
            assert depth >= 0
        assert not set(each) & set(DIRECTIONS[:5])
    assert depth == 0  # of the name
    assert [each for each in text if each not in DIRECTIONS] == [
        "x",
        *(each for each in raw if each not in DIRECTIONS),
    ]


@st.composite
def directed(draw: st.DrawFn, depth: int = 3) -> tuple[str, str]:
    """A text whose embeddings, overrides and isolates are all closed, and what is to be kept of it."""
    raw = kept = draw(st.text("aא1 ", max_size=3))
    for kind in draw(st.lists(st.sampled_from(DIRECTIONS[:2] + DIRECTIONS[3:8]), max_size=3 if depth else 0)):
        inner, inner_kept = draw(directed(depth - 1))
        end = "\u2069" if kind in DIRECTIONS[5:] else "\u202c"
        raw += kind + inner + end
        shown = {"\u202a": "\u2066", "\u202b": "\u2067"}.get(kind, kind)
        kept += inner_kept if kind in DIRECTIONS[3:5] else shown + inner_kept + "\u2069"
    return raw, kept


@given(directed())
def test_whatever_is_closed_within_what_is_closed_is_kept(texts: tuple[str, str]) -> None:
    raw, kept = texts
    assert cleaned(f"x{raw}x") == f"x{kept}x"


def test_reading_directions_takes_time_in_proportion() -> None:
    for raw in (
        "\u202a" * 8_000 + "\u2069" * 8_000,
        "\u2066\u202a" * 4_000 + "\u2069\u202c" * 4_000,
        "🏴" * 16_000,
    ):
        start = time.thread_time()
        with pytest.raises(InvalidInput):
            cleaned(raw)
        assert time.thread_time() - start < 1


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_what_scripts_and_emoji_need_is_kept(text: str) -> None:
    assert cleaned(text) == unicodedata.normalize("NFC", text)
    assert clean_line(f"x{text}x", 100) == " ".join(f"x{cleaned(text)}x".split()) or text.endswith("\nb")


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


def test_four_code_points_for_each_that_is_kept_are_read_and_no_more() -> None:
    """NFC makes one of α and three marks: as many as there are."""
    four = "\u03b1\u0313\u0300\u0345"
    assert cleaned(four * 4_000) == "\u1f82" * 4_000
    assert clean_line(four * 100, 100) == "\u1f82" * 100
    assert refusal("x" + "\x00" * 16_000).key == "send.textTooLong"
    assert clean_line("x" + "\x00" * 400, 100) is None
    assert clean_line("x" + "\x00" * 399, 100) == "x"


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
    compatible = dict.fromkeys(map(ord, COMPATIBILITY_IDEOGRAPHS), "\u4e00")
    assert unicodedata.is_normalized("NFC", text.translate(compatible))
    for flag in FLAGS:
        text = text.replace(flag, "")
    assert not set(text) & set(REMOVED)
    assert not set(text) & set("".join(LINE_ENDS.values()).replace("\n", ""))


def test_a_fingerprint_is_of_the_raw_text_and_its_client_message_id() -> None:
    assert fingerprint("hi", "a") == fingerprint("hi", "a")
    assert len({fingerprint("hi", "a"), fingerprint("hi ", "a"), fingerprint("hi", "b")}) == 3
    assert "hi" not in fingerprint("hi", "a")
    assert len(fingerprint("hi", "a")) == 32


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("  The\tgarden \n gate ", "The garden gate"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
        ("a\u202eb\u2066c\u0000", "abc"),
        ("a\u1680b\u2003\u3000c\u00a0", "a b c"),
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


@given(any_text)
def test_cleaning_a_clean_name_changes_nothing(raw: str) -> None:
    name = clean_line(raw, 100)
    assert name is None or clean_line(name, 100) == name


def test_the_hash_of_a_repeat_is_over_what_was_sent() -> None:
    """Two texts that are cleaned to the same are two contents under one clientMessageId."""
    assert cleaned("a\r\nb") == cleaned("a\nb")
    assert fingerprint("a\r\nb", "c") != fingerprint("a\nb", "c")
