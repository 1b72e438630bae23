"""Reactions as items: what one more or one less writes, and how many there are.

All that one reaction writes lies in partitions of the person's own and of one of 32 shards of the message, so that nothing of the
room is written by it. Only the first with an emoji in a shard writes where a message's emoji and shards are listed: who finds a
counter knows that this was done.
"""

from collections.abc import Mapping

from chat.rules.access import Access, write_refusal
from chat.rules.errors import ChatError, RateLimited
from chat.rules.models import Item, Member
from chat.rules.rate import to_ms
from chat.rules.reactions import MAX_KINDS, RATE, SHARDS, attribute_of, emoji_in, shard_of, shards_in
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.storage import keys
from chat.storage.places import Place, membership_place
from chat.storage.tables import NEW, Write


@record(frozen=True, slots=True)
class ReactionPlace:
    """A message that is reacted to. `expires_at` is its item's, in seconds: all that belongs to it expires with it."""

    room: Room
    message_id: str
    expires_at: int | None = None

    def shard(self, shard: int, sort_key: str) -> Place:
        partition_key = keys.reaction_shard(self.room.partition_key, self.message_id, shard)
        return Place(self.room.table, partition_key, sort_key)

    def reacting(self, emoji: str, user_id: str) -> Place:
        """That somebody reacts with an emoji, where those are listed who react."""
        return self.shard(shard_of(user_id), keys.reacting(emoji, user_id))

    def count(self, emoji: str, shard: int) -> Place:
        return self.shard(shard, keys.reaction_count(emoji))

    def reacted(self, user_id: str) -> Place:
        """With what somebody reacts, in their own partition."""
        sort_key = keys.reacted(self.room.partition_key, self.message_id)
        return Place(self.room.table, keys.user_partition(user_id), sort_key)

    @property
    def kinds(self) -> Place:
        return self._of_room(keys.reaction_kinds(self.message_id))

    @property
    def unsummarised(self) -> Place:
        return self._of_room(keys.unsummarised(self.message_id))

    def _of_room(self, sort_key: str) -> Place:
        return Place(self.room.table, keys.reactions_of_room(self.room.partition_key), sort_key)

    @property
    def expires(self) -> dict[str, int]:
        """What all items of a message's reactions have."""
        return {} if self.expires_at is None else {"expiresAt": self.expires_at}


@record(frozen=True, slots=True)
class Kinds:
    """The emoji that a message is or was reacted with, each with the shards in which it was, as bits."""

    masks: Mapping[str, int]

    @classmethod
    def of(cls, item: Item | None) -> "Kinds":
        attributes = item or {}
        return cls({emoji: int(attributes[name]["N"]) for emoji, name in emoji_in(attributes).items()})

    def shards(self, emoji: str | None = None) -> list[int]:
        """In which shards anybody can react with this emoji, or with any."""
        mask = self.masks.get(emoji, 0) if emoji is not None else 0
        for each in self.masks.values() if emoji is None else ():
            mask |= each
        return shards_in(mask)

    def places(self, where: ReactionPlace) -> dict[tuple[str, int], Place]:
        """The counters there are, by emoji and shard: `SHARDS` times `MAX_KINDS` at the most."""
        return {
            (emoji, shard): where.count(emoji, shard)
            for emoji, mask in self.masks.items()
            for shard in shards_in(mask)
        }


MOST_COUNTERS = SHARDS * MAX_KINDS


def number_in(item: Item | None) -> int:
    """How many a counter counts."""
    return int(item["n"]["N"]) if item else 0


def reaction_refusal(access: Access, now: int) -> ChatError | None:
    """Why this member may not react now (ms): nobody may write, they are muted, or faster than the rate of reactions."""
    if refusal := write_refusal(access, now):
        return refusal
    if wait := RATE.wait(access.member.react_tat, now * 1_000):
        return RateLimited(to_ms(wait), "person", "reaction.rateLimited")
    return None


def charge_reaction(room: Room, user_id: str, member: Member, now: int) -> Write:
    """The write that charges a member for one reaction (`now` in ms), on condition of being active, not muted, and of the rate's
    state as it was seen."""
    tat = member.react_tat
    unchanged = "#reactTat = :was" if tat else "attribute_not_exists(#reactTat)"
    return Write(
        membership_place(room, user_id),
        condition=(
            "attribute_exists(PK) AND #status = :active"
            f" AND (attribute_not_exists(#mutedUntil) OR #mutedUntil <= :nowMs) AND {unchanged}"
        ),
        given={":active": "active", ":nowMs": now} | ({":was": tat} if tat else {}),
        set={"reactTat": RATE.taken(tat, now * 1_000)},
    )


def reacting_writes(
    where: ReactionPlace, user_id: str, emoji: str, seq: int, now: int, *, counted: bool
) -> list[Write]:
    """That somebody reacts from `now` (ms) on, if they do not yet. `seq` is the message's number. `counted`: whether there is
    a counter; the first makes it, together with `new_kind_write`."""
    name = attribute_of(emoji)
    count = where.count(emoji, shard_of(user_id))
    return [
        Write(
            where.reacted(user_id),
            condition=f"attribute_not_exists(#{name})",
            set={"type": "Reacted", **where.expires, "seq": seq, name: now},
        ),
        Write(
            where.reacting(emoji, user_id), set={"type": "Reaction", **where.expires, "ts": now}, whole=True
        ),
        Write(count, condition="attribute_exists(PK)", add={"n": 1})
        if counted
        else Write(count, condition=NEW, set={"type": "ReactionCount", **where.expires, "n": 1}, whole=True),
    ]


def no_reaction_writes(where: ReactionPlace, user_id: str, emoji: str, *, counted: bool) -> list[Write]:
    """That somebody reacts no more, if they do."""
    name = attribute_of(emoji)
    count = Write(where.count(emoji, shard_of(user_id)), condition="attribute_exists(PK)", add={"n": -1})
    return [
        Write(where.reacted(user_id), condition=f"attribute_exists(#{name})", remove=[name]),
        Write(where.reacting(emoji, user_id), delete=True),
        *([count] if counted else []),
    ]


def new_kind_write(where: ReactionPlace, kinds: Kinds, emoji: str, user_id: str) -> Write:
    """The write that lists an emoji, or one more shard of one, as far as there may be another."""
    name, bit = attribute_of(emoji), 1 << shard_of(user_id)
    if emoji in kinds.masks:
        return Write(where.kinds, condition=f"attribute_exists(#{name})", add={name: bit})
    return Write(
        where.kinds,
        condition=(f"attribute_not_exists(#{name}) AND (attribute_not_exists(#kinds) OR #kinds < :most)"),
        given={":most": MAX_KINDS},
        set={"type": "ReactionKinds", **where.expires},
        add={"kinds": 1, name: bit},
    )


def no_kind_writes(where: ReactionPlace, kinds: Kinds, emoji: str) -> list[Write]:
    """The writes that take an emoji off the list that nobody reacts with any more, with its counters: whoever reacts with it
    meanwhile finds none, and lists it anew."""
    name, mask = attribute_of(emoji), kinds.masks[emoji]
    unchanged = Write(
        where.kinds, condition=f"#{name} = :mask", given={":mask": mask}, add={"kinds": -1}, remove=[name]
    )
    zero = "attribute_not_exists(PK) OR #n = :zero"
    return [
        unchanged,
        *(
            Write(where.count(emoji, shard), condition=zero, given={":zero": 0}, delete=True)
            for shard in shards_in(mask)
        ),
    ]
