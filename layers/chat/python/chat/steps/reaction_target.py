"""A message that is reacted to, and how the caller stands to it, in one look."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, enter_room
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Head, Member, Message
from chat.rules.reactions import attribute_of, shard_of
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.visibility import first_visible_to
from chat.steps.message_change import Target, check_target, unexpired
from chat.storage.items import expiry_of
from chat.storage.places import head_place, membership_place
from chat.storage.reaction_items import ReactionPlace


@record(frozen=True, slots=True)
class ReactionTarget:
    """A message by its id, which tells its sort key."""

    message_id: str
    target: Target

    @property
    def room(self) -> Room:
        return self.target.room


@record(frozen=True, slots=True)
class ReactionView:
    """The room, the message while it is to be had, since when (ms) the caller reacts to it with the emoji, and whether there
    is a counter of their shard for that."""

    view: View
    found: Message | None
    where: ReactionPlace
    since: int | None
    is_counted: bool

    def message_for(self, caller: Caller) -> Message:
        """Raises `InvalidInput` where there is none that the caller may see, who is in the room."""
        least = first_visible_to(enter_room(self.view, caller, "read"))
        if self.found is None or (self.found.seq or 0) < least:
            raise InvalidInput("message.notFound", argument="id")
        return self.found


def check_reaction_target(arguments: Mapping[str, Any]) -> ReactionTarget:
    """The message that `arguments` (`roomId`, `id`) name. Raises `InvalidInput`; reads nothing."""
    named = {"roomId": arguments.get("roomId"), "id": arguments.get("id")}
    target = check_target(named)
    return ReactionTarget(str(named["id"]), target)


def read_reaction_target(
    deployment: Deployment, wanted: ReactionTarget, user_id: str, emoji: str, *, consistent: bool
) -> ReactionView:
    """Head, membership, message, the person's own reactions and their shard's counter in one request: 5 read units, or 2.5
    where it need not be consistent, for a message of up to 4 KB."""
    room, where = wanted.room, ReactionPlace(wanted.room, wanted.message_id)
    head, member, message = head_place(room), membership_place(room, user_id), wanted.target.place
    reacted, count = where.reacted(user_id), where.count(emoji, shard_of(user_id))
    found = deployment.store.tables.batch([head, member, message, reacted, count], consistent=consistent)
    view = View(Head.found(found.get(head)), Member.found(found.get(member)))
    item = found.get(message)
    since = found.get(reacted, {}).get(attribute_of(emoji))
    return ReactionView(
        view,
        unexpired(deployment, wanted.target, view.head, item),
        ReactionPlace(room, wanted.message_id, expiry_of(item) if item else None),
        None if since is None else int(since["N"]),
        count in found,
    )
