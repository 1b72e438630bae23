"""The sentences: the same in three languages, none missing, none unused."""

import re
import string
from pathlib import Path

import pytest

import chat
import privacy
from chat.rules.catalogue import LOCALES, catalogue, choose_locale, sentence
from chat.rules.errors import NotRoomMember, RateLimited

PACKAGE = Path(chat.__path__[0])
REFUSING = [PACKAGE, Path(privacy.__path__[0])]
SOURCE = "\n".join(
    path.read_text(encoding="utf-8") for each in REFUSING for path in sorted(each.rglob("*.py"))
)
SCOPES = ("person", "room")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def keys_in_code() -> set[str]:
    """Every key below `messages.` that a refusal is made with, as the source spells it."""
    features = {key.split(".")[1] for key in catalogue("en")}
    spelt = set(re.findall(rf'"((?:{"|".join(features)})\.[A-Za-z.]+)"', SOURCE))
    computed = re.findall(r'f"([a-z]+\.[A-Za-z.]+\.)\{scope\}"', SOURCE)
    return spelt | {stem + scope for stem in computed for scope in SCOPES}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_language_has_every_sentence(locale: str) -> None:
    assert list(catalogue(locale)) == list(catalogue("en"))


@pytest.mark.parametrize("key", catalogue("en"))
def test_a_sentence_has_the_same_placeholders_in_every_language(key: str) -> None:
    for locale in LOCALES:
        assert placeholders(catalogue(locale)[key]) == placeholders(catalogue("en")[key])


@pytest.mark.parametrize("key", catalogue("en"))
def test_a_sentence_is_another_in_every_language(key: str) -> None:
    assert len({catalogue(locale)[key] for locale in LOCALES}) == len(LOCALES)


@pytest.mark.parametrize("key", catalogue("en"))
def test_a_sentence_is_one_line_that_ends_like_a_sentence(key: str) -> None:
    for locale in LOCALES:
        text = catalogue(locale)[key]
        assert text == text.strip()
        assert text.endswith(".")
        assert "\n" not in text
        assert "[" not in text


def test_keys_are_messages_feature_key() -> None:
    assert [key for key in catalogue("en") if not re.fullmatch(r"messages(\.[a-z][A-Za-z]*){2,3}", key)] == []


def test_every_key_in_the_code_is_in_the_catalogue_and_every_one_there_is_used() -> None:
    assert {f"messages.{key}" for key in keys_in_code()} == set(catalogue("en"))


def test_a_language_that_is_not_there_falls_back_to_english() -> None:
    for locale in ("de", "", "../en", "EN"):
        assert sentence(locale, "room.notMember", {}) == catalogue("en")["messages.room.notMember"]


def test_values_fill_the_sentence_and_follow_it_in_brackets_with_the_code_first() -> None:
    refusal = RateLimited(1_200, "person")
    assert str(refusal) == (
        "You are sending too fast. Try again in 1200 milliseconds."
        " [code=RateLimited retryAfterMs=1200 scope=person]"
    )
    assert str(refusal.in_language("es")) == (
        "Estás enviando demasiado rápido. Inténtalo de nuevo dentro de 1200 milisegundos."
        " [code=RateLimited retryAfterMs=1200 scope=person]"
    )


def test_a_refusal_without_values_still_has_its_code() -> None:
    assert str(NotRoomMember().in_language("fr")).endswith(" [code=NotRoomMember]")


@pytest.mark.parametrize(
    ("claim", "header", "locale"),
    [
        (None, None, "en"),
        ("es", None, "es"),
        ("es", "fr", "es"),
        ("de", "fr", "fr"),
        ("", "fr", "fr"),
        ("es-MX", None, "es"),
        ("FR_ca", None, "fr"),
        ("estonian", None, "en"),
        (None, "fr", "fr"),
        (None, "fr-CA, en;q=0.5", "fr"),
        (None, "fr;q=0.5, es", "es"),
        (None, "fr;q=0.5,es;q=0.9,en;q=0.1", "es"),
        (None, "fr; q=0.5, es; q=0.9", "es"),
        (None, "fr ;q=0.5 , es ; q=0.4", "fr"),
        (None, "FR;Q=0.9, es;q=0.1", "fr"),
        (None, "es, fr", "es"),
        (None, "de, es;q=0.1", "es"),
        (None, "es;q=0, fr;q=0.1", "fr"),
        (None, "es;q=0", "en"),
        (None, "es;q=much, fr;q=0.1", "fr"),
        (None, "es;q=nan, fr;q=0.1", "fr"),
        (None, "es;q=-1, fr;q=0.1", "fr"),
        (None, "fr;level=1;q=0.2, es;q=0.3", "es"),
        (None, "*", "en"),
        (None, ",;,=;q", "en"),
        (None, "fr" * 10_000, "en"),
        (None, "x," * 10_000 + "fr", "en"),
        (None, "x," * 99 + "fr", "fr"),
        (None, "x," * 99 + " fr", "en"),
    ],
)
def test_the_callers_language(claim: str | None, header: str | None, locale: str) -> None:
    """The token's claim, else the header by RFC 9110 section 12.5.4, else English."""
    assert choose_locale(claim, header) == locale
