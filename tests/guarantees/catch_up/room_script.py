"""What happens in one room: people say, edit and remove things, come, go, and are sent away. One seed is one story."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from chat.rules.models import Role
from chat.rules.rooms import Room
from chat.steps.new_room import add_room
from chat_lambda import compose
from tests.guarantees.catch_up.follower_events import Head, Message
from tests.guarantees.support.backend import MESSAGE, MESSAGES, NOTICE, Backend
from tests.guarantees.support.fixtures import FAST

FOUNDERS: dict[str, Role] = {"own": "owner", "mod": "moderator", "ann": "member", "bob": "member"}
"""Those who make it happen; all but the owner come and go as well."""

ACTS = {
    "send": 40,
    "say_again": 5,
    "edit": 14,
    "remove": 7,
    "rule": 3,
    "let_in": 14,
    "leave": 4,
    "send_away": 6,
    "ban": 3,
    "tell_again": 2,
    "promote": 2,
}
"""What may happen, and how often."""


@dataclass(slots=True)
class Standing:
    """Whether somebody is in the room; if not, how, and the head as it was just after they had gone."""

    is_in: bool = True
    is_banned: bool = False
    gone_at: Head | None = None


@dataclass(slots=True, eq=False)
class Story:
    """The room so far. `people` has the founders and the listeners."""

    backend: Backend
    dice: Random
    room_id: str
    people: dict[str, Standing]
    is_public: bool = False
    said: dict[str, Message] = field(default_factory=dict)
    """Each message as it was last answered, by its id."""
    partings: int = 0
    came: list[str] = field(default_factory=list)
    """Who came in by what happened last."""

    @classmethod
    def begin(cls, backend: Backend, dice: Random, room_id: str, listeners: list[str]) -> "Story":
        members: dict[str, Role] = FOUNDERS | dict.fromkeys(listeners, "member")
        is_public = not room_id.startswith("GUILD#") and dice.random() < 0.5
        rules = {**FAST, "visibility": "public" if is_public else "private"}
        if not add_room(compose.deployment().store, Room.parse(room_id), members, rules):
            raise ValueError(f"{room_id} is there already")
        return cls(backend, dice, room_id, {user: Standing() for user in members}, is_public)

    async def go_on(self) -> None:
        """One thing happens; where it cannot, somebody says something."""
        self.came.clear()
        (act,) = self.dice.choices(list(ACTS), list(ACTS.values()))
        if not await getattr(self, f"_{act}")():
            await self._send()

    async def _change(self, user: str, field: str, selection: str, **arguments: Any) -> Any:
        return await self.backend.change(user, field, selection, roomId=self.room_id, **arguments)

    def _somebody(self, *, is_in: bool, but: str = "own", banned: bool | None = None) -> str | None:
        fitting = [
            user
            for user, standing in self.people.items()
            if standing.is_in is is_in and user != but and banned in (None, standing.is_banned)
        ]
        return self.dice.choice(fitting) if fitting else None

    def _message(self) -> Message | None:
        """One that stands, of somebody who is in; mostly a late one."""
        standing = [
            each
            for each in self.said.values()
            if each["removedAt"] is None and self.people[each["senderId"]].is_in
        ]
        return self.dice.choice(standing[-6:] if self.dice.random() < 0.7 else standing) if standing else None

    async def _send(self) -> bool:
        sender = self.dice.choice([user for user in FOUNDERS if self.people[user].is_in])
        name = f"{sender}-{len(self.said)}"
        answer = await self._change(sender, "sendMessage", MESSAGE, text=f"say {name}", clientMessageId=name)
        self.said[answer["id"]] = answer
        return True

    async def _say_again(self) -> bool:
        """A sender who was not answered sends again; AppSync publishes the message again."""
        if not (message := self._message()):
            return False
        name = message["clientMessageId"]
        text = f"say {name}"
        await self._change(message["senderId"], "sendMessage", MESSAGE, text=text, clientMessageId=name)
        return True

    async def _edit(self) -> bool:
        if not (message := self._message()):
            return False
        text = f"edit {self.dice.randrange(10**6)}"
        answer = await self._change(message["senderId"], "editMessage", MESSAGE, id=message["id"], text=text)
        self.said[answer["id"]] = answer
        return True

    async def _remove(self) -> bool:
        if not (message := self._message()):
            return False
        remover = self.dice.choice(["own", message["senderId"]])
        answer = await self._change(remover, "removeMessage", MESSAGE, id=message["id"])
        self.said[answer["id"]] = answer
        return True

    async def _rule(self) -> bool:
        """The room gets another name, which moves `rev` and is no message."""
        await self._change("own", "updateRoom", NOTICE, name=f"room {self.dice.randrange(10**6)}")
        return True

    async def _let_in(self) -> bool:
        if not (user := self._somebody(is_in=False)):
            return False
        if self.people[user].is_banned:
            await self._change("own", "unbanMember", NOTICE, userId=user)
        if self.is_public and self.dice.random() < 0.5:
            await self._change(user, "joinRoom", NOTICE)
        else:
            await self._change("own", "addMember", NOTICE, userId=user)
        self.people[user] = Standing()
        self.came.append(user)
        return True

    async def _leave(self) -> bool:
        if not (user := self._somebody(is_in=True)):
            return False
        await self._change(user, "leaveRoom", NOTICE)
        return await self._gone(user, banned=False)

    async def _send_away(self) -> bool:
        if not (user := self._somebody(is_in=True)):
            return False
        await self._change("own", "removeMember", NOTICE, userId=user)
        return await self._gone(user, banned=False)

    async def _ban(self) -> bool:
        if not (user := self._somebody(is_in=True)):
            return False
        await self._change("own", "banMember", NOTICE, userId=user)
        return await self._gone(user, banned=True)

    async def _gone(self, user: str, *, banned: bool) -> bool:
        self.partings += 1
        page = await self.backend.ask("own", MESSAGES, {"roomId": self.room_id, "limit": 1})
        self.people[user] = Standing(is_in=False, is_banned=banned, gone_at=Head(**page["head"]))
        return True

    async def _tell_again(self) -> bool:
        """Somebody who was not answered sends somebody away who has gone."""
        if not (user := self._somebody(is_in=False, banned=False)):
            return False
        await self._change("own", "removeMember", NOTICE, userId=user)
        return True

    async def _promote(self) -> bool:
        if not (user := self._somebody(is_in=True)):
            return False
        await self._change(
            "own", "setRole", NOTICE, userId=user, role=self.dice.choice(["MODERATOR", "MEMBER"])
        )
        return True


async def fetch(backend: Backend, room_id: str, user: str) -> tuple[dict[int, Message], Head]:
    """All messages of a room by their numbers, read afresh, and the head."""
    found: dict[int, Message] = {}
    token = None
    while True:
        page = await backend.ask(user, MESSAGES, {"roomId": room_id, "limit": 100, "nextToken": token})
        found |= {item["seq"]: item for item in page["items"]}
        token = page["nextToken"]
        if token is None:
            return found, Head(**page["head"])
