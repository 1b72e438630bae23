"""Consumers of our own as a target of events: functions that are called with each, in the reader's process."""

from collections.abc import Callable, Sequence
from functools import partial

from chat.rules.events import RoomEvent
from chat.rules.notification_events import NotificationEvent
from chat.rules.outgoing import LATE, Event, EventRefused, Outcome, Outgoing
from chat.rules.privacy_events import PrivacyEvent
from chat.storage.batching import prefix

Consumer = Callable[[RoomEvent], None]
"""Is called at least once with each event, in the order of a room's revisions but for repeats. What it raises, the event
is tried again for; `EventRefused` sets it aside."""


PrivacyConsumer = Callable[[PrivacyEvent], None]
"""The same for each event `chat.privacy.*`."""


NotificationConsumer = Callable[[NotificationEvent], None]
"""The same for each event `chat.notification.due`."""


class EventConsumers:
    metric = "EventsConsumed"

    def __init__(
        self,
        consumers: Sequence[Consumer],
        of_privacy: Sequence[PrivacyConsumer] = (),
        of_notifications: Sequence[NotificationConsumer] = (),
    ) -> None:
        self._consumers = consumers
        self._of_privacy = of_privacy
        self._of_notifications = of_notifications

    def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Outcome:
        refused: dict[int, str] = {}
        for index, each in enumerate(events):
            if index and not go_on():
                return prefix((), index, refused, LATE)
            for consume in self._calls(each.event):
                try:
                    consume()
                except EventRefused as refusal:
                    refused[index] = str(refusal)
                except Exception as failure:  # noqa: BLE001  what a consumer raises is its own, and ends no shard
                    return prefix((), index, refused, type(failure).__name__)
        return prefix((), len(events), refused)

    def _calls(self, event: Event) -> Sequence[Callable[[], None]]:
        if isinstance(event, NotificationEvent):
            return [partial(consume, event) for consume in self._of_notifications]
        if isinstance(event, PrivacyEvent):
            return [partial(consume, event) for consume in self._of_privacy]
        return [partial(consume, event) for consume in self._consumers]
