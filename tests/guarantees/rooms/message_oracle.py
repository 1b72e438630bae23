"""What the chat must answer about a room's messages, in plain lists: no engine, no attempts, no memory."""

from dataclasses import dataclass, field
from typing import Any

from chat.rules.identifiers import was_composed_before
from tests.guarantees.support.fixtures import DAY_MS

RETENTION_DAYS = 20
IDEMPOTENCY_S = 14 * 86_400
LEAD_MS = 3_000
MEMBER_ROLES = ("owner", "moderator", "member")
ANY_ROLE = (*MEMBER_ROLES, "admin")
MODERATING = ("owner", "moderator", "admin")
OWNING = ("owner", "admin")
RANK = {"member": 1, "moderator": 2, "owner": 3, "admin": 4}


@dataclass(frozen=True)
class Refusal:
    """A refusal by its name, and the reason that it gives."""

    code: str
    reason: str | None = None


NOT_MEMBER = Refusal("NotRoomMember")


def not_allowed(reason: str) -> Refusal:
    return Refusal("NotAllowed", reason)


@dataclass
class StoredMessage:
    """A message that was stored. `was_expired`: it was expired once,
    whatever clock or retention are later."""

    seq: int
    ts: int
    sender: str
    name: str
    raw: str
    expires_s: int
    epoch: int
    text: str | None
    id: str = ""
    version: int = 1
    rev: int | None = None
    edited_at: int | None = None
    removed_at: int | None = None
    was_expired: bool = False
    is_hidden: bool = False
    """Whether a retention that was changed since has hidden it, which is for good."""
    was_sent_by: str | None = None
    """Who sent it, if their data was erased since."""


@dataclass(frozen=True)
class ExpectedNotice:
    """A notice. `epoch` is the one in which it is published."""

    kind: str
    user: str | None
    epoch: int
    next_epoch: int | None = None
    role: str | None = None
    muted_until: int | None = None


@dataclass
class Membership:
    """A user who is a member, or was."""

    role: str = "member"
    status: str = "active"
    joined_seq: int = 0
    muted_until: int = 0
    tat: int = 0
    charged_at: int = 0
    last_sent_seq: int = 0
    ended_epoch: int | None = None
    again_tat: int = 0
    left_by_self: bool = False
    invitation_ended: bool = False
    erased_at: int | None = None


@dataclass(frozen=True)
class KeptBan:
    """A ban that has outlasted the erasure of whom it keeps out: with which rank, and until when (s)."""

    role: str
    until: int


@dataclass
class Markers:
    """How far a user has read, how far of it is shared with others, and how far messages were delivered."""

    read: int = 0
    shared: int = 0
    delivered: int = 0


@dataclass
class Rules:
    """`settings`: what was set, by its name on the wire; the rest is the deployment's."""

    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def is_public(self) -> bool:
        return self.settings.get("visibility") == "PUBLIC"

    @property
    def slow_s(self) -> int:
        return int(self.settings.get("slowModeSeconds", 0))

    @property
    def retention_days(self) -> int:
        return int(self.settings.get("retentionDays", RETENTION_DAYS))

    def limit(self, role: str) -> tuple[int, int]:
        """Microseconds that a message costs, and how many may come at once."""
        return (self.slow_s * 1_000_000, 1) if self.slow_s and role == "member" else (1_000, 1_000)

    def next_tat(self, role: str, tat: int, at: int) -> int | None:
        """The rate state after one more message at `at` (both in µs), or `None` where that is too many. What
        slower rules have left is a burst that is used up."""
        step, burst = self.limit(role)
        reach = at + step * burst
        return None if at < tat - step * (burst - 1) and tat <= reach else min(max(tat, at) + step, reach)

    def charge(self, member: Membership, now: int) -> bool:
        """Take one message at `now` (ms) from the member's rate, or say that it is too many. What a clock far ahead has
        charged counts from this one's now."""
        tat, at = member.tat, max(now, member.charged_at)
        if at - now > LEAD_MS:
            step, burst = self.limit(member.role)
            tat, at = now * 1_000 + min(tat - at * 1_000, step * (burst - 1)), now
        after = self.next_tat(member.role, tat, at * 1_000)
        if after is not None:
            member.tat, member.charged_at = after, at
        return after is not None


@dataclass
class MessageOracle:
    """The messages of one room. `admins` moderate it without being members."""

    id: str
    creator: str
    admins: frozenset[str]
    rules: Rules = field(default_factory=Rules)
    members: dict[str, Membership] = field(default_factory=dict)
    markers: dict[str, Markers] = field(default_factory=dict)
    messages: list[StoredMessage] = field(default_factory=list)
    last_epochs: dict[str, int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    """Whose data was erased, and when (ms)."""
    kept_bans: dict[str, KeptBan] = field(default_factory=dict)
    rev: int = 1
    epoch: int = 1
    changed_at: int = 0
    ended_by: str | None = None
    """Who ended the room, if that has happened."""
    is_removed: bool = False
    """Whether what was stored of it is removed, too."""

    # access

    def member(self, user: str) -> Membership | None:
        """The membership of a user who is a member now."""
        member = self.members.get(user)
        return member if member and member.status == "active" and self.ended_by is None else None

    def invites(self, user: str) -> Membership | None:
        """The membership of a user who is invited now."""
        member = self.members.get(user)
        return member if member and member.status == "invited" and self.ended_by is None else None

    def access(self, who: str, roles: tuple[str, ...]) -> str | Refusal:
        """In which role `who` may do something that `roles` may: the highest."""
        member = self.member(who)
        if self.ended_by is not None:
            return NOT_MEMBER
        if who in self.admins and "admin" in roles:
            return "admin"
        if member and member.role in roles:
            return member.role
        return not_allowed("role") if member else NOT_MEMBER

    def active_members(self) -> list[str]:
        return sorted(user for user in self.members if self.member(user))

    def owners(self) -> list[str]:
        return [user for user in self.active_members() if self.members[user].role == "owner"]

    def is_last_owner(self, user: str) -> bool:
        return self.owners() == [user]

    # messages

    def is_visible(self, each: StoredMessage, now: int) -> bool:
        is_kept = each.ts >= now - self.rules.retention_days * DAY_MS and each.expires_s >= now // 1_000
        return is_kept and not each.is_hidden

    def visible_messages(self, now: int) -> list[StoredMessage]:
        return [each for each in self.messages if self.is_visible(each, now)]

    def note_expired(self, now: int) -> None:
        """Before the clock goes back or the retention changes: a client may have dropped what has expired."""
        for each in self.messages:
            each.was_expired = each.was_expired or not self.is_visible(each, now)

    def sent_before(self, now: int, user: str, name: str | None) -> StoredMessage | None:
        """The latest message under this name, while its idempotency key has not expired."""
        for each in reversed(self.messages):
            if name and (each.sender, each.name) == (user, name):
                return each if each.expires_s + IDEMPOTENCY_S >= now // 1_000 else None
        return None

    def send(self, now: int, user: str, name: str | None, text: str) -> Refusal | StoredMessage:
        """The earlier message that this repeats, or the one that is stored now."""
        member = self.member(user)
        if member is None:
            return NOT_MEMBER
        if earlier := self.sent_before(now, user, name):
            return earlier if earlier.raw == text else Refusal("IdempotencyMismatch")
        if name and member.erased_at is not None and was_composed_before(name, member.erased_at):
            return not_allowed("erased")
        if refusal := self._charge(now, member):
            return refusal
        ts = max(now, self.latest() + 1)
        expires_s = (ts + self.rules.retention_days * DAY_MS) // 1_000
        seq = len(self.messages) + 1
        self.messages.append(StoredMessage(seq, ts, user, name or "", text, expires_s, self.epoch, text))
        self.rev += 1
        member.last_sent_seq = seq
        return self.messages[-1]

    def latest(self) -> int:
        return self.messages[-1].ts if self.messages else 0

    def _charge(self, now: int, member: Membership) -> Refusal | None:
        if member.muted_until > now:
            return Refusal("Muted")
        return None if self.rules.charge(member, now) else Refusal("RateLimited")

    def edit(self, now: int, user: str, seq: int, text: str) -> Refusal | StoredMessage:
        member, each = self.member(user), self.messages[seq - 1]
        if member is None:
            return NOT_MEMBER
        if not self.is_visible(each, now):
            return Refusal("InvalidInput")
        if each.sender != user:
            return not_allowed("notYours")
        if each.removed_at is not None:
            return not_allowed("removed")
        if each.text == text:
            return each
        if refusal := self._charge(now, member):
            return refusal
        each.text, each.version, each.edited_at = text, each.version + 1, self._change(now, each)
        return each

    def remove_message(self, now: int, user: str, seq: int) -> Refusal | StoredMessage:
        each = self.messages[seq - 1]
        access = self.access(user, ANY_ROLE)
        if isinstance(access, Refusal):
            return access
        if not self.is_visible(each, now):
            return Refusal("InvalidInput")
        if each.sender != user and access == "member" and user not in self.admins:
            return not_allowed("role")
        if each.removed_at is None:
            each.text, each.removed_at = None, self._change(now, each)
        return each

    def _change(self, now: int, each: StoredMessage) -> int:
        """The instant of a change that is made now; no change lies before the one before it."""
        self.rev += 1
        each.rev, each.epoch = self.rev, self.epoch
        self.changed_at = max(now, self.latest(), self.changed_at)
        return self.changed_at

    # receipts

    def mark(self, user: str, seq: int, *, read: bool, private: bool = False) -> Refusal | Markers:
        if self.member(user) is None:
            return NOT_MEMBER
        if seq > len(self.messages):
            return Refusal("InvalidInput")
        markers = self.markers.setdefault(user, Markers())
        if not read:
            markers.delivered = max(markers.delivered, seq)
        else:
            markers.read = max(markers.read, seq)
            markers.shared = markers.shared if private else max(markers.shared, seq)
        return markers

    def shown_markers(self, user: str) -> tuple[int, int]:
        """How far a member has read, and how far messages were delivered, for others to see. Whoever sends
        has read, and has, what was there before."""
        markers = self.markers.get(user, Markers())
        read = max(markers.shared, self.members[user].last_sent_seq)
        return read, max(markers.delivered, read)

    def unread(self, user: str, now: int) -> int:
        """Counted one by one: what can be read and was not removed."""
        seen = self.read_up_to(user)
        return sum(each.seq > seen and each.removed_at is None for each in self.visible_messages(now))

    def read_up_to(self, user: str) -> int:
        member, markers = self.members[user], self.markers.get(user, Markers())
        return max(markers.read, member.last_sent_seq, member.joined_seq)
