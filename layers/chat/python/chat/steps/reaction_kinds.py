"""The emoji that a message is reacted with: making place for another where nobody reacts with one any more."""

from chat.deployment import Deployment
from chat.steps.batches import found_at
from chat.steps.retry import deadline_of
from chat.storage.reaction_items import Kinds, ReactionPlace, no_kind_writes, number_in


def freed_kind(deployment: Deployment, where: ReactionPlace, kinds: Kinds) -> bool:
    """Take one off the list that counts nobody; whether there is one. Reads every counter of the message: up to 7 requests,
    which only somebody pays for who is beyond the limit. Raises `Cancelled` where somebody reacts with it just now."""
    places = kinds.places(where)
    found = found_at(deployment, list(places.values()), deadline_of(deployment), consistent=True)
    used = {emoji for (emoji, _), place in places.items() if number_in(found.get(place)) > 0}
    unused = [emoji for emoji in kinds.masks if emoji not in used]
    if unused:
        deployment.store.tables.transact(no_kind_writes(where, kinds, unused[0]))
    return bool(unused)
