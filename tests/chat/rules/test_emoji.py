"""What may be reacted with: all of Unicode's list and nothing beside it."""

import pytest

from chat.rules.emoji import LONGEST, SELECTOR, TONES, check_emoji, check_known, emoji
from chat.rules.errors import InvalidInput

FULLY_QUALIFIED, MINIMALLY_QUALIFIED = 3_944, 1_029
"""How many the list of version 17.0 says that it has, at its end."""

QUALIFIED = sorted(set(emoji()[0].values()))
COMPONENTS = [*TONES, *map(chr, range(0x1F9B0, 0x1F9B4)), "\u200d", SELECTOR, "\u20e3", "🇩"]


def is_taken(value: object) -> bool:
    try:
        check_emoji(value, ())
    except InvalidInput:
        return False
    return True


def test_the_list_is_whole() -> None:
    taken, version = emoji()
    assert version == "17.0"
    assert len(QUALIFIED) == FULLY_QUALIFIED
    assert len(taken) == FULLY_QUALIFIED + MINIMALLY_QUALIFIED
    assert max(map(len, taken)) == 10 < LONGEST


def test_every_emoji_of_the_list_is_taken_as_it_is() -> None:
    assert [check_emoji(each, ()) for each in QUALIFIED] == QUALIFIED


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("😶‍🌫", "😶‍🌫️"),
        ("🏳️‍⚧", "🏳️‍⚧️"),
        ("👁️‍🗨", "👁️‍🗨️"),
        ("🕵🏿‍♂", "🕵🏿‍♂️"),
        ("👩‍❤‍💋‍👨", "👩‍❤️‍💋‍👨"),
    ],
)
def test_a_minimally_qualified_one_is_taken_for_the_qualified_one(given: str, stored: str) -> None:
    assert check_emoji(given, ()) == stored


def test_nothing_that_is_almost_one_is_taken() -> None:
    taken = emoji()[0]
    near = {
        *COMPONENTS,
        *(each + each for each in QUALIFIED[::7]),
        *(each + other for each, other in zip(QUALIFIED[::5], QUALIFIED[1::5], strict=False)),
        *(each + TONES[0] for each in QUALIFIED),
        *(each + SELECTOR + SELECTOR for each in QUALIFIED[::3]),
        *(each + "\u200d" for each in QUALIFIED),
        *(f" {each}" for each in QUALIFIED[::3]),
        *(each[1:] for each in QUALIFIED if len(each) > 1),
        *(each[::-1] for each in QUALIFIED if len(each) > 1),
        *(each.replace(SELECTOR, "\ufe0e") for each in QUALIFIED if SELECTOR in each),
        *(each[0] for each in QUALIFIED if each[1:2] == SELECTOR),  # shown as text: ❤, ☺, 1
    } - set(taken)
    assert len(near) > 9_000
    assert [ascii(each) for each in near if is_taken(each)] == []


@pytest.mark.parametrize("value", [None, 1, True, ["👍"], {}, "", "a", "1", "#", "©", "~", "~ ", "👍" * 65])
def test_what_is_no_emoji_at_all_is_not_taken(value: object) -> None:
    assert not is_taken(value)


def test_a_short_code_is_taken_where_the_deployment_has_it() -> None:
    codes = (":party_parrot:", ":+1:")
    assert [check_emoji(each, codes) for each in codes] == list(codes)
    for other in (":shipit:", "party_parrot", ":party_parrot", ":PARTY_PARROT:", ":party_parrot: "):
        with pytest.raises(InvalidInput):
            check_emoji(other, codes)


def test_one_that_was_a_short_code_is_known() -> None:
    assert check_known(":shipit:") == ":shipit:"
    assert check_known("👍") == "👍"
    for other in (":Ship it:", "::", ":" + "x" * 33 + ":", "x", None):
        with pytest.raises(InvalidInput):
            check_known(other)
