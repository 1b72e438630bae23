"""What is stored of the reactions to messages, as it is now: how many there are by emoji, and a few of those who react."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.models import Item
from chat.rules.reactions import NAMED, parsed
from chat.rules.record import record
from chat.steps.batches import found_at
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import Place
from chat.storage.reaction_items import Kinds, ReactionPlace, number_in

MOST_COUNTERS = 1_600
"""How many counters are read for one revision, at the most, but for those of one message: in 16 requests."""

ByEmoji = Mapping[str, Mapping[int, int]]
"""How many react with each emoji in each shard in which anybody does."""


@record(frozen=True, slots=True)
class Counted:
    """The reactions to a message: how many, and who of them, by emoji. `marked`: up to which of its marks that holds."""

    where: ReactionPlace
    counts: Mapping[str, int]
    names: Mapping[str, Sequence[str]]
    marked: int


@record(frozen=True, slots=True)
class Wanted:
    """A message whose reactions are to be counted: `kinds` as its item, `summary` as its last summary says, and how often it
    was marked when that was read."""

    where: ReactionPlace
    kinds: Item | None
    summary: str | None
    marked: int


def counted(deployment: Deployment, wanted: Sequence[Wanted], deadline: float) -> list[Counted]:
    """The reactions to the first of these messages, to as many as 1,600 counters allow, and to one at the least. Every read is
    consistent. Raises `ServiceUnavailable`."""
    places: dict[int, dict[tuple[str, int], Place]] = {}
    for index, each in enumerate(wanted):
        own = Kinds.of(each.kinds).places(each.where)
        if places and sum(map(len, places.values())) + len(own) > MOST_COUNTERS:
            break
        places[index] = own
    every = [place for own in places.values() for place in own.values()]
    found = found_at(deployment, every, deadline, consistent=True)
    by_emoji = [_by_emoji(own, found) for own in places.values()]
    kept = _still_reacting(deployment, wanted, by_emoji, deadline)
    made = []
    for each, counts, names in zip(wanted, by_emoji, kept, strict=False):
        name = partial(_named, deployment, each.where, deadline)
        who = deployment.threads().map(
            name, counts, counts.values(), [names.get(emoji, []) for emoji in counts]
        )
        numbers = {emoji: sum(shards.values()) for emoji, shards in counts.items()}
        made.append(Counted(each.where, numbers, dict(zip(counts, who, strict=True)), each.marked))
    return made


def _by_emoji(places: Mapping[tuple[str, int], Place], found: Mapping[Place, Item]) -> ByEmoji:
    counts: dict[str, dict[int, int]] = {}
    for (emoji, shard), place in places.items():
        if (number := number_in(found.get(place))) > 0:
            counts.setdefault(emoji, {})[shard] = number
    return counts


def _still_reacting(
    deployment: Deployment, wanted: Sequence[Wanted], counts: Sequence[ByEmoji], deadline: float
) -> list[dict[str, list[str]]]:
    """Of those whom the last summaries name, who still reacts: as long as they do, the same people are named."""
    named = [
        [(each["emoji"], user_id) for each in parsed(one.summary) for user_id in each["userIds"]]
        for one, _ in zip(wanted, counts, strict=False)
    ]
    places = [
        {pair: one.where.reacting(*pair) for pair in pairs} for one, pairs in zip(wanted, named, strict=False)
    ]
    every = [place for own in places for place in own.values()]
    found = found_at(deployment, every, deadline, consistent=True)
    return [_by_name(pair for pair, place in own.items() if place in found) for own in places]


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    by_emoji: dict[str, list[str]] = {}
    for emoji, user_id in pairs:
        by_emoji.setdefault(emoji, []).append(user_id)
    return by_emoji


def _named(
    deployment: Deployment,
    where: ReactionPlace,
    deadline: float,
    emoji: str,
    shards: Mapping[int, int],
    kept: Sequence[str],
) -> list[str]:
    """Up to three who react with an emoji: those of `kept`, then others, from as few shards as have so many."""
    names, tables = list(kept), deployment.store.tables
    low, high = keys.reacting_with(emoji)
    for shard in sorted(shards):
        if len(names) >= min(NAMED, sum(shards.values())):
            break
        partition_key = where.shard(shard, "").partition_key
        items, _ = retried(
            deployment,
            partial(
                tables.query_page, where.room.table, partition_key, low, high,
                forward=True, count=2 * NAMED, consistent=True,
            ),
            deadline,
        )  # fmt: skip
        others = [keys.who_reacts(item["SK"]["S"])[1] for item in items]
        names += [each for each in others if each not in names]
    return names[:NAMED]
