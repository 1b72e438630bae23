"""People who are called something, come and go, and a model of who is to be found where by what name."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from chat.deployment import Deployment
from chat.operations.add_member import add_member
from chat.operations.ban_member import ban_member
from chat.operations.create_room import create_room
from chat.operations.delete_room import delete_room
from chat.operations.join_room import join_room
from chat.operations.leave_room import leave_room
from chat.operations.remove_member import remove_member
from chat.operations.run_jobs import run_jobs
from chat.operations.unban_member import unban_member
from chat.operations.update_me import update_me
from chat.rules.errors import NotAllowed, NotRoomMember, RateLimited
from chat.rules.models import Caller
from chat.rules.name_search import folded
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage import keys
from tests.guarantees.support.fixtures import Clock, partition, table_name

NAMES = (
    "Ann", "ánn", "Anna Lee", "Zoë", "أحمد", "דוד", "प्रिया", "\uf9f4\u6728", "สมชาย", "👩\u200d💻 Dev", "a#b", "Ann#", "%23", "~", "x" * 100,
    "\U0010fffd", "Ω" * 70,
)  # fmt: skip


@dataclass
class World:
    """Rooms of one person's, `boss`, and others who come and go. Each action is done by the operations of the API; what
    is refused changes nothing."""

    deployment: Deployment
    client: Any
    clock: Clock
    random: Random
    suffix: str
    rooms: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    there: dict[str, set[str]] = field(default_factory=dict)
    names: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.boss = f"boss-{self.suffix}"
        self.people = [f"{word}-{self.suffix}" for word in ("ann", "b#b", "ċ%d", "دانا")]
        self.names = dict.fromkeys([self.boss, *self.people])
        for number in range(3):
            self.make(f"r{number}-{self.suffix}")

    def make(self, room_id: str) -> None:
        first = self.random.sample(self.people, self.random.randint(0, 2))
        given = {"roomId": room_id, "visibility": "PUBLIC", "members": first}
        if self.perform(create_room, self.boss, given):
            self.rooms.append(room_id)
            self.there[room_id] = {self.boss, *first}

    def perform(self, operation: Any, user: str, arguments: dict[str, Any]) -> bool:
        self.clock.sleep(3_600)
        try:
            operation(self.deployment, Caller(user), arguments, Tally())
        except (NotAllowed, NotRoomMember, RateLimited):
            return False
        return True

    def step(self) -> None:
        """Something happens."""
        room, user = self.random.choice(self.rooms), self.random.choice(self.people)
        choice = self.random.randrange(9)
        if choice < 3:
            user = self.random.choice([self.boss, *self.people])
            self.rename(user, self.random.choice([None, *NAMES]))
        elif choice == 3 and self.perform(leave_room, user, {"roomId": room}):
            self.there[room].discard(user)
        elif (choice == 4 and self.perform(join_room, user, {"roomId": room})) or (
            choice == 5 and self.perform(add_member, self.boss, {"roomId": room, "userId": user})
        ):
            self.there[room].add(user)
        elif choice == 6 and self.perform(remove_member, self.boss, {"roomId": room, "userId": user}):
            self.there[room].discard(user)
        elif choice == 7:
            if self.perform(ban_member, self.boss, {"roomId": room, "userId": user}):
                self.there[room].discard(user)
            elif self.perform(unban_member, self.boss, {"roomId": room, "userId": user}):
                pass
        elif (
            choice == 8
            and self.random.random() < 0.1
            and self.perform(delete_room, self.boss, {"roomId": room})
        ):
            self.ended.add(room)
            self.there[room] = set()

    def rename(self, user: str, name: str | None) -> bool:
        given: dict[str, Any] = {"reset": ["NAME"]} if name is None else {"name": name}
        if self.perform(update_me, user, given):
            self.names[user] = name
            return True
        return False

    def work(self) -> None:
        """Whatever waits in the background is done."""
        assert not run_jobs(self.deployment, 1_000.0, Tally()).failures

    def expected(self, room_id: str) -> set[str]:
        """The keys by which the people of a room are to be found."""
        return {
            keys.name(folded(name), user)
            for user in self.there[room_id]
            if (name := self.names[user]) is not None
        }

    def found(self, room_id: str) -> set[str]:
        """The keys by which they are found."""
        room = Room.parse(room_id)
        items = partition(self.client, table_name(room), room.partition_key, keys.NAMES)
        return {item["SK"]["S"] for item in items}

    def pointed_to(self, room_id: str) -> set[str]:
        """The same, as it stands in the people's own partitions."""
        room, found = Room.parse(room_id), set()
        for user in [self.boss, *self.people]:
            for item in partition(self.client, table_name(room), keys.user_partition(user), keys.NAMED):
                if item["SK"]["S"] == keys.named(room.partition_key):
                    found.add(item["nameKey"]["S"])
        return found
