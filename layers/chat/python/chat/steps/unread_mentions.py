"""How many unread messages of a room mention somebody: the one count for every field that answers it.

What is read, and what was there before somebody came, is what `chat/steps/unread.py` goes by, so that there are never more
of them than unread messages. Mentions by their ids are written a moment after the message, by the projection; mentions of
everybody are written with it.
"""

from collections.abc import Iterable

from chat.deployment import Deployment
from chat.rules.mentions import MOST_COUNTED
from chat.rules.retention import readable_since
from chat.steps.mention_reading import MentionSource, mentions_of_all, newest_mentions, own_mentions
from chat.steps.unread import UnreadPlace


def count_unread_mentions(deployment: Deployment, place: UnreadPlace, user_id: str, deadline: float) -> int:
    """The unread messages that mention this person or everybody, counted up to `MOST_COUNTED`. Raises
    `ServiceUnavailable`.

    Without a request where the person's receipts and the room's head say that there can be none; else half a read unit for
    each 20 or so of either kind.
    """
    sources = _sources(deployment, place, user_id)
    if not sources:
        return 0
    head, low = place.head, place.read_up_to + 1
    slices = [
        newest_mentions(deployment, source, head, low, head.seq, MOST_COUNTED, deadline) for source in sources
    ]
    seqs = {each.seq for slice_ in slices for each in slice_.items if each.sender_id != user_id}
    return min(len(seqs), MOST_COUNTED)


def counts_unread_mentions(
    deployment: Deployment, places: Iterable[UnreadPlace], user_id: str, deadline: float
) -> dict[str, int]:
    """The same of many rooms, beside each other, by room id."""
    every = list(places)
    asked = [place for place in every if _sources(deployment, place, user_id)]
    counts = (
        deployment.threads().map(
            lambda place: count_unread_mentions(deployment, place, user_id, deadline), asked
        )
        if asked
        else ()
    )
    none = {place.room.id: 0 for place in every}
    return none | {place.room.id: count for place, count in zip(asked, counts, strict=True)}


def _sources(deployment: Deployment, place: UnreadPlace, user_id: str) -> list[MentionSource]:
    """Where there may be any above the marker."""
    head, marker = place.head, place.read_up_to
    if marker >= head.seq or head.ts < readable_since(head, deployment.defaults, deployment.now()):
        return []
    own = [own_mentions(place.room, user_id)]
    everybodys = [mentions_of_all(place.room)]
    is_mentioned = place.receipts is not None and place.receipts.mentioned_seq > marker
    return [*(own if is_mentioned else ()), *(everybodys if head.all_seq > marker else ())]
