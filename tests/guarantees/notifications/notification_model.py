"""Who is to be notified of what, reckoned naively from what people did: nothing of it is the chat's own code.

Each message is judged once, in the first run after it has waited, by what is so then.
"""

from dataclasses import dataclass, field

AFTER_MS, ONLINE_MS = 30_000, 75_000


@dataclass
class Said:
    """A message."""

    id: str
    seq: int
    ts: int
    sender: str
    mentions: frozenset[str]
    to_all: bool
    is_removed: bool = False

    @property
    def due_at(self) -> int:
        return (self.ts // AFTER_MS + 2) * AFTER_MS


@dataclass
class Person:
    """Somebody, as they are now; `heard_at` of the last heartbeat that was written."""

    is_in: bool = True
    read: int = 0
    told: int = 0
    level: str | None = None
    muted_until: int = 0
    heard: str = "offline"
    heard_at: int = -ONLINE_MS - 1

    def is_online(self, now: int) -> bool:
        return self.heard == "online" and now - self.heard_at <= ONLINE_MS


@dataclass(frozen=True)
class Told:
    """What a notification says: whom, from which message to which, how many, and whether one mentions them."""

    user: str
    from_seq: int
    seq: int
    count: int
    mentioned: bool


@dataclass
class Model:
    """One room. `is_small`: whether everything counts in it."""

    people: dict[str, Person]
    is_small: bool = True
    said: list[Said] = field(default_factory=list)
    projected: set[int] = field(default_factory=set)
    judged_up_to: int = 0
    has_ended: bool = False

    def judge(self, now: int) -> list[Told]:
        """What a run tells at `now`, of which nothing is told again."""
        due = {said.due_at for said in self.said if said.seq in self.projected and said.due_at <= now}
        waiting = sorted(each for each in due if each > self.judged_up_to)
        told: list[Told] = []
        if waiting and not self.has_ended:
            since = min(
                said.seq for said in self.said if said.due_at == waiting[0] and said.seq in self.projected
            )
            judged = [said for said in self.said if said.seq >= since and said.due_at <= now]
            for user, person in self.people.items():
                mine = [said for said in judged if self.wants(user, person, said, now)]
                if not mine:
                    continue
                mentioned = any(user in said.mentions or said.to_all for said in mine)
                told.append(Told(user, mine[0].seq, mine[-1].seq, len(mine), mentioned))
                person.told = mine[-1].seq
        if waiting and not self.has_ended:
            self.judged_up_to = waiting[-1]
        return told

    def wants(self, user: str, person: Person, said: Said, now: int) -> bool:
        if not person.is_in or person.is_online(now) or person.muted_until > now:
            return False
        if said.is_removed or said.sender == user or said.seq <= max(person.read, person.told):
            return False
        if person.level == "NONE":
            return False
        if user in said.mentions:
            return True
        return self.is_small and (said.to_all or person.level != "MENTIONS")
