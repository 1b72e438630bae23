"""Any sequence of readings, confirmations and heartbeats: markers only grow, each delivery counts once, and
the ledger is what sets of messages give. A failure prints the steps; PROVE=1 looks at many more."""

import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chat.operations.heartbeat import heartbeat
from chat.operations.mark_delivered import mark_delivered
from chat.operations.mark_read import mark_read
from chat.rules.devices import FRESH_MS
from chat.rules.errors import RateLimited
from chat.rules.models import Receipts
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from tests.guarantees.receipts.measured_member import (
    ledger,
    new_user,
    receipts_of,
    reported,
    send_alone,
    send_by_gateway,
)
from tests.guarantees.support.fixtures import Clock, change_room, new_room, process
from tests.guarantees.support.state_machine import check

CONNECTED_MS, SETTLING_MS = 75_000, 10_000
SHARES = st.sampled_from([0.0, 0.4, 0.8, 1.0])
"""How much of the messages a call is about."""


@dataclass
class Oracle:
    """What is due to bob and has arrived, as sets of messages."""

    newest: int = 0
    markers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(["read", "shown", "delivered"], 0))
    due: set[int] = field(default_factory=set)
    arrived: set[int] = field(default_factory=set)
    known: set[int] = field(default_factory=set)
    noted: set[int] = field(default_factory=set)
    noted_at: int = 0
    named_at: int | None = None

    def move(self, seq: int, *names: str) -> None:
        for name in names:
            self.markers[name] = max(self.markers[name], seq)

    def heartbeat(self, seq: int, now: int, fresh_ms: int = 0) -> None:
        """One that names the room. What was written less than `fresh_ms` ago stays as it is."""
        self.move(seq, "delivered")
        is_connected = self.named_at is not None and now - self.named_at <= CONNECTED_MS
        if self.named_at is None or now - self.named_at >= fresh_ms:
            self.named_at = now
        everything = set(range(1, self.newest + 1))
        if not is_connected:
            self.noted, self.known = set(), everything
            return
        if self.noted and now - self.noted_at < SETTLING_MS:
            return
        self.due |= self.noted
        self.arrived |= {each for each in self.noted if each <= self.markers["delivered"]}
        self.noted, self.noted_at, self.known = everything - self.known, now, everything


class Deliveries(RuleBasedStateMachine):
    client: Any
    prefix = ""
    fresh_ms = 0

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.deployment = process(self.client, self.clock)
        self.bob = new_user()
        self.room = new_room(self.client, self.bob.user_id, prefix=self.prefix)
        self.oracle = Oracle()
        self.before = Receipts()

    @rule(count=st.integers(1, 4))
    def messages_come(self, count: int) -> None:
        self.oracle.newest += count
        dated = {"datedSeq": 1, "datedTs": self.clock.ms, "datedDays": 365}
        change_room(self.client, self.room, seq=self.oracle.newest, ts=self.clock.ms, **dated)

    @rule(seconds=st.sampled_from([1, 2, 5, 11, 29, 30, 60, 80, 600]))
    def time_passes(self, seconds: int) -> None:
        """Whole seconds: the user's item rounds up to them."""
        self.clock.sleep(seconds)

    @rule(share=SHARES, private=st.booleans())
    def bob_reads(self, share: float, private: bool) -> None:
        seq = round(share * self.oracle.newest)
        answer = self.call(mark_read, seq=seq, private=private)
        self.oracle.move(seq, "read") if private else self.oracle.move(seq, "read", "shown")
        assert answer["readSeq"] == self.oracle.markers["shown"]
        assert not (private and answer["roomId"])

    @rule(share=SHARES)
    def bobs_client_confirms(self, share: float) -> None:
        seq = round(share * self.oracle.newest)
        answer = self.call(mark_delivered, seq=seq)
        self.oracle.move(seq, "delivered")
        assert answer["deliveredSeq"] == self.oracle.markers["delivered"]

    @rule(share=SHARES, times=st.integers(1, 2))
    def bobs_client_sends_a_heartbeat(self, share: float, times: int) -> None:
        for _ in range(times):
            seq = round(share * self.oracle.newest)
            try:
                answer = self.heartbeat([{"roomId": self.room, "seq": seq}])
            except RateLimited:
                return
            self.oracle.heartbeat(seq, self.clock.ms, self.fresh_ms)
            (state,) = answer["rooms"]
            assert (state["seq"], state["unread"]) == (self.oracle.newest, self.unread())

    @rule()
    def bobs_other_client_sends_a_heartbeat(self) -> None:
        """It has other rooms, and does not name this one."""
        try:
            self.heartbeat([])
        except RateLimited:
            return

    @rule()
    def bob_goes_offline(self) -> None:
        try:
            self.heartbeat([], status="OFFLINE")
        except RateLimited:
            return
        self.oracle.named_at = None

    @invariant()
    def markers_only_grow_and_are_the_largest_that_were_sent(self) -> None:
        room = Room.parse(self.room)
        at = receipts_of(self.deployment, room, self.bob)
        markers = self.oracle.markers
        assert (at.last_read_seq, at.read_seq) == (markers["read"], markers["shown"])
        assert at.delivered_seq == markers["delivered"]
        for name in (
            "last_read_seq",
            "read_seq",
            "delivered_seq",
            "accounted_seq",
            "due_seq",
            "published_at",
        ):
            assert getattr(at, name) >= getattr(self.before, name)
        self.before = at

    @invariant()
    def the_ledger_is_what_the_sets_are(self) -> None:
        assert ledger(self.deployment, self.room) == (len(self.oracle.due), len(self.oracle.arrived))

    def unread(self) -> int | None:
        """What a heartbeat answers."""
        return sum(1 for each in range(1, self.oracle.newest + 1) if each > self.oracle.markers["read"])

    def call(self, verb: Any, **arguments: object) -> Any:
        return verb(self.deployment, self.bob, {"roomId": self.room, **arguments}, Tally())

    def heartbeat(self, rooms: list[dict[str, object]], **arguments: object) -> Any:
        return heartbeat(self.deployment, self.bob, {"rooms": rooms, **arguments}, Tally())


class DeliveriesByGateway(Deliveries):
    """The same, where the gateway says what bob's clients do."""

    fresh_ms = FRESH_MS

    def heartbeat(self, rooms: list[dict[str, object]], **arguments: object) -> Any:
        return reported(self.deployment, self.bob, {"rooms": rooms, **arguments}, Tally())

    def unread(self) -> int | None:
        return None


@pytest.mark.timeout(1_800)  # a failure is made smaller before it is shown
@pytest.mark.parametrize("machine", [Deliveries, DeliveriesByGateway])
@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_any_sequence_is_measured_as_the_sets_say(
    client: Any, prefix: str, machine: type[Deliveries]
) -> None:
    check(machine, examples=(8, 200), steps=(20, 40), client=client, prefix=prefix)


def test_what_the_gateway_says_on_time_is_counted_as_if_each_client_had_said_it(client: Any) -> None:
    """Two people, the one alone and the other by the gateway, at the same instants."""
    seed = uuid.uuid4().int
    print(f"seed {seed}")
    chance, clock = Random(seed), Clock()  # noqa: S311  no secret
    deployment, people = process(client, clock), [new_user(), new_user()]
    rooms = [new_room(client, each.user_id) for each in people]
    seq = have = 0
    for _ in range(60):
        clock.sleep(chance.uniform(27, 35))
        have = chance.randint(have, seq)
        for send, each, room in zip((send_alone, send_by_gateway), people, rooms, strict=True):
            send(deployment, each, room, have)
        seq += chance.randint(0, 3)
        for room in rooms:
            change_room(client, room, seq=seq, ts=clock.ms, datedSeq=1, datedTs=clock.ms, datedDays=365)
    alone, together = (ledger(deployment, room) for room in rooms)
    assert alone == together
    assert alone[0] > 0
