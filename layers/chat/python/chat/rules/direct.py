"""Direct rooms: the one room of two people, which either finds by the other, and nobody else ever is in.

What makes a room a direct one is what its head says (`direct`: the two people), not its id: a room that was made under
such an id before there were direct rooms stays what it is.
"""

import hashlib
import hmac
import json

from chat.rules.models import Head
from chat.rules.rooms import RESERVED, Room

_ID_BYTES = 20


def direct_room(key: bytes, one: str, other: str) -> Room:
    """The room of two people. Its id is a hash of both under a secret `key`, so that nobody who knows two people can
    find out whether there is one; and the same for either of them for as long as the key is the same."""
    pair = "\n".join(sorted((one, other)))  # no user id has a line feed
    digest = hmac.digest(key, f"direct\n{pair}".encode(), hashlib.sha256)
    return Room.parse(f"{RESERVED}{digest[:_ID_BYTES].hex()}")


def pair_attribute(one: str, other: str) -> str:
    """What a direct room's head says of its people."""
    return json.dumps(sorted((one, other)), ensure_ascii=False, separators=(",", ":"))


def other_of(head: Head, user_id: str | None) -> str | None:
    """With whom this person has the direct room; `None` for anybody else, and in any other room."""
    if not head.direct or user_id is None:
        return None
    one, other = json.loads(head.direct)
    return {one: other, other: one}.get(user_id)


def closed_by(head: Head, user_id: str, *, blocks: bool) -> str | None:
    """What the head of a direct room says of who has blocked the other once this person does, or does not any more: the
    places of these in the pair. Nobody is told more of it than that there is somebody."""
    place = str(json.loads(head.direct or "[]").index(user_id))
    kept = set(head.closed_by or "") - {place}
    return "".join(sorted(kept | {place} if blocks else kept)) or None
