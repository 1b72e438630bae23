"""EventBridge as a target of events: `PutEvents`, of which each entry can fail by itself.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from collections.abc import Callable, Sequence
from typing import Any

from chat.rules.outgoing import Outcome, Outgoing
from chat.storage.aws import StoreFailure, failures
from chat.storage.batching import alone, batches, send_batches

MOST_ENTRIES = 10

HOPELESS = frozenset({"InvalidArgument", "MalformedDetail", "ValidationException"})
"""Codes of an entry that is refused for what it holds; all others are of the bus, its rights and its load, and may pass."""


class EventBus:
    """A bus by its name or ARN. `client` is botocore's for `events`; `source` is what rules match first."""

    metric = "EventsPut"

    def __init__(self, client: Any, bus: str, source: str) -> None:
        self._client = client
        self._bus = bus
        self._source = source

    def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Outcome:
        """The bus keeps no order, so the events of a room go in one request."""
        return send_batches(events, batches(events, MOST_ENTRIES), self._put, HOPELESS, go_on)

    def _put(self, events: Sequence[Outgoing]) -> dict[int, str]:
        """What failed, by its position, and with which code; all of it where the request failed."""
        entries = [
            {
                "Source": self._source,
                "DetailType": each.event.kind,
                "Detail": each.document,
                "Time": each.event.ts / 1_000,
                "EventBusName": self._bus,
            }
            for each in events
        ]
        try:
            with failures():
                answer = self._client.put_events(Entries=entries)
        except StoreFailure as failure:
            if str(failure) in HOPELESS and len(events) > 1:  # for one of them, perhaps
                return alone(self._put, events)
            return dict.fromkeys(range(len(events)), str(failure))
        if not answer.get("FailedEntryCount"):
            return {}
        said = answer.get("Entries", ())
        failed = {
            position: str(entry["ErrorCode"]) for position, entry in enumerate(said) if entry.get("ErrorCode")
        }
        # Which they are is not said where the answer is not whole.
        is_whole = failed and len(said) == len(events)
        return failed if is_whole else dict.fromkeys(range(len(events)), "NoAnswer")
