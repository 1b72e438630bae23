"""The packages' bytes, kept by their sum, so that the next deployment gets the same."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from releases.record import Refused
from releases.store import Changed, Store


def put(store: Store, folder: Path, files: Mapping[str, str]) -> int:
    """Brings `files` (with their sums) from `folder` to the store; answers how many were not there. Raises `Refused` for one
    that is not what its sum says: then no file was brought."""
    contents = {file: _content(folder / file) for file in files}
    for file, content in contents.items():
        if content is not None and _sum(content) != files[file]:
            raise Refused(f"{folder / file} is not what was deployed: `make package` has run since.")
    brought = 0
    for file, content in contents.items():
        key = f"packages/{files[file]}.zip"
        if content is None:
            if store.read(key) is None:
                raise Refused(f"{folder / file} is absent: it cannot be promoted later.")
            continue
        try:
            store.write(key, content, None)
            brought += 1
        except Changed:  # it was there, and its name is its sum
            continue
    return brought


def fetch(store: Store, folder: Path, files: Mapping[str, str]) -> None:
    """Brings `files` to `folder`. Raises `Refused` for one that is gone, or is not what its sum says."""
    for file, sum_ in files.items():
        found = store.read(f"packages/{sum_}.zip")
        if found is None:
            raise Refused(f"The bytes of {file} are gone from the bucket: packages/{sum_}.zip.")
        if _sum(found[0]) != sum_:
            raise Refused(
                f"packages/{sum_}.zip holds other bytes than its name says: somebody has changed it."
            )
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found[0])


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
