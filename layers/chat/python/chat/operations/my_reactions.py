"""With what the caller reacts to some messages of a room."""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, enter_room
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Head, Item, Member
from chat.rules.reactions import emoji_in
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.visibility import first_visible_to
from chat.steps.batches import found_at
from chat.steps.message_change import unexpired
from chat.steps.reaction_target import ReactionTarget, check_reaction_target
from chat.steps.retry import deadline_of
from chat.storage.places import head_place, membership_place
from chat.storage.reaction_items import ReactionPlace

MAX_IDS = 100


def my_reactions(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> list[dict[str, Any]]:
    """The schema's `MyReactions` for `arguments` (`roomId`, `ids`), of the messages that the caller reacts to and may see.

    Two requests, consistent, and one more where the caller reacts to any: 2 read units and one for each message. Raises
    `InvalidInput`, `NotRoomMember`, `NotAllowed` and `ServiceUnavailable`.
    """
    room, targets = _check(arguments)
    head, member = head_place(room), membership_place(room, caller.user_id)
    mine = {target: ReactionPlace(room, target.message_id).reacted(caller.user_id) for target in targets}
    deadline = deadline_of(deployment)
    with tally.timing("StoreMs"):
        found = found_at(deployment, [head, member, *mine.values()], deadline, consistent=True)
    view = View(Head.found(found.get(head)), Member.found(found.get(member)))
    entry = enter_room(view, caller, "read")
    least = first_visible_to(entry)
    reacted = {target: emoji for target in targets if (emoji := _emoji(found.get(mine[target]), least))}
    places = [target.target.place for target in reacted]
    with tally.timing("StoreMs"):
        messages = found_at(deployment, places, deadline, consistent=True)
    answers = []
    for target, emoji in reacted.items():
        message = unexpired(deployment, target.target, entry.head, messages.get(target.target.place))
        if message is not None and message.removed_at is None:
            answers.append({"id": target.message_id, "emoji": emoji})
    return answers


def _check(arguments: Mapping[str, Any]) -> tuple[Room, list[ReactionTarget]]:
    """Raises `InvalidInput`; reads nothing."""
    room, ids = Room.parse(arguments.get("roomId")), arguments.get("ids")
    if not isinstance(ids, list) or len(ids) > MAX_IDS:
        raise InvalidInput("reaction.ids", argument="ids", max=MAX_IDS)
    targets = []
    for each in dict.fromkeys(map(_text, ids)):
        try:
            targets.append(check_reaction_target({"roomId": room.id, "id": each}))
        except InvalidInput:
            continue  # nobody reacts to what is no message's id
    return room, targets


def _text(value: object) -> str:
    """Raises `InvalidInput`."""
    if not isinstance(value, str):
        raise InvalidInput("reaction.ids", argument="ids", max=MAX_IDS)
    return value


def _emoji(item: Item | None, least: int) -> Sequence[str]:
    """What one item of the caller's says, of a message whose number is `least` or more."""
    if item is None or int(item["seq"]["N"]) < least:
        return []
    return list(emoji_in(item))
