"""What a reaction may be: an emoji of Unicode's list, or a short code of the deployment's own.

The list is that of emoji-test.txt (UTS #51): its fully-qualified sequences. A minimally-qualified one, which lacks a presentation
selector behind its first character, is taken for the one that it lacks it of. Everything else is refused: single
components, letters, two emoji in a row, and characters that are shown as text.
"""

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from itertools import product
from pathlib import Path

from chat.rules.errors import InvalidInput

FILE = Path(__file__).parent / "emoji.json"
"""Made by `lambda_package/emoji.py`. It is read by the first call that has to judge an emoji."""

TONES = tuple(map(chr, range(0x1F3FB, 0x1F400)))
"""The skin tones."""

MARK = "~"
"""What stands for a skin tone in a sequence of the file."""

EACH_TONE = ("every", "unequal")
"""In the file: sequences with every combination of tones for their marks, and those with unequal ones alone, whose equal
ones are another sequence."""

SELECTOR = "\ufe0f"
"""The presentation selector that asks for the emoji: VARIATION SELECTOR-16."""

LONGEST = 64
"""In code points: the longest of the list has 10, a short code up to 34."""


_SHORT_CODE = re.compile(r":[a-z0-9_+-]{1,32}:")


def is_short_code(value: str) -> bool:
    """Whether it has the form of a short code: `:party_parrot:`."""
    return _SHORT_CODE.fullmatch(value) is not None


def check_emoji(value: object, short_codes: Collection[str]) -> str:
    """The emoji, or the short code of the deployment, that `value` is, as it is stored. Raises `InvalidInput`."""
    if isinstance(value, str) and len(value) <= LONGEST:
        if value in short_codes:
            return value
        if (found := emoji()[0].get(value)) is not None:
            return found
    raise InvalidInput("reaction.emoji", argument="emoji")


def check_known(value: object) -> str:
    """The same of one that may have been reacted with: also a short code that the deployment has no more."""
    if isinstance(value, str) and is_short_code(value):
        return value
    return check_emoji(value, ())


@cache
def emoji() -> tuple[Mapping[str, str], str]:
    """Each sequence that is taken, with what it is stored as; and the version of the list."""
    content: Mapping[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    qualified = [
        each for name in EACH_TONE for form in content[name].split(" ") for each in _with_tones(form, name)
    ]
    taken = {short: each for each in qualified for short in _minimally_qualified(each)}
    return taken | {each: each for each in qualified}, content["version"]


def _with_tones(form: str, name: str) -> list[str]:
    parts = form.split(MARK)
    return [
        "".join(part + tone for part, tone in zip(parts, (*tones, ""), strict=True))
        for tones in product(TONES, repeat=len(parts) - 1)
        if name == "every" or len(set(tones)) > 1
    ]


def _minimally_qualified(sequence: str) -> list[str]:
    """The forms that lack some of the sequence's selectors, but none that stands right behind the first character
    (ED-18a of UTS #51)."""
    first, *rest = sequence[2:].split(SELECTOR)
    if not rest:
        return []
    found = [sequence[:2] + first]
    for part in rest:
        found = [each + between + part for each in found for between in (SELECTOR, "")]
    return [each for each in found if each != sequence]
