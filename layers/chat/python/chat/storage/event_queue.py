"""An SQS FIFO queue as a target of events: each room is a group, whose events the queue keeps in their order.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from chat.rules.outgoing import Outcome, Outgoing
from chat.storage.aws import StoreFailure, failures
from chat.storage.batching import alone, batches, send_batches

MOST_ENTRIES = 10
LONGEST_ID = 128
"""Of a group and of a deduplication id: letters, digits and punctuation."""

HOPELESS = frozenset({"InvalidMessageContents", "InvalidParameterValue"})
"""Codes of an entry that is refused for what it holds."""


class EventQueue:
    """A FIFO queue by its address. `client` is botocore's for `sqs`."""

    metric = "EventsQueued"

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Outcome:
        """One request has one event of a group at the most: entries of a request fail one by one, and the group's next event
        would be in the queue before it."""
        together = batches(events, MOST_ENTRIES, apart=lambda each: each.event.group)
        return send_batches(events, together, self._put, HOPELESS, go_on)

    def _put(self, events: Sequence[Outgoing]) -> dict[int, str]:
        """What failed, by its position, and with which code; all of it where the request failed."""
        entries = [
            {
                "Id": str(position),
                "MessageBody": each.document,
                "MessageGroupId": group_of(each.event.group),
                "MessageDeduplicationId": sha256(each.event.id.encode()).hexdigest(),
            }
            for position, each in enumerate(events)
        ]
        try:
            with failures():
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except StoreFailure as failure:
            if str(failure) in HOPELESS and len(events) > 1:  # for one of them, perhaps
                return alone(self._put, events)
            return dict.fromkeys(range(len(events)), str(failure))
        return {int(entry["Id"]): str(entry["Code"]) for entry in answer.get("Failed", ())}


def group_of(group: str) -> str:
    """The queue's name of a room's group, or another's. Ids of rooms have characters that it may have, and can be longer with
    their prefix."""
    return group if len(group) <= LONGEST_ID else sha256(group.encode()).hexdigest()
