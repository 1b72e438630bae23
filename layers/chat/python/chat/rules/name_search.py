"""By what people find each other's names: a form without capitals and accents, of names and of what is typed.

It is neither shown nor compared for equality of people. Sources: UAX #15 (NFKD), The Unicode Standard, section 5.18
(caseless matching), and its UnicodeData.txt for combining classes.
"""

import re
import unicodedata

from chat.rules.characters import BLANKS, IGNORABLE

MOST_FOLDED = 64
"""Code points of a folded name that count. A name has more only where it is long."""

_ACCENTS = frozenset({1, 6, 7, *range(10, 37), 107, 122, *range(200, 241)})
"""Canonical combining classes of what may be left out in writing: overlays, nuktas, the points of Hebrew, Arabic and Syriac,
tones of Thai and Lao, and whatever stands above, below or across a letter. Not among them are what makes another letter or
syllable: vowels (class 0, and those below the letter in Thai and Lao), viramas (9) and kana's voicing marks (8)."""

_LETTERS = {
    ord(letter): plain
    for letter, plain in {
        "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ƒ": "f",
        "\u0640": "",
    }.items()
}  # fmt: skip
"""Letters that people type by others, and that no decomposition takes apart. The last one, tatweel, only makes Arabic
wider."""


def folded(text: str) -> str:
    """`text` as names are searched: up to `MOST_FOLDED` code points, decomposed, in small letters, without accents and what
    shows nothing, each run of blanks as one space and none at the beginning.

    The fold of a name's beginning is the beginning of the name's fold, wherever it does not cut a character from its
    marks: so a prefix is found by a prefix.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(each for each in decomposed if unicodedata.combining(each) not in _ACCENTS)
    shown = re.sub(f"[{IGNORABLE}]", "", plain.translate(_LETTERS))
    return re.sub(f"[{BLANKS}]+", " ", shown).lstrip(" ")[:MOST_FOLDED]
