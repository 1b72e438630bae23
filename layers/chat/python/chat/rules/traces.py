"""What is looked for where somebody's data may still be: their id in the forms that it is written in, and what they said.

The one rule for tables, buckets, logs and the gateway's memory: docs/privacy.md, "Proof of erasure". Reads nothing.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from urllib.parse import quote

from chat.rules.record import record

What = Literal["id", "text", "pseudonym"]

MOST_TEXTS = 1_000
MOST_BYTES = 262_144
"""Of all texts together."""


def _forms(text: str) -> list[str]:
    """A text as it is, and as JSON has it in either way, also in a string of JSON."""
    forms = [text]
    for _ in range(2):
        forms += [
            json.dumps(each, ensure_ascii=is_ascii)[1:-1] for each in forms for is_ascii in (True, False)
        ]
    return [*dict.fromkeys(forms)]


def _pattern(forms: Iterable[str], *, whole: bool) -> re.Pattern[str]:
    found = "|".join(re.escape(each) for each in sorted({*forms}, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{found})(?!\w)" if whole else found)


@record(frozen=True, slots=True)
class Traces:
    """An id is found where no letter, digit or `_` stands beside it: `eve` is not in `never`, but in `eve-2`. A text is found
    anywhere. Upper and lower case differ."""

    patterns: Mapping[What, re.Pattern[str]]
    longest: int
    """Characters of the longest form: who looks at a stream in parts lets them overlap by as many."""
    texts: Sequence[str]

    @classmethod
    def of(
        cls,
        user_id: str,
        texts: Sequence[str] = (),
        *,
        also: Sequence[str] = (),
        pseudonyms: Sequence[str] = (),
    ) -> "Traces":
        """`also`: other forms of the id, such as in keys. Raises `ValueError` for nothing to look for, or too much."""
        if not user_id or not all(texts):
            raise ValueError("an id or a text is empty")
        if len(texts) > MOST_TEXTS or sum(len(each.encode()) for each in texts) > MOST_BYTES:
            raise ValueError(f"more than {MOST_TEXTS} texts or {MOST_BYTES} bytes")
        ids = [form for each in (user_id, *also, quote(user_id, safe="")) for form in _forms(each)]
        said = [form for each in texts for form in _forms(each)]
        patterns: dict[What, re.Pattern[str]] = {"id": _pattern(ids, whole=True)}
        if said:
            patterns["text"] = _pattern(said, whole=False)
        if pseudonyms:
            patterns["pseudonym"] = _pattern(list(pseudonyms), whole=True)
        return cls(patterns, max(map(len, [*ids, *said, *pseudonyms])), tuple(texts))

    def found_in(self, value: str) -> list[What]:
        """What of it stands in a value."""
        return [what for what, pattern in self.patterns.items() if pattern.search(value)]

    def found_in_bytes(self, value: bytes) -> list[What]:
        return self.found_in(value.decode(errors="replace"))

    def without_texts(self, value: str) -> str:
        """A key or a name as it may be shown: a text that stands in it does not."""
        return self.patterns["text"].sub("[text]", value) if "text" in self.patterns else value
