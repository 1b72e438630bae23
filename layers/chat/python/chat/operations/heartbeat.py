"""Say that the caller's client is there, and what it has: presence, occupancy and the measuring of deliveries in one call.

A position says everything up to a number, so whatever a refused or lost heartbeat would have told, the next one tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chat.deployment import Deployment
from chat.rules.errors import RateLimited
from chat.rules.instants import to_wire
from chat.rules.models import NOT_ADOPTED, Caller, Head, Member
from chat.rules.rate import to_ms
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.unread import unread
from chat.steps.batches import found_at
from chat.steps.delivery_accounting import Report, counted, judged
from chat.steps.heartbeat_request import Beat, Position, check_beat
from chat.steps.ledger import Counted, enter, tell
from chat.steps.occupancy import count_in
from chat.steps.presence_items import (
    HEARTBEAT_S,
    HEARTBEATS,
    NEVER_SEEN,
    Presence,
    heard,
    is_connected,
    presence_place,
    rate_state,
    window_of,
)
from chat.steps.receipt_items import Look, look_of, move_receipts, room_places
from chat.steps.retry import deadline_of, retried
from chat.storage.places import Found, Place, membership_place, receipts_place
from chat.storage.tables import MOST_ACTIONS


def heartbeat(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """Take in what `arguments` (`status`, `watching`, `rooms`) say; answers the schema's `Heartbeat`.

    Raises `InvalidInput`, `RateLimited`, `ServiceUnavailable`.
    """
    beat = check_beat(arguments)
    beating = _Beating(deployment, caller.user_id, beat)
    states = beating.taken_in()
    for state in states.values():
        tell(tally, state.counted, entered=state.entered)
    gone = {"seq": None, "rev": None, "epoch": None, "unread": None, "left": True}
    rooms = [position.room.id for position in beat.positions]
    return {
        "at": to_wire(beating.now),
        "everySeconds": HEARTBEAT_S,
        "rooms": [states[each].to_wire() if each in states else {"roomId": each, **gone} for each in rooms],
    }


@dataclass(frozen=True, slots=True)
class _State:
    """How a room stands that the caller named and is in, what the heartbeat added to its ledger, and whether that arrived."""

    room: Room
    head: Head
    unread: int
    counted: Counted
    entered: bool

    def to_wire(self) -> dict[str, Any]:
        """The schema's `RoomState`."""
        head = self.head
        told = {"seq": head.seq, "rev": head.rev, "epoch": head.epoch, "unread": self.unread}
        return {"roomId": self.room.id, **told, "left": False}


class _Beating:
    """One heartbeat on its way."""

    def __init__(self, deployment: Deployment, user_id: str, beat: Beat) -> None:
        self._deployment = deployment
        self._user_id = user_id
        self._beat = beat
        self.now = deployment.now()
        self._deadline = deadline_of(deployment)

    def taken_in(self) -> dict[str, _State]:
        """The rooms that the caller is in, by id.

        The person's item is written last: where this fails half-way, the next heartbeat finds no connection to judge by.
        """
        found, presence = self._look()
        positions = self._beat.positions
        looks = {position: look_of(found, position.room, self._user_id) for position in positions}
        inside = {position: look for position, look in looks.items() if _is_in(look.view.member)}
        states = list(
            self._deployment.threads().map(
                lambda pair: self._state(pair[0], pair[1], presence), inside.items()
            )
        )
        watched = self._beat.watching
        if watched and not _is_in(_member(found, membership_place(watched, self._user_id))):
            watched = None
        self._hear(presence, [state.room for state in states if state.head is not NOT_ADOPTED], watched)
        return {state.room.id: state for state in states}

    def _look(self) -> tuple[Found, Presence]:
        """The person and their places in the rooms, a hundred items a request, which may be a moment old. What looks as if
        the caller were not in a room, or the room not adopted, is looked at again: that must not be told in error.
        """
        rooms = [position.room for position in self._beat.positions]
        places = [presence_place(self._user_id)]
        places += [membership_place(self._beat.watching, self._user_id)] if self._beat.watching else []
        for room in rooms:
            places += room_places(room, self._user_id)
        found = found_at(self._deployment, places[:MOST_ACTIONS], self._deadline, consistent=False)
        presence = self._judged(found)
        found |= found_at(self._deployment, places[MOST_ACTIONS:], self._deadline, consistent=False)
        doubtful = [room for room in rooms if not _is_whole(look_of(found, room, self._user_id))]
        again = [place for room in doubtful for place in room_places(room, self._user_id)[:2]]
        return found | found_at(self._deployment, again, self._deadline, consistent=True), presence

    def _judged(self, found: Found) -> Presence:
        """The person as last heard of. Raises `RateLimited` where they are heard of too often."""
        item = found.get(presence_place(self._user_id))
        presence = Presence.of(item) if item else NEVER_SEEN
        wait = HEARTBEATS.wait(rate_state(presence, self.now), self.now * 1_000)
        if wait:
            raise RateLimited(to_ms(wait), "person")
        return presence

    def _state(self, position: Position, look: Look, presence: Presence) -> _State:
        """Move the caller's receipts in one room, and count what that says of deliveries."""
        room, head, member = position.room, look.view.head, look.view.member or Member()
        if head is None:
            return _State(room, NOT_ADOPTED, 0, Counted(), entered=True)
        report = Report(
            head=head,
            seq=min(position.seq, head.seq),
            ts=position.ts,
            joined_seq=member.joined_seq,
            connected=is_connected(presence, room, self.now),
            now=self.now,
        )
        place = receipts_place(room, self._user_id)
        before, after = move_receipts(
            self._deployment, place, look.receipts, lambda at: judged(at, report), self._deadline
        )
        adds = counted(before, after, report)
        entered = enter(self._deployment, room, adds, self.now)
        return _State(room, head, unread(head, member, after), adds, entered)

    def _hear(self, presence: Presence, rooms: list[Room], watched: Room | None) -> None:
        """Write when the person was heard of, and count them in the room that is open, once in half a minute."""
        write = heard(presence, self._user_id, self._beat.status, rooms, watched, self.now)
        item = retried(self._deployment, lambda: self._deployment.store.tables.update(write), self._deadline)
        if watched and (Presence.of(item) if item else NEVER_SEEN).window != window_of(self.now):
            count_in(self._deployment, watched, self._user_id, self.now)


def _is_in(member: Member | None) -> bool:
    return member is not None and member.status == "active"


def _is_whole(look: Look) -> bool:
    return look.view.head is not None and _is_in(look.view.member)


def _member(found: Found, place: Place) -> Member | None:
    item = found.get(place)
    return Member.found(item)
