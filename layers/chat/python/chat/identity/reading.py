"""Read the keys of a JSON object one by one, and say in a sentence which of them is wrong.

Parsed by hand: a library that validates documents would cost a cold start more than all of this.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

ClaimPath = tuple[str, ...]
"""Where a claim is: one key, or the keys of objects within objects."""


class BadSources(ValueError):
    """IDENTITY is wrong. The text is a sentence that names the source and the key, and does not show the
    value."""


class Keys:
    """The keys of one object, called `place` in sentences. Each is taken once: what is left in the end is
    unknown. A key that is null is absent: so Terraform writes what was left out."""

    def __init__(self, place: str, document: object) -> None:
        if not isinstance(document, dict):
            raise BadSources(f"{place} must be an object")
        self.place = place
        self._left: dict[str, Any] = {key: value for key, value in document.items() if value is not None}

    def wrong(self, key: str, sentence: str) -> BadSources:
        return BadSources(f"{self.place}: {key} {sentence}")

    def take(self, key: str, default: object = None) -> Any:
        """Any value; `default` where the key is absent."""
        return self._left.pop(key, default)

    def done(self, known: str) -> None:
        """Raises `BadSources` if there are keys that nobody took. `known` is what these are the keys of."""
        if self._left:
            raise self.wrong(ascii(min(self._left))[1:-1][:32], f"is no key of {known}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty, unless the default is. Raises `BadSources`."""
        value = self.take(key, default)
        if not isinstance(value, str) or not (value or default == ""):
            raise self.wrong(key, "must be a text that is not empty")
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def texts(self, key: str, default: Iterable[str] | None = None) -> tuple[str, ...]:
        """A list of different texts, empty only if that is the default. Raises `BadSources`."""
        value = self.take(key, default if default is None else list(default))
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise self.wrong(key, "must be a list of texts that are not empty")
        if len(set(value)) < len(value):
            raise self.wrong(key, "names one thing twice")
        if not value and default is None:
            raise self.wrong(key, "must name at least one")
        return tuple(value)

    def some_of(self, key: str, known: Iterable[str], default: Iterable[str]) -> frozenset[str]:
        """A list of at least one of the words in `known`. Raises `BadSources`."""
        words = tuple(known)
        values = self.texts(key, default)
        if not values or not set(values) <= set(words):
            raise self.wrong(key, f"must be a list of {' and '.join(words)}")
        return frozenset(values)

    def claim(self, key: str, default: str | None = None) -> ClaimPath | None:
        """The exact key of a claim, or a list of keys that lead to a nested one. Raises `BadSources`."""
        value = self.take(key, default)
        if value is None:
            return None
        path = value if isinstance(value, list) else [value]
        if not path or not all(isinstance(each, str) and each for each in path):
            raise self.wrong(key, "must be the name of a claim, or a list of names that lead to a nested one")
        return tuple(path)

    def objects(self, key: str) -> list[Any]:
        """A list that is not empty. Raises `BadSources`."""
        value = self.take(key)
        if not isinstance(value, list) or not value:
            raise self.wrong(key, "must be a list that is not empty")
        return value


def read_json(text: str) -> Any:
    """The document in `text`. Raises `ValueError` for what is no JSON, and for an object that has a key
    twice."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key twice")
    return found
