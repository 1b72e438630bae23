"""What people are called and how they look: what is stored of it, and what may be asked for. Reads nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chat.rules.arguments import is_whole
from chat.rules.avatars import check_avatar
from chat.rules.errors import InvalidInput
from chat.rules.instants import to_wire
from chat.rules.models import Member, Stored
from chat.rules.name_search import folded
from chat.rules.rate import Rate
from chat.rules.record import record
from chat.rules.rooms import is_user_id
from chat.rules.text import clean_line

MAX_NAME = 100
"""Code points of somebody's name."""
MOST_PEOPLE = 100
"""How many people one call may ask for: their memberships are one batch of DynamoDB's, and their profiles another."""
DEFAULT_FOUND, MOST_FOUND = 20, 50
"""How many people a search answers."""
MAX_PREFIX = 100

CHANGING = Rate(1 / 360, 10)
"""How often somebody may change what they are called and how they look: ten times an hour, ten at once. A new name goes to all
of their rooms."""

RESETS: Mapping[str, Sequence[str]] = {"NAME": ("name",), "AVATAR": ("avatarUrl", "avatarId")}
"""What each of the schema's `PersonField` clears."""

Changes = Mapping[str, str | None]
"""Attributes of a profile by their names in the item; `None` for what is cleared."""


@record(frozen=True, slots=True, kw_only=True)
class Profile(Stored):
    """What somebody is called and how they look. `updated_at` is in ms. `avatar_id` is a file that they have uploaded,
    `avatar_url` an address at an allowed host; there is one of the two at the most. `tat` (µs) is the rate of changing it."""

    name: str | None = None
    avatar_url: str | None = None
    avatar_id: str | None = None
    updated_at: int = 0
    tat: int = 0

    def changed(self, changes: "Changes") -> "Profile":
        """The profile with these attributes."""
        return replace(
            self,
            name=changes.get("name", self.name),
            avatar_url=changes.get("avatarUrl", self.avatar_url),
            avatar_id=changes.get("avatarId", self.avatar_id),
        )


NOTHING_KNOWN = Profile()
"""Of somebody who has said nothing of themself."""


def label(user_id: str, profile: Profile) -> str:
    """What is shown for somebody: their name, or without one their id."""
    return profile.name or user_id


def person_to_wire(user_id: str, profile: Profile, *, is_confusable: bool | None = None) -> dict[str, Any]:
    """The schema's `Person`."""
    return {
        "userId": user_id,
        "name": profile.name,
        "avatarUrl": profile.avatar_url,
        "avatarId": profile.avatar_id,
        "updatedAt": to_wire(profile.updated_at) if profile.updated_at else None,
        "isConfusable": is_confusable,
    }


def was_there(member: Member | None) -> bool:
    """Whether somebody with this membership is or was in its room, as far as that is known: not somebody who was only
    invited, or banned without having come."""
    if member is None:
        return False
    if member.status == "active" or member.last_sent_seq:
        return True
    if member.status == "banned":
        return member.ended_epoch is not None
    return member.status == "left" and not member.invitation_ended


def check_name(value: object) -> str | None:
    """Somebody's name as it is stored; `None` for what cannot be one."""
    return clean_line(value, MAX_NAME)


def check_ids(arguments: Mapping[str, Any]) -> list[str]:
    """The people whom `ids` name, each of them once. Raises `InvalidInput`."""
    ids = arguments.get("ids")
    if not isinstance(ids, list) or len(ids) > MOST_PEOPLE or not all(is_user_id(each) for each in ids):
        raise InvalidInput("person.ids", argument="ids", max=MOST_PEOPLE)
    return list(dict.fromkeys(ids))


def check_found(arguments: Mapping[str, Any]) -> int:
    """How many people a search is to answer. Raises `InvalidInput`."""
    limit = arguments.get("limit")
    limit = DEFAULT_FOUND if limit is None else limit
    if not is_whole(limit, 1, MOST_FOUND):
        raise InvalidInput("history.limit", argument="limit", max=MOST_FOUND)
    return limit


def check_prefix(arguments: Mapping[str, Any]) -> str:
    """What is searched for: up to `MAX_PREFIX` code points, with something in it that is shown. Raises `InvalidInput`."""
    prefix = arguments.get("prefix")
    if not isinstance(prefix, str) or clean_line(prefix[:MAX_PREFIX], MAX_PREFIX) is None:
        raise InvalidInput("person.prefix", argument="prefix", max=MAX_PREFIX)
    if len(prefix) > MAX_PREFIX or not folded(prefix):
        raise InvalidInput("person.prefix", argument="prefix", max=MAX_PREFIX)
    return prefix


def check_changes(arguments: Mapping[str, Any], hosts: Collection[str]) -> Changes:
    """What `name`, `avatarUrl` and `avatarId` are to be, and what `reset` clears. Null leaves a thing as it is. `hosts`:
    where pictures may lie. Raises `InvalidInput`, and `NotAllowed` for another host."""
    given = {name: value for name, value in arguments.items() if value is not None}
    cleared = _reset(given.get("reset", []))
    if both := cleared.keys() & given.keys():
        raise InvalidInput("room.resetAndSet", argument=min(both))
    changes = {**cleared, **check_avatar(given, hosts)}
    if "name" in given:
        changes["name"] = check_name(given["name"])
        if changes["name"] is None:
            raise InvalidInput("person.name", argument="name", max=MAX_NAME)
    if not changes:
        raise InvalidInput("room.nothing")
    return changes


def _reset(names: object) -> dict[str, str | None]:
    if not (isinstance(names, list) and all(isinstance(name, str) and name in RESETS for name in names)):
        raise InvalidInput("room.choice", argument="reset")
    return {attribute: None for name in names for attribute in RESETS[name]}
