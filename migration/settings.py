"""What a run is told: options of the command line, and nothing else."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    field_validator,
    model_validator,
)

from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room


def _room(text: str) -> Room:
    try:
        return Room.parse(text)
    except InvalidInput:
        raise ValueError(f"{text} is not a room id") from None


class Settings(BaseModel):
    """One run. Each field is an option (`--core-table`), but `rooms`: `--room`, or `None` for `--all`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    core_table: str = Field("gg_core", min_length=3)
    guild_table: str = Field("gg_guild", min_length=3)
    region: str = Field("us-east-1", min_length=1)
    endpoint: AnyHttpUrl | None = None
    rooms: tuple[Annotated[Room, PlainValidator(_room)], ...] | None
    roster: Path | None = None
    members_only: bool = False
    revert: bool = False
    dry_run: bool = False
    report: Path | None = None
    rate: float = Field(200.0, ge=0.1, le=10_000)
    """Items written per second."""
    retention_days: int = Field(365, ge=7, le=36_500)
    allow_expiry: bool = False

    @field_validator("report")
    @classmethod
    def _folder_exists(cls, report: Path | None) -> Path | None:
        if report and not report.parent.is_dir():
            raise ValueError(f"there is no folder {report.parent}")
        return report

    @model_validator(mode="after")
    def _members_are_named(self) -> "Settings":
        if self.members_only and self.roster is None:
            raise ValueError("--members-only needs --roster")
        return self

    @model_validator(mode="after")
    def _rooms_to_revert_are_named(self) -> "Settings":
        if self.revert and (self.rooms is None or self.roster is not None):
            raise ValueError("--revert needs --room, and no --roster")
        return self


def read(arguments: Sequence[str]) -> Settings:
    """The settings in `arguments`. Bad ones end the program with status 2 and a sentence."""
    parser = _parser()
    given: dict[str, Any] = vars(parser.parse_args(arguments))
    rooms = given.pop("room", [])
    try:
        return Settings(rooms=None if given.pop("all", False) else tuple(dict.fromkeys(rooms)), **given)
    except ValidationError as error:
        first = error.errors()[0]
        option = {"rooms": "room"}.get(str(first["loc"][0]), str(first["loc"][0])) if first["loc"] else ""
        name = f"--{option.replace('_', '-')}: " if option else ""
        parser.error(name + first["msg"].removeprefix("Value error, "))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m migration",
        description="Number the messages of old tables, and give their rooms a head: docs/migration.md.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,  # what is not given is left to Settings
    )
    parser.add_argument("--core-table", metavar="NAME")
    parser.add_argument("--guild-table", metavar="NAME")
    parser.add_argument("--region", metavar="NAME")
    parser.add_argument("--endpoint", metavar="URL", help="another DynamoDB than AWS's")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--room", action="append", metavar="ID", help="may be repeated")
    which.add_argument(
        "--all", action="store_true", help="every room with such messages, and those of the roster"
    )
    parser.add_argument("--roster", metavar="FILE", help="{roomId: {userId: role}}, or lines")
    parser.add_argument("--members-only", action="store_true", help="write memberships and nothing else")
    parser.add_argument("--revert", action="store_true", help="take adopted rooms back to their old form")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument("--report", metavar="FILE", help="where the report goes as JSON")
    parser.add_argument("--rate", metavar="N", help="items written per second")
    parser.add_argument("--retention-days", metavar="N")
    parser.add_argument("--allow-expiry", action="store_true", help="let messages past the retention expire")
    return parser
