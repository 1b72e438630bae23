"""What is tracked speaks of the project alone: no registry's host, no place on somebody's disk."""

import json
import re
import subprocess

import pytest

from simulator.engine import PROJECT

# Each pattern is written so that it does not match itself.
REGISTRIES = r"py[p]i\.|python[h]osted|npm[j]s|arti[f]actory|[n]exus\.|/sim[p]le/|[p]ip\.conf|--(?:extra-)?index-url[ =]|--find-links[ =]"
PLACES = (
    r"(?<![\w.:~$})*-])/(?:work|home|root|tmp|mnt|srv|Users|private)/\w|/opt/(?!python\b)\w|[A-Z]:\\Users"
)


def tracked() -> dict[str, str]:
    """The text of every tracked file that is there and is text."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    found = {}
    for name in names:
        path = PROJECT / name
        if name and path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                found[name] = content.decode()
    return found


def test_no_file_names_a_registry() -> None:
    assert {name: hits for name, text in tracked().items() if (hits := re.findall(REGISTRIES, text))} == {}


def test_no_file_names_a_place_on_a_machine() -> None:
    """A Dockerfile's places are in the image that it makes."""
    texts = {name: text for name, text in tracked().items() if not name.endswith("/Dockerfile")}
    assert {name: hits for name, text in texts.items() if (hits := re.findall(PLACES, text))} == {}


def test_no_file_holds_a_private_key_or_a_token() -> None:
    secrets = r"-----BEGIN [A-Z ]*PRIVATE K[E]Y|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}"
    assert {name: hits for name, text in tracked().items() if (hits := re.findall(secrets, text))} == {}


def test_no_link_is_tracked() -> None:
    """One of a virtualenv would name a place on a machine, and leads nowhere elsewhere."""
    staged = subprocess.run(
        ["git", "ls-files", "-s"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert [line for line in staged.splitlines() if line.startswith("120000")] == []


def unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON, of which `json` would drop all but the last of keys that are equal."""
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
    return dict(pairs)


def test_no_json_says_the_same_key_twice() -> None:
    with pytest.raises(AssertionError):
        json.loads('{"a": {"b": 1, "b": 2}}', object_pairs_hook=unrepeated)
    for name, text in tracked().items():
        if name.endswith(".json"):
            assert json.loads(text, object_pairs_hook=unrepeated) is not None, name
