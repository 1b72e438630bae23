"""Names that look alike, by Unicode's own table."""

import hashlib
import itertools
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.rules.confusables import TABLE, look_alikes, looks, prototypes, skeleton
from chat.rules.people import check_name
from lambda_package.confusables import converted
from simulator.engine import PROJECT

ALIKE = [
    ("Alice", "\u0410lice"),  # Cyrillic
    ("Alice", "Al\u0456ce"),
    ("Alice", "AIice"),  # a capital i
    ("Alice", "A1ice"),
    ("ALICE", "alice"),
    ("paypal", "\u0440\u0430\u0443\u0440\u0430l"),
    ("modern", "rnodern"),
    ("Jose\u0301", "Jos\u00e9"),
    ("a\u200bdmin", "admin"),
    ("admin\ufe0f", "admin"),
    ("\uff41dmin", "admin"),
    ("\U0001d44edmin", "admin"),
    ("\uf9f4", "\u6797"),  # a Han compatibility ideograph, and the unified one
    ("\u05d5\u05d5", "\u05f0"),  # Hebrew: two letters, and the ligature
    ("\u0665", "\u0647"),  # Arabic: a digit, and a letter
    ("\u0966", "\u0ae6"),  # Devanagari's and Gujarati's zero
]
DIFFERENT = [
    ("Alice", "Alina"), ("Jos\u00e9", "Jose"), ("\u0e01\u0e34", "\u0e01\u0e35"), ("\U0001f600", "\U0001f601"),
    ("\u0645\u062d\u0645\u062f", "\u0645\u062d\u0645\u0648\u062f"), ("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5"),
    ("\u092a\u094d\u0930\u093f\u092f\u093e", "\u092a\u094d\u0930\u0940\u0924\u093f"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE, ids=ascii)
def test_what_looks_alike_shares_a_look(one: str, other: str) -> None:
    assert looks(one) & looks(other)
    assert look_alikes([("1", one), ("2", other), ("3", "somebody else")]) == {"1", "2"}


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=ascii)
def test_what_looks_different_shares_none(one: str, other: str) -> None:
    assert not looks(one) & looks(other)
    assert look_alikes([("1", one), ("2", other)]) == frozenset()


def test_nobody_looks_like_themself() -> None:
    assert look_alikes([("1", "Alice"), ("1", "Alice")]) == frozenset()
    assert look_alikes([]) == frozenset()


@pytest.mark.parametrize(
    "disguised",
    [
        "Ann Lee\u2800", "Ann\u2800Lee", "Ann\u3164Lee", "Ann\uffa0Lee", "Ann Lee\U0001d159", "\U00013441Ann Lee", "AnnLee",
        "Ann\u180eLee", "Ann Lee\ufff9", "\ufffaAnn Lee\ufffb",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_drawn_blank_makes_no_other_name(disguised: str) -> None:
    stored = check_name(disguised)
    assert stored is not None
    assert look_alikes([("a", "Ann Lee"), ("b", stored)]) == {"a", "b"}


@pytest.mark.parametrize(
    "disguised", ["Mi\u0307a", "Mi\u0307\u0307a", "M\u0456\u0307a", "M\u0131\u0307a"], ids=ascii
)
def test_a_dot_on_a_letter_that_has_one_makes_no_other_name(disguised: str) -> None:
    assert look_alikes([("a", "Mia"), ("b", disguised)]) == {"a", "b"}
    assert not look_alikes([("a", "Mia"), ("b", "Me\u0307a")])


def test_a_word_in_a_script_is_not_everything_of_its_shape() -> None:
    assert skeleton("\u0440\u0430\u0443\u0440\u0430l") == skeleton("paypal") == "paypal"
    assert skeleton("\u0421\u043b\u043e\u043d") != skeleton("Slon")


@given(st.text(max_size=30))
def test_a_skeleton_is_its_own_and_decomposed(text: str) -> None:
    """No character of a prototype has another: the table is closed."""
    once = skeleton(text)
    assert skeleton(once) == once
    assert unicodedata.normalize("NFD", once) == once


@given(st.lists(st.sampled_from(["Ann", "\u0410nn", "Bob", "B0b", "BOB", "Eve", "\u0415ve", ""]), max_size=9))
def test_those_are_marked_who_look_like_somebody_else_and_no_others(names: list[str]) -> None:
    people = [(str(number), name) for number, name in enumerate(names)]
    marked = look_alikes(people)
    alike = {
        each
        for (one, name), (other, called) in itertools.combinations(people, 2)
        if looks(name) & looks(called)
        for each in (one, other)
    }
    assert marked == alike


def test_each_character_of_unicodes_with_a_prototype_is_one_character_elsewhere() -> None:
    assert len(prototypes()) == 6_565
    assert all(prototypes().values())
    assert not set(prototypes()) & {ord(each) for text in prototypes().values() for each in text}


SOURCE = (
    "\ufeff# confusables.txt\n# Version: 17.0.0\n#\n"
    "0430 ;\t0061 ;\tMA\t# ( \u0430 \u2192 a ) \n\n"
    "FF41 ;\t0061 ;\tMA\t#* ( a )\n"
    "006D ;\t0072 006E ;\tMA\t# ( m \u2192 rn )\t# \n\n# total: 3\n"
)


def test_the_table_is_made_of_unicodes_file() -> None:
    made = converted(SOURCE.encode())
    header, lines = made.splitlines()[:3], made.splitlines()[3:]
    assert lines == ["0061:0430 FF41", "0072 006E:006D"]
    assert (
        "Unicode 17.0.0, UTS #39: https://www.unicode.org/Public/17.0.0/security/confusables.txt" in header[0]
    )
    assert hashlib.sha256(SOURCE.encode()).hexdigest() in header[1]


@pytest.mark.parametrize(
    "source",
    [
        "",
        SOURCE.replace("Version", "Edition"),
        SOURCE.replace("total: 3", "total: 4"),
        SOURCE.replace("\tMA", "\tXX"),
    ],
)
def test_another_file_makes_none(source: str) -> None:
    with pytest.raises(ValueError, match=r"Unicode|form|many"):
        converted(source.encode())


def test_the_table_says_what_it_was_made_of_and_has_its_licence_beside_it() -> None:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"# 6565 characters; sha256 of the source: [0-9a-f]{64}", lines[1])
    assert all(re.fullmatch(r"[0-9A-F ]+:[0-9A-F ]+", line) for line in lines[3:])
    licence = TABLE.with_name("LICENSE.txt").read_text(encoding="utf-8")
    assert "COPYRIGHT AND PERMISSION NOTICE" in licence


def test_the_table_is_read_only_where_somebody_compares() -> None:
    script = (
        "import sys, chat.operations.people, chat.operations.search_people, chat.operations.update_me, "
        "chat.operations.send_message; print('chat.rules.confusables' in sys.modules)"
    )
    path = {"PYTHONPATH": str(PROJECT / "layers/chat/python")}
    said = subprocess.check_output([sys.executable, "-c", script], env=path, text=True)
    assert said == "False\n"
