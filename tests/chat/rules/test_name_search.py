"""The form in which names are searched: in every script a name is found by how it is typed."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.rules.name_search import MOST_FOLDED, folded

FOUND = [
    ("José", "jose"), ("JOSÉ", "josé"), ("Åsa", "asa"), ("Ærøskøbing", "aero"), ("Łukasz", "lukasz"), ("Đặng", "dang"),
    ("Straße", "STRASSE"), ("İpek", "ipek"), ("Işık", "isik"), ("Ὀδυσσεύς", "οδυσσευς"), ("Ёлка", "елка"),
    ("أحمد", "احمد"), ("مُحَمَّد", "محمد"), ("مـحـمـد", "محمد"), ("שָׁלוֹם", "שלום"), ("प्रिया", "प्रि"), ("ज़ैनब", "जैन"),
    ("ตุ๊กตา", "ตุกตา"), ("ຄຳ", "ຄ"), ("\uf9f4", "\u6797"), ("한지민", "한지"), ("한지민", "\u1112"), ("ｗｉｄｅ", "Wide"),
    ("カ\u3099", "ガ"), ("👩\u200d💻 Dev", "👩💻"), ("❤\ufe0f Eve", "❤"), ("  Ann", "ann"), ("Ann\u00a0Lee", "ann l"),
    ("e\u0301\u0323va", "\u1eb9\u0301va"), ("ŉ", "ʼn"), ("Ǆ", "dz"),
]  # fmt: skip
NOT_FOUND = [
    ("Ann", "anna"), ("か", "が"), ("กิ", "กี"), ("กุ", "กู"), ("किरण", "कुरण"), ("林", "森"), ("😀", "😁"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "typed"), FOUND, ids=ascii)
def test_a_name_is_found_by_what_people_type(name: str, typed: str) -> None:
    assert folded(name).startswith(folded(typed))


@pytest.mark.parametrize(("name", "typed"), NOT_FOUND, ids=ascii)
def test_another_letter_or_vowel_is_another_name(name: str, typed: str) -> None:
    assert not folded(name).startswith(folded(typed))


def _is_cut_between(name: str, place: int) -> bool:
    """Whether no character is cut off from a mark that belongs to it, nor a run of blanks in two."""
    return place == len(name) or not (
        unicodedata.category(name[place]).startswith(("M", "Z", "C")) or unicodedata.combining(name[place])
    )


@given(st.text(max_size=24), st.integers(0, 24))
@example("ﷺ", 1)
@example("Ơ̛", 1)
def test_a_beginning_is_found_by_a_beginning(name: str, place: int) -> None:
    if place <= len(name) and _is_cut_between(name, place):
        assert folded(name).startswith(folded(name[:place]))


@given(st.text(max_size=60))
def test_all_spellings_of_a_name_are_one(name: str) -> None:
    found = folded(name)
    assert len(found) <= MOST_FOLDED
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert folded(unicodedata.normalize(form, name)) == found
    if len(found) < MOST_FOLDED:
        assert folded(found) == found
