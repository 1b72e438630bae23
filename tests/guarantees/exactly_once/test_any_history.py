"""Any sequence of sends, retries, reads, jumps of the clock, joins, mutes, bans and
expiries: the chat answers as an oracle of 50 lines does. A failure prints the steps, and a
blob that repeats them; PROVE=1 looks at many more."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chat.deployment import Deployment
from chat.rules.errors import ChatError
from chat.rules.instants import to_wire
from chat.rules.models import Message
from tests.guarantees.exactly_once.oracle import Membership, Oracle, StoredMessage
from tests.guarantees.support.fixtures import (
    DAY_MS,
    Clock,
    change_member,
    delete_message,
    erase_text,
    new_room,
    process,
    read,
    remove_member,
    send,
    stored,
)
from tests.guarantees.support.state_machine import check

USERS = st.sampled_from(["ann", "bob", "cat"])
NAMES = st.sampled_from(["m1", "m2", "m3"])
PROCESSES = st.integers(0, 2)
TEXTS = st.sampled_from(["hi", "ho"])
ORDERS = st.sampled_from(["OLDEST_FIRST", "NEWEST_FIRST"])
STEP_MS, BURST, RETENTION_DAYS = 1_000, 4, 7


@dataclass
class HistoryReading:
    """A client that follows a cursor while others send."""

    arguments: dict[str, Any]
    after: int | None
    before: int | None
    at_start: list[StoredMessage]
    token: str | None = None
    got: list[Message] = field(default_factory=list)


class Histories(RuleBasedStateMachine):
    client: Any
    prefix = ""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.oracle = Oracle(STEP_MS, BURST, RETENTION_DAYS * DAY_MS)
        limits = {"personPerSecond": 1, "personBurst": BURST, "retentionDays": RETENTION_DAYS}
        room = {"roomPerSecond": 1000, "roomBurst": 1000}
        self.room = new_room(self.client, "ann", "bob", prefix=self.prefix, settings=limits | room)
        self.oracle.members = {"ann": Membership(), "bob": Membership()}
        self.processes = [self._process() for _ in range(3)]
        self.refused: dict[tuple[int, str], float] = {}
        self.seen: set[tuple[int, str, str]] = set()
        self.repeats: dict[tuple[int, str], int] = {}
        self.reading: HistoryReading | None = None

    def _process(self) -> Deployment:
        return process(self.client, self.clock, chance=lambda: 0.0)

    # sends

    @rule(number=PROCESSES, user=USERS, name=st.one_of(NAMES, st.none()), text=TEXTS)
    def somebody_sends(self, number: int, user: str, name: str | None, text: str) -> None:
        self._send(number, user, name, text)

    @rule(number=PROCESSES, count=st.integers(1, 6))
    def ann_sends_several(self, number: int, count: int) -> None:
        for _ in range(count):
            self._send(number, "ann", None, "hi")

    @rule(one=PROCESSES, other=PROCESSES, name=NAMES)
    def two_send_by_turns(self, one: int, other: int, name: str) -> None:
        self._send(one, "ann", name, "hi")
        self._send(other, "bob", None, "hi")
        self._send(one, "ann", None, "hi")

    @precondition(lambda self: self.oracle.messages)
    @rule(number=PROCESSES, index=st.integers(0, 50), text=st.one_of(st.none(), TEXTS))
    def somebody_retries(self, number: int, index: int, text: str | None) -> None:
        each = self.oracle.messages[-1 - index % len(self.oracle.messages)]
        self._send(number, each.sender, each.name, text or each.raw)

    def _send(self, number: int, user: str, name: str | None, text: str) -> None:
        answered: Message | str
        try:
            answered = send(self.processes[number], self.room, user, text, name)
        except ChatError as refusal:
            answered = refusal.code
        if answered == "RateLimited" and self._may_refuse_from_memory(number, user, name):
            return
        count, now = len(self.oracle.messages), self.clock.now()
        expected = self.oracle.send(now, user, name, text)
        if isinstance(expected, StoredMessage) and len(self.oracle.messages) == count:
            expected = self._within_budget(number, user, expected)
        if isinstance(expected, str):
            assert answered == expected
            if expected == "RateLimited":
                self.refused.setdefault((number, user), self.clock.monotonic())
        else:
            assert isinstance(answered, Message)
            self._is_the_message(answered, expected)
        if name and expected not in ("NotRoomMember", "Muted", "RateLimited"):
            self.seen.add((number, user, name))

    def _may_refuse_from_memory(self, number: int, user: str, name: str | None) -> bool:
        """For two seconds after the store refused this user, and not for a name that the process has seen."""
        since = self.refused.get((number, user), -10.0)
        if self.clock.monotonic() - since > 2:
            self.refused.pop((number, user), None)
            return False
        return (number, user, name) not in self.seen

    def _within_budget(self, number: int, user: str, earlier: StoredMessage) -> StoredMessage | str:
        now, tat = round(self.clock.monotonic() * 1_000), self.repeats.get((number, user), 0)
        if tat - STEP_MS * (BURST - 1) > now:
            return "RateLimited"
        self.repeats[number, user] = max(tat, now) + STEP_MS
        return earlier

    def _is_the_message(self, answered: Message, expected: StoredMessage) -> None:
        expected.id = expected.id or answered.id
        expected.name = expected.name or answered.client_message_id or ""
        text = expected.text if self.oracle.is_visible(expected, self.clock.now()) else None
        assert (answered.id, answered.seq, answered.ts) == (expected.id, expected.seq, expected.ts)
        assert (answered.sender_id, answered.text) == (expected.sender, text)

    # time, processes and members

    @rule(ms=st.sampled_from([1, 300, 1_000, 3_000, 12_000, 3 * DAY_MS, 8 * DAY_MS, 15 * DAY_MS]))
    def time_passes(self, ms: int) -> None:
        self.clock.sleep(ms / 1_000)

    @rule(ms=st.sampled_from([-5_000, 5_000]))
    def the_clock_jumps(self, ms: int) -> None:
        self.clock.jump(ms)

    @rule(number=PROCESSES)
    def a_process_is_replaced(self, number: int) -> None:
        self.processes[number] = self._process()
        self.refused = {key: at for key, at in self.refused.items() if key[0] != number}
        self.repeats = {key: at for key, at in self.repeats.items() if key[0] != number}
        self.seen = {each for each in self.seen if each[0] != number}

    @rule(user=st.sampled_from(["bob", "cat"]), change=st.sampled_from(["joins", "leaves", "is banned"]))
    def a_membership_changes(self, user: str, change: str) -> None:
        member = self.oracle.members.setdefault(user, Membership())
        if change == "leaves":
            del self.oracle.members[user]
            remove_member(self.client, self.room, user)
        else:
            member.banned = change == "is banned"
            change_member(self.client, self.room, user, status="banned" if member.banned else "active")

    @rule(user=USERS, ms=st.sampled_from([0, 0, 2_000, DAY_MS]))
    def somebody_is_muted(self, user: str, ms: int) -> None:
        if member := self.oracle.members.get(user):
            member.muted_until = self.clock.now() + ms
            change_member(self.client, self.room, user, mutedUntil=member.muted_until)

    @precondition(lambda self: self.oracle.messages)
    @rule(index=st.integers(0, 50))
    def a_text_is_removed(self, index: int) -> None:
        each = self.oracle.messages[index % len(self.oracle.messages)]
        if self.oracle.is_visible(each, self.clock.now()):
            sort_key = f"MSG#{each.ts:013d}#{each.id}"
            if any(item["SK"] == sort_key for item in stored(self.client, self.room)):
                erase_text(self.client, self.room, sort_key, removedAt=self.clock.now())
                each.text = None

    @rule(keep=st.integers(0, 3))
    def expired_items_are_deleted(self, keep: int) -> None:
        """By TTL, days late and in any order; items of a message that is visible again, by a clock that went
        back, stay: DynamoDB's own clock does not jump."""
        gone = [
            each
            for each in self.oracle.messages
            if each.ts < self.clock.now() - self.oracle.retention_ms - 6_000
        ]
        for each in gone[keep:]:
            delete_message(self.client, self.room, f"MSG#{each.ts:013d}#{each.id}")

    # reads

    def _instant(self, place: int | None) -> int | None:
        messages = self.oracle.messages
        return None if place is None or not messages else messages[place % len(messages)].ts

    @rule(
        order=ORDERS,
        limit=st.integers(1, 4),
        after=st.one_of(st.none(), st.integers(0, 50)),
        before=st.one_of(st.none(), st.none(), st.integers(0, 50)),
    )
    def somebody_starts_to_read(self, order: str, limit: int, after: int | None, before: int | None) -> None:
        later, earlier = self._instant(after), self._instant(before)
        arguments = {"order": order, "limit": limit}
        arguments |= {} if later is None else {"after": to_wire(later)}
        arguments |= {} if earlier is None else {"before": to_wire(earlier)}
        at_start = self.oracle.history(self.clock.now(), later, earlier)
        self.reading = HistoryReading(arguments, later, earlier, at_start)
        self._read_a_page(0)

    @precondition(lambda self: self.reading)
    @rule(number=PROCESSES)
    def somebody_reads_on(self, number: int) -> None:
        self._read_a_page(number)

    @precondition(lambda self: self.reading)
    @rule(number=PROCESSES)
    def somebody_reads_to_the_end(self, number: int) -> None:
        while self.reading:
            self._read_a_page(number)

    def _read_a_page(self, number: int) -> None:
        reading = self.reading
        assert reading
        page = read(self.processes[number], self.room, "ann", **reading.arguments, nextToken=reading.token)
        reading.got += page.items
        reading.token = page.next_token
        if not page.items:
            self.clock.sleep(1)  # a client that has a token to read on, and got nothing, waits
        if page.next_token is None:
            self.reading = None
            self._has_all(reading)

    def _has_all(self, reading: HistoryReading) -> None:
        forward = reading.arguments["order"] == "OLDEST_FIRST"
        now = self.clock.now() - (0 if reading.got else 1_000)
        by_seq = {each.seq: each for each in self.oracle.messages}
        got = [message.seq or 0 for message in reading.got]
        assert got == sorted(set(got), reverse=not forward)
        due_messages = self.oracle.history(now, reading.after, reading.before)
        due = {each.seq for each in due_messages if forward or each in reading.at_start}
        assert due <= set(got)
        for message in reading.got:
            each = by_seq[message.seq or 0]
            assert (message.id, message.ts, message.sender_id) == (each.id, each.ts, each.sender)
            assert (reading.after or -1) < message.ts < (reading.before or 10**15)
            assert message.text in (each.raw, each.text)

    @invariant()
    def what_is_stored_is_what_was_sent(self) -> None:
        known = {each.seq: each for each in self.oracle.messages}
        kept = stored(self.client, self.room)
        assert len({item["seq"] for item in kept}) == len(kept)
        for item in kept:
            each = known[item["seq"]]
            assert (item["ts"], item["id"], item.get("text")) == (each.ts, each.id, each.text)
        alive = {each.seq for each in self.oracle.history(self.clock.now() + 10_000, None, None)}
        assert alive <= {item["seq"] for item in kept}


@pytest.mark.timeout(1_800)  # a failure is made smaller before it is shown
@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_any_history_is_as_the_oracle_says(client: Any, prefix: str) -> None:
    check(Histories, examples=(15, 400), steps=(30, 60), client=client, prefix=prefix)
