"""What a run is told: options of the command line, and nothing else."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)

from chat.rules.errors import InvalidInput
from chat.rules.instants import from_wire
from chat.rules.rooms import Room


def _room(text: str) -> str:
    try:
        return Room.parse(text).id
    except InvalidInput:
        raise ValueError(f"{text} is not a room id") from None


def _instant(text: str) -> int:
    """Epoch milliseconds."""
    try:
        return from_wire(text)[0]
    except ValueError:
        raise ValueError("must be an instant such as 2026-11-26T00:00:00Z") from None


class Settings(BaseModel):
    """One run. Each field is an option (`--core-table`); lists are options that are repeated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room: tuple[Annotated[str, PlainValidator(_room)], ...] = ()
    since: int = Field(0, ge=0)
    until: int | None = Field(None, ge=0)
    all: bool = False
    since_time: Annotated[int, PlainValidator(_instant)] | None = None
    dead_letters: tuple[str, ...] = ()
    function: str | None = None
    print: bool = False
    text: bool = False
    target: tuple[Literal["bus", "queue", "consumers"], ...] = ()
    core_table: str = Field("gg_core", min_length=3)
    guild_table: str = Field("gg_guild", min_length=3)
    region: str = Field("us-east-1", min_length=1)
    endpoint: AnyHttpUrl | None = None
    state: Path | None = None

    @model_validator(mode="after")
    def _says_what(self) -> "Settings":
        if sum(map(bool, (self.room, self.all, self.dead_letters))) != 1:
            raise ValueError("one of --room, --all and --dead-letters is needed")
        if self.all and self.since_time is None:
            raise ValueError("--all needs --since-time")
        if (self.since or self.until is not None) and not self.room:
            raise ValueError("--since and --until go with --room")
        if self.state and not self.all:
            raise ValueError("--state goes with --all")
        return self

    @model_validator(mode="after")
    def _says_where_to(self) -> "Settings":
        if bool(self.function) == self.print:
            raise ValueError("either --function or --print is needed")
        if self.text and not self.print:
            raise ValueError("--text goes with --print: a function has its own setting")
        if self.target and self.print:
            raise ValueError("--target goes with --function")
        return self


def read(arguments: Sequence[str]) -> Settings:
    """The settings in `arguments`. Bad ones end the program with status 2 and a sentence."""
    parser = _parser()
    given: dict[str, Any] = vars(parser.parse_args(arguments))
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"--{str(first['loc'][0]).replace('_', '-')}: " if first["loc"] else ""
        parser.error(name + first["msg"].removeprefix("Value error, "))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stream",
        description="Give events out once more, made again of the tables: docs/events.md.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,  # what is not given is left to Settings
    )
    parser.add_argument("--room", action="append", metavar="ID", help="may be repeated")
    parser.add_argument("--since", metavar="REV", help="after this revision of the room; all without it")
    parser.add_argument("--until", metavar="REV", help="up to this one")
    parser.add_argument(
        "--all",
        action="store_true",
        help="every room with revisions since an instant: reads all of both tables",
    )
    parser.add_argument("--since-time", metavar="INSTANT", help="such as 2026-11-26T00:00:00Z")
    parser.add_argument(
        "--dead-letters", action="append", metavar="URL", help="a queue, or file:PATH; may be repeated"
    )
    parser.add_argument("--function", metavar="NAME", help="the deployment's reemit_events: to its targets")
    parser.add_argument(
        "--target", action="append", metavar="NAME", help="bus, queue or consumers; may be repeated"
    )
    parser.add_argument("--print", action="store_true", help="to standard output, and to no target")
    parser.add_argument("--text", action="store_true", help="print texts, too")
    parser.add_argument("--core-table", metavar="NAME")
    parser.add_argument("--guild-table", metavar="NAME")
    parser.add_argument("--region", metavar="NAME")
    parser.add_argument("--endpoint", metavar="URL", help="another DynamoDB than AWS's")
    parser.add_argument(
        "--state", metavar="FILE", help="where --all keeps how far it is: it goes on from there"
    )
    return parser
