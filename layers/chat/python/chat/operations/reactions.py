"""Who reacts to a message, and with what: a page of it.

People are listed in 32 shards, in each by emoji and id. The message's list of emoji says in which shards anybody can be, and is
written with the first reaction in each, so that no other one is asked, and nobody who has just reacted is missed.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, enter_room
from chat.rules.arguments import check_limit
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.emoji import check_known
from chat.rules.errors import InvalidInput
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Head, Item, Member, Message
from chat.rules.reactions import parsed
from chat.rules.record import record
from chat.rules.tally import Tally
from chat.rules.visibility import first_visible_to
from chat.steps.message_change import unexpired
from chat.steps.reaction_target import ReactionTarget, check_reaction_target
from chat.steps.retry import deadline_of, retried
from chat.storage import keys
from chat.storage.items import is_expired
from chat.storage.places import head_place, membership_place
from chat.storage.reaction_items import Kinds, ReactionPlace

SHARDS_AT_ONCE = 8
"""How many shards are asked beside each other."""

FIRST = (0, "")


@record(frozen=True, slots=True)
class _ReactionsRequest:
    """What is asked: a page past a shard and a sort key in it."""

    target: ReactionTarget
    emoji: str | None
    limit: int
    past: tuple[int, str]

    @property
    def purpose(self) -> str:
        return f"reactions/{self.target.room.id}/{self.target.message_id}/{self.emoji or ''}"


def reactions(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    """The schema's `ReactionPage` for `arguments` (`roomId`, `id`, `emoji`, `limit`, `nextToken`).

    One request of 4 read units, and one of a unit or two for each shard that is looked into: 32 at the most. Raises
    `InvalidInput`, `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    request = _check(arguments, cursor_keys)
    with tally.timing("StoreMs"):
        message, kinds = _look(deployment, request.target, caller)
        rows = [] if message.removed_at else _rows(deployment, request, message, kinds)
    page, token = rows[: request.limit], None
    if len(rows) > request.limit:
        token = seal_position(request.purpose, [page[-1][0], page[-1][1]["SK"]["S"]], cursor_keys)
    tally.add("PageSize", len(page))
    return {"items": [_to_wire(request.target, item) for _, item in page], "nextToken": token}


def _check(arguments: Mapping[str, Any], cursor_keys: CursorKeys) -> _ReactionsRequest:
    """Raises `InvalidInput`; reads nothing."""
    target, limit = check_reaction_target(arguments), check_limit(arguments)
    emoji, token = arguments.get("emoji"), arguments.get("nextToken")
    request = _ReactionsRequest(target, None if emoji is None else check_known(emoji), limit, FIRST)
    if token is None:
        return request
    shard, sort_key = unseal_position(request.purpose, token, cursor_keys)
    return _ReactionsRequest(target, request.emoji, limit, (shard, sort_key))


def _look(deployment: Deployment, wanted: ReactionTarget, caller: Caller) -> tuple[Message, Kinds]:
    """The message and its list of emoji, for whoever may see them. Raises the refusal."""
    room, where = wanted.room, ReactionPlace(wanted.room, wanted.message_id)
    head, member, message = head_place(room), membership_place(room, caller.user_id), wanted.target.place
    places, tables = [head, member, message, where.kinds], deployment.store.tables
    found = retried(deployment, lambda: tables.batch(places, consistent=True))
    view = View(Head.found(found.get(head)), Member.found(found.get(member)))
    entry = enter_room(view, caller, "read")
    seen = unexpired(deployment, wanted.target, entry.head, found.get(message))
    if seen is None or (seen.seq or 0) < first_visible_to(entry):
        raise InvalidInput("message.notFound", argument="id")
    return seen, Kinds.of(found.get(where.kinds))


def _rows(
    deployment: Deployment, request: _ReactionsRequest, message: Message, kinds: Kinds
) -> list[tuple[int, Item]]:
    """Up to one more than the page has, each with its shard."""
    first, after = request.past
    waiting = [shard for shard in kinds.shards(request.emoji) if shard >= first]
    at_once = _shards_for(request, message, len(kinds.shards(request.emoji)))
    rows: list[tuple[int, Item]] = []
    while waiting and len(rows) <= request.limit:
        some, waiting = waiting[:at_once], waiting[at_once:]
        ask = partial(_of_shard, deployment, request, request.limit + 1 - len(rows), deadline_of(deployment))
        found = deployment.threads().map(ask, some, [after if each == first else "" for each in some])
        rows += [(shard, item) for shard, items in zip(some, found, strict=True) for item in items]
        at_once = SHARDS_AT_ONCE
    return rows


def _shards_for(request: _ReactionsRequest, message: Message, shards: int) -> int:
    """How many shards a page probably takes, by what the message's summary says."""
    counts = {each["emoji"]: each["count"] for each in parsed(message.reactions)}
    wanted = sum(counts.values()) if request.emoji is None else counts.get(request.emoji, 0)
    in_each: int = max(1, wanted // max(1, shards))
    return min(SHARDS_AT_ONCE, request.limit // in_each + 1)


def _of_shard(
    deployment: Deployment, request: _ReactionsRequest, count: int, deadline: float, shard: int, after: str
) -> Sequence[Item]:
    room, tables = request.target.room, deployment.store.tables
    low, high = keys.reacting_with(request.emoji)
    items, _ = retried(
        deployment,
        lambda: tables.query_page(
            room.table,
            keys.reaction_shard(room.partition_key, request.target.message_id, shard),
            low,
            high,
            forward=True,
            count=count,
            consistent=True,
            start=after or None,
        ),
        deadline,
    )
    return [item for item in items if not is_expired(item, deployment.now() // 1_000)]


def _to_wire(target: ReactionTarget, item: Item) -> dict[str, Any]:
    """The schema's `Reaction`."""
    emoji, user_id = keys.who_reacts(item["SK"]["S"])
    return {
        "roomId": target.room.id,
        "id": target.message_id,
        "emoji": emoji,
        "userId": user_id,
        "on": True,
        "ts": to_wire(int(item["ts"]["N"])),
    }
