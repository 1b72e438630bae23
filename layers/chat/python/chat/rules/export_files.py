"""The files of an export: their names, their lines, and what is known of each. Reads nothing.

A file of JSON Lines (https://jsonlines.org) has a hash chain over its lines: it begins with the SHA-256 of the file's name
and goes on, for each line, with the SHA-256 of what it was and of that line's SHA-256. A line that was added, taken out,
changed or moved gives another end. `privacy/verify.py` computes it anew, from this description alone.
"""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from chat.rules.record import record

MOST_LINES = 1_000
MOST_BYTES = 4 * 1_048_576
"""Of one file with lines: so much is in memory at once, whatever there is of somebody."""

SKIPPED = "skipped"
"""The kind of a piece that found nothing: it is in no archive."""


@record(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """What is known of a file, beside it in its object. `size` is in bytes, `crc32` is the one that ZIP has. `lines` and
    `chain` are those of JSON Lines. `files` says how many attachments its lines have, `counts` what a part of the manifest
    counts. `following` is where the next piece goes on: `None` at the end."""

    name: str
    kind: str
    size: int
    sha256: str
    crc32: int
    lines: int | None = None
    chain: str | None = None
    files: int = 0
    counts: Mapping[str, int] | None = None
    following: str | None = None

    def to_note(self) -> str:
        """As an object's metadata hold it: ASCII, at most some 1,500 characters.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
        """
        fields = [
            *(self.name, self.kind, self.size, self.sha256, self.crc32),
            *(self.lines, self.chain, self.files, self.counts, self.following),
        ]
        return base64.urlsafe_b64encode(zlib.compress(to_line(fields).encode())).decode()

    @classmethod
    def of_note(cls, note: str) -> "FileRecord":
        """Raises `ValueError` for anything else than a note."""
        name, kind, size, sha256, crc32, lines, chain, files, counts, following = json.loads(
            zlib.decompress(base64.urlsafe_b64decode(note))
        )
        return cls(
            name=name,
            kind=kind,
            size=size,
            sha256=sha256,
            crc32=crc32,
            lines=lines,
            chain=chain,
            files=files,
            counts=counts,
            following=following,
        )

    def to_manifest(self) -> dict[str, Any]:
        """Its line in a part of the manifest."""
        known = {
            "name": self.name,
            "kind": self.kind,
            "bytes": self.size,
            "sha256": self.sha256,
            "crc32": f"{self.crc32:08x}",
        }
        return known if self.lines is None else {**known, "lines": self.lines, "chain": self.chain}


@record(frozen=True, slots=True)
class ExportFile:
    """A file and what is known of it."""

    record: FileRecord
    content: bytes
    content_type: str


def lines_file(
    name: str,
    kind: str,
    lines: Iterable[str],
    following: str | None = None,
    *,
    files: int = 0,
    counts: Mapping[str, int] | None = None,
) -> ExportFile:
    """A file of JSON Lines. `lines` are without their ends."""
    written = [f"{line}\n".encode() for line in lines]
    content = b"".join(written)
    made = FileRecord(
        name=name,
        kind=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        crc32=zlib.crc32(content),
        lines=len(written),
        chain=chain_of(name, written),
        files=files,
        counts=counts,
        following=following,
    )
    return ExportFile(made, content, "application/x-ndjson")


def whole_file(
    name: str, kind: str, content: bytes, content_type: str, following: str | None = None
) -> ExportFile:
    """A file without lines that count."""
    made = FileRecord(
        name=name,
        kind=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        crc32=zlib.crc32(content),
        following=following,
    )
    return ExportFile(made, content, content_type)


def skipped(following: str | None) -> ExportFile:
    """Of a piece that has found nothing."""
    return whole_file("", SKIPPED, b"", "text/plain", following)


def chain_of(name: str, lines: Iterable[bytes]) -> str:
    """The end of a file's hash chain; `lines` have their ends."""
    link = hashlib.sha256(name.encode()).digest()
    for line in lines:
        link = hashlib.sha256(link + hashlib.sha256(line).digest()).digest()
    return link.hex()


def to_line(value: object) -> str:
    """A value as JSON in one line: the same value is the same text. No character ends a line but the one at its end."""
    written = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return written.translate(_LINE_ENDS)


_LINE_ENDS = {ord(each): f"\\u{ord(each):04x}" for each in "\x7f\x85\u2028\u2029"}
"""Some programs end a line at these; JSON writes all others escaped."""


def folder_of(room_id: str) -> str:
    """The folder of a room: what of its id may be in a name on every system, and a hash that tells ids apart."""
    shown = re.sub(r"[^A-Za-z0-9-]+", "_", room_id)[:40]
    return f"rooms/{shown}-{hashlib.sha256(room_id.encode()).hexdigest()[:12]}"


ENDINGS: Mapping[str, str] = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/heic": ".heic",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/ogg": ".ogg",
    "audio/wav": ".wav",
    "audio/webm": ".weba",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "video/quicktime": ".mov",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
}


def attachment_name(upload_id: str, content_type: str) -> str:
    """What an uploaded file is called in an export: people's own names for it may lead out of a folder."""
    return f"files/{upload_id}{ENDINGS.get(content_type, '.bin')}"
