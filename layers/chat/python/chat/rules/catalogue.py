"""The sentences, in English, Spanish and French, by key `messages.{feature}.{key}`."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LOCALES = ("en", "es", "fr")
DEFAULT_LOCALE = "en"


@cache
def catalogue(locale: str) -> Mapping[str, str]:
    """All sentences of one language, flat by key."""
    text = (Path(__file__).parent / "catalogues" / f"{locale}.json").read_text(encoding="utf-8")
    sentences: dict[str, str] = json.loads(text)
    return sentences


def sentence(locale: str, key: str, values: Mapping[str, str | int]) -> str:
    """The sentence under `key` with its placeholders filled; English where the language lacks it."""
    full_key = f"messages.{key}"
    found = catalogue(locale).get(full_key) if locale in LOCALES else None
    return (found or catalogue(DEFAULT_LOCALE)[full_key]).format_map(values)


def choose_locale(claim: str | None, accept_language: str | None) -> str:
    """The caller's language: the token's `locale` claim, else `Accept-Language`, else English.

    Takes language tags such as `es-MX` (RFC 5646) and a header such as `fr;q=0.5, es` (RFC 9110, section
    12.5.4).
    """
    wanted = [claim] if claim else []
    wanted += [tag for _, tag in sorted(_weighted(accept_language or ""), key=lambda pair: -pair[0])]
    return next(filter(None, map(language_of, wanted)), DEFAULT_LOCALE)


def language_of(tag: str) -> str | None:
    """The language of a tag such as `es-MX`; `None` for one that has no sentences here."""
    language = tag.strip().lower().replace("_", "-").split("-")[0]
    return language if language in LOCALES else None


def _weighted(header: str) -> list[tuple[float, str]]:
    """`(quality, tag)` for each entry of an Accept-Language header; what cannot be read counts as
    unwanted."""
    entries = []
    for entry in header[:200].split(","):
        tag, *parameters = [part.strip().lower() for part in entry.split(";")]
        quality = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
        try:
            weight = float(quality)
        except ValueError:
            weight = 0.0
        if weight > 0:
            entries.append((weight, tag))
    return entries
