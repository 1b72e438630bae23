"""Any history of a room whose people mention each other, and what the test knows of it by itself."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from chat.deployment import Deployment
from chat.operations.edit_message import edit_message
from chat.operations.heartbeat import heartbeat
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.mark_read import mark_read
from chat.operations.messages import messages
from chat.operations.my_mentions import my_mentions
from chat.operations.my_rooms import my_rooms
from chat.operations.remove_message import remove_message
from chat.operations.send_message import send_message
from chat.operations.sync import sync
from chat.operations.update_room import update_room
from chat.rules.errors import ChatError, InvalidInput
from chat.rules.models import Caller, Head
from chat.rules.retention import readable_since
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.places import head_place
from tests.guarantees.support.fixtures import (
    CURSOR_KEYS,
    DAY_MS,
    FAST,
    Clock,
    delete_message,
    new_room,
    process,
)
from tests.guarantees.support.projected import Projected, Stream

MOST = 100


@dataclass
class Known:
    """A message as the test knows it; `expires_at` in seconds."""

    id: str
    seq: int
    ts: int
    sender: str
    text: str
    expires_at: int
    mentions: frozenset[str] = frozenset()
    mentions_all: bool = False
    reply_to: str | None = None
    is_removed: bool = False


@dataclass
class Person:
    """Somebody in the room: up to which number they have read, and what there was when they came last."""

    is_in: bool = True
    keeps_order: bool = False
    marker: int = 0
    joined: int = 0


@dataclass
class MentionHistory:
    """One room. Each step is done, or refused and forgotten."""

    client: Any
    random: Random
    from_joining: bool
    known: dict[int, Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Clock()
        suffix = f"{self.random.getrandbits(48):x}-{uuid4().hex[:4]}"
        self.owner, moderator, *plain = (f"{name}-{suffix}" for name in ("ann", "mia", "bob", "cid", "dan"))
        self.stream = Stream(self.client)
        self.ours = process(self.stream.client, self.clock)
        roles: Any = {self.owner: "owner", moderator: "moderator", **dict.fromkeys(plain, "member")}
        settings: dict[str, Any] = FAST | {"visibility": "public"}
        self.room = new_room(
            self.stream.client,
            members=roles,
            settings=settings | ({"historyFrom": "joining"} if self.from_joining else {}),
        )
        self.people = {each: Person(keeps_order=role != "member") for each, role in roles.items()}
        self.retention = 365

    def step(self) -> None:
        """One step by somebody."""
        steps: list[Callable[[str], None]] = [
            *[self.send] * 5, *[self.edit] * 4, *[self.remove] * 2, *[self.read] * 2, self.leave, self.join, self.join,
            self.let_time_pass, self.set_retention, self.delete_expired,
        ]  # fmt: skip
        self.clock.jump(self.random.randint(1, 2_000))
        self.random.choice(steps)(self.random.choice(list(self.people)))

    def call(self, operation: Callable[..., Any], user: str, **arguments: Any) -> Any:
        return operation(self.ours, Caller(user), {"roomId": self.room, **arguments}, Tally())

    def some_people(self, at_most: int = 3) -> list[str]:
        inside = [each for each in self.people if self.people[each].is_in]
        return self.random.sample(inside, self.random.randint(0, min(at_most, len(inside))))

    def readable(self, each: Known) -> bool:
        now = self.clock.now()
        return each.ts >= self._since() and each.expires_at >= now // 1_000

    def _since(self) -> int:
        item = self.ours.store.tables.get(head_place(Room.parse(self.room)))
        return readable_since(Head.of(item or {}), self.ours.defaults, self.clock.now())

    # steps

    def send(self, user: str) -> None:
        if not self.people[user].is_in:
            return
        mentions = self.some_people()
        everybody = self.random.random() < 0.2 and self.people[user].keeps_order
        answered = self._answerable(user) if self.random.random() < 0.5 else None
        text = f"text {self.random.random()}"
        given: dict[str, Any] = {"mentions": mentions, "mentionsAll": everybody, "replyTo": answered}
        message = self.call(send_message, user, text=text, **given)
        end, mentioned = (message.ts + self.retention * DAY_MS) // 1_000, frozenset(mentions)
        self.known[message.seq] = Known(
            message.id, message.seq, message.ts, user, text, end, mentioned, everybody, answered
        )
        self.people[user].marker = message.seq

    def _answerable(self, user: str) -> str | None:
        first = self.people[user].joined + 1 if self.from_joining else 1
        found = [each for each in self.known.values() if each.seq >= first and not each.is_removed]
        found = [each for each in found if self.readable(each)]
        return self.random.choice(found).id if found else None

    def edit(self, user: str) -> None:
        own = [each for each in self.known.values() if each.sender == user and not each.is_removed]
        own = [each for each in own if self.readable(each)]
        if not own or not self.people[user].is_in:
            return
        each, given = self.random.choice(own), dict[str, Any]()
        if self.random.random() < 0.8:
            given["mentions"] = [
                *self.some_people(),
                *self.random.sample(sorted(each.mentions), len(each.mentions) // 2),
            ]
        if self.random.random() < 0.3 and self.people[user].keeps_order:
            given["mentionsAll"] = self.random.random() < 0.5
        text = self.random.choice([each.text, f"text {self.random.random()}"])
        if (
            self.from_joining and each.seq <= self.people[user].joined
        ):  # they came again, and do not see it any more
            with pytest.raises(InvalidInput, match="argument=id"):
                self.call(edit_message, user, id=each.id, text=text, **given)
            return
        message = self.call(edit_message, user, id=each.id, text=text, **given)
        each.text = text
        each.mentions = frozenset(given.get("mentions", each.mentions))
        each.mentions_all = given.get("mentionsAll", each.mentions_all)
        assert (frozenset(message.to_wire()["mentions"] or ()), bool(message.mentions_all)) == (
            each.mentions,
            each.mentions_all,
        )

    def remove(self, user: str) -> None:
        own = [
            each for each in self.known.values() if user in (each.sender, self.owner) and self.readable(each)
        ]
        if own and self.people[user].is_in:
            each = self.random.choice(own)
            self.call(remove_message, user, id=each.id)
            each.is_removed, each.mentions, each.mentions_all, each.reply_to = True, frozenset(), False, None

    def read(self, user: str) -> None:
        person, newest = self.people[user], len(self.known)
        if person.is_in and newest:
            seq = self.random.randint(0, newest)
            self.call(mark_read, user, seq=seq)
            person.marker = max(person.marker, seq)

    def leave(self, user: str) -> None:
        if user != self.owner and self.people[user].is_in:
            self.call(leave_room, user)
            self.people[user].is_in = self.people[user].keeps_order = False

    def join(self, user: str) -> None:
        person = self.people[user]
        if not person.is_in:
            with suppress(ChatError):  # too often
                self.call(join_room, user)
                person.is_in, person.joined = True, len(self.known)
                person.marker = max(person.marker, person.joined)

    def let_time_pass(self, _: str) -> None:
        self.clock.jump(self.random.choice([60_000, DAY_MS, 6 * DAY_MS]))

    def set_retention(self, _: str) -> None:
        days = self.random.choice([7, 30, 365])
        with suppress(InvalidInput):  # as it is
            self.call(update_room, self.owner, retentionDays=days)
        self.retention = days

    def delete_expired(self, _: str) -> None:
        for each in self.known.values():
            if each.expires_at < self.clock.now() // 1_000 and self.random.random() < 0.5:
                delete_message(self.client, self.room, f"MSG#{each.ts:013d}#{each.id}")

    # what is expected

    def mentions_of(self, user: str) -> list[Known]:
        """The messages that mention a user and that can be read, newest first."""
        person = self.people[user]
        found = [
            each
            for each in self.known.values()
            if not each.is_removed
            and each.sender != user
            and (user in each.mentions or (each.mentions_all and each.seq > person.joined))
            and (each.seq > person.joined or not self.from_joining)
            and self.readable(each)
        ]
        return sorted(found, key=lambda each: -each.seq)

    def unread_mentions_of(self, user: str) -> int:
        return min(MOST, sum(each.seq > self.people[user].marker for each in self.mentions_of(user)))

    def unread_of(self, user: str) -> int:
        """How many messages that can be read came after what this person has read or sent."""
        marker = self.people[user].marker
        return sum(
            each.seq > marker and not each.is_removed and self.readable(each) for each in self.known.values()
        )

    def quote_of(self, user: str, reply_to: str) -> tuple[Any, ...] | None:
        """What is to be seen of a message that is answered: its id, text and whether it was removed."""
        each = next(each for each in self.known.values() if each.id == reply_to)
        hidden = self.from_joining and each.seq <= self.people[user].joined
        if hidden or not self.readable(each):
            return None
        return each.id, None if each.is_removed else each.text, each.is_removed

    # what is answered

    def counted(self, user: str) -> int:
        """How many mentions are unread, as one of the fields says."""
        return self.counts(user)[1]

    def counts(self, user: str) -> tuple[int, int]:
        """How many messages are unread, and how many of these mention them, as one of the fields says."""
        ours = process(self.client, self.clock)
        field = self.random.randrange(3)
        if field == 0:
            items = self._pages(ours, my_rooms, user, {})["items"]
            (found,) = [each for each in items if each["room"]["roomId"] == self.room]
        elif field == 1:
            rooms = self._pages(ours, sync, user, {"since": None})["rooms"]
            (found,) = [each for each in rooms if each["roomId"] == self.room]
        else:
            self.clock.jump(60_000)  # heartbeats have a rate
            rooms = [{"roomId": self.room, "seq": 0}]
            device = f"d{self.random.random()}"
            (found,) = heartbeat(ours, Caller(user), {"rooms": rooms, "deviceId": device}, Tally())["rooms"]
        assert found["unreadMentions"] <= found["unread"]
        return found["unread"], found["unreadMentions"]

    def _pages(self, ours: Deployment, operation: Callable[..., Any], user: str, arguments: Any) -> Any:
        answer = operation(ours, CURSOR_KEYS, Caller(user), arguments, Tally())
        assert answer.get("nextToken") is None
        return answer

    def found(self, user: str) -> list[int]:
        """The numbers of what `myMentions` answers, in pages of any size."""
        ours, token, seqs = process(self.client, self.clock), None, list[int]()
        while True:
            given = {"roomId": self.room, "limit": self.random.randint(1, 10), "nextToken": token}
            page = my_mentions(ours, CURSOR_KEYS, Caller(user), given, Tally())
            seqs += [each["seq"] for each in page["items"]]
            token = page["nextToken"]
            if token is None:
                return seqs

    def quoted(self, user: str) -> None:
        """Each message that is read has what it answers as that is now."""
        ours = process(self.client, self.clock)
        page = messages(ours, CURSOR_KEYS, Caller(user), {"roomId": self.room, "limit": 30}, Tally())
        for each in page.items:
            expected = self.quote_of(user, each.reply_to) if each.reply_to else None
            quote = each.quote and (each.quote["id"], each.quote["text"], each.quote["removedAt"] is not None)
            assert quote == expected, (user, each.seq)


def projected(history: MentionHistory, projection: Any) -> Projected:
    return Projected(history.stream, [projection], batch_size=history.random.randint(1, 30))
