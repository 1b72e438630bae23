"""Any history of a room in which people write, edit, remove, read, come, go, mute and are there or not, while the stream's reader
and the runs come late, again, halfway and beside each other; and what was told in it."""

import uuid
from contextlib import suppress
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.rules.instants import from_wire, to_wire
from chat.rules.models import Item, Role
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.due_notifications import notify_due
from chat.steps.new_room import add_room
from chat.steps.notification_projection import NotificationProjection
from chat.storage.aws import TransientFailure
from chat.storage.due_notification_items import is_notified, notification_event_of
from tests.guarantees.notifications.notification_model import AFTER_MS, Model, Person, Said, Told
from tests.guarantees.rooms.message_oracle import Refusal
from tests.guarantees.rooms.requests import call
from tests.guarantees.support.fixtures import FAST, Clock, process, store_of
from tests.guarantees.support.projected import Projected, Stream

SETTINGS = {**FAST, "visibility": "public"}
ACTIONS = {
    "say": 8, "edit": 2, "remove": 2, "read": 3, "level": 2, "heartbeat": 4, "leave": 1, "take out": 1, "ban": 0.3,
    "come": 2, "project": 4, "again": 1, "run": 4, "end": 0.05,
}  # fmt: skip


class Killed(BaseException):
    """The process is gone."""


class Telling:
    """A client of DynamoDB that notes each notification that is written. `left`: after how many more writes the process is killed,
    before or after the last of them; `None`: never."""

    def __init__(self, client: Any, random: Random) -> None:
        self._inner, self._random = client, random
        self.told: list[Item] = []
        self.left: int | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def transact_write_items(self, **request: Any) -> Any:
        if self.left is not None:
            self.left -= 1
        is_last = self.left is not None and self.left < 0
        if is_last and self._random.random() < 0.5:
            raise Killed
        answer = self._inner.transact_write_items(**request)
        items = [each["Put"]["Item"] for each in request["TransactItems"] if "Put" in each]
        self.told += [each for each in items if is_notified(each["PK"]["S"], each["SK"]["S"])]
        if is_last:
            raise Killed
        return answer


class OneByOne:
    """In place of a pool of threads, so that a killed process does nothing more."""

    def map(self, call: Any, *given: Any) -> list[Any]:
        return list(map(call, *given))


class History:
    """`people`: how many there are beside the owner."""

    def __init__(self, client: Any, seed: int, people: int = 3) -> None:
        self.random, self.clock = Random(seed), Clock()  # noqa: S311  repeatable
        self.clock.jump(self.random.randrange(AFTER_MS))
        self.stream = Stream(client)
        self.people: Deployment = process(self.stream.client, self.clock)
        self.telling = Telling(client, self.random)
        self.runners = [
            process(self.telling, self.clock, threads=OneByOne) for _ in range(2)
        ]  # two processes
        projections = [
            NotificationProjection(process(client, self.clock), AFTER_MS // 1_000) for _ in range(2)
        ]
        self.readers = [Projected(self.stream, [each]) for each in projections]
        suffix = uuid.uuid4().hex[:10]
        self.prefix = self.random.choice(["", "GUILD#"])
        self.room_id = f"{self.prefix}r-{suffix}"
        self.owner = f"owner-{suffix}"
        self.users = [self.owner, *(f"u{number}-{suffix}" for number in range(people))]
        roles: dict[str, Role] = dict.fromkeys(self.users, "member")
        roles[self.owner] = "owner"
        assert add_room(store_of(client), Room.parse(self.room_id), roles, SETTINGS)
        self.model = Model({user: Person() for user in self.users})

    def step(self) -> None:
        name = self.random.choices(list(ACTIONS), list(ACTIONS.values()))[0]
        getattr(self, name.replace(" ", "_"))()
        self.clock.sleep(self.random.choice([0.0, 0.2, 3.0, 12.0, 31.0, 70.0]))

    def finish(self) -> None:
        """Everything is read, falls due and is judged."""
        self.project()
        self.clock.sleep(2 * AFTER_MS / 1_000)
        self.run()

    def ask(self, user: str, verb: str, **arguments: Any) -> Any:
        return call(self.people, user, verb, roomId=self.room_id, **arguments)

    def one(self) -> str:
        return self.random.choice(self.users)

    def say(self) -> None:
        user, mentions = self.one(), self._mentions()
        to_all = user == self.owner and self.random.random() < 0.3
        sent = self.ask(
            user, "sendMessage", text="hello", clientMessageId=uuid.UUID(int=self.random.getrandbits(128)).hex,
            mentions=mentions or None, mentionsAll=to_all or None,
        )  # fmt: skip
        if isinstance(sent, Refusal):
            return
        self.model.said.append(
            Said(sent["id"], sent["seq"], self.clock.ms, user, frozenset(mentions), to_all)
        )
        # The instant that the message has, which is later than the last one's.
        self.model.said[-1].ts = from_wire(sent["ts"])[0]
        self.model.people[user].read = sent["seq"]

    def _mentions(self) -> list[str]:
        inside = [user for user, person in self.model.people.items() if person.is_in]
        return self.random.sample(inside, min(len(inside), self.random.choice([0, 0, 1, 2])))

    def edit(self) -> None:
        if not self.model.said:
            return
        said, mentions = self.random.choice(self.model.said), self._mentions()
        done = self.ask(said.sender, "editMessage", id=said.id, text="edited", mentions=mentions)
        if not isinstance(done, Refusal):
            said.mentions = frozenset(mentions)

    def remove(self) -> None:
        if not self.model.said:
            return
        said = self.random.choice(self.model.said)
        if not isinstance(self.ask("root", "removeMessage", id=said.id), Refusal):
            said.is_removed = True

    def read(self) -> None:
        user, newest = self.one(), len(self.model.said)
        if newest:
            seq = self.random.randint(1, newest)
            done = self.ask(user, "markRead", seq=seq, private=self.random.random() < 0.5)
            if not isinstance(done, Refusal):
                person = self.model.people[user]
                person.read = max(person.read, seq)

    def level(self) -> None:
        user, level = self.one(), self.random.choice([None, "ALL", "MENTIONS", "NONE"])
        until = self.clock.ms + 60_000 if self.random.random() < 0.3 else 0
        done = self.ask(user, "setNotifications", level=level, mutedUntil=to_wire(until) if until else None)
        if not isinstance(done, Refusal):
            self.model.people[user].level = level
            self.model.people[user].muted_until = until

    def heartbeat(self) -> None:
        user, status = self.one(), self.random.choice(["ONLINE", "ONLINE", "AWAY", "OFFLINE"])
        done = call(self.people, user, "heartbeat", status=status)
        person, now = self.model.people[user], self.clock.ms
        is_said = person.heard == status.lower() and 0 <= now - person.heard_at < 40_000
        if not isinstance(done, Refusal) and not is_said:
            person.heard, person.heard_at = status.lower(), now

    def leave(self) -> None:
        self._goes(self.one(), "leaveRoom")

    def take_out(self) -> None:
        user = self.one()
        self._goes(user, "removeMember", by="root")

    def ban(self) -> None:
        user = self.one()
        self._goes(user, "banMember", by="root")

    def _goes(self, user: str, verb: str, by: str | None = None) -> None:
        if user == self.owner:
            return
        arguments = {"userId": user} if by else {}
        if not isinstance(self.ask(by or user, verb, **arguments), Refusal):
            self.model.people[user].is_in = False

    def come(self) -> None:
        user = self.one()
        person = self.model.people[user]
        if person.is_in or isinstance(self.ask("root", "addMember", userId=user), Refusal):
            return
        person.is_in, person.read = True, max(person.read, len(self.model.said))

    def end(self) -> None:
        if not isinstance(self.ask("root", "deleteRoom"), Refusal):
            self.model.has_ended = True
            for person in self.model.people.values():
                person.is_in = False

    def project(self) -> None:
        reader = self.random.choice(self.readers)
        if self.random.random() < 0.5:
            reader.run_as_lambda_may(self.random)
        else:
            reader.run()
        self._has_read(len(self.stream.records))

    def again(self) -> None:
        """Some of what was read comes once more, late and out of its order."""
        done = max(each.done for each in self.readers)
        if not done:
            return
        some = self.random.sample(self.stream.records[:done], min(done, 10))
        assert self.random.choice(self.readers).feed(some) is None

    def _has_read(self, number: int) -> None:
        ids = {
            record["dynamodb"]["NewImage"].get("id", {}).get("S") for record in self.stream.records[:number]
        }
        self.model.projected |= {said.seq for said in self.model.said if said.id in ids}

    def run(self) -> None:
        """A run, which may be killed on its way and done again, by itself or twice; what it tells is what the model says."""
        expected = self.model.judge(self.clock.ms)
        before = len(self.telling.told)
        if self.random.random() < 0.3:
            self.telling.left = self.random.randint(0, 3)
            with suppress(Killed):
                self._run()
            self.telling.left = None
        for _ in range(self.random.choice([1, 1, 2])):
            self._run()
        told = [self._told(item) for item in self.telling.told[before:]]
        assert sorted(told, key=str) == sorted(expected, key=str)

    def _run(self) -> None:
        failures = notify_due(self.random.choice(self.runners), 600.0, Tally())
        assert [each for each in failures if each.error != TransientFailure.__name__] == []

    def _told(self, item: Item) -> Told:
        event = notification_event_of(item)
        assert event is not None
        assert event.room.id == self.room_id
        newest = next(said for said in self.model.said if said.seq == event.seq)
        assert (event.message_id, event.message_ts) == (newest.id, newest.ts)
        return Told(event.user_id, event.from_seq, event.seq, event.count, event.mentioned)
