"""Any sequence of readings, confirmations and heartbeats: markers only grow, each delivery counts once, and the ledger is what
a set of messages says. A failure prints the steps; PROVE=1 looks at many more."""

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from chat.delivery import delivery
from chat.deployment import Deployment
from chat.errors import RateLimited
from chat.heartbeat import heartbeat
from chat.mark_delivered import mark_delivered
from chat.mark_read import mark_read
from chat.models import Caller, Receipts
from chat.receipt_items import receipts_place
from chat.rooms import Room
from chat.tally import Tally
from tests.guarantees import proxy as faults
from tests.guarantees.proxy import Fault, Proxy, pass_on
from tests.guarantees.world import NOON, Clock, change_room, new_room, process

ADMIN = Caller("ann", frozenset({"admin"}))
CONNECTED_MS, SETTLING_MS = 75_000, 10_000
LOST = [faults.lost_answer, faults.torn_answer, faults.garbled_answer]
UNDONE = [faults.error("ThrottlingException"), faults.lost_request]
SHARES = st.sampled_from([0.0, 0.4, 0.8, 1.0])
"""How much of what there is a call speaks of."""


def somebody() -> Caller:
    """Somebody whose client was never heard of."""
    return Caller(f"bob-{uuid.uuid4().hex[:12]}")


def receipts_of(deployment: Deployment, room: Room, person: Caller) -> Receipts:
    item = deployment.store.tables.get(receipts_place(room, person.user_id))
    return Receipts.of(item) if item else Receipts()


def ledger(deployment: Deployment, room_id: str) -> tuple[int, int]:
    """How many deliveries the room's ledger says were due, and were confirmed."""
    report = delivery(deployment, ADMIN, {"roomId": room_id, "hours": 168}, Tally())
    return report["sent"], report["delivered"]


def beat(deployment: Deployment, person: Caller, room: str, seq: int, tally: Tally | None = None) -> None:
    heartbeat(
        deployment, person, {"rooms": [{"roomId": room, "seq": seq}]}, Tally() if tally is None else tally
    )


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

    def heartbeat(self, seq: int, now: int) -> None:
        """One that names the room."""
        self.move(seq, "delivered")
        is_connected = self.named_at is not None and now - self.named_at <= CONNECTED_MS
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

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.deployment = process(self.client, self.clock)
        self.bob = somebody()
        self.room = new_room(self.client, self.bob.user_id, prefix=self.prefix)
        self.oracle = Oracle()
        self.before = Receipts()

    @rule(count=st.integers(1, 4))
    def messages_come(self, count: int) -> None:
        self.oracle.newest += count
        change_room(self.client, self.room, seq=self.oracle.newest, ts=self.clock.ms)

    @rule(seconds=st.sampled_from([1, 2, 5, 11, 29, 30, 60, 80, 600]))
    def time_passes(self, seconds: int) -> None:
        """Whole seconds: the person's item rounds up to them."""
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
    def bobs_client_is_heard_of(self, share: float, times: int) -> None:
        for _ in range(times):
            seq = round(share * self.oracle.newest)
            try:
                answer = self.beat([{"roomId": self.room, "seq": seq}])
            except RateLimited:
                return
            self.oracle.heartbeat(seq, self.clock.ms)
            (state,) = answer["rooms"]
            unread = sum(1 for each in range(1, self.oracle.newest + 1) if each > self.oracle.markers["read"])
            assert (state["seq"], state["unread"]) == (self.oracle.newest, unread)

    @rule()
    def bobs_other_client_is_heard_of(self) -> None:
        """It has other rooms, and says nothing of this one."""
        try:
            self.beat([])
        except RateLimited:
            return

    @rule()
    def bob_goes(self) -> None:
        try:
            self.beat([], status="OFFLINE")
        except RateLimited:
            return
        self.oracle.named_at = None

    @invariant()
    def markers_only_grow_and_are_the_largest_that_were_said(self) -> None:
        room = Room.parse(self.room)
        at = receipts_of(self.deployment, room, self.bob)
        markers = self.oracle.markers
        assert (at.last_read_seq, at.read_seq) == (markers["read"], markers["shown"])
        assert at.delivered_seq == markers["delivered"]
        for name in ("last_read_seq", "read_seq", "delivered_seq", "judged_seq", "due_seq", "told_at"):
            assert getattr(at, name) >= getattr(self.before, name)
        self.before = at

    @invariant()
    def the_ledger_says_what_the_sets_say(self) -> None:
        assert ledger(self.deployment, self.room) == (len(self.oracle.due), len(self.oracle.arrived))

    def call(self, verb: Any, **arguments: object) -> Any:
        return verb(self.deployment, self.bob, {"roomId": self.room, **arguments}, Tally())

    def beat(self, rooms: list[dict[str, object]], **arguments: object) -> Any:
        return heartbeat(self.deployment, self.bob, {"rooms": rooms, **arguments}, Tally())


@pytest.mark.timeout(1_800)  # a failure is made smaller before it is shown
@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_any_sequence_is_measured_as_the_sets_say(client: Any, prefix: str) -> None:
    long = bool(os.environ.get("PROVE"))
    run_state_machine_as_test(
        type("Deliveries", (Deliveries,), {"client": client, "prefix": prefix}),
        settings=settings(
            max_examples=200 if long else 15,
            stateful_step_count=40 if long else 20,
            deadline=None,
            print_blob=True,
            phases=[phase for phase in Phase if phase is not Phase.shrink or "UNSHRUNK" not in os.environ],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_marks_that_come_at_once_leave_the_largest(client: Any) -> None:
    bob = somebody()
    room = new_room(client, bob.user_id)
    change_room(client, room, seq=100)

    def run(seqs: list[int]) -> None:
        ours = process(client, Clock(), deadline_s=20)
        for seq in seqs:
            for verb in (mark_read, mark_delivered):
                verb(ours, bob, {"roomId": room, "seq": seq}, Tally())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, ([seq, 100 - seq, seq + 7] for seq in (3, 20, 61, 89))))
    at = receipts_of(process(client, Clock()), Room.parse(room), bob)
    assert (at.last_read_seq, at.read_seq, at.delivered_seq) == (97, 97, 97)


def test_heartbeats_of_two_clients_at_once_count_each_delivery_once(client: Any) -> None:
    bob = somebody()
    room = new_room(client, bob.user_id)
    first = process(client, Clock())
    beat(first, bob, room, 0)
    change_room(client, room, seq=5)
    beat(process(client, Clock(NOON + 20_000)), bob, room, 5)
    with ThreadPoolExecutor(4) as pool:
        later = [process(client, Clock(NOON + 50_000), deadline_s=20) for _ in range(4)]
        list(pool.map(lambda ours: beat(ours, bob, room, 5), later))
    assert ledger(first, room) == (5, 5)


def test_a_second_client_that_comes_just_after_the_first_does_not_judge_what_is_still_on_its_way(
    client: Any, clock: Clock
) -> None:
    bob = somebody()
    room = new_room(client, bob.user_id)
    ours = process(client, clock)
    beat(ours, bob, room, 0)
    clock.sleep(30)
    change_room(client, room, seq=5)
    beat(ours, bob, room, 0)
    clock.sleep(2)
    beat(ours, bob, room, 0)
    clock.sleep(28)
    beat(ours, bob, room, 5)
    assert ledger(ours, room) == (5, 5)


@pytest.mark.parametrize("fault", LOST)
def test_a_mark_whose_answer_is_lost_is_told_all_the_same(
    proxy: Proxy, impatient: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    bob = somebody()
    room = new_room(client, bob.user_id)
    change_room(client, room, seq=5)
    proxy.once("UpdateItem", fault)
    answer = mark_read(process(impatient, clock), bob, {"roomId": room, "seq": 5}, Tally())
    assert (answer["readSeq"], answer["roomId"] or answer["retryAfterMs"]) == (5, room)


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("write", [0, 1, 2], ids=["the receipts", "the ledger", "the person"])
def test_a_heartbeat_whose_answer_is_lost_on_the_way_counts_no_delivery_twice(
    proxy: Proxy, impatient: Any, client: Any, clock: Clock, fault: Fault, write: int
) -> None:
    bob = somebody()
    room = new_room(client, bob.user_id)
    ours = process(impatient, clock)
    beat(ours, bob, room, 0)
    change_room(client, room, seq=5)
    clock.sleep(30)
    beat(ours, bob, room, 0)
    clock.sleep(30)
    proxy.once("UpdateItem", *[pass_on] * write, fault)
    beat(ours, bob, room, 5)
    due, confirmed = ledger(ours, room)
    assert due == confirmed
    assert due in ((0, 5) if write == 0 else (5,))


@pytest.mark.parametrize("fault", UNDONE)
def test_a_heartbeat_that_is_throttled_is_tried_again(
    proxy: Proxy, impatient: Any, client: Any, clock: Clock, fault: Fault
) -> None:
    bob = somebody()
    room = new_room(client, bob.user_id)
    change_room(client, room, seq=5)
    ours, tally = process(impatient, clock), Tally()
    proxy.once("BatchGetItem", fault)
    proxy.once("UpdateItem", fault, fault)
    beat(ours, bob, room, 3, tally)
    assert receipts_of(ours, Room.parse(room), bob).delivered_seq == 3


def test_a_ledger_that_cannot_be_written_costs_the_count_and_not_the_heartbeat(
    proxy: Proxy, impatient: Any, client: Any, clock: Clock
) -> None:
    bob = somebody()
    room = new_room(client, bob.user_id)
    ours, tally = process(impatient, clock), Tally()
    beat(ours, bob, room, 0)
    change_room(client, room, seq=5)
    clock.sleep(30)
    beat(ours, bob, room, 5)
    clock.sleep(30)
    proxy.once("UpdateItem", pass_on, faults.error("ThrottlingException"))
    beat(ours, bob, room, 5, tally)
    assert ledger(ours, room) == (0, 0)
    assert tally == {"DeliveriesDue": 5, "DeliveriesConfirmed": 5, "LedgerLost": 1}


def test_what_is_measured_is_told_to_metrics(client: Any, clock: Clock) -> None:
    bob = somebody()
    room = new_room(client, bob.user_id)
    ours, tally = process(client, clock), Tally()
    beat(ours, bob, room, 0)
    change_room(client, room, seq=4, ts=clock.ms)
    clock.sleep(0.3)
    mark_delivered(ours, bob, {"roomId": room, "seq": 4}, tally)
    assert tally == {"ConfirmMs": 300}
    clock.sleep(29.7)
    beat(ours, bob, room, 4)
    change_room(client, room, seq=5, ts=clock.ms)
    clock.sleep(30)
    beat(ours, bob, room, 4, tally)
    assert tally == {"ConfirmMs": 300, "DeliveriesDue": 4, "DeliveriesConfirmed": 4}
    report = delivery(ours, ADMIN, {"roomId": room}, Tally())
    assert (report["percent"], report["p50Ms"], report["p99Ms"]) == (100, 300, 300)
