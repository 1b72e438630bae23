"""Somebody's client in the joint history that is away most of the time, and follows `sync` for all of their rooms."""

from collections.abc import Sequence
from typing import Any

from chat.operations.sync import sync
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.rooms.joint_api import Wire
from tests.guarantees.rooms.joint_history import JointHistory
from tests.guarantees.support.fixtures import CURSOR_KEYS, process


class Synced:
    """`held`: by room, messages by their ids."""

    def __init__(self, user: str, rooms: Sequence[JointHistory]) -> None:
        self._user, self._rooms = user, {each.room: each for each in rooms}
        self._first, self._token = rooms[0], None
        self.held: dict[str, dict[str, Wire]] = {}

    def catch_up(self) -> None:
        """Round by round to its end; what is reset is read anew."""
        named, is_afresh, more = set[str](), False, True
        while more:
            given: dict[str, Any] = {"since": self._token, "limit": self._first.random.randint(1, 20)}
            ours = process(self._first.client, self._first.clock)
            page = sync(ours, CURSOR_KEYS, Caller(self._user), given, Tally())
            for each in page["rooms"]:
                named.add(each["roomId"])
                self._take(each)
            self._token, more, is_afresh = page["token"], page["more"], is_afresh or page["reset"]
        if is_afresh:
            self.held = {room_id: held for room_id, held in self.held.items() if room_id in named}

    def _take(self, told: Wire) -> None:
        room = self._rooms[told["roomId"]]
        if told["left"]:
            self.held.pop(room.room, None)
            return
        assert told["unread"] == room.unread_of(self._user), (self._user, told)
        if told["reset"]:
            self.held[room.room] = room.begun(self._user).held
        held = self.held[room.room]
        for each in told["messages"]:
            mine = held.get(each["id"])
            if mine is None or (each["rev"] or -1) > (mine["rev"] or -1):
                held[each["id"]] = each

    def check(self, *, is_all_told: bool) -> None:
        """They have the rooms that they are in, each as it is; the counts of reactions once all is told."""
        inside = [
            room
            for room in self._rooms.values()
            if self._user in room.people and room.people[self._user].is_in
        ]
        assert set(self.held) == {room.room for room in inside}, self._user
        shown = None if is_all_told else -1
        for room in inside:
            found, wanted = room.shown(self.held[room.room].values()), room.wanted(self._user)
            assert {id_: each[:shown] for id_, each in found.items() if id_ in wanted} == {
                id_: each[:shown] for id_, each in wanted.items()
            }, (self._user, room.room)
