"""Take back again what was taken back from people in a room: that they are in it, a role, the right to write."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

from chat.deployment import Deployment
from chat.rules.models import Head, Member, Notice, NoticeKind, Role
from chat.rules.rooms import Room
from chat.steps.quota import returned_room
from chat.steps.revision import commit, next_revision
from chat.steps.roster import (
    ban_writes,
    end_invitation_writes,
    mute_writes,
    read_members,
    remove_writes,
    role_writes,
    unban_writes,
    with_owner_count,
)
from chat.storage.places import membership_place, roster_place
from chat.storage.tables import Write
from restore.outcomes import Outcome
from restore.wanted import MemberWanted

Act = Callable[[], None]
Found = Act | Outcome
Step = Callable[[], Found]


class MemberReplay:
    """The people of one room. `touched_owners`: whether an owner went, or has another role."""

    def __init__(self, deployment: Deployment, room: Room) -> None:
        self._deployment = deployment
        self._room = room
        self.touched_owners = False

    def steps(self, user_id: str, wanted: MemberWanted) -> Iterator[tuple[str, Step]]:
        """What is to be looked at, by the kind of the entry that asks for it. One that is gone has neither role nor mute."""
        if wanted.is_banned and wanted.ban is not None:
            yield wanted.ban.kind, partial(self._ban, user_id)
            return
        if wanted.ban is not None:
            yield wanted.ban.kind, partial(self._unban, user_id)
        if wanted.is_gone and wanted.status is not None:
            yield wanted.status.kind, partial(self._take_out, user_id)
            return
        if wanted.went and wanted.status is not None:
            yield wanted.status.kind, partial(self._come_anew, user_id, wanted.status.seq)
        if wanted.role is not None and wanted.role.role is not None:
            yield "ROLE_CHANGED", partial(self._give_role, user_id, cast("Role", wanted.role.role))
        if wanted.mute is not None and wanted.mute.until is not None:
            yield wanted.mute.kind, partial(self._mute, user_id, wanted.mute.until)

    def has_no_owner(self) -> bool:
        head, _ = read_members(self._deployment.store, self._room, [])
        return head is not None and not with_owner_count(self._deployment.store, self._room, head).owners

    def _look(self, user_id: str) -> tuple[Head | None, Member | None]:
        head, people = read_members(self._deployment.store, self._room, [user_id])
        return None if head is None or head.ended_at else head, people.get(user_id)

    def _ban(self, user_id: str) -> Found:
        """Also whom the room does not know yet."""
        head, person = self._look(user_id)
        if head is None:
            return "absent"
        if person is not None and person.status == "banned":
            return "stands"
        return partial(self._end_with, "MEMBER_BANNED", user_id, head, person)

    def _take_out(self, user_id: str) -> Found:
        head, person = self._look(user_id)
        if head is None or person is None:
            return "absent"
        if person.status == "active":
            return partial(self._end_with, "MEMBER_REMOVED", user_id, head, person)
        if person.status == "invited":
            return partial(self._uninvite, user_id, head, person)
        return "stands"

    def _end_with(self, kind: NoticeKind, user_id: str, head: Head, person: Member | None) -> None:
        """End a membership by removal or ban; if it was active, its epoch ends."""
        now, is_active = self._deployment.now(), person is not None and person.status == "active"
        owners = 0
        if person is not None and is_active:
            head = with_owner_count(self._deployment.store, self._room, head)
            owners = -(person.role == "owner")
            self.touched_owners = self.touched_owners or owners < 0
        revoked_at = now if is_active else None
        notice = Notice(kind=kind, user_id=user_id)
        revision = next_revision(
            self._deployment, self._room, head, None, notice, revoked_at=revoked_at, owners=owners
        )
        ended = head.epoch if is_active else None
        if kind == "MEMBER_BANNED":
            writes = ban_writes(self._room, user_id, person, ended, now)
        else:
            writes = remove_writes(self._room, user_id, cast("Member", person), head.epoch, now)
        commit(self._deployment, revision, [*writes, *self._returned(user_id, person, now)])

    def _returned(self, user_id: str, person: Member | None, now: int) -> list[Write]:
        is_there = person is not None and person.status in ("active", "invited")
        return returned_room(user_id, person, now) if person is not None and is_there else []

    def _uninvite(self, user_id: str, head: Head, person: Member) -> None:
        now, notice = self._deployment.now(), Notice(kind="INVITATION_ENDED", user_id=user_id)
        writes = end_invitation_writes(self._room, user_id, person, now)
        revision = next_revision(self._deployment, self._room, head, None, notice)
        commit(self._deployment, revision, [*writes, *self._returned(user_id, person, now)])

    def _unban(self, user_id: str) -> Found:
        head, person = self._look(user_id)
        if head is None or person is None:
            return "absent"
        if person.status != "banned":
            return "stands"
        notice = Notice(kind="MEMBER_UNBANNED", user_id=user_id)
        writes = unban_writes(self._room, user_id, person, self._deployment.now())
        revision = next_revision(self._deployment, self._room, head, None, notice)
        return lambda: commit(self._deployment, revision, writes)

    def _come_anew(self, user_id: str, seq: int) -> Found:
        """Somebody who went and came again is there from then on: what was before is not given back with the membership."""
        head, person = self._look(user_id)
        if head is None or person is None or person.status != "active":
            return "absent"
        joined = min(seq, head.seq)
        if person.joined_seq >= joined:
            return "stands"
        given = {":role": person.role, ":status": person.status}
        as_seen = "#role = :role AND #status = :status"
        came = {"joinedSeq": joined}
        writes = [
            Write(membership_place(self._room, user_id), as_seen, given, set=came, remove=("joinedTs",)),
            Write(roster_place(self._room, user_id), set=came),
        ]
        revision = next_revision(self._deployment, self._room, head, None, kind="INTERNAL")
        return lambda: commit(self._deployment, revision, writes)

    def _give_role(self, user_id: str, role: Role) -> Found:
        """Up as well as down: who hands a room over has the other promoted first."""
        head, person = self._look(user_id)
        if head is None or person is None or person.status != "active":
            return "absent"
        if person.role == role:
            return "stands"
        head = with_owner_count(self._deployment.store, self._room, head)
        owners = (role == "owner") - (person.role == "owner")
        self.touched_owners = self.touched_owners or owners < 0
        notice = Notice(kind="ROLE_CHANGED", user_id=user_id, role=role)
        revision = next_revision(self._deployment, self._room, head, None, notice, owners=owners)
        writes = role_writes(self._room, user_id, person, role)
        return lambda: commit(self._deployment, revision, writes)

    def _mute(self, user_id: str, until: int) -> Found:
        head, person = self._look(user_id)
        if head is None or person is None or person.status != "active":
            return "absent"
        if person.muted_until == until:
            return "stands"
        notice = Notice(kind="MEMBER_MUTED", user_id=user_id, muted_until=until or None)
        writes = mute_writes(self._room, user_id, person, until)
        revision = next_revision(self._deployment, self._room, head, None, notice)
        return lambda: commit(self._deployment, revision, writes)
