"""AppSync as a target: an internal mutation, which alone is linked to its subscription, one request for each message. https://docs.aws.amazon.com/appsync/latest/devguide/aws-appsync-real-time-data.html"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from chat.rules.outgoing import LATE, TOO_LARGE, Outcome, Outgoing, as_json
from chat.rules.trace import continued
from chat.storage.aws import StoreFailure, TransientFailure
from chat.storage.batching import prefix

MOST_BYTES = 240_000
"""AppSync publishes no larger message, and says nothing of it:
https://docs.aws.amazon.com/general/latest/gr/appsync.html"""

HOPELESS = frozenset({"InvalidInput"})
"""What the mutation answers to a message that is none."""


class Post(Protocol):
    """Posts a request's body, signed."""

    def __call__(self, body: bytes, traceparent: str | None = None, /) -> tuple[int, bytes]:
        """Status and body of the answer. `traceparent`: the header of this name. Raises `StoreFailure`."""
        ...


class PublishRefused(Exception):
    """The API will never take this. The text is one word, and nothing of what it would not take."""


class InternalMutation:
    """One of the API's internal mutations, by `document`, which has every field; `variable` is its one variable, an
    `AWSJSON`."""

    def __init__(self, post: Post, document: str, variable: str) -> None:
        self._post = post
        self._document, self._variable = document, variable

    def publish(self, text: str, traceparent: str | None = None) -> None:
        """Publish what this JSON says, as a part of the trace that `traceparent` names. Raises `PublishRefused`, and `StoreFailure` for what may pass."""
        if len(text.encode()) > MOST_BYTES:
            raise PublishRefused(TOO_LARGE)
        body = as_json({"query": self._document, "variables": {self._variable: text}})
        status, answer = self._post(body.encode(), traceparent)
        if status >= 500:
            raise TransientFailure(f"Status{status}")
        try:
            said = json.loads(answer)
            errors = [str(each.get("errorType")) for each in said.get("errors") or ()]
        except (ValueError, AttributeError, TypeError):
            raise TransientFailure("NoAnswer") from None
        if errors and HOPELESS.issuperset(errors):
            raise PublishRefused(errors[0])
        data = said.get("data")
        if status != 200 or errors or not (isinstance(data, Mapping) and any(data.values())):
            # Of the API and not of what is published: rights, its schema, its load.
            raise TransientFailure(errors[0] if errors else f"Status{status}")


class EventPublisher:
    """Publishes to subscribers by `document`, the mutation with every field."""

    metric = "EventsPublished"

    def __init__(
        self, post: Post, document: str, new_span_id: Callable[[], str] = lambda: os.urandom(8).hex()
    ) -> None:
        """`new_span_id` gives 16 hexadecimal digits."""
        self._new_span_id = new_span_id
        self._mutation = InternalMutation(post, document, "message")

    def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Outcome:
        """One after the other: subscribers get a room's messages in their order, as far as AppSync keeps it."""
        refused: dict[int, str] = {}
        for index, each in enumerate(events):
            try:
                for number, message in enumerate(each.messages):
                    if (index or number) and not go_on():
                        return prefix((), index, refused, LATE)
                    traceparent = continued(each.trace_id, self._new_span_id()) if each.trace_id else None
                    self._mutation.publish(message, traceparent)
            except PublishRefused as refusal:
                refused[index] = str(refusal)
            except StoreFailure as failure:
                return prefix((), index, refused, str(failure))
        return prefix((), len(events), refused)
