"""A client of one room without I/O: events go in, actions come out.

`begin`, `take` and `tick` return a list of actions. The shell around it carries out requests (`Subscribe`,
`ReadMessages`, `ReadChanges`, `Compare`) and gives each one's outcome back under its number; a new
`Subscribe` ends the subscription before it. `Show`, `Change` and `Forget` are for the view. `now` is in
seconds and never goes back; `deadline` tells when to `tick`.

What it relies on, and no more: a subscription may lose, repeat and reorder anything, and its acceptance does
not mean that it receives already. So whoever was accepted reads what happened since; live messages are put in
order by `seq`; a gap is given a moment and then read; of two states of a message the one with the larger
`rev` counts; and heads are compared now and then, since neither a lost last message nor a lost edit nor an
epoch that has ended shows as a gap.
"""

from typing import Literal, TypeAlias

from tests.guarantees.catch_up.follower_events import (
    Accepted,
    Action,
    Change,
    Compare,
    Counts,
    Disconnected,
    Event,
    Failed,
    Forget,
    Head,
    HeadAnswer,
    Message,
    Notify,
    Page,
    ReadChanges,
    ReadMessages,
    Received,
    Refused,
    Show,
    Stale,
    Stop,
    Subscribe,
)

GAP_S = 0.5
"""How long a gap in live numbers may be filled by a message that is late."""
COMPARE_S = 30.0
"""How often heads are compared."""
RETRY_S = 1.0
"""How long to wait after a failure, and after the socket was cut."""


State: TypeAlias = Literal["stopped", "comparing", "subscribing", "reading", "following", "waiting"]
Source: TypeAlias = Literal["live", "repaired", "loaded"]


class Follower:
    """The client. It may be begun again after it has stopped, and goes on from what it has."""

    def __init__(self, epoch: int | None = None) -> None:
        self.counts = Counts()
        self._state: State = "stopped"
        self._number = 0
        self._epoch = epoch
        self._is_accepted = False
        self._seq = 0
        self._ts: str | None = None
        self._base: Head | None = None
        """A head such that all messages up to `_seq` are shown in a state at least as new as its `rev`."""
        self._loading: str | None = ""
        """Where the first reading goes on (empty: at its beginning); None once it is through."""
        self._revs: set[int] = set()
        """The `rev` of each edit and removal that has come, as far as they are later than the base."""
        self._shown: dict[int, Message] = {}
        self._early: dict[int, Message] = {}
        self._bounds: tuple[int, str | None] = (0, None)
        """`since` and `after` of the catch-up under way."""
        self._gap_at = self._compare_at = self._retry_at = 0.0

    @property
    def is_stopped(self) -> bool:
        return self._state == "stopped"

    @property
    def is_quiet(self) -> bool:
        """Whether it follows and, for all that it knows, has everything."""
        return self._state == "following" and not self._early

    @property
    def deadline(self) -> float | None:
        """When `tick` is due; None: not before something arrives."""
        if self._state == "waiting":
            return self._retry_at
        if self._state == "following":
            return min(self._compare_at, self._gap_at) if self._early else self._compare_at
        return None

    def begin(self) -> list[Action]:
        """Start, or start again; where no epoch is known, by reading the head."""
        if self._epoch is not None:
            return self._subscribe(self._epoch)
        self._state = "comparing"
        return self._ask()

    def tick(self, now: float) -> list[Action]:
        """Time has passed."""
        due = self.deadline
        if due is None or now < due:
            return []
        if self._state == "waiting":
            return self._read(None) if self._is_accepted else self.begin()
        if self._early and now >= self._gap_at:
            self.counts.gaps += 1
            return self._read(None)
        self._compare_at = now + COMPARE_S
        return self._ask()

    def take(self, event: Event, now: float) -> list[Action]:
        """Something has arrived."""
        if self._state == "stopped":
            return []
        match event:
            case Received(message):
                return self._receive(message, now)
            case Disconnected():
                self.counts.reconnects += 1
                self._is_accepted = False
                return self._wait(now)
        return self._outcome(event, now) if event.number == self._number else []

    def _outcome(
        self, event: Accepted | Stale | Refused | Failed | Page | HeadAnswer, now: float
    ) -> list[Action]:
        """The outcome of the request that was made last; those before it count no more."""
        match event:
            case Refused():
                self._state = "stopped"
                return [Stop()]
            case HeadAnswer(_, head) if self._state == "comparing":
                return self._subscribe(head.epoch)
            case HeadAnswer(_, head):
                return self._compare(head)
            case Failed() if self._state == "following":  # the next comparison will do
                return []
            case Failed():
                return self._wait(now)
            case Stale(_, epoch):
                return self._subscribe(epoch)
            case Accepted():
                self._is_accepted = True
                self._compare_at = now + COMPARE_S
                return self._read(None)
            case Page():
                return self._turn(event, now)

    # requests

    def _ask(self) -> list[Action]:
        self._number += 1
        return [Compare(self._number)]

    def _subscribe(self, epoch: int) -> list[Action]:
        self.counts.epochs += self._epoch is not None and epoch > self._epoch
        self._epoch = epoch
        self._is_accepted = False
        self._state = "subscribing"
        self._number += 1
        return [Subscribe(self._number, epoch)]

    def _read(self, token: str | None) -> list[Action]:
        """Catch up, or read on at `token`."""
        self._state = "reading"
        self._number += 1
        if self._base is None or self._loading is not None:
            return [ReadMessages(self._number, token or self._loading or None)]
        if token is None:
            self._bounds = (self._base.rev, self._ts)
        return [ReadChanges(self._number, *self._bounds, token)]

    def _wait(self, now: float) -> list[Action]:
        self._number += 1  # what is under way counts no more
        self._state = "waiting"
        self._retry_at = now + RETRY_S
        return []

    # answers

    def _turn(self, page: Page, now: float) -> list[Action]:
        if page.reset:
            return self._start_afresh()
        source: Source = "repaired" if self._loading is None else "loaded"
        self._base = self._base or page.head
        actions = [action for item in page.items for action in self._place(item, source)]
        if page.next_token is not None:
            self._loading = self._loading if self._loading is None else page.next_token
            return actions + self._read(page.next_token)
        actions += self._advance(page.head.seq, source)
        if page.head.ts is not None and page.head.seq == self._seq:
            self._ts = page.head.ts
        if self._loading is None:
            self._set_base(page.head)
        self._loading = None
        self._state = "following"
        self._gap_at = now + GAP_S
        return actions + self._compare(page.head)

    def _start_afresh(self) -> list[Action]:
        self.counts.resets += 1
        self._seq, self._ts, self._base, self._loading = 0, None, None, ""
        self._shown.clear()
        self._revs.clear()
        return [Forget(), *self._read(None)]

    def _compare(self, head: Head) -> list[Action]:
        """Subscribe again under another epoch; catch up where something is missing."""
        if self._state != "following" or self._base is None or head.rev < self._base.rev:
            return []
        if self._epoch is not None and head.epoch > self._epoch:
            return self._subscribe(head.epoch)
        return [] if self._has_all_of(self._base, head) else self._read(None)

    def _has_all_of(self, base: Head, head: Head) -> bool:
        """Every revision is one message, one edit or removal, or a change of
        the room itself: so they can be counted."""
        changes = sum(base.rev < rev <= head.rev for rev in self._revs)
        return self._seq >= head.seq and head.rev - base.rev == head.seq - base.seq + changes

    def _set_base(self, head: Head) -> None:
        self._base = head
        self._revs = {rev for rev in self._revs if rev > head.rev}

    # messages

    def _receive(self, message: Message, now: float) -> list[Action]:
        if notice := message.get("notice"):
            following = notice["nextEpoch"]
            is_news = following is not None and self._epoch is not None and following > self._epoch
            return [Notify(message), *(self._subscribe(following) if is_news else [])]
        had_gap = bool(self._early)
        if self._base is None or message["seq"] > self._seq + 1:
            self._hold(message)
            actions: list[Action] = []
        else:
            actions = self._place(message, "live")
        if self._early and not had_gap:
            self._gap_at = now + GAP_S
        return actions

    def _hold(self, message: Message) -> None:
        self._note(message)
        held = self._early.get(message["seq"])
        self.counts.duplicates += held is not None and _rev(held) >= _rev(message)
        self._early[message["seq"]] = _newer(held, message)

    def _note(self, message: Message) -> None:
        if self._base is None or _rev(message) > self._base.rev:
            self._revs |= {_rev(message)} - {0}

    def _place(self, message: Message, source: Source) -> list[Action]:
        """Show a message, and what was held because it was missing; or put it
        in the place of what is shown of it."""
        self._note(message)
        seq = message["seq"]
        if seq > self._seq:
            latest = _newer(self._early.pop(seq, None), message)
            return self._advance(seq - 1, source) + self._show(latest, source) + self._follow_on()
        shown = self._shown.get(seq)
        if shown is None or _rev(shown) >= _rev(message):
            self.counts.duplicates += 1
            return []
        self._shown[seq] = message
        if source == "live":
            self.counts.live_changes += 1
        else:
            self.counts.repaired_changes += 1
        return [Change(message)]

    def _advance(self, seq: int, source: Source) -> list[Action]:
        """Everything up to `seq` is there or gone: show what was held of it."""
        actions: list[Action] = []
        for number in sorted(each for each in self._early if each <= seq):
            actions += self._show(self._early.pop(number), source)
        self._seq = max(self._seq, seq)
        return actions + self._follow_on()

    def _follow_on(self) -> list[Action]:
        actions: list[Action] = []
        while held := self._early.pop(self._seq + 1, None):
            actions += self._show(held, "live")
        return actions

    def _show(self, message: Message, source: Source) -> list[Action]:
        self._seq, self._ts = message["seq"], message["ts"]
        self._shown[self._seq] = message
        setattr(self.counts, source, getattr(self.counts, source) + 1)
        return [Show([message])]


def _rev(message: Message) -> int:
    return message.get("rev") or 0


def _newer(one: Message | None, other: Message) -> Message:
    """Of two states of a message the later one."""
    return one if one is not None and _rev(one) >= _rev(other) else other
