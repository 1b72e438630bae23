"""What the chat must answer about rooms and their members, in plain lists: no engine, no attempts, no memory.

Each verb of a room returns a `Refusal`, or changes the room and returns the notice of it.
"""

from dataclasses import dataclass
from typing import Any

from chat.rules.room_rules import RESETS
from tests.guarantees.rooms.message_oracle import (
    MODERATING,
    NOT_MEMBER,
    OWNING,
    RANK,
    ExpectedNotice,
    Membership,
    MessageOracle,
    Refusal,
    not_allowed,
)
from tests.guarantees.support.fixtures import DAY_MS


@dataclass
class RoomOracle(MessageOracle):
    """One room: its messages, and who may do what."""

    def update(self, now: int, who: str, given: dict[str, Any]) -> Refusal | ExpectedNotice:
        reset = {rule: None for name in given.get("reset", ()) for rule in RESETS[name]}
        given = {name: value for name, value in given.items() if value is not None and name != "reset"}
        if reset.keys() & given.keys():
            return Refusal("InvalidInput")
        given = reset | given
        if not given or (self.id.startswith("GUILD#") and given.get("visibility") == "PUBLIC"):
            return Refusal("InvalidInput")
        access = self.access(who, OWNING)
        if isinstance(access, Refusal):
            return access
        settings = {
            name: value
            for name, value in (self.rules.settings | given).items()
            if value not in (None, "PRIVATE")
        }
        self.rev += settings != self.rules.settings
        days, self.rules.settings = self.rules.retention_days, settings
        if self.rules.retention_days != days:
            for each in self.messages:
                each.is_hidden |= each.ts < now - min(days, self.rules.retention_days) * DAY_MS
        return ExpectedNotice("ROOM_UPDATED", None, self.epoch)

    def add(
        self, now: int, who: str, user: str, role: str = "member", *, asks: bool = False
    ) -> Refusal | ExpectedNotice:
        """`asks`: whether the deployment asks for people's consent."""
        access = self.access(who, MODERATING)
        if isinstance(access, Refusal):
            return access
        if RANK[role] > RANK[access]:
            return not_allowed("rank")
        member = self.members.get(user)
        if self.is_banned(user):
            return not_allowed("banned")
        if member and member.status == "active":
            return ExpectedNotice("MEMBER_ADDED", user, self.epoch, role=member.role)
        asks = asks and access != "admin"
        if asks and member and member.status == "invited":
            return ExpectedNotice("MEMBER_INVITED", user, self.epoch, role=member.role)
        if access != "admin" and member and not self._comes_again(member, now):
            return Refusal("RateLimited")
        if not asks:
            return ExpectedNotice(
                "MEMBER_ADDED", user, self.epoch, role=self._begin(user, role, "active").role
            )
        self._begin(user, role, "invited")
        return ExpectedNotice("MEMBER_INVITED", user, self.epoch, role=role)

    def _comes_again(self, member: Membership, now: int) -> bool:
        """Sixty times and then once in six minutes; who left by themself counts for twenty."""
        at, step, count = now * 1_000, 360_000_000, 20 if member.left_by_self else 1
        reach = at + 60 * step
        tat = at if member.again_tat > reach else max(member.again_tat, at)
        if tat + count * step > reach:
            return False
        member.again_tat = min(max(member.again_tat, at) + count * step, reach)
        return True

    def join(self, who: str) -> Refusal | ExpectedNotice:
        member = self.members.get(who)
        if self.ended_by is not None:
            return NOT_MEMBER
        if self.is_banned(who):
            return not_allowed("banned") if who in self.admins else NOT_MEMBER
        if not (member and member.status == "active"):
            is_invited = member is not None and member.status == "invited"
            if not (self.rules.is_public or who in self.admins or is_invited):
                return NOT_MEMBER
            member = self._begin(who, member.role if member and is_invited else "member", "active")
        return ExpectedNotice("MEMBER_JOINED", who, self.epoch, role=member.role)

    def _begin(self, user: str, role: str, status: str) -> Membership:
        self.rev += 1
        member = self.members.setdefault(user, Membership())
        member.erased_at = self.erased.get(user)
        member.role, member.status, member.joined_seq = role, status, len(self.messages)
        member.ended_epoch, member.left_by_self, member.invitation_ended = None, False, False
        return member

    def _end_invitation(self, user: str, *, by_self: bool) -> ExpectedNotice | None:
        """If there is one, or was."""
        member = self.members.get(user)
        if member and member.status == "invited":
            member.status, member.left_by_self, member.invitation_ended = "left", by_self, True
            self.rev += 1
        if member and member.status == "left" and member.invitation_ended:
            return ExpectedNotice("INVITATION_ENDED", user, self.epoch)
        return None

    def remove(self, who: str, user: str) -> Refusal | ExpectedNotice:
        access = self.access(who, MODERATING)
        if refusal := self._refusal(access, who, user):
            return refusal
        member = self.members.get(user)
        if member and member.status != "active" and member.ended_epoch is not None:
            return self._revocation_notice("MEMBER_REMOVED", user)
        if ended := self._end_invitation(user, by_self=False):
            return ended
        if member is None or member.status != "active":
            return not_allowed("notThere")
        if self.is_last_owner(user):
            return not_allowed("lastOwner")
        self.revoke(member, "left", user)
        return self._revocation_notice("MEMBER_REMOVED", user)

    def leave(self, who: str) -> Refusal | ExpectedNotice:
        member = self.members.get(who)
        if self.ended_by is not None:
            return self._end_notice(who)
        if member and member.status == "left" and member.ended_epoch is not None:
            return self._revocation_notice("MEMBER_LEFT", who)
        if declined := self._end_invitation(who, by_self=True):
            return declined
        if member is None or member.status != "active":
            return NOT_MEMBER
        is_alone, is_guilds = self.active_members() == [who], self.id.startswith("GUILD#")
        if is_alone and not is_guilds:
            self.rev += 1
            notice = self._end(who)
            member.status = "left"
            return notice
        if self.is_last_owner(who) and not is_alone:
            return not_allowed("lastOwner")
        self.revoke(member, "left", who)
        member.left_by_self = True
        return self._revocation_notice("MEMBER_LEFT", who)

    def delete(self, who: str) -> Refusal | ExpectedNotice:
        if self.ended_by is not None:
            return self._end_notice(who)
        access = self.access(who, OWNING)
        if isinstance(access, Refusal):
            return access
        return not_allowed("role") if self.id.startswith("GUILD#") and access != "admin" else self._end(who)

    def _end(self, who: str) -> Refusal | ExpectedNotice:
        self.last_epochs |= dict.fromkeys(self.active_members(), self.epoch)
        self.ended_by = who
        self.epoch += 1
        self.rev += 1
        return self._end_notice(who)

    def _end_notice(self, who: str) -> Refusal | ExpectedNotice:
        """For whoever ended the room, until it is removed."""
        if who != self.ended_by or self.is_removed:
            return NOT_MEMBER
        return ExpectedNotice("ROOM_DELETED", None, self.epoch - 1, self.epoch)

    def remove_stored(self) -> None:
        """What the job does that follows the end."""
        self.is_removed = True
        for member in self.members.values():
            member.status = "left"

    def ban(self, who: str, user: str) -> Refusal | ExpectedNotice:
        access = self.access(who, MODERATING)
        if refusal := self._refusal(access, who, user):
            return refusal
        member = self.members.setdefault(user, Membership(status="never"))
        if member.status == "active":
            if self.is_last_owner(user):
                return not_allowed("lastOwner")
            self.revoke(member, "banned", user)
        elif member.status != "banned":
            member.status, member.role, member.ended_epoch = "banned", "member", None
            self.rev += 1
        if member.ended_epoch is None:
            return ExpectedNotice("MEMBER_BANNED", user, self.epoch)
        return self._revocation_notice("MEMBER_BANNED", user)

    def unban(self, who: str, user: str) -> Refusal | ExpectedNotice:
        access = self.access(who, MODERATING)
        if refusal := self._refusal(access, "", user):
            return refusal
        member, kept = self.members.get(user), self.kept_bans.get(user)
        if kept and access not in OWNING and RANK[str(access)] <= RANK[kept.role]:
            return not_allowed("rank")
        if member is None and kept is None:
            return not_allowed("notThere")
        is_banned = member is not None and member.status == "banned"
        self.rev += is_banned or kept is not None
        if member and is_banned:
            member.status, member.role = "left", "member"
        self.kept_bans.pop(user, None)
        return ExpectedNotice("MEMBER_UNBANNED", user, self.epoch)

    def is_banned(self, user: str) -> bool:
        """Also since before they were erased."""
        member = self.members.get(user)
        return member.status == "banned" if member else user in self.kept_bans

    def end_kept_bans(self, now: int) -> None:
        """Those whose time is over."""
        self.kept_bans = {user: each for user, each in self.kept_bans.items() if each.until >= now // 1_000}

    def set_role(self, who: str, user: str, role: str) -> Refusal | ExpectedNotice:
        notice = ExpectedNotice("ROLE_CHANGED", user, self.epoch, role=role)
        member = self.member(user)
        if who == user and member and member.role == role:
            return notice
        access = self.access(who, OWNING)
        if refusal := self._refusal(access, "", user):
            return refusal
        if member is None:
            return not_allowed("notThere")
        if role != "owner" and self.is_last_owner(user):
            return not_allowed("lastOwner")
        self.rev += member.role != role
        member.role = role
        return notice

    def mute(self, who: str, user: str, until: int) -> Refusal | ExpectedNotice:
        access = self.access(who, MODERATING)
        if refusal := self._refusal(access, who, user):
            return refusal
        member = self.member(user)
        if member is None:
            return not_allowed("notThere")
        self.rev += member.muted_until != until
        member.muted_until = until
        return ExpectedNotice("MEMBER_MUTED", user, self.epoch, muted_until=until or None)

    def _refusal(self, access: str | Refusal, who: str, user: str) -> Refusal | None:
        """Why `who` may not do something to `user`, if they may not."""
        if isinstance(access, Refusal):
            return access
        if who == user:
            return not_allowed("self")
        member = self.members.get(user)
        if member is None or member.status == "left" or access in OWNING:
            return None
        return None if RANK[access] > RANK[member.role] else not_allowed("rank")

    def revoke(self, member: Membership, status: str, user: str) -> None:
        """Somebody loses access, which ends the epoch."""
        member.status, member.ended_epoch = status, self.epoch
        self.last_epochs[user] = self.epoch
        self.epoch += 1
        self.rev += 1

    def _revocation_notice(self, kind: str, user: str) -> ExpectedNotice:
        ended = self.members[user].ended_epoch or 0
        return ExpectedNotice(kind, user, ended, ended + 1)
