"""Whom somebody has blocked: who neither adds them to a room nor makes one with them, nor writes in their direct room. The
one place that judges it.

That a direct room is closed stands in its head, so that a send, which reads that anyway, pays nothing for it: whoever
blocks or unblocks writes it there.
"""

from collections.abc import Iterable

from chat.deployment import Deployment
from chat.rules.direct import closed_by, other_of
from chat.rules.errors import NotAllowed
from chat.rules.models import Head, Stored
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.steps.revision import next_revision
from chat.storage import keys
from chat.storage.places import Found, Place, head_place, personal_place
from chat.storage.tables import NEW, Write


@record(frozen=True, slots=True, kw_only=True)
class Block(Stored):
    """That somebody has blocked another, since an instant in ms."""

    blocked_at: int


def block_place(user_id: str, blocked: str) -> Place:
    """Where `user_id` has noted that they have blocked `blocked`: in the core table, for guilds' rooms too."""
    return personal_place(user_id, keys.block(blocked))


def refuse_blocked(found: Found, user_ids: Iterable[str], adder: str) -> None:
    """Raises `NotAllowed` where any of these people has blocked whoever wants to add them; `found` holds their
    blocks. In the words for whoever cannot be added for another reason: nobody is told that they are blocked."""
    if any(block_place(user_id, adder) in found for user_id in user_ids):
        raise NotAllowed("room.cannotBeAdded", reason="cannotBeAdded")


def still_not_blocked(user_id: str, adder: str) -> Write:
    """The look, at the commit, that a block has not come meanwhile."""
    return Write(block_place(user_id, adder), condition="attribute_not_exists(PK)")


def closing_writes(
    deployment: Deployment, room: Room, head: Head | None, user_id: str, *, blocks: bool
) -> list[Write]:
    """What is written to the direct room of two people, as it was read, once this one of them blocks the other or does
    not any more: that nobody writes in it, if there is one, on the `rev` that was read; else, for a block, the look at
    the commit that none was made meanwhile. Nobody hears of it, and its event names nobody."""
    if head is None:
        return [Write(head_place(room), condition=NEW)] if blocks else []
    is_theirs = other_of(head, user_id) is not None  # not where somebody was erased since and has come back
    if not is_theirs or (now := closed_by(head, user_id, blocks=blocks)) == head.closed_by:
        return []
    return [*next_revision(deployment, room, head, None, kind="INTERNAL", changes={"closedBy": now}).writes]
