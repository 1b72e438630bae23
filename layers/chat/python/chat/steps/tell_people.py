"""The projection that tells people what happens to them, by their own subscriptions.

Whatever names a room is told at least once, and judged by what is so when it is told. That something has moved names none, is
told once in some seconds to each person, and never again for the same message.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from chat.deployment import Deployment
from chat.rules.errors import ServiceUnavailable
from chat.rules.models import Head, Member
from chat.rules.outgoing import LATE, Outcome, as_json
from chat.rules.person_events import (
    PersonEvent,
    as_it_is_now,
    everybodys_event,
    may_bring_people,
    person_events,
    request_event,
    setting_event,
)
from chat.rules.projections import Change
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.batches import found_at
from chat.steps.listing import user_of
from chat.steps.moved import Moved
from chat.steps.own_item import epochs_of, own_of, own_place
from chat.steps.retry import deadline_of, retried
from chat.steps.visible_messages import unexpired_message
from chat.storage import keys
from chat.storage.aws import StoreFailure
from chat.storage.event_publisher import PublishRefused
from chat.storage.memory import Recent
from chat.storage.notification_items import is_setting, setting_of
from chat.storage.places import Found, Place, head_place, in_room, membership_place
from chat.storage.privacy_event_items import is_request, privacy_event_of

AT_ONCE = 10
"""How many changes are looked at together."""

TOLD_MEMBERS = 20
"""In rooms of up to so many people everybody hears that something has moved, and that the room has ended."""

LARGE_FRESH_S = 30.0
"""How long a process believes that a room has more."""

PATIENCE_MS = 600_000
"""How long it is tried to tell of an event that the API takes from nobody: heartbeats have told of it long before."""

Publish = Callable[[str], None]
"""Publishes a `PersonEvent` as JSON. Raises `PublishRefused` for one that is never taken, and `StoreFailure`."""


@record(frozen=True, slots=True)
class _Due:
    """What somebody is to be told of the change at an index of the batch; `room` is `None` for what is of none.

    `leaves_out`: whether there are people in the room who are not to be told, since they came after the message."""

    index: int
    room: Room | None
    told: PersonEvent
    message_key: str | None = None
    leaves_out: bool = False


class PeopleTold:
    """Tells people by `publish`. `moved_every_s`: at most how often somebody hears that something has moved."""

    metric = "PersonEventsDone"

    def __init__(self, deployment: Deployment, publish: Publish, moved_every_s: int) -> None:
        self._deployment, self._publish = deployment, publish
        self._moved = Moved(deployment, moved_every_s * 1_000)
        self._large: Recent[bool] = Recent(1_000)

    def project(self, changes: Sequence[Change], go_on: Callable[[], bool]) -> Outcome:
        refused: dict[int, str] = {}
        for start in range(0, len(changes), AT_ONCE):
            if start and not go_on():
                return Outcome(start, refused, LATE)
            some = changes[start : start + AT_ONCE]
            try:
                now_refused = self._tell(some)
            except ServiceUnavailable:
                return Outcome(start, refused, "Unavailable")
            except StoreFailure as failure:
                if any(self._is_fresh(each) for each in some):
                    return Outcome(start, refused, str(failure))
                now_refused = {}
            refused |= {start + index: reason for index, reason in now_refused.items()}
        return Outcome(len(changes), refused)

    def _is_fresh(self, change: Change) -> bool:
        own = _own_event(change)
        event = change.event or (own and own[1])
        return event is not None and event.ts > self._deployment.now() - PATIENCE_MS

    def _tell(self, changes: Sequence[Change]) -> Mapping[int, str]:
        """Tell of some changes; which of them the API never takes. People hear beside each other, each of them in order."""
        every = [each for index, change in enumerate(changes) for each in self._due(index, change)]
        due = [each for each in every if not self._knows_told(each.told)]
        found = self._look(due)
        for user_id in {each.told.user_id for each in due}:
            self._moved.see(user_id, own_of(found.get(own_place(user_id))))
        now = self._deployment.now()
        so = [each for each in (self._as_it_is_now(each, found, now) for each in due) if each is not None]
        epochs = epochs_of(
            found, {each.told.user_id for each in so}, self._deployment.store.tables.generation
        )
        by_person = sorted(so, key=lambda each: each.told.user_id)
        people = [list(mine) for _, mine in groupby(by_person, key=lambda each: each.told.user_id)]
        tell = partial(self._tell_one, epochs)
        refused = {index: reason for one in self._of_each(tell, people) for index, reason in one.items()}
        self._remember_rooms(every, changes)
        return refused

    def _of_each(
        self, tell: Callable[[Sequence[_Due]], Mapping[int, str]], people: Sequence[Sequence[_Due]]
    ) -> Sequence[Mapping[int, str]]:
        """What `tell` answers of each person. Whoever fails, the others are waited for: what would still be told after this has
        ended was judged by what is no longer so."""
        if len(people) < 2:
            return [tell(each) for each in people]
        asked = [self._deployment.threads().submit(tell, each) for each in people]
        failures = [failure for each in asked if (failure := each.exception())]
        if failures:
            raise failures[0]
        return [each.result() for each in asked]

    def _knows_told(self, told: PersonEvent) -> bool:
        return told.kind == "MOVED" and self._moved.knows_told(told)

    def _remember_rooms(self, due: Sequence[_Due], changes: Sequence[Change]) -> None:
        """Which rooms' next messages nobody is to be told of for a while, unless somebody has come since."""
        moved: dict[int, list[_Due]] = {}
        for each in due:
            if each.told.kind == "MOVED":
                moved.setdefault(each.index, []).append(each)
        for index, change in enumerate(changes):
            event, told = change.event, moved.get(index, ())
            if event is None:
                continue
            room = Room.parse(event.room_id)
            if may_bring_people(event) or any(each.leaves_out for each in told):
                self._moved.forget_room(room)
            elif told:
                self._moved.remember_room(room, event.actor_id or "", {each.told.user_id for each in told})

    def _due(self, index: int, change: Change) -> Iterable[_Due]:
        """What is to be told of a change, as far as the change itself and the room's size say."""
        event = change.event
        if event is None:
            if own := _own_event(change):
                yield _Due(index, *own)
            return
        room = Room.parse(event.room_id)
        for told in person_events(event):
            yield _Due(index, room, told, change.image["SK"]["S"])
        template = everybodys_event(event)
        if template is None:
            return
        sender = event.actor_id or ""
        is_moved = template.kind == "MOVED"
        if is_moved and self._moved.knows_quiet(template, room, sender):
            return
        people = [each for each in self._people_of_small(room) if not is_moved or each[0] != sender]
        hearing = [user_id for user_id, member in people if not is_moved or member.joined_seq < event.seq]
        for user_id in hearing:
            mine = replace(template, user_id=user_id)
            yield _Due(index, room, mine, leaves_out=len(hearing) < len(people))

    def _people_of_small(self, room: Room) -> Sequence[tuple[str, Member]]:
        """Who is in the room now, by the lines that come and go with memberships; nobody where they are too many."""
        deployment = self._deployment
        if self._large.get(room.partition_key, deployment.monotonic() - LARGE_FRESH_S):
            return ()
        lines, _ = retried(
            deployment,
            lambda: deployment.store.tables.query_page(
                room.table,
                room.partition_key,
                keys.ROSTER,
                keys.ROSTER_END,
                forward=True,
                count=TOLD_MEMBERS + 1,
                consistent=True,
            ),
        )
        if len(lines) > TOLD_MEMBERS:
            self._large.put(room.partition_key, True, deployment.monotonic())
            return ()
        return [(user_of(line), Member.of(line)) for line in lines]

    def _look(self, due: Sequence[_Due]) -> Found:
        """Heads, memberships, messages and epochs of what is due, as they are now."""
        places = list(dict.fromkeys(place for each in due for place in _places(each)))
        return found_at(self._deployment, places, deadline_of(self._deployment), consistent=True)

    def _as_it_is_now(self, due: _Due, found: Found, now: int) -> _Due | None:
        room = due.room
        if room is None or due.told.kind == "MOVED":
            return due
        head = Head.found(found.get(head_place(room)))
        member = Member.found(found.get(membership_place(room, due.told.user_id)))
        item = found.get(in_room(room, due.message_key)) if due.message_key else None
        message = unexpired_message(self._deployment, room, head, item, now)
        told = as_it_is_now(due.told, head, member, now, message)
        return None if told is None else replace(due, told=told)

    def _tell_one(self, epochs: Mapping[str, int], due: Sequence[_Due]) -> Mapping[int, str]:
        """Tell somebody of all that is due to them."""
        refused: dict[int, str] = {}
        for each in due:
            told, epoch = each.told, epochs[each.told.user_id]
            try:
                if told.kind != "MOVED":
                    self._publish(as_json(told.to_wire(epoch)))
                elif claimed := self._moved.claim(told):
                    with self._moved.returned_on_failure(claimed):
                        self._publish(as_json(claimed.to_wire(epoch)))
            except PublishRefused as refusal:
                refused[each.index] = str(refusal)
        return refused


def _places(due: _Due) -> Iterable[Place]:
    """What has to be looked at. Who hears that something has moved is in the room by its roster already."""
    yield own_place(due.told.user_id)
    if due.room is None or due.told.kind == "MOVED":
        return
    yield head_place(due.room)
    if due.told.kind != "ROOM_ENDED":
        yield membership_place(due.room, due.told.user_id)
    if due.told.kind == "MENTIONED" and due.message_key:
        yield in_room(due.room, due.message_key)


def _own_event(change: Change) -> tuple[Room | None, PersonEvent] | None:
    """What a person is told of an item of their own, and of which room that is: a request for their data, or what they have set
    to be notified of."""
    image = change.image
    partition_key, sort_key = image["PK"]["S"], image["SK"]["S"]
    if is_setting(partition_key, sort_key):
        user_id, room, at = setting_of(image)
        return room, setting_event(user_id, room.id, at)
    if not is_request(partition_key, sort_key):
        return None
    event = privacy_event_of(image)
    told = None if event is None else request_event(event)
    return None if told is None else (None, told)
