"""Any history of the direct room of two people: made, entered again, left, closed by blocks and opened again, with everything
that people do to messages, and what the test knows of it by itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chat.operations.block_user import block_user
from chat.operations.blocks import blocks
from chat.operations.direct import direct
from chat.operations.edit_message import edit_message
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.send_message import send_message
from chat.operations.unblock_user import unblock_user
from chat.rules.direct import direct_room
from chat.rules.errors import ChatError, NotAllowed
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.mentions.mention_history import Known, Person
from tests.guarantees.rooms.joint_history import JointHistory, refusal_of
from tests.guarantees.support.fixtures import CURSOR_KEYS, DIRECT_KEY, process

HOURS_3_MS = 3 * 3_600_000


@dataclass
class Half(Person):
    """One of the two. `status` is theirs in the room, which is not there while nobody has one."""

    is_in: bool = False
    status: str = ""

    def become(self, status: str, newest: int) -> None:
        if status == "active" and self.status != "active":
            self.joined, self.marker = newest, max(self.marker, newest)
        self.status, self.is_in = status, status == "active"


@dataclass
class DirectHistory(JointHistory):
    """The room of `pair`, two people of the room `beside`, in whose time it is. The whole history is visible in it, whatever
    the deployment says of new rooms. `consent`: whoever is added is only invited. `blocking`: who blocks the other."""

    beside: JointHistory | None = None
    pair: tuple[str, str] = ("", "")
    consent: bool = False
    blocking: set[str] = field(default_factory=set)
    is_untold: bool = False
    """Whether the last step was `direct`, which is linked to no subscription."""

    def __post_init__(self) -> None:
        assert self.beside
        self.clock, self.stream, self.api = self.beside.clock, self.beside.stream, self.beside.api
        self.owner, self.retention = "", 365
        self.strangers = [each for each in self.beside.people if each not in self.pair]
        self.room = direct_room(DIRECT_KEY, *self.pair).id
        self.halves = {each: Half() for each in self.pair}
        self.people = dict(self.halves)
        asks: dict[str, Any] = {"adding_needs_consent": self.consent, "history_from": "joining"}
        self.ours = process(self.stream.client, self.clock, **asks)

    @property
    def is_made(self) -> bool:
        return any(each.status for each in self.halves.values())

    def other(self, user: str) -> str:
        return self.pair[1 - self.pair.index(user)]

    def step(self) -> None:
        user, self.is_untold = self.random.choice(self.pair), False
        if not self.is_made or self.random.random() < 0.15:
            self.clock.jump(HOURS_3_MS)  # so that no rate is in the way
            meetings: list[Callable[[str], None]] = [
                *[self.meet] * 6, self.go, self.go, self.accept, self.block, *[self.unblock] * 4,
            ]  # fmt: skip
            self.random.choice(meetings)(user)
            return
        steps: list[Callable[[str], None]] = [
            *[self.send] * 8, *[self.edit] * 3, self.remove, *[self.read] * 2, *[self.react] * 4, *[self.pin] * 2, self.unpin,
            self.read_anew, self.come_back, self.intrude,
        ]  # fmt: skip
        self.clock.jump(self.random.randint(5_000, 60_000))
        self.random.choice(steps)(user)

    # the room itself

    def meet(self, user: str) -> None:
        self.is_untold = True
        me, them = self.halves[user], self.halves[self.other(user)]
        are_there = them.status in ("active", "invited")
        expected = "cannotBeAdded" if self.blocking and not (me.is_in and are_there) else ""
        answer = self.attempt(lambda: direct(self.ours, Caller(user), {"userId": self.other(user)}, Tally()))
        assert refusal_of(answer) == expected, (user, answer)
        if expected:
            return
        assert (answer["roomId"], answer["directWith"]) == (self.room, self.other(user))
        assert answer["historyFrom"] == "BEGINNING"
        me.become("active", len(self.known))
        if not are_there:
            them.become("invited" if self.consent else "active", len(self.known))

    def accept(self, user: str) -> None:
        """`joinRoom`, which lets nobody in but whom the other has invited, and nobody against a block."""
        half = self.halves[user]
        answer = self.attempt(lambda: self.call(join_room, user))
        if half.status == "invited" and self.blocking:
            assert refusal_of(answer) == "cannotBeAdded", (user, answer)
        elif half.status in ("active", "invited"):
            assert refusal_of(answer) == "", (user, answer)
            half.become("active", len(self.known))
        else:
            assert refusal_of(answer) == "NotRoomMember", (user, answer)

    def go(self, user: str) -> None:
        """Leave, or decline."""
        half = self.halves[user]
        answer = self.attempt(lambda: self.call(leave_room, user))
        assert refusal_of(answer) == ("" if self.is_made else "NotRoomMember"), (user, answer)
        if half.status:
            half.become("left", len(self.known))
            self.replicas.pop(user, None)

    def block(self, user: str) -> None:
        self._judge(user, block_user)
        self.blocking.add(user)

    def unblock(self, user: str) -> None:
        self._judge(user, unblock_user)
        self.blocking.discard(user)

    def _judge(self, user: str, operation: Callable[..., Any]) -> None:
        operation(self.ours, Caller(user), {"userId": self.other(user)}, Tally())

    def intrude(self, _: str) -> None:
        """Somebody who is none of the two tries to get in, and what there is to read."""
        who = self.random.choice(self.strangers)
        assert refusal_of(self.attempt(lambda: self.call(join_room, who))) == "NotRoomMember"
        self.shut_out(who)

    # what is done in it

    def send(self, user: str) -> None:
        if self.writes(user, lambda: self.call(send_message, user, text="a text")):
            super().send(user)

    def edit(self, user: str) -> None:
        own = [each for each in self.known.values() if each.sender == user and not each.is_removed]
        own = [each for each in own if self.readable(each)]
        if own and self.writes(user, lambda: self.call(edit_message, user, id=own[0].id, text="another")):
            super().edit(user)

    def writes(self, user: str, attempt: Callable[[], Any]) -> bool:
        """Whether they may write. Where they may not, it is tried, and refused."""
        if not self.halves[user].is_in:
            assert refusal_of(self.attempt(attempt)) == "NotRoomMember", user
        elif self.blocking:
            assert refusal_of(self.attempt(attempt)) == "closed", user
        else:
            return True
        return False

    def may_refuse(self, user: str, each: Known, refusal: ChatError) -> bool:
        is_closed = isinstance(refusal, NotAllowed) and refusal.values.get("reason") == "closed"
        return bool(self.blocking) if is_closed else super().may_refuse(user, each, refusal)

    def may_pin(self, user: str) -> bool:
        return self.halves[user].is_in and not self.blocking

    # what is answered

    def check(self, user: str) -> None:
        super().check(user)
        self._check_blocks(user)

    def _check_blocks(self, user: str) -> None:
        page = blocks(process(self.client, self.clock), CURSOR_KEYS, Caller(user), {}, Tally())
        blocked = self.other(user) in [each["userId"] for each in page["items"]]
        assert blocked == (user in self.blocking), user
