"""Say of many people at once what each one's `heartbeat` would say: for the gateway, whose clients say it to it.

What is one person's is judged for itself, and refused for itself. What is the same for all of them is asked and written
once: heads of rooms, ledgers, and the counts of who has a room open. Nothing is written of somebody of whom the same was
written a moment ago.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, is_in, may_report
from chat.rules.devices import Heartbeat, says_nothing_new
from chat.rules.errors import ChatError
from chat.rules.models import NOT_ADOPTED, Caller, Head, Member, Receipts
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.heartbeat_request import HeartbeatRequest, PersonReport, check_people
from chat.steps.heartbeats import RoomMember, check_rate, move_progress, within_rate, write_heartbeat
from chat.steps.ledger import DeliveryCount, add_to_ledger, count_metrics
from chat.steps.occupancy import count_in
from chat.steps.presence_items import Presence, heard_of, presence_place
from chat.steps.receipt_items import member_state, member_state_places
from chat.storage.places import Found, Place, head_place, membership_place

PATIENCE = 2
"""How many deadlines of one call this may take: up to 600 items are written, some thirty at once."""


def heartbeats(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> list[dict[str, Any]]:
    """Take in what `arguments` (`people`) say; answers the schema's `PersonHeartbeatAnswer` for each, in their order.

    Raises `InvalidInput`, `NotAllowed`, `ServiceUnavailable`: then nothing was written.
    """
    may_report(caller)
    reports = check_people(arguments)
    batch = _Batch(deployment, reports)
    heard = batch.apply(tally)
    tally.add("PeopleReported", len(reports))
    tally.add("PeopleRefused", sum(each.refusal is not None for each in heard))
    return [each.to_wire() for each in heard]


@record(frozen=True, slots=True)
class _Heard:
    """What became of one person's heartbeat: where the rooms stand that they are in, or a refusal. `counted`: what is
    to go into which room's ledger, also where the heartbeat failed half-way. `watched`: in which room they are to be counted."""

    report: PersonReport
    heads: Mapping[str, Head]
    presence: Presence | None = None
    counted: tuple[tuple[Room, DeliveryCount], ...] = ()
    refusal: ChatError | None = None
    watched: Room | None = None

    def refused(self, refusal: ChatError) -> "_Heard":
        return _Heard(self.report, {}, None, self.counted, refusal)

    def watching(self, room: Room | None) -> "_Heard":
        return _Heard(self.report, self.heads, self.presence, self.counted, None, room)

    def to_wire(self) -> dict[str, Any]:
        """The schema's `PersonHeartbeatAnswer`."""
        report, refusal = self.report, self.refusal
        rooms = report.request.rooms if report.request and refusal is None else ()
        return {
            "userId": report.user_id,
            "deviceId": report.device_id,
            "rooms": None if refusal else [_state(each.room, self.heads) for each in rooms],
            "errorType": refusal.code if refusal else None,
            "message": str(refusal) if refusal else None,
        }


class _Batch:
    """One call on its way: read, move receipts, count, and write the people last, as `heartbeat` does."""

    def __init__(self, deployment: Deployment, reports: list[PersonReport]) -> None:
        self._deployment, self._reports = deployment, reports
        self._now = deployment.now()
        self._deadline = deployment.monotonic() + PATIENCE * deployment.deadline_s

    def apply(self, tally: Tally) -> list[_Heard]:
        """In the order of the reports."""
        by_user: dict[str, list[int]] = defaultdict(list)
        for number, report in enumerate(self._reports):
            by_user[report.user_id if report.request else f"#{number}"].append(number)
        found = self._read()
        moved = self._of_each(by_user, lambda numbers: self._move(numbers, found))
        self._enter_ledgers(moved.values(), tally)
        done = self._of_each(
            by_user, lambda numbers: self._record([moved[number] for number in numbers], found)
        )
        self._count_in(done.values())
        return [done[number] for number in range(len(self._reports))]

    def _of_each(
        self, by_user: Mapping[str, list[int]], work: Callable[[list[int]], list[_Heard]]
    ) -> dict[int, _Heard]:
        """What `work` makes of each person's reports, some people beside each other; one person's in their order."""
        answers = self._deployment.threads().map(work, by_user.values())
        return {
            number: heard
            for numbers, answer in zip(by_user.values(), answers, strict=True)
            for number, heard in zip(numbers, answer, strict=True)
        }

    def _read(self) -> Found:
        """Everybody and their places in the rooms, a hundred items a request, each item once; again, consistently, where
        somebody seems not to be in a room, or the room not to be adopted."""
        places: list[Place] = []
        for user_id, request in self._requests():
            places.append(presence_place(user_id))
            if request.watching:
                places += [head_place(request.watching), membership_place(request.watching, user_id)]
            for each in request.rooms:
                places += member_state_places(each.room, user_id)
        found = found_at(self._deployment, list(dict.fromkeys(places)), self._deadline, consistent=False)
        again: list[Place] = []
        for user_id, request in self._requests():
            for each in request.rooms:
                view = member_state(found, each.room, user_id).view
                if view.head is None or not is_in(view):
                    again += member_state_places(each.room, user_id)[:2]
        return found | found_at(self._deployment, list(dict.fromkeys(again)), self._deadline, consistent=True)

    def _requests(self) -> Iterable[tuple[str, HeartbeatRequest]]:
        return [(each.user_id, each.request) for each in self._reports if each.request]

    def _move(self, numbers: list[int], found: Found) -> list[_Heard]:
        """One person's devices, in their order. Each is judged after those before it, which take from the person's rate."""
        receipts: dict[Room, Receipts] = {}
        judged: Presence | None = None
        done = []
        for number in numbers:
            heard = self._move_one(self._reports[number], found, receipts, judged)
            judged = self._with(heard, judged, found)
            done.append(heard)
        return done

    def _with(self, heard: _Heard, before: Presence | None, found: Found) -> Presence | None:
        """The person once this is written of them, if it will be; `None` where nothing has been yet."""
        request, presence = heard.report.request, before or heard.presence
        if request is None or presence is None or heard.presence is None:
            return before
        heartbeat = self._heartbeat(heard, request, found)
        return before if says_nothing_new(presence.by_key(), heartbeat) else heard_of(presence, heartbeat)

    def _move_one(
        self, report: PersonReport, found: Found, receipts: dict[Room, Receipts], judged: Presence | None
    ) -> _Heard:
        if report.request is None:
            return _Heard(report, {}, refusal=report.refusal)
        heads: dict[str, Head] = {}
        counted: list[tuple[Room, DeliveryCount]] = []
        try:
            presence = within_rate(found.get(presence_place(report.user_id)), self._now)
            if judged is not None:
                check_rate(judged, self._now)
            for progress in report.request.rooms:
                room, state = progress.room, member_state(found, progress.room, report.user_id)
                if not is_in(state.view):
                    continue
                heads[room.id] = state.view.head or NOT_ADOPTED
                if state.view.head is None:
                    continue
                before = receipts.get(room, state.receipts)
                member = RoomMember(
                    room, report.user_id, state.view.head, state.view.member or Member(), before
                )
                receipts[room], count = move_progress(
                    self._deployment, member, progress, presence, self._now, self._deadline
                )
                counted.append((room, count))
        except ChatError as refusal:
            return _Heard(report, {}, None, tuple(counted), refusal)
        return _Heard(report, heads, presence, tuple(counted))

    def _enter_ledgers(self, moved: Iterable[_Heard], tally: Tally) -> None:
        """One write for each room, whoever it is about."""
        by_room: dict[Room, list[DeliveryCount]] = defaultdict(list)
        for each in moved:
            for room, count in each.counted:
                by_room[room].append(count)
        entered = self._deployment.threads().map(
            lambda pair: add_to_ledger(self._deployment, pair[0], pair[1], self._now), by_room.items()
        )
        for counts, arrived in zip(by_room.values(), entered, strict=True):
            count_metrics(tally, counts, entered=arrived)

    def _record(self, moved: list[_Heard], found: Found) -> list[_Heard]:
        """Write that the person was heard of, if they have not just been; a device after the other."""
        written: Presence | None = None
        done = []
        for heard in moved:
            request, presence = heard.report.request, heard.presence and (written or heard.presence)
            if request is None or presence is None:
                done.append(heard)
                continue
            heartbeat, counts = self._heartbeat(heard, request, found), False
            try:
                if not says_nothing_new(presence.by_key(), heartbeat):
                    written, counts = write_heartbeat(
                        self._deployment, presence, heard.report.user_id, heartbeat, self._deadline
                    )
            except ChatError as refusal:
                done.append(heard.refused(refusal))
            else:
                done.append(heard.watching(heartbeat.watched if counts else None))
        return done

    def _count_in(self, done: Iterable[_Heard]) -> None:
        """The people who have a room open, with a write for each shard of it."""
        by_room: dict[Room, list[str]] = defaultdict(list)
        for each in done:
            if each.watched:
                by_room[each.watched].append(each.report.user_id)
        for room, people in by_room.items():
            count_in(self._deployment, room, people, self._now)

    def _heartbeat(self, heard: _Heard, request: HeartbeatRequest, found: Found) -> Heartbeat:
        """The heartbeat with the rooms that the person is in, as far as these are adopted."""
        named = tuple(
            each.room
            for each in request.rooms
            if heard.heads.get(each.room.id, NOT_ADOPTED) is not NOT_ADOPTED
        )
        watched = request.watching
        if watched:
            head = found.get(head_place(watched))
            member = found.get(membership_place(watched, heard.report.user_id))
            watched = watched if is_in(View.of(head, member)) else None
        return Heartbeat(request.device, request.status, named, watched, self._now)


def _state(room: Room, heads: Mapping[str, Head]) -> dict[str, Any]:
    """The schema's `RoomState`, without what is the person's own."""
    head = heads.get(room.id)
    position = dict.fromkeys(("seq", "rev", "epoch"))
    if head is not None:
        position = {"seq": head.seq, "rev": head.rev, "epoch": head.epoch}
    return {"roomId": room.id, **position, "unread": None, "unreadMentions": None, "left": head is None}
