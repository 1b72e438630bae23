"""Whether two names look alike: skeletons as in UTS #39, Unicode Security Mechanisms, section 4.

https://www.unicode.org/reports/tr39/#Confusable_Detection. Two texts look alike where they have the same skeleton: each
character is replaced by the one that stands for all that look like it. This is the standard's `internalSkeleton`, of the
characters in their stored order. Names are shown in one line among others, so capitals are compared away as well: see
`looks`. Imported, and its table read (7 ms), only where somebody asks whether names look alike.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from chat.rules.characters import IGNORABLE, INVISIBLE

TABLE = Path(__file__).parent / "unicode" / "confusables.txt"
"""Made by `lambda_package/confusables.py`; its first lines name Unicode's version and where it is from."""


@cache
def prototypes() -> Mapping[int, str]:
    """What stands for each character that looks like another, for `str.translate`."""
    found: dict[int, str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            target, _, characters = line.partition(":")
            prototype = "".join(chr(int(each, 16)) for each in target.split())
            found |= {int(each, 16): prototype for each in characters.split()}
    return found


def skeleton(text: str) -> str:
    """The skeleton of a text: the same for all that look like it."""
    shown = re.sub(f"[{IGNORABLE}]", "", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFD", shown.translate(prototypes()))


_BLANK = INVISIBLE + "\ufff9-\ufffb"
"""What makes no difference where it is shown: blanks of any kind, also those that letters and symbols draw, of which the
standard's table has none; and the anchors of annotations, which no browser draws."""

_DOTTED = re.compile("([ij])\u0307+")
"""A dot above a letter that has one (Soft_Dotted) takes its place: it is shown as if it were not there."""


def looks(name: str) -> frozenset[str]:
    """What two names that look alike share one of: the skeleton without regard to capitals, and that of the name in
    small letters. `AIice` (a capital i) looks like `Alice` by the first, and `ALICE` by the second. Blanks do not count."""
    shown = re.sub(f"[{_BLANK}]", "", name)
    both = skeleton(shown).casefold(), skeleton(shown.casefold())
    return frozenset(_DOTTED.sub(r"\1", each) for each in both)


def look_alikes(names: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Of ids with their names, those whose name looks like that of another id."""
    owners: dict[str, set[str]] = {}
    for user_id, name in names:
        for look in looks(name):
            owners.setdefault(look, set()).add(user_id)
    return frozenset(user_id for sharing in owners.values() if len(sharing) > 1 for user_id in sharing)
