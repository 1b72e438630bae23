"""The roster: who is a member of which room, in a file of the service that had the memberships before."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, RootModel, ValidationError

from chat.rules.characters import is_plain
from chat.rules.errors import InvalidInput
from chat.rules.models import Role
from chat.rules.rooms import Room, is_user_id

Roster = Mapping[str, Mapping[str, Role]]
"""Role by user id, by room id."""


class BadRoster(Exception):
    """The roster cannot be used; the text is one line that says where and why."""


def _room_id(text: str) -> str:
    try:
        return Room.parse(text).id
    except InvalidInput:
        raise ValueError(f"{_shown(text)} is not a room id") from None


def _user_id(text: str) -> str:
    if not is_user_id(text):
        raise ValueError(f"{_shown(text)} is not a user id")
    return text


def _shown(text: str) -> str:
    """On one line, and nothing that a terminal would obey."""
    return text if is_plain(text) else ascii(text)


def _distinct(value: Any) -> Any:
    """A JSON object with each name once. Objects come as tuples of pairs, so that no name is lost before."""
    if not isinstance(value, tuple):
        raise ValueError("must be an object")  # noqa: TRY004  pydantic reports ValueErrors
    for name, count in Counter(name for name, _ in value).items():
        if count > 1:
            raise ValueError(f"{name} stands there twice")
    return dict(value)


RoomId = Annotated[str, AfterValidator(_room_id)]
UserId = Annotated[str, AfterValidator(_user_id)]
Members = Annotated[Mapping[UserId, Role], BeforeValidator(_distinct)]
Rooms = Annotated[Mapping[RoomId, Members], BeforeValidator(_distinct)]


class RosterFile(RootModel[Rooms]):
    """The file as JSON: `{roomId: {userId: role}}`."""

    model_config = ConfigDict(frozen=True, strict=True)


class RosterLine(BaseModel):
    """One line of a file that is not JSON: `roomId userId role`, for ids without spaces and tabs."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    room_id: RoomId
    user_id: UserId
    role: Role


def read_roster(path: Path) -> Roster:
    """The roster in a file, which is JSON (`RosterFile`) or lines (`RosterLine`). Raises `BadRoster`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadRoster(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadRoster(f"{path}: is not UTF-8") from None
    return _of_json(path, text) if text.lstrip().startswith("{") else _of_lines(path, text)


def _of_json(path: Path, text: str) -> Roster:
    try:
        return RosterFile.model_validate(json.loads(text, object_pairs_hook=tuple)).root
    except json.JSONDecodeError as error:
        raise BadRoster(f"{path}:{error.lineno}: {error.msg}") from None
    except RecursionError:
        raise BadRoster(f"{path}: is nested too deeply") from None
    except ValidationError as error:
        raise BadRoster(f"{path}: {_sentence(error)}") from None


def _of_lines(path: Path, text: str) -> Roster:
    roster: dict[str, dict[str, Role]] = {}
    # Other characters that Python takes for blanks and line ends may be in a user id.
    for number, line in enumerate(re.split("\r\n|\r|\n", text), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = re.split("[ \t]+", line.strip(" \t"))
        if len(parts) != 3:
            raise BadRoster(f"{path}:{number}: write a room id, a user id and a role")
        try:
            own = RosterLine.model_validate(dict(zip(RosterLine.model_fields, parts, strict=True)))
        except ValidationError as error:
            raise BadRoster(f"{path}:{number}: {_sentence(error)}") from None
        if roster.setdefault(own.room_id, {}).setdefault(own.user_id, own.role) != own.role:
            raise BadRoster(f"{path}:{number}: {own.user_id} has another role in {own.room_id} already")
    return roster


def _sentence(error: ValidationError) -> str:
    """Where the first of the errors is, and what is wrong there."""
    first = error.errors()[0]
    place = first["loc"][:-2] if first["loc"][-1:] == ("[key]",) else first["loc"]
    return ": ".join([*map(str, place), first["msg"].removeprefix("Value error, ")])
