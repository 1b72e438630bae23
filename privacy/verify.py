"""Whether an export is whole and unchanged: `python -m privacy.verify FOLDER_OR_ZIP [--key FILE]`.

It stands alone: Python 3.11's standard library is enough for the hashes. The signature takes the package `cryptography`;
without it, that is said and the status is 3. What it checks, by the format `appsync-chat-export/1`:

- `manifest.json.sig` is an Ed25519 signature (RFC 8032, base64) of the bytes of `manifest.json`.
- `manifest.json` names the parts of the manifest, and each part each file, with size, SHA-256 and CRC-32.
- Files with `lines` have so many, and `chain`, their hash chain: SHA-256 of the name, then for each line, its end included,
  SHA-256 of what it was and the SHA-256 of the line.
- There is no other file.

Without `--key` the key in the manifest is taken, which whoever made the files could have made too: compare its fingerprint with
the one that the operator publishes.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

FORMAT = "appsync-chat-export/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
WHOLE, NOT_WHOLE, UNREADABLE, UNVERIFIED = 0, 1, 2, 3
"""The statuses: all is well, something differs, there is no export, or the signature could not be verified here."""

_CHUNK = 1_048_576
_MOST_MANIFEST = 64 * 1_048_576


class BadExport(Exception):
    """What is there is no export; the text says why."""


class Files:
    """The files of an export: their names, and how one is opened. What has several names, or one that leads elsewhere, is
    no export."""

    def __init__(
        self, names: Sequence[str], opened: Callable[[str], AbstractContextManager[IO[bytes]]]
    ) -> None:
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise BadExport(f"there is more than one {twice[0]!r}")
        self.names = frozenset(names)
        self.opened = opened

    def read(self, name: str) -> bytes:
        """A small file. Raises `BadExport`."""
        if name not in self.names:
            raise BadExport(f"there is no {name}")
        with self.opened(name) as file:
            content = file.read(_MOST_MANIFEST + 1)
        if len(content) > _MOST_MANIFEST:
            raise BadExport(f"{name} is too large")
        return content


def verify(files: Files, key: bytes | None) -> tuple[list[str], bool | None, str]:
    """What differs, a sentence for each; whether the signature is right, `None` where it cannot be verified here; and the
    fingerprint of the key. Raises `BadExport`."""
    content = files.read(MANIFEST)
    manifest = _document(content, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise BadExport(f"{MANIFEST} is not of the format {FORMAT}")
    try:
        named = base64.b64decode(str(manifest["publicKey"]), validate=True)
        parts = [_Known(each) for each in manifest["parts"]]
    except (KeyError, TypeError, ValueError):
        raise BadExport(f"{MANIFEST} is not in its form") from None
    problems, known = [], {MANIFEST, SIGNATURE}
    if key is not None and key != named:
        problems.append(f"{MANIFEST}: it is of another key")
    for part in parts:
        differing = _compared(files, part)
        problems += differing
        for each in () if differing else _records(files, part):
            if each.name in known:
                problems.append(f"{each.name}: it is named twice")
            problems += _compared(files, each)
            known.add(each.name)
        known.add(part.name)
    problems += [f"{name}: the manifest does not name it" for name in sorted(files.names - known)]
    fingerprint = hashlib.sha256(key or named).hexdigest()
    return problems, _is_signed(files, content, key or named), fingerprint


class _Known:
    """What the manifest says of a file. Raises `KeyError`, `TypeError` and `ValueError` for anything else."""

    def __init__(self, line: Mapping[str, Any]) -> None:
        self.name, self.size, self.sha256 = str(line["name"]), int(line["bytes"]), str(line["sha256"])
        self.crc32 = int(str(line["crc32"]), 16)
        self.lines: int | None = int(line["lines"]) if "lines" in line else None
        self.chain = str(line["chain"]) if "lines" in line else ""


def _records(files: Files, part: _Known) -> Iterator[_Known]:
    for line in files.read(part.name).split(b"\n")[:-1]:
        try:
            yield _Known(_document(line, part.name))
        except (KeyError, TypeError, ValueError):
            raise BadExport(f"{part.name} is not in its form") from None


def _document(content: bytes, name: str) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise BadExport(f"{name} is no JSON") from None
    if not isinstance(document, dict):
        raise BadExport(f"{name} is not in its form")
    return document


def _compared(files: Files, known: _Known) -> list[str]:
    """How a file differs from what is known of it."""
    if known.name not in files.names:
        return [f"{known.name}: it is missing"]
    size, crc32, lines, rest = 0, 0, 0, b""
    whole, link = hashlib.sha256(), hashlib.sha256(known.name.encode()).digest()
    try:
        with files.opened(known.name) as file:
            while chunk := file.read(_CHUNK):
                size, crc32 = size + len(chunk), zlib.crc32(chunk, crc32)
                whole.update(chunk)
                if known.lines is not None:
                    *ended, rest = (rest + chunk).split(b"\n")
                    lines += len(ended)
                    for each in ended:
                        link = hashlib.sha256(link + hashlib.sha256(each + b"\n").digest()).digest()
    except (zipfile.BadZipFile, OSError, zlib.error):
        return [f"{known.name}: it cannot be read"]
    found: list[tuple[str, object, object]] = [("bytes", size, known.size)]
    if known.lines is not None:
        found += [("lines", lines, known.lines), ("hash chain", link.hex(), known.chain)]
    found += [("SHA-256", whole.hexdigest(), known.sha256), ("CRC-32", f"{crc32:08x}", f"{known.crc32:08x}")]
    return [f"{known.name}: {what} {is_}, not {was}" for what, is_, was in found if is_ != was]


def _is_signed(files: Files, content: bytes, key: bytes) -> bool | None:
    if SIGNATURE not in files.names:
        return False
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  the rest takes no package
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError:
        return None
    try:
        signature = base64.b64decode(files.read(SIGNATURE).strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def files_of(path: Path) -> Files:
    """The files in a folder or a ZIP. Raises `BadExport`."""
    if path.is_dir():
        found = [each for each in sorted(path.rglob("*")) if not each.is_dir() or each.is_symlink()]
        names = [each.relative_to(path).as_posix() for each in found]
        return Files(names, lambda name: (path / name).open("rb"))
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile):
        raise BadExport(f"{path} is neither a folder nor a ZIP") from None
    return Files([each.filename for each in archive.infolist() if not each.is_dir()], archive.open)


def read_key(path: Path) -> bytes:
    """A public key: 32 bytes as base64. Raises `BadExport`."""
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except (OSError, binascii.Error):
        raise BadExport(f"{path} has no key") from None
    if len(key) != 32:
        raise BadExport(f"{path} has no key of 32 bytes")
    return key


def main(arguments: Sequence[str]) -> int:
    """Prints what it has found; the status says whether the export is whole."""
    parser = argparse.ArgumentParser(prog="python -m privacy.verify", description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, metavar="FOLDER_OR_ZIP")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the operator's public key, as base64")
    given = parser.parse_args(arguments)
    try:
        problems, is_signed, fingerprint = verify(
            files_of(given.path), read_key(given.key) if given.key else None
        )
    except BadExport as bad:
        print(bad, file=sys.stderr)
        return UNREADABLE
    if is_signed is False:
        problems.append(f"{SIGNATURE}: it is not this manifest's")
    for each in problems:
        print(each)
    whose = (
        "the given key"
        if given.key
        else "the key in the manifest: compare this with what the operator publishes"
    )
    print(f"key SHA-256 {fingerprint} ({whose})")
    if is_signed is None:
        print("The signature was not verified: that takes the Python package cryptography.", file=sys.stderr)
    if problems:
        return NOT_WHOLE
    print("Every file is as the manifest says.")
    return UNVERIFIED if is_signed is None else WHOLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
