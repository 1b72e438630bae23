"""What the chat must answer about rooms and their people, in plain lists: no engine, no attempts, no memory.

Each verb of a room answers a `No`, or changes the room and answers what is told of it.
"""

from dataclasses import dataclass
from typing import Any

from chat.rules.room_rules import RESETS
from tests.guarantees.rooms.message_oracle import (
    KEEPERS,
    RANK,
    RULERS,
    STRANGER,
    No,
    Person,
    Talk,
    Told,
    not_allowed,
)


@dataclass
class Room(Talk):
    """One room: what is said in it, and who may do what."""

    def update(self, who: str, given: dict[str, Any]) -> No | Told:
        reset = {rule: None for name in given.get("reset", ()) for rule in RESETS[name]}
        given = {name: value for name, value in given.items() if value is not None and name != "reset"}
        if reset.keys() & given.keys():
            return No("InvalidInput")
        given = reset | given
        if not given or (self.id.startswith("GUILD#") and given.get("visibility") == "PUBLIC"):
            return No("InvalidInput")
        standing = self.enter(who, RULERS)
        if isinstance(standing, No):
            return standing
        own = {
            name: value for name, value in (self.rules.own | given).items() if value not in (None, "PRIVATE")
        }
        self.rev += own != self.rules.own
        self.rules.own = own
        return Told("ROOM_UPDATED", None, self.epoch)

    def add(self, who: str, user: str, role: str = "member") -> No | Told:
        standing = self.enter(who, KEEPERS)
        if isinstance(standing, No):
            return standing
        if RANK[role] > RANK[standing]:
            return not_allowed("rank")
        person = self.people.get(user)
        if person and person.status == "banned":
            return not_allowed("banned")
        if not (person and person.status == "active"):
            person = self._let_in(user, role)
        return Told("MEMBER_ADDED", user, self.epoch, role=person.role)

    def join(self, who: str) -> No | Told:
        person = self.people.get(who)
        if person and person.status == "banned":
            return not_allowed("banned") if who in self.admins else STRANGER
        if not (person and person.status == "active"):
            if not (self.rules.is_public or who in self.admins):
                return STRANGER
            person = self._let_in(who, "member")
        return Told("MEMBER_JOINED", who, self.epoch, role=person.role)

    def _let_in(self, user: str, role: str) -> Person:
        person = self.people.setdefault(user, Person())
        person.role, person.status, person.joined_seq = role, "active", len(self.said)
        person.ended_epoch = None
        self.rev += role == "owner"
        return person

    def remove(self, who: str, user: str) -> No | Told:
        standing = self.enter(who, KEEPERS)
        if refusal := self._may_not(standing, who, user):
            return refusal
        person = self.people.get(user)
        if person and person.status != "active" and person.ended_epoch is not None:
            return self._gone("MEMBER_REMOVED", user)
        if person is None or person.status != "active":
            return not_allowed("notThere")
        if self.is_last_owner(user):
            return not_allowed("lastOwner")
        self._end(person, "left", user)
        return self._gone("MEMBER_REMOVED", user)

    def leave(self, who: str) -> No | Told:
        person = self.people.get(who)
        if person and person.status == "left" and person.ended_epoch is not None:
            return self._gone("MEMBER_LEFT", who)
        if person is None or person.status != "active":
            return STRANGER
        if self.is_last_owner(who):
            return not_allowed("lastOwner")
        self._end(person, "left", who)
        return self._gone("MEMBER_LEFT", who)

    def ban(self, who: str, user: str) -> No | Told:
        standing = self.enter(who, KEEPERS)
        if refusal := self._may_not(standing, who, user):
            return refusal
        person = self.people.setdefault(user, Person(status="never"))
        if person.status == "active":
            if self.is_last_owner(user):
                return not_allowed("lastOwner")
            self._end(person, "banned", user)
        elif person.status != "banned":
            person.status, person.role, person.ended_epoch = "banned", "member", None
        if person.ended_epoch is None:
            return Told("MEMBER_BANNED", user, self.epoch)
        return self._gone("MEMBER_BANNED", user)

    def unban(self, who: str, user: str) -> No | Told:
        standing = self.enter(who, KEEPERS)
        if refusal := self._may_not(standing, "", user):
            return refusal
        person = self.people.get(user)
        if person is None:
            return not_allowed("notThere")
        if person.status == "banned":
            person.status, person.role = "left", "member"
        return Told("MEMBER_UNBANNED", user, self.epoch)

    def set_role(self, who: str, user: str, role: str) -> No | Told:
        told = Told("ROLE_CHANGED", user, self.epoch, role=role)
        person = self.person(user)
        if who == user and person and person.role == role:
            return told
        standing = self.enter(who, RULERS)
        if refusal := self._may_not(standing, "" if standing == "owner" else who, user):
            return refusal
        if person is None:
            return not_allowed("notThere")
        if role != "owner" and self.is_last_owner(user):
            return not_allowed("lastOwner")
        self.rev += (person.role == "owner") != (role == "owner")
        person.role = role
        return told

    def mute(self, who: str, user: str, until: int) -> No | Told:
        standing = self.enter(who, KEEPERS)
        if refusal := self._may_not(standing, who, user):
            return refusal
        person = self.person(user)
        if person is None:
            return not_allowed("notThere")
        person.muted_until = until
        return Told("MEMBER_MUTED", user, self.epoch, muted_until=until or None)

    def _may_not(self, standing: str | No, who: str, user: str) -> No | None:
        """Why somebody may not do something to somebody, if they may not."""
        if isinstance(standing, No):
            return standing
        if who == user:
            return not_allowed("self")
        person = self.people.get(user)
        if person is None or person.status == "left" or standing in RULERS:
            return None
        return None if RANK[standing] > RANK[person.role] else not_allowed("rank")

    def _end(self, person: Person, status: str, user: str) -> None:
        person.status, person.ended_epoch = status, self.epoch
        self.last_epochs[user] = self.epoch
        self.epoch += 1
        self.rev += 1

    def _gone(self, kind: str, user: str) -> Told:
        ended = self.people[user].ended_epoch or 0
        return Told(kind, user, ended, ended + 1)
