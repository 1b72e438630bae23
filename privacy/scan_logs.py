"""Logs in reach: groups of CloudWatch Logs by their names' beginning, and files of one machine.

Logs name people by keyed pseudonyms, on purpose and until they expire: these are said and do not count. An id or a text in a log is
a fault.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chat.rules.traces import Traces, What
from chat.storage.aws import StoreFailure, TransientFailure, failures
from privacy.places import Finding, Looked

PART_BYTES = 1_048_576
ATTEMPTS = 8


def _finding(where: str, key: str, attribute: str, what: list[What]) -> Finding:
    return Finding(where, key, attribute, tuple(what), "pseudonym" if what == ["pseudonym"] else None)


@dataclass(frozen=True, slots=True)
class LogGroups:
    """Those whose names begin with `prefix`, read whole: CloudWatch's own filter finds no parts of words. `client` is one of
    CloudWatch Logs; `sleep` takes seconds."""

    client: Any
    prefix: str
    sleep: Callable[[float], None] = time.sleep
    kind = "logs"

    def look(self, traces: Traces) -> Iterator[Finding | Looked]:
        for group in self._names():
            counts = Counter(events=0)
            for event in self._events(group):
                counts["events"] += 1
                if what := traces.found_in(event["message"]):
                    key = f"{event.get('logStreamName', '')} {event.get('eventId', '')}"
                    yield _finding(group, key, "message", what)
            yield Looked(group, counts)

    def _names(self) -> Iterator[str]:
        pages = self._pages(self.client.describe_log_groups, logGroupNamePrefix=self.prefix)
        names = [each["logGroupName"] for page in pages for each in page["logGroups"]]
        if not names:
            raise StoreFailure(f"no log group begins with {self.prefix}")
        yield from names

    def _events(self, group: str) -> Iterator[Any]:
        for page in self._pages(self.client.filter_log_events, logGroupName=group):
            yield from page["events"]

    def _pages(self, call: Callable[..., Any], **request: Any) -> Iterator[Any]:
        while True:
            page = self._asked(call, request)
            yield page
            if not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]

    def _asked(self, call: Callable[..., Any], request: dict[str, Any]) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                with failures():
                    return call(**request)
            except TransientFailure:
                self.sleep(0.1 * 2**attempt)
        raise StoreFailure("Throttled")


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file, in parts that overlap."""

    path: Path
    kind = "logs"

    def look(self, traces: Traces) -> Iterator[Finding | Looked]:
        before, at, overlap = b"", 0, 4 * traces.longest
        with self.path.open("rb") as file:
            while part := file.read(PART_BYTES):
                if what := traces.found_in_bytes(before + part):
                    yield _finding(str(self.path), f"byte {max(0, at - len(before))}", "part", what)
                before, at = part[-overlap:], at + len(part)
        yield Looked(str(self.path), {"bytes": at})
