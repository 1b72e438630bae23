"""Settings of `make run` that no other test starts a program for."""

from pathlib import Path

import pytest

from simulator.settings import BadSettings, read, with_hooks


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


def test_rules_of_ones_own_are_a_file_and_a_developers_own_setting_does_not_matter(tmp_path: Path) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text("")
    assert with_hooks({"A": "b"}, read(["run"], {"HOOKS": str(rules)}).hooks) == {
        "A": "b",
        "CHAT_HOOKS": f"file:{rules}",
    }
    assert with_hooks({"A": "b"}, read(["run"], {"CHAT_HOOKS": "acme.chat"}).hooks) == {"A": "b"}
    with pytest.raises(BadSettings, match=r"^HOOKS: the path of a Python file"):
        read(["run"], {"HOOKS": str(tmp_path / "nowhere.py")})


@pytest.mark.parametrize(
    ("auth", "publish", "modes"),
    [
        ("", "sender", "lambda"),
        ("", "stream", "lambda,iam"),
        ("oidc,cognito", "sender", "oidc,cognito"),
        ("oidc,cognito", "stream", "oidc,cognito,iam"),
        ("iam,oidc", "stream", "iam,oidc"),
    ],
)
def test_where_the_stream_publishes_the_api_takes_iam_as_well(auth: str, publish: str, modes: str) -> None:
    own = read(["run"], {"AUTH": auth, "PUBLISH": publish})
    assert ",".join(own.api_modes) == modes
    assert ",".join(own.modes) == modes.removesuffix(",iam")


def test_one_function_is_told_how_subscribers_are_served_as_all_of_them_are() -> None:
    event = {"EVENT": "events/Query.messages.json"}
    assert read(["invoke"], event).publish == "sender"
    assert read(["invoke"], {**event, "PUBLISH": "stream"}).publish == "stream"


def test_another_way_to_publish_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadSettings, match=r"^PUBLISH: sender or stream$"):
        read(["run"], {"PUBLISH": "both"})
