"""A table, read whole: strongly consistent, in segments beside each other, a page (1 MB) of each in memory.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.ParallelScan
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from queue import Queue
from typing import Any

from chat.rules.models import Item
from chat.rules.text import fingerprint
from chat.rules.traces import Traces
from chat.storage import keys
from chat.storage.aws import StoreFailure, TransientFailure, failures
from privacy.places import Finding, Looked

ATTEMPTS = 8
MOST_WAITING = 1_000
"""How many findings wait to be printed: then the segments do."""

TOMBSTONE = "tombstone"


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `client` is a DynamoDB client; `kept_keys` has keys that name somebody on purpose, with the reason;
    `sleep` takes seconds."""

    client: Any
    name: str
    segments: int = 4
    kept_keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep
    kind = "tables"

    def look(self, traces: Traces) -> Iterator[Finding | Looked]:
        counts: Counter[str] = Counter(items=0, pages=0)
        waiting: Queue[Finding | Exception | int | None] = Queue(MOST_WAITING)
        with ThreadPoolExecutor(self.segments, thread_name_prefix="scan") as threads:
            for segment in range(self.segments):
                threads.submit(self._read_segment, segment, traces, waiting)
            running, failed = self.segments, None
            while running:
                match waiting.get():
                    case Finding() as found:
                        yield found
                    case int(items):
                        counts.update(items=items, pages=1)
                    case Exception() as error:
                        failed = error
                    case None:
                        running -= 1
        if failed is not None:
            raise failed
        yield Looked(self.name, counts)

    def _read_segment(self, segment: int, traces: Traces, waiting: "Queue[Any]") -> None:
        try:
            start = None
            while True:
                page = self._page(segment, start)
                for item in page["Items"]:
                    for found in self._in_item(item, traces):
                        waiting.put(found)
                waiting.put(len(page["Items"]))
                start = page.get("LastEvaluatedKey")
                if not start:
                    break
        except Exception as error:  # noqa: BLE001  raised again where the findings are read
            waiting.put(error)
        finally:
            waiting.put(None)

    def _page(self, segment: int, start: Any) -> Any:
        request = {"TableName": self.name, "ConsistentRead": True}
        request |= {"Segment": segment, "TotalSegments": self.segments}
        request |= {"ExclusiveStartKey": start} if start else {}
        for attempt in range(ATTEMPTS):
            try:
                with failures():
                    return self.client.scan(**request)
            except TransientFailure:
                self.sleep(0.1 * 2**attempt)
        raise StoreFailure("Throttled")

    def _in_item(self, item: Item, traces: Traces) -> Iterator[Finding]:
        place = item["PK"].get("S", ""), item["SK"].get("S", "")
        kept = self.kept_keys.get(place)
        for name, value in strings_in(item):
            if what := traces.found_in(name) + traces.found_in(value):
                found = Finding(self.name, " ".join(place), name, tuple(dict.fromkeys(what)))
                on_purpose = kept if name in ("PK", "SK") else None
                yield replace(found, kept=on_purpose or _kept_pseudonym(place, found))
        if is_proof_of(item, traces):
            yield Finding(self.name, " ".join(place), "hash", ("text",))


def _kept_pseudonym(place: tuple[str, str], found: Finding) -> str | None:
    return "receipt" if place[0] == keys.ERASURES and found.what == ("pseudonym",) else None


def strings_in(item: Item) -> Iterator[tuple[str, str]]:
    """Every string of an item, with the names that lead to it (`settings.name`). Binary values are read as UTF-8."""
    stack: list[tuple[str, Any]] = [*item.items()]
    while stack:
        name, value = stack.pop()
        ((kind, inner),) = value.items()
        if kind == "S":
            yield name, inner
        elif kind == "B":
            yield name, bytes(inner).decode(errors="replace")
        elif kind in ("SS", "BS", "L"):
            typed = inner if kind == "L" else [{kind[0]: each} for each in inner]
            stack += [(f"{name}[{number}]", each) for number, each in enumerate(typed)]
        elif kind == "M":
            stack += [(f"{name}.{part}", each) for part, each in inner.items()]


def is_proof_of(item: Item, traces: Traces) -> bool:
    """Whether it is the proof of a send of one of the texts: its hash has no key, so a text can be guessed by it."""
    sort_key, hashed = item["SK"].get("S", ""), item.get("hash", {}).get("S")
    if not hashed or not sort_key.startswith(keys.PROOFS):
        return False
    name = sort_key.rpartition("#")[2]
    return any(fingerprint(text, name) == hashed for text in traces.texts)
