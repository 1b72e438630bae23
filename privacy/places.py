"""What a scan looks at, and what it says of it. Each place yields `Finding`s, and one `Looked` at its end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chat.rules.traces import Traces, What


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is still there: `where` names the table, bucket, log or process, `key` and `attribute` the place in it.
    `kept` says why it is there on purpose."""

    where: str
    key: str
    attribute: str
    what: tuple[What, ...]
    kept: str | None = None

    def to_json(self, traces: Traces) -> Mapping[str, object]:
        """Its line. No text stands in it."""
        line = {
            "where": self.where,
            "key": traces.without_texts(self.key),
            "attribute": traces.without_texts(self.attribute),
            "what": list(self.what),
        }
        return line | ({"kept": self.kept} if self.kept else {})


@dataclass(frozen=True, slots=True)
class Looked:
    """A place was looked at to its end: how much of it there was."""

    where: str
    counts: Mapping[str, int] = field(default_factory=dict)

    def to_json(self, _: Traces) -> Mapping[str, object]:
        """Its line."""
        return {"where": self.where, "looked": dict(self.counts)}


class Place(Protocol):
    """Raises `StoreFailure` and `OSError` where it cannot be looked at to its end."""

    kind: str

    def look(self, traces: Traces) -> Iterator[Finding | Looked]: ...
