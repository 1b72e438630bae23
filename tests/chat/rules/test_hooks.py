"""What a rule of a deployment's own may refuse with."""

from typing import Any

import pytest

from chat.hooks import Refuse
from chat.rules.hooks import check_refusal


@pytest.mark.parametrize("code", ["", "Spam", "two words", "a" * 41, "é", "spam\n", "a=b", None, 3])
def test_a_refusals_code_is_a_word(code: Any) -> None:
    with pytest.raises(ValueError, match="a code is a small letter"):
        Refuse(code, "No.")


@pytest.mark.parametrize(
    "sentences",
    ["", "two\nlines", "x" * 301, "[code=Other]", "\u202eNo.", 3, {}, {"es": "No."}, {"en": ""}, {"en": "No.", "es": 3},
     {"en": "No.", "English": "No."}, {"en": "No.", 3: "No."}, ["en"]],
)  # fmt: skip
def test_a_refusals_sentences_are_bounded_and_english_is_among_them(sentences: Any) -> None:
    with pytest.raises(ValueError, match=r"^(a|sentences) "):
        Refuse("spam", sentences)


def test_a_refusal_has_one_sentence_or_one_for_each_language_or_none() -> None:
    assert Refuse("spam", "No.").sentences == {"en": "No."}
    assert Refuse("spam", {"en": "x" * 300, "de": "Nein."}).sentences["de"] == "Nein."
    assert (Refuse("a" * 40).sentences, check_refusal("a9", None)) == ({}, {})
