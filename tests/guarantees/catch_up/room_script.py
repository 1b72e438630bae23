"""What happens in one room: members send, edit and remove messages, join, leave
and are removed. A seed repeats a script."""

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

SENDERS: dict[str, Role] = {"own": "owner", "mod": "moderator", "ann": "member", "bob": "member"}
"""Those who send and moderate; all but the owner join and leave as well."""

STEPS = {
    "send": 40,
    "retry_send": 5,
    "edit": 14,
    "remove_message": 7,
    "rename_room": 3,
    "add": 14,
    "leave": 4,
    "remove_member": 6,
    "ban": 3,
    "retry_removal": 2,
    "set_role": 2,
}
"""What may happen, and how often."""


@dataclass(slots=True)
class MemberState:
    """Whether a user is a member; if not, whether banned, and the head just after the revocation."""

    is_in: bool = True
    is_banned: bool = False
    removed_at: Head | None = None


@dataclass(slots=True, eq=False)
class RoomScript:
    """The room so far. `users` has the senders and the other members."""

    backend: Backend
    rng: Random
    room_id: str
    users: dict[str, MemberState]
    is_public: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    """Each message as it was last answered, by its id."""
    revocations: int = 0
    joined: list[str] = field(default_factory=list)
    """Who joined in the last step."""

    @classmethod
    def begin(cls, backend: Backend, rng: Random, room_id: str, others: list[str]) -> "RoomScript":
        members: dict[str, Role] = SENDERS | dict.fromkeys(others, "member")
        is_public = not room_id.startswith("GUILD#") and rng.random() < 0.5
        rules = {**FAST, "visibility": "public" if is_public else "private"}
        if not add_room(compose.deployment().store, Room.parse(room_id), members, rules):
            raise ValueError(f"{room_id} is there already")
        return cls(backend, rng, room_id, {user: MemberState() for user in members}, is_public)

    async def go_on(self) -> None:
        """One step; where it cannot be done, a message is sent instead."""
        self.joined.clear()
        (step,) = self.rng.choices(list(STEPS), list(STEPS.values()))
        if not await getattr(self, f"_{step}")():
            await self._send()

    async def _change(self, user: str, field: str, selection: str, **arguments: Any) -> Any:
        return await self.backend.change(user, field, selection, roomId=self.room_id, **arguments)

    def _somebody(self, *, is_in: bool, but: str = "own", banned: bool | None = None) -> str | None:
        fitting = [
            user
            for user, state in self.users.items()
            if state.is_in is is_in and user != but and banned in (None, state.is_banned)
        ]
        return self.rng.choice(fitting) if fitting else None

    def _message(self) -> Message | None:
        """One that is not removed, of a member; mostly a recent one."""
        kept = [
            each
            for each in self.messages.values()
            if each["removedAt"] is None and self.users[each["senderId"]].is_in
        ]
        return self.rng.choice(kept[-6:] if self.rng.random() < 0.7 else kept) if kept else None

    async def _send(self) -> bool:
        sender = self.rng.choice([user for user in SENDERS if self.users[user].is_in])
        name = f"{sender}-{len(self.messages)}"
        answer = await self._change(sender, "sendMessage", MESSAGE, text=f"text {name}", clientMessageId=name)
        self.messages[answer["id"]] = answer
        return True

    async def _retry_send(self) -> bool:
        """A sender who was not answered retries; AppSync publishes the message again."""
        if not (message := self._message()):
            return False
        name = message["clientMessageId"]
        text = f"text {name}"
        await self._change(message["senderId"], "sendMessage", MESSAGE, text=text, clientMessageId=name)
        return True

    async def _edit(self) -> bool:
        if not (message := self._message()):
            return False
        text = f"edit {self.rng.randrange(10**6)}"
        answer = await self._change(message["senderId"], "editMessage", MESSAGE, id=message["id"], text=text)
        self.messages[answer["id"]] = answer
        return True

    async def _remove_message(self) -> bool:
        if not (message := self._message()):
            return False
        remover = self.rng.choice(["own", message["senderId"]])
        answer = await self._change(remover, "removeMessage", MESSAGE, id=message["id"])
        self.messages[answer["id"]] = answer
        return True

    async def _rename_room(self) -> bool:
        """The room gets another name, which moves `rev` and is no message."""
        await self._change("own", "updateRoom", NOTICE, name=f"room {self.rng.randrange(10**6)}")
        return True

    async def _add(self) -> bool:
        if not (user := self._somebody(is_in=False)):
            return False
        if self.users[user].is_banned:
            await self._change("own", "unbanMember", NOTICE, userId=user)
        if self.is_public and self.rng.random() < 0.5:
            await self._change(user, "joinRoom", NOTICE)
        else:
            await self._change("own", "addMember", NOTICE, userId=user)
        self.users[user] = MemberState()
        self.joined.append(user)
        return True

    async def _leave(self) -> bool:
        if not (user := self._somebody(is_in=True)):
            return False
        await self._change(user, "leaveRoom", NOTICE)
        return await self._revoked(user, banned=False)

    async def _remove_member(self) -> bool:
        if not (user := self._somebody(is_in=True)):
            return False
        await self._change("own", "removeMember", NOTICE, userId=user)
        return await self._revoked(user, banned=False)

    async def _ban(self) -> bool:
        if not (user := self._somebody(is_in=True)):
            return False
        await self._change("own", "banMember", NOTICE, userId=user)
        return await self._revoked(user, banned=True)

    async def _revoked(self, user: str, *, banned: bool) -> bool:
        self.revocations += 1
        page = await self.backend.ask("own", MESSAGES, {"roomId": self.room_id, "limit": 1})
        self.users[user] = MemberState(is_in=False, is_banned=banned, removed_at=Head(**page["head"]))
        return True

    async def _retry_removal(self) -> bool:
        """A moderator who was not answered removes somebody who is removed already."""
        if not (user := self._somebody(is_in=False, banned=False)):
            return False
        await self._change("own", "removeMember", NOTICE, userId=user)
        return True

    async def _set_role(self) -> bool:
        if not (user := self._somebody(is_in=True)):
            return False
        await self._change(
            "own", "setRole", NOTICE, userId=user, role=self.rng.choice(["MODERATOR", "MEMBER"])
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
