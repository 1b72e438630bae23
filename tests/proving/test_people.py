"""Tokens come from a file, and are in no message."""

import pytest

from proving.limits import PEOPLE, TOKEN_CHARACTERS
from proving.people import BadTokens, Person, read_people

THREE = "ann t1\n\n# somebody else\nben  Bearer t2\r\ncleo t3"


def test_each_line_is_a_user_id_and_a_token() -> None:
    assert read_people(THREE) == (Person("ann", "t1"), Person("ben", "Bearer t2"), Person("cleo", "t3"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There are 0 tokens"),
        ("ann t1\nben t2", "There are 2 tokens"),
        ("ann t1\nann t2\nben t3", "stands twice"),
        ("ann\nben t2\ncleo t3", "Line 1"),
        ("ann s\x00ecret\nben t2\ncleo t3", "line 1"),
        (f"ann {'s' * (TOKEN_CHARACTERS + 1)}\nben t2\ncleo t3", "line 1"),
        ("\n".join(f"user{n} secret" for n in range(PEOPLE + 1)), f"There are {PEOPLE + 1} tokens"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_wrong_is_said_without_a_token(text: str, said: str) -> None:
    with pytest.raises(BadTokens, match=said) as wrong:
        read_people(text)
    assert "secret" not in str(wrong.value)


def test_a_person_is_shown_without_their_token() -> None:
    assert "secret" not in repr(Person("ann", "secret"))
