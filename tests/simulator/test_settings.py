"""Settings of `make run` that no other test starts a program for."""

import pytest

from simulator.settings import BadSettings, read


@pytest.mark.parametrize(
    ("environment", "unset"),
    [({}, "null"), ({"UNSET_VARIABLES": ""}, "null"), ({"UNSET_VARIABLES": "absent"}, "absent")],
)
def test_what_an_unset_variable_makes_of_its_argument_can_be_chosen(
    environment: dict[str, str], unset: str
) -> None:
    assert read(["run"], environment).unset_variables == unset


def test_another_word_for_it_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadSettings, match=r"^UNSET_VARIABLES: null or absent$"):
        read(["run"], {"UNSET_VARIABLES": "undefined"})
    with pytest.raises(BadSettings, match=r"^SCHEDULES: on or off$"):
        read(["run"], {"SCHEDULES": "seldom"})
