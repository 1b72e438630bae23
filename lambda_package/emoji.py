"""The emoji that may be reacted with, from Unicode's own list into the file that the chat reads.

    python -m lambda_package.emoji emoji-test.txt

The list of a version is at https://unicode.org/Public/emoji/17.0/emoji-test.txt; its format stands in its head. Of its lines only
the fully-qualified ones are taken: the others are these with presentation selectors left out. Sequences that differ by nothing
but skin tones stand once, with a mark for each tone.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import product
from pathlib import Path

from chat.rules.emoji import EACH_TONE, FILE, MARK, TONES

_LINE = re.compile(r"([0-9A-F ]+?) *; fully-qualified ")
_VERSION = re.compile(r"# Version: ([0-9.]+)")


def packed(lines: Iterable[str]) -> dict[str, str]:
    """The content of the file. Raises `ValueError` for skin tones that come in no known combinations."""
    version, forms = "", defaultdict[str, set[tuple[str, ...]]](set)
    for line in lines:
        if found := _VERSION.match(line):
            version = found[1]
        if found := _LINE.match(line):
            emoji = "".join(chr(int(point, 16)) for point in found[1].split())
            tones = tuple(each for each in emoji if each in TONES)
            forms[emoji.translate({ord(tone): MARK for tone in TONES})].add(tones)
    found_by: dict[str, list[str]] = {name: [] for name in EACH_TONE}
    for form, tones_of in sorted(forms.items()):
        every = set(product(TONES, repeat=form.count(MARK)))
        unequal = {each for each in every if len(set(each)) > 1}
        if tones_of not in (every, unequal):
            raise ValueError(ascii(form))
        found_by["every" if tones_of == every else "unequal"].append(form)
    return {
        "version": version,
        "source": f"https://unicode.org/Public/emoji/{version}/emoji-test.txt",
        "terms": "© Unicode, Inc. https://www.unicode.org/terms_of_use.html",
        **{name: " ".join(found) for name, found in found_by.items()},
    }


if __name__ == "__main__":
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    content = json.dumps(packed(text.splitlines()), ensure_ascii=False, indent=1) + "\n"
    FILE.write_text(content, encoding="utf-8")
