"""The projection that has a room's messages judged for notifications, when they have waited.

It writes an item for each room in which something was sent in some seconds, and none for anybody in it: who is to be notified is
found when the messages fall due (`due_notifications.py`), and depends on nothing that was so before. So what it
costs does not grow with the room, reading withdraws what would be told without a write, and a record that comes again, late or
out of order writes the same item, or none.
"""

from collections.abc import Callable, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.errors import ServiceUnavailable
from chat.rules.models import Message
from chat.rules.notifications import due_at
from chat.rules.outgoing import LATE, Outcome
from chat.rules.projections import Change
from chat.rules.rooms import Room
from chat.steps.retry import retried
from chat.storage.aws import ConditionFailed, StoreFailure
from chat.storage.due_notification_items import notifying_write
from chat.storage.memory import Recent

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What reading an item raises that is not as we write it."""


class NotificationProjection:
    """Has messages judged `after_s` after they were sent, or up to twice that. One write unit for each room and `after_s` in which
    anything is sent there; a process remembers what it has written, so most messages of a busy room ask nothing."""

    metric = "NotificationsAwaited"

    def __init__(self, deployment: Deployment, after_s: int) -> None:
        self._deployment, self._after_ms = deployment, after_s * 1_000
        self._written: Recent[int] = Recent(10_000)

    def project(self, changes: Sequence[Change], go_on: Callable[[], bool]) -> Outcome:
        """As `Projection` says."""
        refused: dict[int, str] = {}
        has_asked = False
        for index, change in enumerate(changes):
            try:
                message = _sent(change)
                if message is None or self._is_written(message):
                    continue
                if has_asked and not go_on():
                    return Outcome(index, refused, LATE)
                has_asked = True
                self._write(message)
            except (ServiceUnavailable, StoreFailure) as failure:
                return Outcome(index, refused, type(failure).__name__)
            except UNREADABLE as unreadable:
                refused[index] = type(unreadable).__name__
        return Outcome(len(changes), refused)

    def _is_written(self, message: Message) -> bool:
        """Whether it is known that an item has this message judged, which is there yet."""
        at = due_at(message, self._after_ms)
        from_seq = self._written.get((message.room_id, at))
        return from_seq is not None and from_seq <= (message.seq or 0) and at > self._deployment.now()

    def _write(self, message: Message) -> None:
        """Raises `StoreFailure` and `ServiceUnavailable`."""
        room, at = Room.parse(message.room_id), due_at(message, self._after_ms)
        try:
            write = notifying_write(room, message, at, self._after_ms)
            retried(self._deployment, partial(self._deployment.store.tables.update, write))
        except ConditionFailed:
            pass  # one before it has
        self._written.put((message.room_id, at), message.seq or 0, self._deployment.monotonic())


def _sent(change: Change) -> Message | None:
    """The message that a change has sent; `None` for any other: whom an edit mentions newly hears of it by `onMine` alone."""
    event = change.event
    return event.message if event is not None and event.kind == "MESSAGE_SENT" else None
