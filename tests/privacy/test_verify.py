"""`python -m privacy.verify`: an export in which anything was changed is not taken for whole, by a stranger with Python alone."""

import base64
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chat.rules.export_files import ExportFile, lines_file, to_line, whole_file
from chat.rules.export_manifest import MANIFEST, SIGNATURE, manifest_of, public_key_of, signature_of
from privacy.verify import NOT_WHOLE, UNREADABLE, UNVERIFIED, WHOLE, main

SECRET = b"a key for exports, 32 bytes long"
SEEDS = [random.SystemRandom().randrange(2**32) for _ in range(5)]


def files() -> list[ExportFile]:
    lines = [to_line({"kind": "message", "text": f"message {number}"}) for number in range(20)]
    return [
        lines_file("rooms/lobby-1/messages-000001.jsonl", "messages", lines),
        lines_file(
            "person/drafts-core-000001.jsonl",
            "drafts",
            [to_line({"kind": "drafts", "item": {"text": "é\u2028"}})],
        ),
        whole_file("files/0199.png", "attachment", bytes(range(256)) * 10, "image/png"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An export that is whole."""
    made = files()
    part = lines_file(
        "manifest-000001.jsonl",
        "manifest",
        [to_line(each.record.to_manifest()) for each in made],
        counts={"files": 3},
    )
    manifest = manifest_of("0199", "ann", 1_800_000_000_000, [part.record], public_key_of(SECRET))
    contents = {each.record.name: each.content for each in [*made, part]}
    contents |= {MANIFEST: manifest, SIGNATURE: signature_of(SECRET, manifest)}
    for name, content in contents.items():
        path = tmp_path / "export" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "export"


def key_file(folder: Path, secret: bytes) -> str:
    path = folder.parent / "key"
    path.write_bytes(base64.b64encode(public_key_of(secret)))
    return str(path)


def zipped(folder: Path) -> Path:
    path = folder.parent / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                archive.write(each, each.relative_to(folder).as_posix())
    return path


def test_what_is_whole_is_found_whole_as_folder_and_as_zip(folder: Path) -> None:
    assert main([str(folder)]) == WHOLE
    assert main([str(folder), "--key", key_file(folder, SECRET)]) == WHOLE
    assert main([str(zipped(folder))]) == WHOLE


def test_another_key_is_not_the_operators(folder: Path) -> None:
    assert main([str(folder), "--key", key_file(folder, b"another key, of 32 bytes as well")]) == NOT_WHOLE


def _changed(chance: random.Random, lines: list[bytes], how: str) -> list[bytes]:
    at = chance.randrange(len(lines))
    line = lines[at]
    if how == "removed":
        return [*lines[:at], *lines[at + 1 :]]
    if how == "added":
        return [*lines[:at], b'{"kind":"message","text":"forged"}\n', *lines[at:]]
    if how == "repeated":
        return [*lines[:at], line, *lines[at:]]
    if how == "moved":
        other = (at + 1) % len(lines)
        swapped = list(lines)
        swapped[at], swapped[other] = lines[other], line
        return swapped
    byte = chance.randrange(len(line) - 1)
    return [*lines[:at], line[:byte] + bytes([line[byte] ^ 1]) + line[byte + 1 :], *lines[at + 1 :]]


@pytest.mark.parametrize("how", ["removed", "added", "repeated", "moved", "changed"])
@pytest.mark.parametrize("name", ["rooms/lobby-1/messages-000001.jsonl", "manifest-000001.jsonl"])
@pytest.mark.parametrize("attempt", range(5))
def test_a_line_that_is_not_as_it_was_is_detected(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, how: str, attempt: int
) -> None:
    seed = SEEDS[attempt]
    path = folder / name
    lines = path.read_bytes().splitlines(keepends=True)
    changed = _changed(random.Random(seed), lines, how)  # noqa: S311  repeatable
    assert changed != lines
    path.write_bytes(b"".join(changed))
    assert main([str(folder)]) in (NOT_WHOLE, UNREADABLE), f"seed {seed}"
    assert main([str(zipped(folder))]) in (NOT_WHOLE, UNREADABLE), f"seed {seed}"
    assert name in "".join(capsys.readouterr()), f"seed {seed}"


@pytest.mark.parametrize("attempt", range(5))
def test_any_byte_of_any_file_that_is_another_is_detected(folder: Path, attempt: int) -> None:
    seed = SEEDS[attempt]
    chance = random.Random(seed)  # noqa: S311  repeatable
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        at = chance.randrange(len(content) - 1)
        path.write_bytes(content[:at] + bytes([content[at] ^ (1 << chance.randrange(7))]) + content[at + 1 :])
        assert main([str(folder)]) != WHOLE, f"seed {seed}: {path.name} at {at}"
        path.write_bytes(content)
    assert main([str(folder)]) == WHOLE


def test_a_file_that_is_missing_or_too_many_is_detected(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "files/0199.png").rename(folder / "files/0200.png")
    assert main([str(folder)]) == NOT_WHOLE
    said = capsys.readouterr().out
    assert "files/0199.png: it is missing" in said
    assert "files/0200.png: the manifest does not name it" in said


def test_a_manifest_made_anew_is_not_signed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever changes everything that hangs together still has no key."""
    made = files()[:2]
    part = lines_file(
        "manifest-000001.jsonl", "manifest", [to_line(each.record.to_manifest()) for each in made]
    )
    (folder / part.record.name).write_bytes(part.content)
    (folder / MANIFEST).write_bytes(manifest_of("0199", "ann", 0, [part.record], public_key_of(SECRET)))
    (folder / "files/0199.png").unlink()
    assert main([str(folder)]) == NOT_WHOLE
    assert capsys.readouterr().out.startswith(f"{SIGNATURE}: it is not this manifest's")


def test_a_zip_with_a_name_twice_is_no_export(folder: Path) -> None:
    path = zipped(folder)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(MANIFEST, b"{}")
    assert main([str(path)]) == UNREADABLE


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format":"appsync-chat-export/1"}', b"[" * 10_000])
def test_what_is_no_manifest_is_said(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    assert main([str(folder)]) == UNREADABLE
    assert main([str(folder / "nothing")]) == UNREADABLE


def test_without_any_package_the_hashes_are_checked_and_the_signature_is_not(
    folder: Path, project: Path
) -> None:
    """`-S` leaves the standard library alone."""
    program = project / "privacy" / "verify.py"
    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(folder)],
        env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == UNVERIFIED
    assert "Every file is as the manifest says." in ran.stdout
    assert "cryptography" in ran.stderr
