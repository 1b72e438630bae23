"""Zip files whose bytes depend on nothing but what is in them."""

import zipfile
from pathlib import Path

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first instant that a zip can write: no file's own time gets in."""


def pack(folder: Path, target: Path) -> None:
    """Everything in `folder`, in the order of its names, as a zip at `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EARLIEST)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (0o755 if ".so" in path.suffixes else 0o644) << 16
                archive.writestr(entry, path.read_bytes())


def unpacked_size(archive: Path) -> int:
    """What the files in a zip take when they are unpacked, in bytes."""
    with zipfile.ZipFile(archive) as opened:
        return sum(entry.file_size for entry in opened.infolist())
