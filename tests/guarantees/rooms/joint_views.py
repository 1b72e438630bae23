"""What each of a room's people is to see of it by the test's own lists, and what every field answers them."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from chat.operations.around import around
from chat.operations.changes import changes
from chat.operations.messages import messages
from chat.operations.messages_by_id import messages_by_id
from chat.operations.my_reactions import my_reactions
from chat.operations.reactions import reactions
from chat.rules.errors import ChatError, InvalidInput
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
    "setNotifications": {"level": "NONE"},
}
"""What is refused to whoever is not in a room. `None`: some message's id."""
PAGE = 50


@dataclass
class Replica:
    """What somebody's client has: the head that it keeps, and messages by their ids."""

    rev: int
    ts: str | None
    epoch: int
    held: dict[str, dict[str, Any]]


@dataclass
class JointViews(MentionHistory):
    """`reacting`: by a message's number, the emoji and who reacts with it. `pinned`: by a message's number, in the order of
    pinning, who pinned it. `replicas`: by person, since they read the room last."""

    reacting: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    pinned: dict[int, str] = field(default_factory=dict)
    replicas: dict[str, Replica] = field(default_factory=dict)

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

    def wanted(self, user: str) -> dict[str, tuple[Any, ...]]:
        return {each.id: self.expected(each) for each in self.known.values() if self.sees(user, each)}

    # what is answered

    def caught_up(self, user: str) -> None:
        self.replicas[user] = self.follow(user, self.replicas[user])

    def follow(self, user: str, replica: Replica) -> Replica:
        """What a client has that follows `changes` to its end; at a reset begins anew."""
        ours, token = process(self.client, self.clock), None
        while True:
            given = {"roomId": self.room, "since": replica.rev, "after": replica.ts, "nextToken": token}
            page = changes(
                ours, CURSOR_KEYS, Caller(user), {**given, "limit": self.random.randint(1, PAGE)}, Tally()
            )
            if page["reset"]:
                return self.begun(user)
            for each in page["items"]:
                held = replica.held.get(each["id"])
                if held is None or (each["rev"] or -1) > (held["rev"] or -1):
                    replica.held[each["id"]] = each
            token, head = page["nextToken"], page["head"]
            if token is None:
                replica.rev, replica.ts, replica.epoch = head["rev"], head["ts"], head["epoch"]
                return replica

    def begun(self, user: str) -> Replica:
        ours, token, head, held = process(self.client, self.clock), None, None, dict[str, Any]()
        while True:
            given = {"roomId": self.room, "limit": PAGE, "nextToken": token}
            page = messages(ours, CURSOR_KEYS, Caller(user), given, Tally())
            answer = page.to_wire()
            head = head or answer["head"]
            held |= {each["id"]: each for each in answer["items"]}
            token = answer["nextToken"]
            if token is None:
                return Replica(head["rev"], head["ts"], head["epoch"], held)

    def check(self, user: str) -> None:
        """Everything that somebody is told of the room's messages is what it should be, by each field."""
        wanted = self.wanted(user)
        self.replicas[user] = (
            self.follow(user, self.replicas[user]) if user in self.replicas else self.begun(user)
        )
        replica = self.replicas[user].held
        assert self.shown(each for each in replica.values() if each["id"] in wanted) == wanted, user
        fresh = self.begun(user).held
        assert self.shown(fresh.values()) == wanted, user
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
        assert unread == self.unread_of(user), (user, unread, self.unread_of(user))
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
        assert self.shown(found) == {id_: said for id_, said in wanted.items() if id_ in ids}, user
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
    def shown(items: Any) -> dict[str, tuple[Any, ...]]:
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
