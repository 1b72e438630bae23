"""Who is in a guild, as the guild's own service says: opens the guild's room, and takes people in and out of
it.

That service is the authority: it may take away the last owner, as nobody in the room may, and end the room with its
guild. What it cannot do is let back whom the room's moderators have banned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chat.deployment import Deployment
from chat.rules.access import RoomAccess
from chat.rules.arguments import check_flag, check_role, check_user
from chat.rules.errors import InvalidInput, NotAllowed, NotRoomMember
from chat.rules.generations import in_generation
from chat.rules.models import Caller, Head, Member, Notice, Role
from chat.rules.record import record
from chat.rules.room_rules import check_rules, clean_name, default_history
from chat.rules.rooms import GUILD_PREFIX, Room, is_id, is_user_id
from chat.rules.tally import Tally
from chat.steps.kept_bans import kept_bans
from chat.steps.new_room import founding, is_occupied, new_head_writes
from chat.steps.person_marks import is_being_erased, marks_of, read_marks
from chat.steps.retry import until_room_is_changed
from chat.steps.revision import commit, next_revision
from chat.steps.room_end import commit_end, end_revision
from chat.steps.roster import (
    add_writes,
    end_invitation_writes,
    joined_at,
    read_members,
    remove_writes,
    role_writes,
    with_owner_count,
)
from chat.storage.items import values
from chat.storage.places import Found
from chat.storage.tables import MOST_ACTIONS, Write

if TYPE_CHECKING:
    from chat.rules.hooks import AskAboutText

MAX_PEOPLE = 40
"""How many people one call may name. A transaction has 100 actions: two for the room, and two for each."""
MAX_CHANGED = (MOST_ACTIONS - 2) // 3
"""How many surely fit: whoever is invited takes three."""

SERVICE = Caller("")
"""Who calls here is nobody in the room."""

NEW = {"rev": 0, "seq": 0, "ts": 0, "epoch": 1, "owners": 0}
"""A room that is to be opened."""


@record(frozen=True, slots=True)
class Feed:
    """What the service says. `added` gives a role, or `None` for plain members and for what somebody is
    already."""

    room: Room
    name: str | None
    added: Mapping[str, Role | None]
    removed: Sequence[str]
    ended: bool


def guild_membership(deployment: Deployment, arguments: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    """Do what `arguments` (`guildId`, `name`, `add`, `remove`) say, all of it in one transaction.

    Answers `roomId`, `epoch`, `seq` and `owners` of the room, who is in it now (`added`) and who is not
    (`removed`) of those that were named, and who could not be taken in (`refused`, each with `userId` and
    `reason`). `end`, by itself, ends the room, and is answered in `ended`. Said again it changes nothing.

    Raises `InvalidInput`, `NotRoomMember` (no room to end), `NotAllowed` (a room that is not adopted yet, or has ended:
    `taken`), `ServiceUnavailable`, and what a rule of the deployment's own says of a new room's name. Of the people none
    is asked: who is in a guild is the service's word.
    """
    feed, hook = check_feed(arguments), deployment.before_text(tally)
    if feed.ended:
        return until_room_is_changed(deployment, tally, feed.room, lambda: _end(deployment, feed))
    return until_room_is_changed(deployment, tally, feed.room, lambda: _feed(deployment, feed, hook))


def check_feed(arguments: Mapping[str, Any]) -> Feed:
    """Raises `InvalidInput`; reads nothing."""
    guild_id = arguments.get("guildId")
    if not is_id(guild_id):
        raise InvalidInput("room.invalidId", argument="guildId")
    room = Room.parse(f"{GUILD_PREFIX}{guild_id}")
    name = check_rules(room, {"name": arguments.get("name")}).get("name")
    add, removed = _list(arguments, "add"), _list(arguments, "remove")
    if not all(isinstance(each, dict) for each in add):
        raise InvalidInput("room.userId", argument="add")
    added = {check_user(each): check_role(each) for each in add}
    if not all(is_user_id(user_id) for user_id in removed):
        raise InvalidInput("room.userId", argument="remove")
    if len({*added, *removed}) != len(add) + len(removed) or len(add) + len(removed) > MAX_PEOPLE:
        raise InvalidInput("guild.people", argument="add", max=MAX_PEOPLE)
    ended = check_flag(arguments, "end")
    if ended and (added or removed or name):
        raise InvalidInput("guild.end", argument="end")
    return Feed(room, name if isinstance(name, str) else None, added, removed, ended)


def _list(arguments: Mapping[str, Any], name: str) -> list[Any]:
    found = arguments.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise InvalidInput("room.userId", argument=name)
    return found


def _end(deployment: Deployment, feed: Feed) -> dict[str, Any]:
    """One attempt to end the room."""
    head, _ = read_members(deployment.store, feed.room, ())
    if head is None:
        raise NotRoomMember
    if not head.ended_at:
        ended = end_revision(deployment, feed.room, head, None)
        commit_end(deployment, ended, [])
        head = ended.head
    return _Change(deployment, feed, replace(head, owners=0)).answer()


def _feed(deployment: Deployment, feed: Feed, hook: "AskAboutText | None") -> dict[str, Any]:
    """One attempt: look, judge and commit."""
    store, room = deployment.store, feed.room
    found, people = read_members(store, room, (*feed.added, *feed.removed))
    if found is None and (
        is_occupied(store, room) or any(each.status == "active" for each in people.values())
    ):
        raise NotAllowed("room.notMigrated", reason="notMigrated")
    if found is not None and found.ended_at:
        raise NotAllowed("room.taken", reason="taken")
    head = with_owner_count(store, room, found) if found else _new_head(store.tables.generation)
    change = _Change(deployment, feed, head)
    change.marks = read_marks(store, feed.added)
    people = {**kept_bans(deployment, room, feed.added, change.marks), **people}
    for user_id, role in feed.added.items():
        change.add(user_id, people.get(user_id), role)
    for user_id in feed.removed:
        change.remove(user_id, people.get(user_id))
    if found is None:
        change.found_room(hook)
    elif change.writes:
        change.commit()
    return change.answer()


def _new_head(generation: int) -> Head:
    """The head of a room that is made in this generation of the tables."""
    return Head.of(in_generation(values(NEW), generation))


@dataclass(slots=True)
class _Change:
    """What comes of a feed: the writes so far, and what they do."""

    deployment: Deployment
    feed: Feed
    head: Head
    writes: list[Write] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    """What people in the room hear of it. Whoever loses access does so last: nobody hears more of that epoch."""
    losses: list[Notice] = field(default_factory=list)
    owners: int = 0
    revoked_at: int | None = None
    """When somebody loses access, in milliseconds."""
    epoch: int = 0
    """The one that the room is in after it, if that is another."""
    refused: dict[str, str] = field(default_factory=dict)
    marks: Found = field(default_factory=dict)
    """What follows those who are to be taken in."""

    def add(self, user_id: str, person: Member | None, role: Role | None) -> None:
        """Take somebody in, or give them another role if they are there."""
        room = self.feed.room
        if person is not None and person.status == "active":
            if role is not None and role != person.role:
                self.writes += role_writes(room, user_id, person, role)
                self.owners += (role == "owner") - (person.role == "owner")
                self.notices.append(Notice(kind="ROLE_CHANGED", user_id=user_id, role=role))
            return
        if person is not None and person.status == "banned":
            self.refused[user_id] = "banned"
            return
        if is_being_erased(self.marks, user_id):
            self.refused[user_id] = "erasing"
            return
        held = {**joined_at(self.head), **marks_of(self.marks, user_id)}
        self.writes += add_writes(room, user_id, person, role or "member", self.head.seq, held)
        self.owners += role == "owner"
        self.notices.append(Notice(kind="MEMBER_ADDED", user_id=user_id, role=role or "member"))

    def remove(self, user_id: str, person: Member | None) -> None:
        """Take somebody out, if they are there."""
        if person is not None and person.status == "active":
            now = self.deployment.now()
            self.writes += remove_writes(self.feed.room, user_id, person, self.head.epoch, now)
            self.owners -= person.role == "owner"
            self.revoked_at = now
            self.losses.append(Notice(kind="MEMBER_REMOVED", user_id=user_id))
        elif person is not None and person.status == "invited":
            self.writes += end_invitation_writes(self.feed.room, user_id, person, self.deployment.now())
            self.notices.append(Notice(kind="INVITATION_ENDED", user_id=user_id))

    def found_room(self, hook: "AskAboutText | None") -> None:
        """Make the room, with whoever is taken in. Raises `Cancelled` where others came first, and what `hook` says of
        its name."""
        rules: dict[str, str] = {"name": self.feed.name} if self.feed.name else {}
        rules |= default_history(self.deployment.history_from)
        origin = founding(self.deployment, None)
        if hook and self.feed.name:
            asked = RoomAccess(self.head.ruled(rules), None, "admin")
            rules["name"] = hook("room_name", self.feed.name, clean_name, self.feed.room, asked, SERVICE)
        head = new_head_writes(self.feed.room, self.owners, rules, origin, self.notices)
        self.deployment.store.tables.transact([*head, *self.writes])

    def commit(self) -> None:
        """Make it the room's next revision. Raises `InvalidInput` where that is more than one transaction has room for,
        and `Cancelled` where others came first."""
        if len(self.writes) > MOST_ACTIONS - 2:
            raise InvalidInput("guild.people", argument="add", max=MAX_CHANGED)
        revision = next_revision(
            self.deployment,
            self.feed.room,
            self.head,
            None,
            *self.notices,
            *self.losses,
            kind="GUILD_MEMBERSHIP",
            revoked_at=self.revoked_at,
            owners=self.owners,
        )
        commit(self.deployment, revision, self.writes)
        self.epoch = revision.head.epoch

    def answer(self) -> dict[str, Any]:
        return {
            "roomId": self.feed.room.id,
            "epoch": self.epoch or self.head.epoch,
            "seq": self.head.seq,
            "owners": (self.head.owners or 0) + self.owners,
            "added": [user_id for user_id in self.feed.added if user_id not in self.refused],
            "removed": list(self.feed.removed),
            "refused": [{"userId": user_id, "reason": reason} for user_id, reason in self.refused.items()],
            "ended": self.feed.ended,
        }
