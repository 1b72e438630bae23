"""Settings of `make run` that no other test starts a program for."""

from pathlib import Path

import pytest

from simulator.composition import composed
from simulator.settings import BadSettings, read, with_flags, with_hooks


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


@pytest.mark.parametrize("scheme", ["", "file:"])
def test_flags_are_a_file_that_is_looked_up_every_second(tmp_path: Path, scheme: str) -> None:
    document = tmp_path / "flags.json"
    document.write_text("")
    for command in (["run"], ["invoke", "--event=events/Query.messages.json"]):
        own = read(command, {"FLAGS": f"{scheme}{document}"})
        assert with_flags({"A": "b"}, own.flags) == {
            "A": "b",
            "FLAGS": f"file:{document}",
            "FLAGS_SECONDS": "1",
        }
    assert with_flags({"A": "b"}, read(["run"], {}).flags) == {"A": "b"}
    with pytest.raises(BadSettings, match=r"^FLAGS: the path of a document of flags"):
        read(["run"], {"FLAGS": f"{scheme}{tmp_path}/nowhere.json"})


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


def test_a_document_of_flags_that_is_malformed_stops_the_start_and_says_why(tmp_path: Path) -> None:
    document = tmp_path / "flags.json"
    document.write_text('{"version": "1", "flags": {"sendMessage": {}}, "values": {}}')
    own = read(["run", f"--state={tmp_path}"], {"FLAGS": str(document)})
    with pytest.raises(BadSettings, match=r"^FLAGS: .*flags\.json: there is no flag sendMessage: typing, "):
        composed(own, {"JWT_JWKS": ""}).__enter__()
