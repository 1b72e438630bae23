"""The projection that tells people of their mentions: an item for each person whom a message mentions, and how far theirs go.

A change is acted upon while the message still mentions whom the change says, which is a condition of the transaction: a
late or doubled change writes what is there already, or nothing, and no change brings back a mention that an edit or a
removal has taken out since. Whoever has left meanwhile gets the item, so that everything that is stored about them is
found from their own partition; they have no unread mentions.
"""

from collections.abc import Callable, Sequence
from functools import partial

from chat.deployment import Deployment
from chat.rules.errors import ServiceUnavailable
from chat.rules.mentions import mentioned_in
from chat.rules.models import Item, Member, Message, Receipts
from chat.rules.outgoing import LATE, Outcome
from chat.rules.projections import Change
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.retry import until_committed
from chat.storage.aws import StoreFailure
from chat.storage.items import expiry_of, is_expired
from chat.storage.mention_items import mention_place, mention_write
from chat.storage.places import Found, Place, in_room, membership_place, receipts_place
from chat.storage.tables import Write

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What reading an item raises that is not as we write it."""


class MentionProjection:
    """Writes mention items. A message with n people takes one request that reads it and two items of each, and one
    transaction of 1 + 2 n writes."""

    metric = "MentionsProjected"

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def project(self, changes: Sequence[Change], go_on: Callable[[], bool]) -> Outcome:
        """As `Projection` says."""
        refused: dict[int, str] = {}
        has_asked = False
        for index, change in enumerate(changes):
            try:
                mentioning = _mentioning(change)
                if mentioning is None:
                    continue
                if has_asked and not go_on():
                    return Outcome(index, refused, LATE)
                has_asked = True
                until_committed(self._deployment, Tally(), partial(_attempt, self._deployment, mentioning))
            except (ServiceUnavailable, StoreFailure) as failure:
                return Outcome(index, refused, type(failure).__name__)
            except UNREADABLE as unreadable:
                refused[index] = type(unreadable).__name__
        return Outcome(len(changes), refused)


@record(frozen=True, slots=True)
class _Mentioning:
    """A message that mentions people, as a change left it: its sender needs no item, and is none of `people`."""

    room: Room
    place: Place
    message: Message
    people: Sequence[str]


def _mentioning(change: Change) -> _Mentioning | None:
    """`None` for a change that mentions nobody by their ids."""
    message = change.event.message if change.event else None
    if message is None or message.removed_at is not None or message.mentions is None:
        return None
    room = Room.parse(message.room_id)
    people = [each for each in mentioned_in(message) if each != message.sender_id]
    place = in_room(room, change.image["SK"]["S"])
    return _Mentioning(room, place, message, people) if people else None


def _attempt(deployment: Deployment, mentioning: _Mentioning) -> bool:
    """Look and write. Where the message does not say this any more there is nothing to do: what it says instead is another
    change, which comes later."""
    room, people = mentioning.room, mentioning.people
    places = [place(room, each) for place in (membership_place, receipts_place) for each in people]
    found = deployment.store.tables.batch([mentioning.place, *places], consistent=True)
    item = found.get(mentioning.place)
    if item is None or not _says(mentioning.message, item) or is_expired(item, deployment.now() // 1_000):
        return True
    expires_at = expiry_of(item)
    message = mentioning.message
    items = [
        mention_write(mention_place(room, each, message.seq or 0), message, expires_at) for each in people
    ]
    deployment.store.tables.transact([_still_says(mentioning), *items, *_marks(found, mentioning)])
    return True


def _says(message: Message, item: Item) -> bool:
    return "removedAt" not in item and item.get("mentions") == {"S": message.mentions}


def _still_says(mentioning: _Mentioning) -> Write:
    """The look at the message that the rest depends on. Not at its `rev`: a reaction moves that, too."""
    return Write(
        mentioning.place,
        condition="#mentions = :mentions AND attribute_not_exists(#removedAt)",
        given={":mentions": mentioning.message.mentions},
    )


def _marks(found: Found, mentioning: _Mentioning) -> list[Write]:
    """How far the mentions of those go who are in the room and were when it was sent, where that is further than they
    went."""
    room, seq = mentioning.room, mentioning.message.seq or 0
    writes = []
    for each in mentioning.people:
        member, place = Member.found(found.get(membership_place(room, each))), receipts_place(room, each)
        receipts = Receipts.found(found.get(place)) or Receipts()
        if member is None or member.status != "active" or member.joined_seq >= seq:
            continue
        if receipts.mentioned_seq < seq:
            writes.append(_mark(place, seq))
    return writes


def _mark(place: Place, seq: int) -> Write:
    return Write(
        place,
        condition="attribute_not_exists(#mentionedSeq) OR #mentionedSeq < :seq",
        given={":seq": seq},
        set={"type": "Receipts", "mentionedSeq": seq},
    )
