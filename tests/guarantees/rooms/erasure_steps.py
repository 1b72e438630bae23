"""A person's data is erased while the others go on."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from chat.operations.run_jobs import run_jobs
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.data_requests import Asking, list_erasures, make_request
from chat.storage import keys
from tests.guarantees.rooms.clients import Client
from tests.guarantees.rooms.erasure_oracle import erase
from tests.guarantees.rooms.room_oracle import RoomOracle
from tests.guarantees.rooms.room_steps import PROCESSES, USERS, Steps
from tests.guarantees.support.fixtures import partition, table_name


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
        make_request(ours, user, "ERASURE", Asking("OPERATOR", None), 0, Tally())
        self.jobs_are_run(number)
        assert list_erasures(ours, user)
        for name, room in chat.rooms.items():
            erase(room, self.now, user, proved[name])
        self.jobs_are_run(number)
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
