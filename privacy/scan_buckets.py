"""A bucket: every key, and what is in small objects. Older versions of an object are not looked at; our buckets of people's
files keep none."""

import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chat.rules.traces import Traces
from chat.storage.aws import StoreFailure, failures
from privacy.places import Finding, Looked

MOST_BYTES = 1_048_576
"""An object that is larger is known by its key alone, and counted as `large`."""

MOST_UNPACKED = 16 * MOST_BYTES
GZIP = b"\x1f\x8b"
DESCRIBED = ("ContentDisposition", "Metadata")


@dataclass(frozen=True, slots=True)
class Bucket:
    """`client` is an S3 client."""

    client: Any
    name: str
    kind = "buckets"

    def look(self, traces: Traces) -> Iterator[Finding | Looked]:
        counts, where = Counter(objects=0, read=0, large=0), f"s3://{self.name}"
        start: dict[str, str] = {}
        while True:
            with failures():
                page = self.client.list_objects_v2(Bucket=self.name, **start)
            for each in page.get("Contents", ()):
                key, is_large = each["Key"], each["Size"] > MOST_BYTES
                counts.update(objects=1, large=int(is_large), read=int(not is_large))
                if what := traces.found_in(key):
                    yield Finding(where, key, "key", tuple(what))
                if not is_large:
                    yield from self._in_object(where, key, traces)
            if not page.get("IsTruncated"):
                break
            start = {"ContinuationToken": page["NextContinuationToken"]}
        yield Looked(where, counts)

    def _in_object(self, where: str, key: str, traces: Traces) -> Iterator[Finding]:
        try:
            with failures():
                answer = self.client.get_object(Bucket=self.name, Key=key)
        except StoreFailure as failure:
            if str(failure) in ("NoSuchKey", "404"):  # it has gone since it was listed
                return
            raise
        described = json.dumps({name: answer.get(name) for name in DESCRIBED}, ensure_ascii=False)
        content = unpacked(answer["Body"].read(MOST_BYTES))
        for attribute, what in (
            ("headers", traces.found_in(described)),
            ("content", traces.found_in_bytes(content)),
        ):
            if what:
                yield Finding(where, key, attribute, tuple(what))


def unpacked(content: bytes) -> bytes:
    """What gzip has packed, up to a bound; anything else as it is."""
    if not content.startswith(GZIP):
        return content
    try:
        return zlib.decompressobj(wbits=31).decompress(content, MOST_UNPACKED)
    except zlib.error:
        return content
