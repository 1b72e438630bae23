"""What the chat must answer, in plain lists: no engine, no attempts, no memory."""

from dataclasses import dataclass, field

DAY_MS = 86_400_000


@dataclass
class Said:
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


@dataclass
class Oracle:
    """One room, whose members may send `burst` messages at once and one each `step_ms`."""

    step_ms: int
    burst: int
    retention_ms: int
    members: dict[str, Membership] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    def judge(self, now: int, user: str, name: str | None, text: str) -> str | Said:
        """The refusal's name, the earlier message that this repeats, or the message that is stored now."""
        member = self.members.get(user)
        if member is None or member.banned:
            return "NotRoomMember"
        if earlier := self.proved(now, user, name):
            return earlier if earlier.raw == text else "IdempotencyMismatch"
        if member.muted_until > now:
            return "Muted"
        latest = self.said[-1].ts if self.said else 0
        at = max(now, latest)
        if member.tat - self.step_ms * (self.burst - 1) > at:
            return "RateLimited"
        member.tat = max(member.tat, at) + self.step_ms
        self.said.append(Said(len(self.said) + 1, max(now, latest + 1), user, name or "", text, text=text))
        return self.said[-1]

    def proved(self, now: int, user: str, name: str | None) -> Said | None:
        """The latest message under this name, while the proof of it has not expired."""
        for each in reversed(self.said):
            if (each.sender, each.name) == (user, name) and name:
                until_s = (each.ts + self.retention_ms) // 1_000 + 14 * 86_400
                return each if until_s >= now // 1_000 else None
        return None

    def lives(self, each: Said, now: int) -> bool:
        return each.ts >= now - self.retention_ms

    def history(self, now: int, after: int | None, before: int | None) -> list[Said]:
        low, high = (-1 if after is None else after), (10**15 if before is None else before)
        return [each for each in self.said if low < each.ts < high and self.lives(each, now)]
