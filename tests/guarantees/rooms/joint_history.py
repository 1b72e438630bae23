"""Any history of a room in which people also react, and read it as clients that were away: mentions, replies, reactions, removals and
the history's visibility together, and what the test knows of them by itself."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chat.operations.around import around
from chat.operations.changes import changes
from chat.operations.messages import messages
from chat.operations.messages_by_id import messages_by_id
from chat.operations.my_reactions import my_reactions
from chat.operations.react import react
from chat.operations.reactions import reactions
from chat.rules.errors import ChatError, InvalidInput, NotAllowed, NotRoomMember
from chat.rules.identifiers import uuid7
from chat.rules.models import Caller
from chat.rules.tally import Tally
from tests.guarantees.mentions.mention_history import Known, MentionHistory
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.fixtures import CURSOR_KEYS, process

SHUT_OUT: dict[str, dict[str, Any]] = {
    "messages": {},
    "changes": {"since": 1},
    "messagesById": {"ids": None},
    "around": {"id": None},
    "pins": {},
    "reactions": {"id": None},
    "myMentions": {},
    "members": {},
    "receipts": {},
    "sendMessage": {"text": "a text"},
    "editMessage": {"id": None, "text": "a text"},
    "removeMessage": {"id": None},
    "react": {"id": None, "emoji": "👍"},
    "pinMessage": {"id": None},
    "markRead": {"seq": 1},
    "saveDraft": {"text": "a text"},
}
"""What is refused to whoever is not in a room. `None`: some message's id."""
EMOJI = ("👍", "🎉", "❤️")
PAGE = 50


@dataclass
class Replica:
    """What somebody's client has: the head that it keeps, and messages by their ids."""

    rev: int
    ts: str | None
    held: dict[str, dict[str, Any]]


@dataclass
class JointHistory(MentionHistory):
    """`reacting`: by a message's number, the emoji and who reacts with it. `pinned`: by a message's number, in the order of
    pinning, who pinned it. `replicas`: by person, since they read the room last."""

    reacting: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    pinned: dict[int, str] = field(default_factory=dict)
    replicas: dict[str, Replica] = field(default_factory=dict)

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
        answer = call(self.ours, user, "pinMessage", roomId=self.room, id=each.id)
        if not self.may_pin(user) or (each.is_removed and each.seq not in self.pinned):
            assert isinstance(answer, Refusal), (user, each.seq)
        else:
            assert not isinstance(answer, Refusal), (user, each.seq, answer)
            self.pinned.setdefault(each.seq, user)

    def unpin(self, user: str) -> None:
        seen = [each for each in self.known.values() if each.seq in self.pinned and self.sees(user, each)]
        if not seen:
            return
        each = self.random.choice(seen)
        answer = call(self.ours, user, "unpinMessage", roomId=self.room, id=each.id)
        assert isinstance(answer, Refusal) != self.may_pin(user), (user, each.seq, answer)
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
            self.replicas[user] = self._begun(user)

    def come_back(self, user: str) -> None:
        """A client that was away asks what has changed."""
        if user in self.replicas:
            self.caught_up(user)

    # what is expected

    def sees(self, user: str, each: Known) -> bool:
        first = self.people[user].joined + 1 if self.from_joining else 1
        return self.people[user].is_in and each.seq >= first and self.readable(each)

    def expected(self, each: Known) -> tuple[Any, ...]:
        """A message as somebody is to see it."""
        counts = Counter(emoji for emoji, _ in self.reacting.get(each.seq, ()))
        text = None if each.is_removed else each.text
        mentions = frozenset() if each.is_removed else each.mentions
        return each.seq, text, each.is_removed, mentions, each.mentions_all, dict(counts)

    # what is answered

    def caught_up(self, user: str) -> None:
        """Follow `changes` to its end; at a reset begin anew."""
        replica, token = self.replicas[user], None
        ours = process(self.client, self.clock)
        while True:
            given = {"roomId": self.room, "since": replica.rev, "after": replica.ts, "nextToken": token}
            page = changes(
                ours, CURSOR_KEYS, Caller(user), {**given, "limit": self.random.randint(1, PAGE)}, Tally()
            )
            if page["reset"]:
                self.replicas[user] = self._begun(user)
                return
            for each in page["items"]:
                held = replica.held.get(each["id"])
                if held is None or (each["rev"] or -1) > (held["rev"] or -1):
                    replica.held[each["id"]] = each
            token = page["nextToken"]
            if token is None:
                replica.rev, replica.ts = page["head"]["rev"], page["head"]["ts"]
                return

    def _begun(self, user: str) -> Replica:
        ours, token, head, held = process(self.client, self.clock), None, None, dict[str, Any]()
        while True:
            given = {"roomId": self.room, "limit": PAGE, "nextToken": token}
            page = messages(ours, CURSOR_KEYS, Caller(user), given, Tally())
            answer = page.to_wire()
            head = head or answer["head"]
            held |= {each["id"]: each for each in answer["items"]}
            token = answer["nextToken"]
            if token is None:
                return Replica(head["rev"], head["ts"], held)

    def check(self, user: str) -> None:
        """Everything that somebody is told of the room's messages is what it should be, by each field."""
        wanted = {each.id: self.expected(each) for each in self.known.values() if self.sees(user, each)}
        self.caught_up(user) if user in self.replicas else self.read_anew(user)
        replica = self.replicas[user].held
        assert self._shown(each for each in replica.values() if each["id"] in wanted) == wanted, user
        fresh = self._begun(user).held
        assert self._shown(fresh.values()) == wanted, user
        self.check_by_id(user, wanted)
        self.check_reactions(user)
        self.check_pins(user)

    def check_pins(self, user: str) -> None:
        shown = [(each["message"]["seq"], each["pinnedBy"]) for each in self._ask(user, "pins")]
        seen = [item for item in self.pinned.items() if self.sees(user, self.known[item[0]])]
        assert shown == seen[::-1], user

    def check_unread(self, user: str, *, is_told: bool) -> None:
        """What is unread is a naive count at any moment; and so is what of it mentions them, once all is told."""
        unread, mentions = self.counts(user)
        assert unread == self.unread_of(user), user
        expected = self.unread_mentions_of(user)
        assert mentions == expected if is_told else mentions <= expected, user

    def shut_out(self, user: str) -> None:
        """Who is not in the room gets nothing of it, by any field, and can do nothing to it."""
        known = list(self.known.values())
        id_ = self.random.choice(known).id if known else uuid7(self.clock.now())
        for verb, arguments in SHUT_OUT.items():
            given = {name: [id_] if name == "ids" else value or id_ for name, value in arguments.items()}
            assert self._ask(user, verb, **given) == Refusal("NotRoomMember", None), (user, verb)
        mine = self._ask(user, "myRooms")["items"]
        assert not [each for each in mine if each["room"]["roomId"] == self.room and not each["invitation"]]
        told = [each for each in self._ask(user, "sync")["rooms"] if each["roomId"] == self.room]
        assert not told, user

    def _ask(self, user: str, verb: str, **arguments: Any) -> Any:
        return call(process(self.client, self.clock), user, verb, roomId=self.room, **arguments)

    def check_by_id(self, user: str, wanted: dict[str, Any]) -> None:
        ours, ids = process(self.client, self.clock), [each.id for each in self.known.values()][:100]
        found = messages_by_id(ours, Caller(user), {"roomId": self.room, "ids": ids}, Tally())
        assert self._shown(found) == {id_: said for id_, said in wanted.items() if id_ in ids}, user
        for each in self.random.sample(list(self.known.values()), min(3, len(self.known))):
            with suppress(ChatError):
                given = {"roomId": self.room, "id": each.id, "limit": 10}
                page = around(ours, CURSOR_KEYS, Caller(user), given, Tally(), messages)
                assert {found["id"] for found in page["items"]} <= set(wanted), user

    def check_reactions(self, user: str) -> None:
        ours, ids = process(self.client, self.clock), [each.id for each in self.known.values()][:100]
        mine = my_reactions(ours, Caller(user), {"roomId": self.room, "ids": ids}, Tally())
        seen = [each for each in self.known.values() if each.id in ids and self.sees(user, each)]
        own = {
            each.id: {emoji for emoji, who in self.reacting.get(each.seq, ()) if who == user} for each in seen
        }
        assert {each["id"]: set(each["emoji"]) for each in mine} == {
            id_: emoji for id_, emoji in own.items() if emoji
        }
        for each in self.random.sample(list(self.known.values()), min(3, len(self.known))):
            given = {"roomId": self.room, "id": each.id, "limit": 100}
            try:
                page = reactions(ours, CURSOR_KEYS, Caller(user), given, Tally())
            except InvalidInput:
                assert not self.sees(user, each), (user, each.seq)
                continue
            assert self.sees(user, each), (user, each.seq)
            told = {(found["emoji"], found["userId"]) for found in page["items"]}
            assert told == self.reacting.get(each.seq, set()), (user, each.seq)

    @staticmethod
    def _shown(items: Any) -> dict[str, tuple[Any, ...]]:
        return {
            each["id"]: (
                each["seq"],
                each["text"],
                each["removedAt"] is not None,
                frozenset(each["mentions"] or ()),
                bool(each["mentionsAll"]),
                {one["emoji"]: one["count"] for one in each["reactions"] or ()},
            )
            for each in items
        }
