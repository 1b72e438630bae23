"""Say that the caller's client is there, and what it has: presence, occupancy and the measuring of deliveries
in one call.

Progress is everything up to a number, so the next heartbeat makes up for one that was refused or lost.
"""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, is_in
from chat.rules.devices import Heartbeat
from chat.rules.instants import to_wire
from chat.rules.models import NOT_ADOPTED, Caller, Head, Member
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.heartbeat_request import HeartbeatRequest, RoomProgress, check_heartbeat
from chat.steps.heartbeats import RoomMember, move_progress, within_rate, write_heartbeat
from chat.steps.ledger import DeliveryCount, add_to_ledger, count_metrics
from chat.steps.occupancy import count_in
from chat.steps.presence_items import HEARTBEAT_S, Presence, presence_place
from chat.steps.receipt_items import MemberState, member_state, member_state_places
from chat.steps.retry import deadline_of
from chat.steps.unread import UnreadPlace, count_unread
from chat.steps.unread_mentions import count_unread_mentions
from chat.storage.places import Found, head_place, membership_place
from chat.storage.tables import MOST_ACTIONS


def heartbeat(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """Take in what `arguments` (`deviceId`, `status`, `watching`, `rooms`) say; answers the schema's `Heartbeat`.

    Raises `InvalidInput`, `RateLimited`, `ServiceUnavailable`.
    """
    request = check_heartbeat(arguments)
    heartbeat = _Heartbeat(deployment, caller.user_id, request)
    states = heartbeat.apply()
    for state in states.values():
        count_metrics(tally, [state.counted], entered=state.entered)
    unknown = dict.fromkeys(("seq", "rev", "epoch", "unread", "unreadMentions"))
    gone = {**unknown, "left": True}
    rooms = [progress.room.id for progress in request.rooms]
    return {
        "at": to_wire(heartbeat.now),
        "everySeconds": HEARTBEAT_S,
        "rooms": [states[each].to_wire() if each in states else {"roomId": each, **gone} for each in rooms],
    }


@record(frozen=True, slots=True)
class _State:
    """How a room stands that the caller named and is in, what the heartbeat added to its ledger, and whether
    that arrived."""

    room: Room
    head: Head
    unread: int
    unread_mentions: int
    counted: DeliveryCount
    entered: bool

    def to_wire(self) -> dict[str, Any]:
        """The schema's `RoomState`."""
        head = self.head
        position = {"seq": head.seq, "rev": head.rev, "epoch": head.epoch}
        counts = {"unread": self.unread, "unreadMentions": self.unread_mentions}
        return {"roomId": self.room.id, **position, **counts, "left": False}


class _Heartbeat:
    """One heartbeat on its way."""

    def __init__(self, deployment: Deployment, user_id: str, request: HeartbeatRequest) -> None:
        self._deployment = deployment
        self._user_id = user_id
        self._request = request
        self.now = deployment.now()
        self._deadline = deadline_of(deployment)

    def apply(self) -> dict[str, _State]:
        """The rooms that the caller is in, by id.

        The person's item is written last: where this fails half-way, the next heartbeat finds no connection
        to judge by.
        """
        found, presence = self._read()
        seen = [(each, member_state(found, each.room, self._user_id)) for each in self._request.rooms]
        inside = [(progress, state) for progress, state in seen if is_in(state.view)]
        states = list(
            self._deployment.threads().map(lambda pair: self._state(pair[0], pair[1], presence), inside)
        )
        watched = self._request.watching
        if watched and not is_in(self._view(found, watched)):
            watched = None
        self._record(presence, [state.room for state in states if state.head is not NOT_ADOPTED], watched)
        return {state.room.id: state for state in states}

    def _read(self) -> tuple[Found, Presence]:
        """The person and their places in the rooms, a hundred items a request, which may be a moment old.
        Where the caller seems not to be in a room, or the room not to be adopted, it is read again: that must
        not be answered in error.
        """
        rooms = [progress.room for progress in self._request.rooms]
        places = [presence_place(self._user_id)]
        places += [membership_place(self._request.watching, self._user_id)] if self._request.watching else []
        for room in rooms:
            places += member_state_places(room, self._user_id)
        found = found_at(self._deployment, places[:MOST_ACTIONS], self._deadline, consistent=False)
        presence = within_rate(found.get(presence_place(self._user_id)), self.now)
        found |= found_at(self._deployment, places[MOST_ACTIONS:], self._deadline, consistent=False)
        incomplete = [room for room in rooms if not _is_complete(member_state(found, room, self._user_id))]
        again = [place for room in incomplete for place in member_state_places(room, self._user_id)[:2]]
        return found | found_at(self._deployment, again, self._deadline, consistent=True), presence

    def _view(self, found: Found, room: Room) -> View:
        """As much as was read of a room and of the caller's membership: the head only where they named it."""
        member = found.get(membership_place(room, self._user_id))
        return View.of(found.get(head_place(room)), member)

    def _state(self, progress: RoomProgress, state: MemberState, presence: Presence) -> _State:
        """Move the caller's receipts in one room, and count what that says of deliveries."""
        room, head, member = progress.room, state.view.head, state.view.member or Member()
        if head is None:
            return _State(room, NOT_ADOPTED, 0, 0, DeliveryCount(), entered=True)
        seen = RoomMember(room, self._user_id, head, member, state.receipts)
        after, counted = move_progress(self._deployment, seen, progress, presence, self.now, self._deadline)
        entered = add_to_ledger(self._deployment, room, [counted], self.now)
        at = UnreadPlace(room, head, member, after)
        unread = count_unread(self._deployment, at, self._deadline)
        mentions = count_unread_mentions(self._deployment, at, self._user_id, self._deadline)
        return _State(room, head, unread, mentions, counted, entered)

    def _record(self, presence: Presence, rooms: list[Room], watched: Room | None) -> None:
        """Write the heartbeat, and count the person in the room that is open, once in half a minute. Raises
        `RateLimited`."""
        request = self._request
        heartbeat = Heartbeat(request.device, request.status, tuple(rooms), watched, self.now)
        _, counts = write_heartbeat(self._deployment, presence, self._user_id, heartbeat, self._deadline)
        if watched and counts:
            count_in(self._deployment, watched, [self._user_id], self.now)


def _is_complete(state: MemberState) -> bool:
    return state.view.head is not None and is_in(state.view)
