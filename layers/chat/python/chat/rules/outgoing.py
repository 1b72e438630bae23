"""An event on its way out, what became of it at a target, and what a target is."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol

from chat.rules.event_shape import check_event, check_message, check_notification_event, check_privacy_event
from chat.rules.events import RoomEvent
from chat.rules.notification_events import NotificationEvent
from chat.rules.privacy_events import PrivacyEvent
from chat.rules.record import record

MOST_BYTES = 262_144 - 4_096
"""How large an event may be at the bus and in the queue, and how large the events of one request may be together: the
256 KiB that EventBridge and SQS took before both rose to 1 MiB, which not every partition and region has, without
what a request holds besides.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
"""

TEXTS = ("text", "attachments")
"""What an event is sent without where it would be too large with it."""


Event = RoomEvent | PrivacyEvent | NotificationEvent


class EventRefused(Exception):
    """A consumer will never take this event: it is set aside, and the ones after it go on. The text is one word for the
    dead letter, and nothing of the event's."""


@record(frozen=True, slots=True)
class Outgoing:
    """An event, with what its targets are given.

    `document`: the contract's JSON, at most `MOST_BYTES` of UTF-8; `None` where it would be larger even without the
    message's text and attachments, which it lacks where `is_trimmed`. `messages`: the schema's `Message`s as JSON, where
    they are to be published to subscribers.
    """

    event: Event
    document: str | None
    is_trimmed: bool = False
    messages: Sequence[str] = ()

    @property
    def trace_id(self) -> str | None:
        """Of the trace that publishing it goes on with."""
        return self.event.trace_id if isinstance(self.event, RoomEvent) else None

    @classmethod
    def of(
        cls, event: RoomEvent, *, with_text: bool, publishes: bool = False, rebuilt: bool = False
    ) -> "Outgoing":
        """Raises `Unsound`, or whatever else the reading of a value of the wrong kind raises, for an event that is not
        what the contract says."""
        wire = check_event(event.to_wire(with_text=with_text, rebuilt=rebuilt))
        messages = event.messages() if publishes else []
        for message in messages:
            check_message(message)
        published = tuple(as_json(each) for each in messages)
        "".join(published).encode()  # half of a surrogate pair: UnicodeEncodeError
        document, is_trimmed = _document(wire)
        return cls(event, document, is_trimmed, published)

    @classmethod
    def of_privacy(cls, event: PrivacyEvent) -> "Outgoing":
        """The same of an event that is of no room. Raises what `of` does."""
        document = as_json(check_privacy_event(event.to_wire()))
        document.encode()  # as above
        return cls(event, document)

    @classmethod
    def of_notification(cls, event: NotificationEvent) -> "Outgoing":
        """The same of an event of a person. Raises what `of` does."""
        document = as_json(check_notification_event(event.to_wire()))
        document.encode()  # as above
        return cls(event, document)


def _document(wire: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The JSON of an event, and whether it lacks what it would be too large with."""
    whole, message = as_json(wire), wire["message"]
    if len(whole.encode()) <= MOST_BYTES:
        return whole, False
    if message is not None:
        less = {name: value for name, value in message.items() if name not in TEXTS}
        if len((short := as_json({**wire, "message": less})).encode()) <= MOST_BYTES:
            return short, True
    return None, True


def as_json(value: object) -> str:
    """JSON without blanks. Of Unicode's characters the two that SQS refuses a message for are escaped; control characters
    are anyway. Raises `ValueError` for a number that JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


TOO_LARGE, LATE = "TooLarge", "Late"
"""Why an event is refused that no target could take, and why there was no time for one."""


@record(frozen=True, slots=True)
class Outcome:
    """What became of some events at a target: the first `done` of them need nothing more there.

    `refused`: which of these it will never take, by their index, and why in a word. `failure`: why it took no more, in a
    word; `None` where it has dealt with all. `trimmed`: how many were given without text.
    """

    done: int
    refused: Mapping[int, str] = field(default_factory=dict)
    failure: str | None = None
    trimmed: int = 0


class Target(Protocol):
    """Where events go. `metric` counts what it took."""

    @property
    def metric(self) -> str: ...

    def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Outcome:
        """Give it some events, in their order. `go_on` is asked before each request but the first. What it could not be
        given is in the outcome: nothing of a target's is raised."""
        ...
