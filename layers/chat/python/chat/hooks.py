"""What a module of hooks imports: how to refuse, and what it is told. See docs/hooks.md.

Everything here is read-only, and given by name: later versions may add attributes.
"""

from collections.abc import Mapping

from chat.rules.hooks import TextKind, check_refusal
from chat.rules.record import record

__all__ = ["Member", "Person", "Profile", "Refuse", "Room", "TextKind"]


class Refuse(Exception):
    """Raised or returned by a hook: the call is refused as `NotAllowed` with `reason=` this code.

    `code` is `[a-z][A-Za-z0-9]{0,39}`. `sentences` is what people are told, at most 300 characters on one line: one text,
    or one for each language (`en` must be there; the chat speaks `en`, `es` and `fr`). Without any the chat has its own.
    Raises `ValueError` for anything else.
    """

    def __init__(self, code: str, sentences: str | Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.sentences = check_refusal(code, sentences)


@record(frozen=True, slots=True, kw_only=True)
class Room:
    """A room, as it was before the call. `type` is `general` or `guild`; of a room that is being made, `name` and
    `visibility` (`public` or `private`) are what they are to be."""

    id: str
    type: str
    guild_id: str | None = None
    name: str | None = None
    visibility: str = "private"


@record(frozen=True, slots=True, kw_only=True)
class Member:
    """Who calls. `user_id` is `None` where a guild's service does. `role` is what they are in the room (`owner`,
    `moderator`, `member`), `None` for administrators who are not in it. `roles` are those of their token."""

    user_id: str | None
    role: str | None = None
    roles: frozenset[str] = frozenset()


@record(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is to be added to a room, and as what."""

    user_id: str
    role: str = "member"


@record(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a directory says of somebody: their name, and an `https` address of their picture."""

    name: str | None = None
    avatar_url: str | None = None
