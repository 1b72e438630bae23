"""Pictures of people and of rooms, as somebody asks for them."""

from collections.abc import Collection, Mapping
from typing import Any

from chat.rules.avatar_address import MAX_ADDRESS, host_of
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.identifiers import uuid7_ms

MAX_AVATAR_BYTES = 1_048_576
"""Of an uploaded picture: clients show it small, and often."""

AVATAR_TYPES = frozenset(f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "avif"))
"""What browsers show. A deployment that takes fewer as attachments takes fewer here."""


MAX_ROOM_ADDRESS = 256
"""Characters of the address of a room's picture: it lies in the head, which each send reads and writes, and which is to stay
below the kilobyte that a write unit pays for."""


def check_avatar(
    given: Mapping[str, Any], hosts: Collection[str], most: int = MAX_ADDRESS
) -> dict[str, str | None]:
    """The attributes that `avatarUrl` or `avatarId` set: each takes the other's place. `hosts`: where pictures may lie.
    `most`: how long an address may be.

    Raises `InvalidInput`, and `NotAllowed` (`avatarHost`) for an address elsewhere.
    """
    if "avatarUrl" in given and "avatarId" in given:
        raise InvalidInput("avatar.both", argument="avatarId")
    if "avatarUrl" in given:
        found = host_of(given["avatarUrl"])
        if found is None or len(found[1]) > most:
            raise InvalidInput("avatar.url", argument="avatarUrl", max=most)
        host, address = found
        if host not in hosts:
            raise NotAllowed("avatar.host", reason="avatarHost")
        return {"avatarUrl": address, "avatarId": None}
    if "avatarId" in given:
        if not isinstance(given["avatarId"], str) or uuid7_ms(given["avatarId"]) is None:
            raise InvalidInput("avatar.unknown", argument="avatarId")
        return {"avatarId": given["avatarId"], "avatarUrl": None}
    return {}
