"""Who is notified of messages that have waited: judged by what is so now, of messages as they are now.

A room's messages are judged in the order in which they fell due. Each person's notification is one write, on condition that they
are in the room and that nobody else has notified them meanwhile; the stream tells it. So a run that ends halfway is
done again without telling anybody twice, and two runs beside each other tell once.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from chat.deployment import Deployment
from chat.rules.devices import status_of
from chat.rules.errors import ChatError
from chat.rules.mentions import mentioned_in
from chat.rules.models import Head, Item, Member, Message, Receipts
from chat.rules.notification_events import MOST_COUNTED, NotificationEvent
from chat.rules.notifications import ALL_MEMBERS, Recipient, due_at
from chat.rules.record import record
from chat.rules.rooms import Room, Table
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.jobs import TABLES, Failure
from chat.steps.listing import user_of
from chat.steps.presence_items import NOBODY, Presence, presence_place
from chat.steps.retry import deadline_of, retried, until_committed
from chat.steps.visible_messages import unexpired_message
from chat.storage import keys
from chat.storage.aws import Cancelled, StoreFailure
from chat.storage.due_notification_items import (
    Judged,
    Notified,
    Notifying,
    dropped_write,
    further_write,
    judged_place,
    judged_writes,
    notified_writes,
    notifying_range,
    room_of,
)
from chat.storage.places import Found, head_place, membership_place, notified_place, receipts_place

KIND, STEP = "notify", "due"
"""In what is logged of a room whose messages could not be judged."""

ROOMS_AT_ONCE, PEOPLE_AT_ONCE, MESSAGES_AT_ONCE = 50, 24, 100
MOST_MESSAGES = 1_000
"""How many messages of a room are judged together. What comes after them is judged in the next run."""


@record(frozen=True, slots=True)
class _Waited:
    """Messages of a room that have waited and can be read, in their order. `further`: from which key on there are more of them."""

    room: Room
    messages: Sequence[Message]
    further: str | None


def notify_due(deployment: Deployment, seconds: float, tally: Tally) -> Sequence[Failure]:
    """Judge what is due, the longest due first, for so many seconds or until nothing is left; what failed stays due, and whatever
    came later in the same room waits for it.

    Raises `StoreFailure` and `ServiceUnavailable` where what is due cannot be listed.
    """
    until = deployment.monotonic() + seconds
    failures: list[Failure] = []
    for table in TABLES:
        failed: set[str] = set()
        for item in _due(deployment, table, lambda: deployment.monotonic() < until):
            _, _, room_key = item["SK"]["S"].partition("#")
            if room_key in failed:
                continue
            try:
                _judge(deployment, item, tally)
            except (StoreFailure, ChatError, KeyError, TypeError, ValueError) as failure:
                failed.add(room_key)
                failures.append(Failure.of(KIND, STEP, failure))
    return failures


def _due(deployment: Deployment, table: Table, go_on: Callable[[], bool]) -> Iterator[Item]:
    low, high = notifying_range(deployment.now())
    start: str | None = None
    while True:
        page = partial(
            deployment.store.tables.query_page, table, keys.NOTIFYING, low, high,
            forward=True, count=ROOMS_AT_ONCE, consistent=True, start=start,
        )  # fmt: skip
        items, start = retried(deployment, page)
        for item in items:
            if not go_on():
                return
            yield item
        if start is None:
            return


def _judge(deployment: Deployment, item: Item, tally: Tally) -> None:
    """Notify whoever is to be of the messages that an item names, and take it away."""
    notifying, room, at = Notifying.read(item), room_of(item), keys.due_ms(item["SK"]["S"])
    places = head_place(room), judged_place(room)
    found = found_at(deployment, places, deadline_of(deployment), consistent=True)
    head, judged = Head.found(found.get(places[0])), Judged.found(found.get(places[1])) or Judged()
    if head is None or head.ended_at or at <= judged.due_at:
        writes = [dropped_write(room, at, notifying)]
    else:
        waited = _waited(deployment, room, head, notifying)
        is_small, people = _people(deployment, waited)
        for start in range(0, len(people), PEOPLE_AT_ONCE):
            _notify(deployment, waited, people[start : start + PEOPLE_AT_ONCE], tally, is_small=is_small)
        further = waited.further
        writes = (
            judged_writes(room, at, notifying)
            if further is None
            else [further_write(room, at, notifying, further)]
        )
    # Refused where an earlier message has come to it, or another run was faster.
    with suppress(Cancelled):
        retried(deployment, lambda: deployment.store.tables.transact(writes))


def _waited(deployment: Deployment, room: Room, head: Head, notifying: Notifying) -> _Waited:
    messages: list[Message] = []
    start, low, looked_at = None, notifying.from_key, 0
    while True:
        page = partial(
            deployment.store.tables.query_page, room.table, room.partition_key, low, keys.MESSAGES_END,
            forward=True, count=MESSAGES_AT_ONCE, consistent=True, start=start,
        )  # fmt: skip
        items, start = retried(deployment, page)
        now = deployment.now()
        found = [unexpired_message(deployment, room, head, item, now) for item in items]
        read = [each for each in found if each is not None]
        messages += [each for each in read if due_at(each, notifying.after_ms) <= now]
        looked_at += len(items)
        if start is None or (read and due_at(read[-1], notifying.after_ms) > now):
            return _Waited(room, messages, None)
        if looked_at >= MOST_MESSAGES:
            return _Waited(room, messages, start)


def _people(deployment: Deployment, waited: _Waited) -> tuple[bool, Sequence[str]]:
    """Whether the room is small, and who may be notified: everybody in a small one, in a larger one whom the messages mention."""
    room = waited.room
    if not waited.messages:
        return True, []
    page = partial(
        deployment.store.tables.query_page, room.table, room.partition_key, keys.ROSTER, keys.ROSTER_END,
        forward=True, count=ALL_MEMBERS + 1, consistent=True,
    )  # fmt: skip
    lines, _ = retried(deployment, page)
    if len(lines) <= ALL_MEMBERS:
        return True, [user_of(line) for line in lines]
    return False, list(dict.fromkeys(each for said in waited.messages for each in mentioned_in(said)))


def _notify(
    deployment: Deployment, waited: _Waited, people: Sequence[str], tally: Tally, *, is_small: bool
) -> None:
    """Notify those of some people who are to be, beside each other. Who they are is looked at in one request."""
    found = _look(deployment, waited.room, people)
    recipients = [_recipient(deployment, waited.room, each, found, is_small=is_small) for each in people]
    due = [each for each in recipients if _event(deployment, waited, each) is not None]
    tell = partial(_tell, deployment, waited)
    told = list(deployment.threads().map(tell, due)) if due[1:] else [tell(each) for each in due]
    tally.add("NotificationsDue", sum(told))


def _look(deployment: Deployment, room: Room, people: Sequence[str]) -> Found:
    """The head after the messages, so that it is no older than these, and what each person's notification depends on."""
    places = [head_place(room)]
    for user_id in people:
        places += [membership_place(room, user_id), receipts_place(room, user_id)]
        places += [notified_place(room, user_id), presence_place(user_id)]
    return found_at(deployment, places, deadline_of(deployment), consistent=True)


def _recipient(deployment: Deployment, room: Room, user_id: str, found: Found, *, is_small: bool) -> "_Seen":
    before = Notified.found(found.get(notified_place(room, user_id)))
    presence = Presence.found(found.get(presence_place(user_id))) or NOBODY
    recipient = Recipient(
        user_id=user_id,
        head=Head.found(found.get(head_place(room))),
        is_small=is_small,
        member=Member.found(found.get(membership_place(room, user_id))),
        receipts=Receipts.found(found.get(receipts_place(room, user_id))) or Receipts(),
        is_present=status_of(presence.by_key(), deployment.now()) == "online",
        told_seq=before.seq if before else 0,
    )
    return _Seen(recipient, before)


@record(frozen=True, slots=True)
class _Seen:
    """Somebody as they were looked at, and what they were notified of before that."""

    recipient: Recipient
    before: Notified | None


def _event(deployment: Deployment, waited: _Waited, judged: _Seen) -> NotificationEvent | None:
    """What somebody is to be notified of; `None` for nothing."""
    recipient, now = judged.recipient, deployment.now()
    due = [each for each in waited.messages if recipient.why_not(each, now) is None]
    if not due:
        return None
    newest, mine = due[-1], recipient.user_id
    return NotificationEvent(
        id=deployment.new_id(now),
        ts=now,
        user_id=mine,
        room=waited.room,
        from_seq=due[0].seq or 0,
        seq=newest.seq or 0,
        message_id=newest.id,
        message_ts=newest.ts,
        count=min(len(due), MOST_COUNTED),
        mentioned=any(mine in mentioned_in(each) or each.mentions_all for each in due),
    )


def _tell(deployment: Deployment, waited: _Waited, judged: _Seen) -> bool:
    """Write the notification; whether it was. Where something stood in its way the person is looked at again."""
    seen = [judged]

    def step() -> bool | None:
        event = _event(deployment, waited, seen[-1])
        if event is None:
            return False
        try:
            deployment.store.tables.transact(notified_writes(event, seen[-1].before))
        except Cancelled:
            user_id, is_small = judged.recipient.user_id, judged.recipient.is_small
            found = _look(deployment, waited.room, [user_id])
            seen.append(_recipient(deployment, waited.room, user_id, found, is_small=is_small))
            return None
        return True

    return until_committed(deployment, Tally(), step)
