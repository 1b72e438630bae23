"""A release: a wheel that is complete, one version for all of it, the same bytes wherever it is built, and checksums."""

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import chat
from lambda_package.release import checksums, distributions
from tests.package.copies import copy_of

BUILD = """if True:
    import sys
    from pathlib import Path
    from lambda_package.release import distributions
    distributions(Path(sys.argv[1]))
"""

USE = """if True:
    import importlib.metadata, sys
    import chat.operations.send_message, chat_lambda.compose, proving.load.estimate
    from chat.rules.catalogue import LOCALES, catalogue
    from chat.storage.aws import OWN_DATA, client
    home = sys.argv[1]
    assert all(each.__file__.startswith(home) for each in (chat, chat_lambda, proving)), chat.__file__
    assert chat.__version__ == importlib.metadata.version("appsync-chat")
    assert all(catalogue(each) for each in LOCALES)
    assert OWN_DATA.is_relative_to(home) and OWN_DATA.is_dir()
    client("dynamodb", region="us-east-1", lean=True)
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    target = tmp_path_factory.mktemp("release")
    distributions(target)
    return target


def built_in(project: Path, target: Path) -> Path:
    """The wheel and the sdist of the project in another folder, by somebody who lets nobody else read their files."""
    environment = {**os.environ, "PYTHONPATH": str(project), "SOURCE_DATE_EPOCH": "1700000000"}
    command = [sys.executable, "-B", "-c", BUILD, str(target)]
    subprocess.run(command, cwd=project, env=environment, umask=0o077, check=True, timeout=60)
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def wheel_in(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_the_wheel_holds_every_file_of_its_packages(released: Path, project: Path) -> None:
    sources = project / "layers" / "chat" / "python"
    files = {path.relative_to(sources).as_posix() for path in sources.rglob("*") if path.is_file()}
    files |= {
        path.relative_to(project).as_posix() for path in (project / "proving").rglob("*") if path.is_file()
    }
    files |= {"cost/__init__.py", "cost/prices.py"}
    with zipfile.ZipFile(wheel_in(released)) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert held == {name for name in files if not name.endswith(".pyc")}
    assert {"chat/py.typed", "chat_lambda/py.typed", "chat/rules/catalogues/en.json"} <= held


def test_the_wheel_works_where_nothing_else_of_the_project_is(released: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel_in(released)) as opened:
        opened.extractall(tmp_path)  # noqa: S202  our own
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-B", "-c", USE, str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_same_files_give_the_same_bytes_in_another_folder(
    released: Path, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    again = built_in(copy_of(project, tmp_path / "elsewhere"), tmp_path / "dist")
    assert contents(released) == contents(again)
    assert {path.suffix for path in again.iterdir()} == {".whl", ".gz"}


def test_the_sdist_holds_all_that_the_wheel_is_built_from(released: Path, tmp_path: Path) -> None:
    (sdist,) = released.glob("*.tar.gz")
    with tarfile.open(sdist) as opened:
        opened.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
    subprocess.run(command, cwd=unpacked, env=environment, capture_output=True, check=True, timeout=60)
    assert wheel_in(tmp_path).read_bytes() == wheel_in(released).read_bytes()


def test_checksums_are_those_of_the_files_in_the_form_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    files = [tmp_path / "layer.zip", tmp_path / "functions" / "room.zip"]
    for number, path in enumerate(files):
        path.write_bytes(bytes([number]))
    written = checksums(tmp_path, files)
    assert written == tmp_path / "SHA256SUMS"
    assert written.read_text() == (
        f"{hashlib.sha256(bytes([1])).hexdigest()}  functions/room.zip\n"
        f"{hashlib.sha256(bytes([0])).hexdigest()}  layer.zip\n"
    )


def test_the_newest_version_of_the_changelog_is_that_of_the_package(project: Path) -> None:
    text = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d{2}-\d{2}))?$", text, re.MULTILINE)
    assert headings[0] == ("Unreleased", "")
    assert headings[1][0] == chat.__version__
    assert all(date for _, date in headings[1:])
    assert [date for _, date in headings[1:]] == sorted((date for _, date in headings[1:]), reverse=True)


def test_the_pins_of_the_functions_lie_within_the_ranges_of_the_wheel(project: Path) -> None:
    described = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    ranges = {each.name: each for each in map(Requirement, described["project"]["dependencies"])}
    lines = (project / "layers/dependencies/requirements.in").read_text(encoding="utf-8").splitlines()
    pins = {
        each.name: each for each in (Requirement(line.partition("#")[0]) for line in lines if line[0] != "#")
    }
    assert ranges.keys() == pins.keys()
    for name, pin in pins.items():
        (version,) = (each.version for each in pin.specifier)
        assert ranges[name].specifier.contains(version), name
