"""What the chat must answer, in plain lists: no engine, no attempts, no memory."""

from dataclasses import dataclass, field

LEAD_MS = 3_000
"""Whoever was charged by a clock that is further ahead is judged by this one."""


@dataclass
class StoredMessage:
    """A message that was stored."""

    seq: int
    ts: int
    sender: str
    name: str
    raw: str
    id: str = ""
    text: str | None = None


@dataclass
class Membership:
    banned: bool = False
    muted_until: int = 0
    tat: int = 0
    charged_at: int = 0


@dataclass
class Oracle:
    """One room, whose members may send `burst` messages at once and one each `step_ms`."""

    step_ms: int
    burst: int
    retention_ms: int
    members: dict[str, Membership] = field(default_factory=dict)
    messages: list[StoredMessage] = field(default_factory=list)

    def send(self, now: int, user: str, name: str | None, text: str) -> str | StoredMessage:
        """The refusal's name, the earlier message that this repeats, or the message that is stored now."""
        member = self.members.get(user)
        if member is None or member.banned:
            return "NotRoomMember"
        if earlier := self.sent_before(now, user, name):
            return earlier if earlier.raw == text else "IdempotencyMismatch"
        if member.muted_until > now:
            return "Muted"
        latest = self.messages[-1].ts if self.messages else 0
        tat, at, tolerance = member.tat, max(now, member.charged_at), self.step_ms * (self.burst - 1)
        if at - now > LEAD_MS:
            tat, at = now + min(tat - at, tolerance), now
        if tat - tolerance > at:
            return "RateLimited"
        member.tat, member.charged_at = max(tat, at) + self.step_ms, at
        self.messages.append(
            StoredMessage(len(self.messages) + 1, max(now, latest + 1), user, name or "", text, text=text)
        )
        return self.messages[-1]

    def sent_before(self, now: int, user: str, name: str | None) -> StoredMessage | None:
        """The latest message under this name, while the proof of it has not expired."""
        for each in reversed(self.messages):
            if (each.sender, each.name) == (user, name) and name:
                until_s = (each.ts + self.retention_ms) // 1_000 + 14 * 86_400
                return each if until_s >= now // 1_000 else None
        return None

    def is_visible(self, each: StoredMessage, now: int) -> bool:
        return each.ts >= now - self.retention_ms

    def history(self, now: int, after: int | None, before: int | None) -> list[StoredMessage]:
        low, high = (-1 if after is None else after), (10**15 if before is None else before)
        return [each for each in self.messages if low < each.ts < high and self.is_visible(each, now)]
