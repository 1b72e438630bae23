"""React to a message with an emoji, or take that back.

What it writes is the person's own or lies in one of the shards of the message. The room is not written to: `project_stream` puts
what all have done into the message, once in a second.
"""

from collections.abc import Collection, Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import open_room
from chat.rules.emoji import check_emoji, check_known
from chat.rules.errors import ChatError, InvalidInput, NotAllowed
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.reactions import MAX_KINDS
from chat.rules.tally import Tally
from chat.steps.reaction_kinds import freed_kind
from chat.steps.reaction_target import (
    ReactionTarget,
    ReactionView,
    check_reaction_target,
    read_reaction_target,
)
from chat.steps.retry import until_committed
from chat.storage.aws import ConditionFailed, TransientFailure
from chat.storage.reaction_items import (
    Kinds,
    charge_reaction,
    new_kind_write,
    no_reaction_writes,
    reacting_writes,
    reaction_refusal,
)
from chat.storage.tables import Write


def react(
    deployment: Deployment,
    short_codes: Collection[str],
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    """The schema's `Reaction` for `arguments` (`roomId`, `id`, `emoji`, `on`): as it is then.

    What is so already is a success, and nothing is written. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `Muted`,
    `RateLimited` and `ServiceUnavailable`, judged in that order.
    """
    target, on = check_reaction_target(arguments), arguments.get("on")
    on = True if on is None else on
    if not isinstance(on, bool):
        raise InvalidInput("reaction.on", argument="on")
    # What the deployment had a short code for can be taken back when it has none any more.
    emoji = check_emoji(arguments.get("emoji"), short_codes) if on else check_known(arguments.get("emoji"))
    reacting = _Reacting(deployment, caller, target, emoji, tally, on=on)
    ts = until_committed(deployment, tally, reacting.attempt)
    return {
        "roomId": target.room.id,
        "id": target.message_id,
        "emoji": emoji,
        "userId": caller.user_id,
        "on": on,
        "ts": to_wire(ts) if on else None,
    }


class _Reacting:
    """One reaction on its way."""

    def __init__(
        self,
        deployment: Deployment,
        caller: Caller,
        target: ReactionTarget,
        emoji: str,
        tally: Tally,
        *,
        on: bool,
    ) -> None:
        self._deployment = deployment
        self._caller = caller
        self._target = target
        self._emoji = emoji
        self._tally = tally
        self._on = on
        self._is_sure = False

    def attempt(self) -> int | None:
        """Look, judge and commit; answers since when (ms) it is so. The first look may be a moment old: it costs half, and all
        that counts of it is a condition of the commit or is looked at again before anything is refused."""
        with self._tally.timing("StoreMs"):
            seen = read_reaction_target(
                self._deployment, self._target, self._caller.user_id, self._emoji, consistent=self._is_sure
            )
        was_sure, self._is_sure = self._is_sure, True
        now = self._deployment.now()
        try:
            writes = self._writes(seen, now, is_sure=was_sure)
        except ChatError:
            if was_sure:
                raise
            return self.attempt()
        if writes is None:
            return None
        if not writes:
            return (seen.since or now) if was_sure else self.attempt()
        with self._tally.timing("StoreMs"):
            self._deployment.store.tables.transact(writes)
        self._tally.add("Reactions")
        return now

    def _writes(self, seen: ReactionView, now: int, *, is_sure: bool) -> list[Write] | None:
        """The writes of it: an empty list where it is so already, `None` where an emoji that nobody uses had to make place
        first, so that all is to be looked at again. Raises the refusal."""
        access = open_room(seen.view, "react")
        message = seen.message_for(self._caller)
        if message.removed_at is not None:
            raise NotAllowed("message.removed", reason="removed")
        if (seen.since is not None) == self._on:
            return []
        if refusal := reaction_refusal(access, now):
            raise refusal
        user_id, where = self._caller.user_id, seen.where
        charge = charge_reaction(where.room, user_id, access.member, now)
        if not self._on:
            return [charge, *no_reaction_writes(where, user_id, self._emoji, counted=seen.is_counted)]
        writes = reacting_writes(where, user_id, self._emoji, message.seq or 0, now, counted=seen.is_counted)
        if seen.is_counted:
            return [charge, *writes]
        kind = self._new_kind(seen, charge, is_sure=is_sure)
        return None if kind is None else [charge, *writes, kind]

    def _new_kind(self, seen: ReactionView, charge: Write, *, is_sure: bool) -> Write | None:
        """The write that lists the emoji; `None` where one that nobody reacts with any more has made place for it. To look
        for one reads every counter of the message, so it is done once, and a refusal is charged for it."""
        tables, where = self._deployment.store.tables, seen.where
        kinds = Kinds.of(tables.get(where.kinds))
        if self._emoji in kinds.masks or len(kinds.masks) < MAX_KINDS:
            return new_kind_write(where, kinds, self._emoji, self._caller.user_id)
        if is_sure and freed_kind(self._deployment, where, kinds):
            return None
        if is_sure:
            self._pay(charge)
        raise NotAllowed("reaction.tooManyKinds", reason="tooManyKinds", max=MAX_KINDS)

    def _pay(self, charge: Write) -> None:
        """Raises `TransientFailure` where the person is charged for something else at the same time: then it is judged again."""
        try:
            self._deployment.store.tables.update(charge)
        except ConditionFailed:
            raise TransientFailure("ConditionalCheckFailed") from None
