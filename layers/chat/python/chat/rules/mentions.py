"""Whom a message mentions: what may be asked for, and the form in which it is kept. Pure.

Mentions are a set: each person counts once, and their order says nothing.
"""

import json
from collections.abc import Sequence

from chat.rules.errors import InvalidInput
from chat.rules.models import Message
from chat.rules.rooms import is_user_id

MOST_MENTIONS = 20
"""How many people one message may mention by their ids. Each gets an item of their own."""

MOST_COUNTED = 100
"""Up to how many unread mentions are counted: so many stand for that number or more."""


def check_mentions(value: object) -> tuple[str, ...]:
    """The people whom `mentions` names, each once, in its order. Raises `InvalidInput`; reads nothing."""
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_MENTIONS:
        raise InvalidInput("mention.people", argument="mentions", max=MOST_MENTIONS)
    if not all(map(is_user_id, value)):
        raise InvalidInput("room.userId", argument="mentions")
    return tuple(dict.fromkeys(value))


def to_json(people: Sequence[str]) -> str | None:
    """The people as a message's item holds them; `None` for nobody."""
    return json.dumps(people, separators=(",", ":"), ensure_ascii=False) if people else None


def mentioned_in(message: Message) -> tuple[str, ...]:
    """The people whom a message mentions by their ids."""
    return tuple(json.loads(message.mentions)) if message.mentions is not None else ()


def not_in_the_room() -> InvalidInput:
    """The refusal of a mention of somebody who is not there."""
    return InvalidInput("mention.notMember", argument="mentions")
