"""Say that the caller's client is there, and what it has: presence, occupancy and the measuring of deliveries
in one call.

Progress is everything up to a number, so the next heartbeat makes up for one that was refused or lost.
"""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, is_in
from chat.rules.devices import Heartbeat, is_counted
from chat.rules.errors import RateLimited
from chat.rules.instants import to_wire
from chat.rules.models import NOT_ADOPTED, Caller, Head, Item, Member
from chat.rules.rate import to_ms
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.delivery_accounting import ClientReport, account, count_deliveries
from chat.steps.heartbeat_request import HeartbeatRequest, RoomProgress, check_heartbeat
from chat.steps.ledger import DeliveryCount, add_to_ledger, count_metrics
from chat.steps.occupancy import count_in
from chat.steps.presence_items import (
    HEARTBEAT_S,
    HEARTBEATS,
    NOBODY,
    Presence,
    heartbeat_write,
    is_connected,
    presence_place,
    rate_state,
)
from chat.steps.receipt_items import MemberState, member_state, member_state_places, move_receipts
from chat.steps.retry import attempts, deadline_of
from chat.steps.unread import UnreadPlace, count_unread
from chat.steps.unread_mentions import count_unread_mentions
from chat.storage.aws import ConditionFailed, TransientFailure
from chat.storage.places import Found, head_place, membership_place, receipts_place
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
        count_metrics(tally, state.counted, entered=state.entered)
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
        presence = self._presence(found)
        found |= found_at(self._deployment, places[MOST_ACTIONS:], self._deadline, consistent=False)
        incomplete = [room for room in rooms if not _is_complete(member_state(found, room, self._user_id))]
        again = [place for room in incomplete for place in member_state_places(room, self._user_id)[:2]]
        return found | found_at(self._deployment, again, self._deadline, consistent=True), presence

    def _view(self, found: Found, room: Room) -> View:
        """As much as was read of a room and of the caller's membership: the head only where they named it."""
        member = found.get(membership_place(room, self._user_id))
        return View.of(found.get(head_place(room)), member)

    def _presence(self, found: Found) -> Presence:
        """The person as their last heartbeat left them, with this one within the rate. Raises
        `RateLimited`."""
        return self._within_rate(found.get(presence_place(self._user_id)))

    def _within_rate(self, item: Item | None) -> Presence:
        presence = Presence.found(item) or NOBODY
        wait = HEARTBEATS.wait(rate_state(presence, self.now), self.now * 1_000)
        if wait:
            raise RateLimited(to_ms(wait), "person")
        return presence

    def _state(self, progress: RoomProgress, state: MemberState, presence: Presence) -> _State:
        """Move the caller's receipts in one room, and count what that says of deliveries."""
        room, head, member = progress.room, state.view.head, state.view.member or Member()
        if head is None:
            return _State(room, NOT_ADOPTED, 0, 0, DeliveryCount(), entered=True)
        report = ClientReport(
            head=head,
            seq=min(progress.seq, head.seq),
            ts=progress.ts,
            joined_seq=member.joined_seq,
            connected=is_connected(presence, room, self.now),
            now=self.now,
        )
        place = receipts_place(room, self._user_id)
        before, after = move_receipts(
            self._deployment,
            place,
            state.receipts,
            lambda receipts: account(receipts, report),
            self._deadline,
        )
        adds = count_deliveries(before, after, report)
        entered = add_to_ledger(self._deployment, room, adds, self.now)
        at = UnreadPlace(room, head, member, after)
        unread = count_unread(self._deployment, at, self._deadline)
        mentions = count_unread_mentions(self._deployment, at, self._user_id, self._deadline)
        return _State(room, head, unread, mentions, adds, entered)

    def _record(self, presence: Presence, rooms: list[Room], watched: Room | None) -> None:
        """Write the heartbeat beside what other devices have written meanwhile, and count the person in the
        room that is open, once in half a minute. Raises `RateLimited`."""
        request = self._request
        heartbeat = Heartbeat(request.device, request.status, tuple(rooms), watched, self.now)
        for _ in attempts(self._deployment, self._deadline):
            try:
                self._deployment.store.tables.update(heartbeat_write(presence, self._user_id, heartbeat))
            except ConditionFailed as overtaken:
                presence = self._within_rate(overtaken.item)
            except TransientFailure:
                continue
            else:
                break
        if watched and not is_counted(presence.by_key(), heartbeat):
            count_in(self._deployment, watched, self._user_id, self.now)


def _is_complete(state: MemberState) -> bool:
    return state.view.head is not None and is_in(state.view)
