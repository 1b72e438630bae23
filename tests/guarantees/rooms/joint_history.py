"""Any history of a room in which people also react and pin, and read it as clients that were away: mentions, replies, reactions,
pins, removals and the history's visibility together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chat.operations.pin_message import pin_message
from chat.operations.react import react
from chat.operations.unpin_message import unpin_message
from chat.rules.errors import ChatError, InvalidInput, NotAllowed, NotRoomMember
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.mentions.mention_history import Known
from tests.guarantees.rooms.joint_api import JointApi
from tests.guarantees.rooms.joint_views import JointViews

EMOJI = ("👍", "🎉", "❤️")


@dataclass
class JointHistory(JointViews):
    """`api`: by which people do what subscribers hear of."""

    api: JointApi | None = None

    def call(self, operation: Callable[..., Any], user: str, **arguments: Any) -> Any:
        if self.api is None or not self.api.hears(operation):
            return super().call(operation, user, **arguments)
        return self.api.change(operation, self.ours, user, {"roomId": self.room, **arguments})

    def step(self) -> None:
        steps: list[Callable[[str], None]] = [
            *[self.send] * 10, *[self.edit] * 4, self.remove, *[self.read] * 2, *[self.react] * 6, *[self.pin] * 2, self.unpin,
            self.read_anew, *[self.come_back] * 2, self.leave, *[self.join] * 2,
        ]  # fmt: skip
        rarely = [self.let_time_pass, self.set_retention, self.delete_expired]
        self.clock.jump(self.random.randint(500, 2_000))
        step = self.random.choice(rarely if self.random.random() < 0.06 else steps)
        step(self.random.choice(list(self.people)))

    # steps

    def react(self, user: str) -> None:
        if not self.known:
            return
        each = self.random.choice(list(self.known.values()))
        emoji, on = self.random.choice(EMOJI), self.random.random() < 0.7
        given = {"roomId": self.room, "id": each.id, "emoji": emoji, "on": on}
        refusal = self.refused(user, given)
        if refusal is not None:
            assert self.may_refuse(user, each, refusal), (user, each.seq, refusal)
            return
        assert self.sees(user, each), (user, each.seq)
        reacting = self.reacting.setdefault(each.seq, set())
        (reacting.add if on else reacting.discard)((emoji, user))

    def refused(self, user: str, given: dict[str, Any]) -> ChatError | None:
        try:
            react(self.ours, (), Caller(user), given, Tally())
        except ChatError as refusal:
            return refusal
        return None

    def may_refuse(self, user: str, each: Known, refusal: ChatError) -> bool:
        if isinstance(refusal, NotRoomMember):
            return not self.people[user].is_in
        if isinstance(refusal, NotAllowed):
            return each.is_removed
        return not isinstance(refusal, InvalidInput) or not self.sees(user, each)

    def remove(self, user: str) -> None:
        super().remove(user)
        for seq, each in self.known.items():
            if each.is_removed:
                self.reacting.pop(seq, None)
                self.pinned.pop(seq, None)

    def pin(self, user: str) -> None:
        seen = [each for each in self.known.values() if self.sees(user, each)]
        if not seen:
            return
        each = self.random.choice(seen)
        refusal = refusal_of(self.attempt(lambda: self.call(pin_message, user, id=each.id)))
        if not self.may_pin(user) or (each.is_removed and each.seq not in self.pinned):
            assert refusal, (user, each.seq)
        else:
            assert not refusal, (user, each.seq, refusal)
            self.pinned.setdefault(each.seq, user)

    def unpin(self, user: str) -> None:
        seen = [each for each in self.known.values() if each.seq in self.pinned and self.sees(user, each)]
        if not seen:
            return
        each = self.random.choice(seen)
        refusal = refusal_of(self.attempt(lambda: self.call(unpin_message, user, id=each.id)))
        assert bool(refusal) != self.may_pin(user), (user, each.seq, refusal)
        if self.may_pin(user):
            del self.pinned[each.seq]

    def may_pin(self, user: str) -> bool:
        return self.people[user].is_in and self.people[user].keeps_order

    def leave(self, user: str) -> None:
        super().leave(user)
        if not self.people[user].is_in:
            self.replicas.pop(user, None)

    def read_anew(self, user: str) -> None:
        """A client begins: the first page, and its head."""
        if self.people[user].is_in:
            self.replicas[user] = self.begun(user)

    def come_back(self, user: str) -> None:
        """A client that was away asks what has changed."""
        if user in self.replicas:
            self.caught_up(user)

    @staticmethod
    def attempt(operation: Callable[[], Any]) -> Any:
        """The answer, or the refusal."""
        try:
            return operation()
        except ChatError as refusal:
            return refusal


def refusal_of(answer: Any) -> str:
    """The reason of a refusal, or its name; empty without one."""
    return str(answer.values.get("reason") or answer.code) if isinstance(answer, ChatError) else ""
