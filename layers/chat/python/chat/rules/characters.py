"""Classes of characters, as the Unicode Standard has them.

They are written down here, since a text that one process has stored must be the same text to the next one,
and Pythons differ in their Unicode (3.11 has 14.0, 3.13 has 15.1). They are parts of patterns, which `re`
compiles at their first use: most texts are plain, and a cold start is not to pay for the others.

Sources: The Unicode Standard, its UnicodeData.txt, PropList.txt and DerivedCoreProperties.txt up to version
18.0, UAX #9, UTS #51.
"""

import re
import unicodedata
from collections.abc import Iterator

LINE_ENDS = "\r\n|[\n\x0b-\r\x85\u2028\u2029]"
"""What begins a new line: section 5.8 of the Standard, "Newline Guidelines", table 5-1."""

BLANKS = "\t\n \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""White_Space, but for the line ends that become newlines."""

CONTROLS = "\x00-\x1f\x7f-\x9f"
"""C0, DEL and C1: general category Cc."""

NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
"""Section 23.7 of the Standard."""

SURROGATES = "\ud800-\udfff"
"""JSON can write half of a UTF-16 pair (`"\\ud800"`), which is no character and cannot be stored as UTF-8."""

IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Default_Ignorable_Code_Point, with what is reserved for it. Format characters that show are not in it: the Arabic number
signs (Prepended_Concatenation_Mark), interlinear annotation, hieroglyphs' joiners."""

INVISIBLE = (
    CONTROLS + BLANKS + "\u2028\u2029" + IGNORABLE
    # Letters and symbols that are drawn blank: in Braille, among hieroglyphs, in music.
    + "\u2800\U00013441\U00013442\U0001d159" + NONCHARACTERS
)  # fmt: skip
"""What shows nothing. What is assigned later counts as visible: it may be the emoji of a newer phone."""

_FLAG, _TAGS_END = "\U0001f3f4", "\U000e007f"
FLAGS = tuple(
    _FLAG + "".join(chr(0xE0000 + ord(letter)) for letter in place) + _TAGS_END
    for place in ("gbeng", "gbsct", "gbwls")
)
"""England, Scotland and Wales: the emoji tag sequences that are recommended for general interchange
(RGI_Emoji_Tag_Sequence in emoji-sequences.txt of UTS #51)."""

REMOVED = f"({'|'.join(FLAGS)})|[\x00-\x08\x0b-\x1f\x7f-\x9f\U000e0000-\U000e007f]"
"""Control characters but tab and newline, and tag characters, which are invisible and can carry hidden text.
Its group is what stays: a flag with its tags."""

AS_WRITTEN = (
    # The blocks of CJK compatibility ideographs. NFC makes unified ideographs of them, for good, and some
    # people's names are written with the one and not with the other.
    "\uf900-\ufaff\U0002f800-\U0002fa1f"
    # Assigned from Unicode 15.0 on, and with a combining class, a composite or a part of one: Python 3.11
    # does not know these.
    "\u05c8\u05c9\u0897\u1acf-\u1af0\U000105c0-\U000105ff\U00010d69-\U00010d6d\U00010ecb-\U00010ecf"
    "\U00010ef0-\U00010eff\U00011380-\U000113ff\U00011f41\U00011f42\U00016100-\U0001613f"
    "\U00016d40-\U00016d7f\U0001d127\U0001d128\U0001d250-\U0001d252\U0001d25b\U0001d25c\U0001d25f"
    "\U0001d280\U0001d281\U0001e08f\U0001e4ec-\U0001e4ef\U0001e5ee\U0001e5ef\U0001e6e3\U0001e6e6"
    "\U0001e6ee\U0001e6ef\U0001e6f5"
)
"""What normalisation does not touch, nor looks across."""

_UNSTORABLE = f"[{CONTROLS}{SURROGATES}{NONCHARACTERS}]"

_ISOLATES, _POP_ISOLATE = "\u2066\u2067\u2068", "\u2069"
_EMBEDDINGS = {"\u202a": "\u2066", "\u202b": "\u2067"}
"""Each with the isolate of its direction."""
_OVERRIDES, _POP_EMBEDDING = "\u202d\u202e", "\u202c"
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What opens and closes embeddings, overrides and isolates: Explicit Directional Formatting, UAX #9,
section 2."""


def is_plain(text: str) -> bool:
    """Whether there are neither control characters nor noncharacters nor halves of surrogate pairs in it."""
    return (text.isascii() and text.isprintable()) or re.search(_UNSTORABLE, text) is None


def normalised(text: str) -> str:
    """`text` in the form NFC of Unicode 14.0, but for CJK compatibility ideographs."""
    if text.isascii():
        return text
    parts = re.split(f"([{AS_WRITTEN}]+)", text)
    parts[::2] = [unicodedata.normalize("NFC", part) for part in parts[::2]]
    return "".join(parts)


def isolated(line: str, *, keep_open: bool) -> str:
    """`line`, one paragraph, with nothing in it that turns the text around it.

    An embedding that is closed becomes an isolate, which does the same within and nothing beside it. One that
    is not closed goes, and so do overrides, which disguise what is written. Of isolates those stay that are
    closed, and with `keep_open` those that only the line's end closes.
    """
    if not re.search(f"[{DIRECTIONS}]", line):
        return line
    kept = {place: character for place, character in enumerate(line) if character not in DIRECTIONS}
    for start, end in _closed(line):
        if line[start] not in _OVERRIDES:
            kept |= {start: _EMBEDDINGS.get(line[start], line[start]), end: _POP_ISOLATE}
    stays = _ISOLATES if keep_open else ""
    return "".join(
        kept.get(place, character if character in stays else "") for place, character in enumerate(line)
    )


def _closed(line: str) -> Iterator[tuple[int, int]]:
    """Where embeddings, overrides and isolates open, and where each is closed (UAX #9, BD8 to BD11): the end
    of an isolate also ends what was opened within it, and nothing within it ends what was opened before."""
    opened: list[int] = []
    isolates = 0
    for place, character in enumerate(line):
        if character in _ISOLATES or character in _EMBEDDINGS or character in _OVERRIDES:
            opened.append(place)
            isolates += character in _ISOLATES
        elif character == _POP_EMBEDDING and opened and line[opened[-1]] not in _ISOLATES:
            yield opened.pop(), place
        elif character == _POP_ISOLATE and isolates:
            while line[opened[-1]] not in _ISOLATES:
                opened.pop()
            isolates -= 1
            yield opened.pop(), place
