"""A person's data is erased while the others go on."""

import json

from hypothesis import strategies as st
from hypothesis.stateful import rule

from chat.rules.erasure import ERASED_SENDER
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, list_erasures, make_request
from chat.storage import keys
from chat.storage.items import is_expired
from simulator.settings import TABLES
from tests.guarantees.rooms.erasure_oracle import erase
from tests.guarantees.rooms.room_oracle import RoomOracle
from tests.guarantees.rooms.room_steps import PROCESSES, USERS, Steps
from tests.guarantees.support.fixtures import partition, stored, table_name


class ErasureSteps(Steps):
    """And the erasure, whose job runs to its end."""

    @rule(number=PROCESSES, who=USERS, dice=st.integers(0, 2))
    def somebody_is_erased(self, number: int, who: int, dice: int) -> None:
        """Seldom: whoever is erased is in no room any more."""
        if dice == 0:
            self._erase(number, self.chat.user(who))

    def _erase(self, number: int, user: str) -> None:
        chat, ours = self.chat, self.chat.processes[number]
        proved = {name: self._proved(room, user) for name, room in chat.rooms.items()}
        earlier = len(list_erasures(ours, user))
        make_request(ours, user, "ERASURE", Asking("OPERATOR", None), 0, Tally())
        self.jobs_are_run(number)
        assert len(list_erasures(ours, user)) == earlier + 1
        there = [room for room in chat.rooms.values() if room.ended_by is None]
        for name, room in chat.rooms.items():
            proved[name] |= self._erased_without_proof(room, user)
        known = [room for name, room in chat.rooms.items() if erase(room, self.now, user, proved[name])]
        self.jobs_are_run(number)
        # Who was alone has ended the room, and what was left of it went in the same run: all events but the last.
        chat.told |= {room.id: room.rev - 1 for room in there if room.ended_by is not None}
        self._is_found_nowhere(user, known)
        chat.erased[user] = self.now
        chat.created_until.pop(user, None)
        chat.forget_client(user)
        chat.clock.sleep(1.0)

    def _proved(self, room: RoomOracle, user: str) -> set[int]:
        parsed = Room.parse(room.id)
        items = partition(self.client, table_name(parsed), keys.user_partition(user))
        proofs = keys.proofs_of(parsed.partition_key)
        return {
            int(item["seq"]["N"])
            for item in items
            if proofs[0] <= item["SK"]["S"] <= proofs[1] and "seq" in item
        }

    def _erased_without_proof(self, room: RoomOracle, user: str) -> set[int]:
        """A room in which somebody had a role is read through, so that also what has expired is found there, though DynamoDB
        has deleted its proof and not it."""
        visible = {each.seq for each in room.visible_messages(self.now)}
        sent = {each.seq for each in room.messages if each.sender == user and each.seq not in visible}
        kept = stored(self.client, room.id)
        return {item["seq"] for item in kept if item["senderId"] == ERASED_SENDER} & sent

    def _is_found_nowhere(self, user: str, rooms: list[RoomOracle]) -> None:
        """But in their tombstone, and in what has expired."""
        for table in TABLES.values():
            items = partition(self.client, table, keys.user_partition(user))
            assert {item["SK"]["S"] for item in items} <= {keys.ERASED}, items
        for room in rooms:
            parsed = Room.parse(room.id)
            for item in partition(self.client, table_name(parsed), parsed.partition_key):
                assert is_expired(item, self.now // 1_000) or user not in json.dumps(item), item
