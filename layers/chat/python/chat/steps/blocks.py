"""Whom somebody has blocked: who neither adds them to a room nor makes one with them. The one place that judges it."""

from collections.abc import Iterable

from chat.rules.errors import NotAllowed
from chat.rules.models import Stored
from chat.rules.record import record
from chat.storage import keys
from chat.storage.places import Found, Place, personal_place
from chat.storage.tables import Write


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
