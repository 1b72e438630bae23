"""What is tracked speaks of the project alone: no registry's host, no place on somebody's disk."""

import re
import subprocess

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
