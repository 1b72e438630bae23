"""Old state and what `changes` brings are what the room is, in any order of sends, edits and removals, with
pages of one message and items that become visible one by one. A failure prints the steps, and a blob that
repeats them; PROVE=1 looks at many more."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from chat.rules.errors import NotAllowed
from chat.rules.models import Message
from chat.rules.rooms import Room
from chat.storage.items import key
from tests.guarantees.support.fixtures import (
    DAY_MS,
    FAST,
    Clock,
    edit,
    new_room,
    partition,
    process,
    read,
    read_changes,
    remove,
    send,
    table_name,
)
from tests.guarantees.support.partial_visibility import PartialVisibility
from tests.guarantees.support.state_machine import check

MASKS = st.one_of(st.just(0), st.integers(0, 31))
LIMITS = st.sampled_from([1, 1, 2, 3, 50])
State = dict[str, Any]


@dataclass
class Revisions:
    """A message's states, by revision; 0 is how it was sent."""

    states: dict[int, State]

    def at(self, rev: int) -> int:
        return max(each for each in self.states if each <= rev)


@dataclass
class Copy:
    """What somebody has of the room: messages by id, and the head that they hold."""

    head: dict[str, Any] | None = None
    messages: dict[str, State] = field(default_factory=dict)
    request: dict[str, Any] | None = None
    """The arguments of a reading that is under way."""

    def take(self, items: list[State]) -> None:
        for item in items:
            known = self.messages.get(item["id"])
            if known is None or (item["rev"] or 0) >= (known["rev"] or 0):
                self.messages[item["id"]] = item


class CatchingUp(RuleBasedStateMachine):
    client: Any
    prefix = ""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.visibility = PartialVisibility(self.client)
        # The log's entries expire here, and no message: in a long run years pass.
        kept = {**FAST, "retentionDays": 36_500}
        self.room = new_room(self.client, "ann", "bob", prefix=self.prefix, settings=kept)
        self.writer = process(self.visibility.writer, self.clock)
        self.reader = process(self.visibility.reader, self.clock)
        self.revisions: dict[str, Revisions] = {}
        self.sent: list[Message] = []
        self.copy = Copy()
        self.hidden_since = 0

    # what happens in the room

    def _done(self, message: Message, mask: int) -> None:
        if not self.visibility.committed:
            return
        if self.visibility.all_visible:
            self.hidden_since = self.clock.now()
        self.visibility.hide(mask)
        wire = message.to_wire()
        self.revisions.setdefault(message.id, Revisions({})).states[message.rev or 0] = wire

    @rule(mask=MASKS)
    def somebody_sends(self, mask: int) -> None:
        self.sent.append(send(self.writer, self.room, "ann", f"text {len(self.sent)}"))
        self._done(self.sent[-1], mask)

    @precondition(lambda self: self.sent)
    @rule(place=st.integers(0, 5), number=st.integers(0, 2), mask=MASKS)
    def somebody_edits(self, place: int, number: int, mask: int) -> None:
        message = self.sent[-1 - place % len(self.sent)]
        try:
            self._done(edit(self.writer, message, f"edited {number}"), mask)
        except NotAllowed:
            assert any(state["removedAt"] for state in self.revisions[message.id].states.values())

    @precondition(lambda self: self.sent)
    @rule(place=st.integers(0, 5), mask=MASKS)
    def somebody_removes(self, place: int, mask: int) -> None:
        self._done(remove(self.writer, self.sent[-1 - place % len(self.sent)]), mask)

    @rule(mask=st.integers(0, 31))
    def more_becomes_visible(self, mask: int) -> None:
        self.visibility.reveal(mask)

    @rule(ms=st.sampled_from([1, 700, 3_000]))
    def time_passes(self, ms: int) -> None:
        self.clock.jump(ms)
        if self.clock.now() - self.hidden_since > 5_000:
            self.visibility.reveal()

    @rule(days=st.sampled_from([1, 16, 31]))
    def days_pass_and_log_entries_expire(self, days: int) -> None:
        self.visibility.reveal()
        self.clock.jump(days * DAY_MS)
        room = Room.parse(self.room)
        table = table_name(room)
        for entry in partition(self.client, table, room.partition_key, "CHG#"):
            if int(entry["expiresAt"]["N"]) < self.clock.now() // 1_000:
                self.client.delete_item(TableName=table, Key=key(room.partition_key, entry["SK"]["S"]))

    # the client

    @rule(limit=st.sampled_from([2, 100]), order=st.sampled_from(["NEWEST_FIRST", "OLDEST_FIRST"]))
    def client_begins_anew(self, limit: int, order: str) -> None:
        """It holds the head of its first page."""
        self.copy = Copy()
        token = None
        while True:
            page = read(self.reader, self.room, "bob", limit=limit, order=order, nextToken=token)
            self.copy.head = self.copy.head or page.head.to_wire()
            self.copy.take([message.to_wire() for message in page.items])
            token = page.next_token
            if token is None:
                break
            if not page.items:
                self._wait()
        self._check_holds(self.copy.head)

    def _wait(self) -> None:
        """What a client does that has a token to read on, and got nothing. A moment later all is visible."""
        self.clock.sleep(0.7)
        if self.clock.now() - self.hidden_since > 5_000:
            self.visibility.reveal()

    @precondition(lambda self: self.copy.head)
    @rule(limit=LIMITS, keep=st.booleans())
    def client_asks_what_happened(self, limit: int, keep: bool) -> None:
        """Or reads on; it may have lost the answer before."""
        if not (self.copy.request and keep):
            assert self.copy.head
            self.copy.request = {
                "since": self.copy.head["rev"],
                "after": self.copy.head["ts"],
                "nextToken": None,
            }
        page = read_changes(self.reader, self.room, "bob", **self.copy.request, limit=limit)
        assert len(page["items"]) <= limit
        if page["reset"]:
            assert not page["items"]
            assert page["nextToken"] is None
            self.client_begins_anew(100, "OLDEST_FIRST")
            return
        self.copy.take(page["items"])
        if page["nextToken"] is None:
            self.copy.head, self.copy.request = page["head"], None
            self._check_holds(page["head"])
        else:
            self.copy.request["nextToken"] = page["nextToken"]

    @precondition(lambda self: self.copy.head)
    @rule(limit=LIMITS)
    def client_follows_to_the_end(self, limit: int) -> None:
        self.visibility.reveal()
        self.client_asks_what_happened(limit, keep=True)
        for _ in range(1_000):
            if self.copy.request is None:
                break
            self.client_asks_what_happened(limit, keep=True)
        assert self.copy.request is None
        fresh = [message.to_wire() for message in read(self.reader, self.room, "bob", limit=100).items]
        assert sorted(self.copy.messages.values(), key=lambda each: -each["seq"]) == fresh

    def _check_holds(self, head: dict[str, Any]) -> None:
        """Every message up to the head, in a state at least as new, and none that there never was."""
        due = [message for message in self.sent if (message.seq or 0) <= head["seq"]]
        assert {message.id for message in due} <= set(self.copy.messages)
        for message_id, state in self.copy.messages.items():
            revisions = self.revisions[message_id]
            rev = state["rev"] or 0
            assert state == revisions.states[rev]
            assert rev >= revisions.at(head["rev"])


@pytest.mark.timeout(1_800)  # a failure is made smaller before it is shown
@pytest.mark.parametrize("prefix", ["", "GUILD#"])
def test_what_is_held_and_what_is_brought_are_what_there_is(client: Any, prefix: str) -> None:
    check(CatchingUp, examples=(15, 400), steps=(30, 60), client=client, prefix=prefix)
