"""The locks: every file of every package by its hash, and nothing of the machine that wrote them."""

import json
import re
from pathlib import Path

import pytest

LOCKS = [
    "requirements.lock",
    "requirements-dev.lock",
    "layers/dependencies/requirements.lock",
    "gateway/requirements.lock",
    "lambda_package/requirements.lock",
    "simulator/ministack.lock",
    "terraform/checkov.lock",
    "bench/requirements.lock",
    "proving/requirements.lock",
]
NPM = [
    "bench/gateway/peers",
    "clients/typescript",
    "clients/typescript/bench",
    "clients/typescript/docs",
    "explorer",
    "tests/clients",
    "tests/integration",
    "tests/lighthouse",
    "web",
]


def test_every_lock_that_make_writes_is_held_to_these_rules(project: Path) -> None:
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    recipe = makefile[makefile.index("\nlock:") : makefile.index("\ndata:")]
    assert sorted(re.findall(r"-o (\S+\.lock)", recipe)) == sorted(LOCKS)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_registry_and_no_place_on_a_disk(project: Path, lock: str) -> None:
    assert (
        re.findall(
            r"https?://|file:|--(?:extra-)?index-url|--find-links|(?<![\w.-])/\w",
            (project / lock).read_text(),
        )
        == []
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_in_a_lock_is_pinned_by_hashes(project: Path, lock: str) -> None:
    for requirement in re.split(r"\n(?=\w)", (project / lock).read_text()):
        if not requirement.startswith("#"):
            assert re.match(r"[\w.-]+==\S+", requirement)
            assert "--hash=sha256:" in requirement


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("layers/dependencies/requirements.lock", "requirements.lock"),
        ("requirements.lock", "requirements-dev.lock"),
        ("gateway/requirements.lock", "requirements-dev.lock"),
        ("lambda_package/requirements.lock", "requirements-dev.lock"),
        ("proving/requirements.lock", "requirements.lock"),
    ],
)
def test_what_is_developed_with_is_what_is_deployed(project: Path, part: str, whole: str) -> None:
    assert pins(project / part) <= pins(project / whole)


def test_what_operators_programs_use_reaches_no_function(project: Path) -> None:
    """Each of these would cost every cold start."""
    names = {pin.partition("==")[0] for pin in pins(project / "layers/dependencies/requirements.lock")}
    assert "botocore" in names
    assert names & {"boto3", "pydantic", "s3transfer"} == set()


@pytest.mark.parametrize("folder", NPM)
def test_npms_packages_are_pinned_by_hashes_and_to_no_registry(project: Path, folder: str) -> None:
    """npm writes where it found each package as `resolved`: to be removed after `npm install`, unless its
    `.npmrc` says so."""
    lock = json.loads((project / folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    assert [name for name, each in packages.items() if "resolved" in each or "integrity" not in each] == []


def pins(lock: Path) -> set[str]:
    return set(re.findall(r"^[\w.-]+==\S+", lock.read_text(), re.MULTILINE))
