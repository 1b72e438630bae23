"""What the chat must answer about a room's messages, in plain lists: no engine, no attempts, no memory."""

from dataclasses import dataclass, field
from typing import Any

DAY_MS = 86_400_000
RETENTION_DAYS = 20
PROOF_S = 14 * 86_400
IN = ("owner", "moderator", "member")
ANYBODY = (*IN, "admin")
KEEPERS = ("owner", "moderator", "admin")
RULERS = ("owner", "admin")
RANK = {"member": 1, "moderator": 2, "owner": 3, "admin": 4}


@dataclass(frozen=True)
class No:
    """A refusal by its name, and the reason that it gives."""

    code: str
    reason: str | None = None


STRANGER = No("NotRoomMember")


def not_allowed(reason: str) -> No:
    return No("NotAllowed", reason)


@dataclass
class Said:
    """A message that was stored. `lapsed`: it was expired once, whatever clock or retention say later."""

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
    lapsed: bool = False


@dataclass(frozen=True)
class Told:
    """A notice. `epoch` is the one in which it is heard."""

    kind: str
    user: str | None
    epoch: int
    next_epoch: int | None = None
    role: str | None = None
    muted_until: int | None = None


@dataclass
class Person:
    """Somebody who is in the room, or was."""

    role: str = "member"
    status: str = "active"
    joined_seq: int = 0
    muted_until: int = 0
    tat: int = 0
    last_sent_seq: int = 0
    ended_epoch: int | None = None


@dataclass
class Marks:
    """How far somebody has read, says that they have read, and has received."""

    read: int = 0
    told: int = 0
    delivered: int = 0


@dataclass
class Rules:
    """`own`: what was set, by its name on the wire; the rest is the deployment's."""

    own: dict[str, Any] = field(default_factory=dict)

    @property
    def is_public(self) -> bool:
        return self.own.get("visibility") == "PUBLIC"

    @property
    def slow_s(self) -> int:
        return int(self.own.get("slowModeSeconds", 0))

    @property
    def retention_days(self) -> int:
        return int(self.own.get("retentionDays", RETENTION_DAYS))

    def taken(self, role: str, tat: int, at: int) -> int | None:
        """The rate state after one more message at `at` (both in µs), or `None` where that is too many. What slower rules
        have left is a burst that is used up."""
        step, burst = (self.slow_s * 1_000_000, 1) if self.slow_s and role == "member" else (1_000, 1_000)
        reach = at + step * burst
        return None if at < tat - step * (burst - 1) and tat <= reach else min(max(tat, at) + step, reach)


@dataclass
class Talk:
    """What is said in one room. `admins` keep order in it without being in it."""

    id: str
    creator: str
    admins: frozenset[str]
    rules: Rules = field(default_factory=Rules)
    people: dict[str, Person] = field(default_factory=dict)
    marks: dict[str, Marks] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    last_epochs: dict[str, int] = field(default_factory=dict)
    rev: int = 1
    epoch: int = 1
    changed_at: int = 0

    # who may

    def person(self, user: str) -> Person | None:
        """Somebody who is in the room now."""
        person = self.people.get(user)
        return person if person and person.status == "active" else None

    def enter(self, who: str, those: tuple[str, ...]) -> str | No:
        """As what `who` may do something that `those` may."""
        person = self.person(who)
        if person and person.role in those:
            return person.role
        if who in self.admins and "admin" in those:
            return "admin"
        return not_allowed("role") if person else STRANGER

    def active(self) -> list[str]:
        return sorted(user for user in self.people if self.person(user))

    def owners(self) -> list[str]:
        return [user for user in self.active() if self.people[user].role == "owner"]

    def is_last_owner(self, user: str) -> bool:
        return self.owners() == [user]

    # messages

    def lives(self, each: Said, now: int) -> bool:
        return each.ts >= now - self.rules.retention_days * DAY_MS and each.expires_s >= now // 1_000

    def living(self, now: int) -> list[Said]:
        return [each for each in self.said if self.lives(each, now)]

    def lapse(self, now: int) -> None:
        """Before the clock goes back or the retention changes: a client may have dropped what has expired."""
        for each in self.said:
            each.lapsed = each.lapsed or not self.lives(each, now)

    def proved(self, now: int, user: str, name: str | None) -> Said | None:
        """The latest message under this name, while the proof of it has not expired."""
        for each in reversed(self.said):
            if name and (each.sender, each.name) == (user, name):
                return each if each.expires_s + PROOF_S >= now // 1_000 else None
        return None

    def send(self, now: int, user: str, name: str | None, text: str) -> No | Said:
        """The earlier message that this repeats, or the one that is stored now."""
        person = self.person(user)
        if person is None:
            return STRANGER
        if earlier := self.proved(now, user, name):
            return earlier if earlier.raw == text else No("IdempotencyMismatch")
        if refusal := self._charge(now, person):
            return refusal
        ts = max(now, self.latest() + 1)
        expires_s = (ts + self.rules.retention_days * DAY_MS) // 1_000
        seq = len(self.said) + 1
        self.said.append(Said(seq, ts, user, name or "", text, expires_s, self.epoch, text))
        self.rev += 1
        person.last_sent_seq = seq
        return self.said[-1]

    def latest(self) -> int:
        return self.said[-1].ts if self.said else 0

    def _charge(self, now: int, person: Person) -> No | None:
        if person.muted_until > now:
            return No("Muted")
        tat = self.rules.taken(person.role, person.tat, max(now, self.latest(), self.changed_at) * 1_000)
        if tat is None:
            return No("RateLimited")
        person.tat = tat
        return None

    def edit(self, now: int, user: str, seq: int, text: str) -> No | Said:
        person, each = self.person(user), self.said[seq - 1]
        if person is None:
            return STRANGER
        if not self.lives(each, now):
            return No("InvalidInput")
        if each.sender != user:
            return not_allowed("notYours")
        if each.removed_at is not None:
            return not_allowed("removed")
        if each.text == text:
            return each
        if refusal := self._charge(now, person):
            return refusal
        each.text, each.version, each.edited_at = text, each.version + 1, self._change(now, each)
        return each

    def remove_message(self, now: int, user: str, seq: int) -> No | Said:
        each = self.said[seq - 1]
        standing = self.enter(user, ANYBODY)
        if isinstance(standing, No):
            return standing
        if not self.lives(each, now):
            return No("InvalidInput")
        if each.sender != user and standing == "member" and user not in self.admins:
            return not_allowed("role")
        if each.removed_at is None:
            each.text, each.removed_at = None, self._change(now, each)
        return each

    def _change(self, now: int, each: Said) -> int:
        """The instant of a change that is made now; no change lies before the one before it."""
        self.rev += 1
        each.rev, each.epoch = self.rev, self.epoch
        self.changed_at = max(now, self.latest(), self.changed_at)
        return self.changed_at

    # receipts

    def mark(self, user: str, seq: int, *, read: bool, private: bool = False) -> No | Marks:
        if self.person(user) is None:
            return STRANGER
        if seq > len(self.said):
            return No("InvalidInput")
        marks = self.marks.setdefault(user, Marks())
        if not read:
            marks.delivered = max(marks.delivered, seq)
        else:
            marks.read = max(marks.read, seq)
            marks.told = marks.told if private else max(marks.told, seq)
        return marks

    def unread(self, user: str) -> int:
        """Counted one by one."""
        person, marks = self.people[user], self.marks.get(user, Marks())
        seen = max(marks.read, person.last_sent_seq, person.joined_seq)
        return sum(each.seq > seen for each in self.said)
