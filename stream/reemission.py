"""A run: room after room, each until nothing is left of what was asked for."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chat.storage.aws import StoreFailure, failures
from stream.activity import Wanted

Reemit = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""`chat/operations/reemit_events.py:reemit_events`, here or in the cloud. Raises `StoreFailure` and `Refused`."""

TRIES, FIRST_PAUSE_S = 6, 0.5


class Refused(Exception):
    """The function did not do it; the text is its own."""


@dataclass
class Report:
    """What came of the rooms. `failed`: those that are not done, with why."""

    rooms: int = 0
    emitted: int = 0
    missing: dict[str, list[list[int]]] = field(default_factory=dict)
    refused: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        lines = [f"{self.rooms:,} rooms, {self.emitted:,} events"]
        for room, ranges in self.missing.items():
            told = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in ranges)
            lines.append(f"{room}: missing {told}")
        for room, each in self.refused.items():
            lines.append(f"{room}: refused " + ", ".join(f"{one['rev']} ({one['reason']})" for one in each))
        lines += [f"{room}: not done, {why}" for room, why in self.failed.items()]
        return lines + [f"a dead letter is left: {why}" for why in self.unclear]


def reemit_room(
    wanted: Wanted,
    reemit: Reemit,
    targets: Sequence[str] | None,
    report: Report,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """All that is wanted of a room. Gives whether it is done; what is not is in the report."""
    since, tries = wanted.since, 0
    report.rooms += 1
    while True:
        request: dict[str, Any] = {"roomId": wanted.room_id, "since": since}
        request |= {} if wanted.until is None else {"until": wanted.until}
        request |= {} if targets is None else {"targets": list(targets)}
        try:
            answer = reemit(request)
        except (StoreFailure, Refused) as failure:
            report.failed[wanted.room_id] = str(failure)
            return False
        report.emitted += answer["emitted"]
        _extend(report.missing, wanted.room_id, answer["missing"])
        _extend(report.refused, wanted.room_id, answer["refused"])
        following = answer["next"]
        if following is None and not answer["failure"]:
            return True
        tries = 0 if following is not None and following > since else tries + 1
        if tries == TRIES:
            report.failed[wanted.room_id] = str(answer["failure"])
            return False
        if answer["failure"]:
            sleep(FIRST_PAUSE_S * 2**tries)
        since = since if following is None else following


def _extend(lists: dict[str, list[Any]], room_id: str, more: Sequence[Any]) -> None:
    if more:
        lists.setdefault(room_id, []).extend(more)


def by_function(client: Any, name: str) -> Reemit:
    """The function of a deployment, by its name or ARN. `client`: of Lambda."""

    def reemit(request: Mapping[str, Any]) -> Mapping[str, Any]:
        with failures():
            answer = client.invoke(FunctionName=name, Payload=json.dumps(request).encode())
        document = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Refused(f"{document.get('errorType')}: {document.get('errorMessage')}")
        found: Mapping[str, Any] = document
        return found

    return reemit
