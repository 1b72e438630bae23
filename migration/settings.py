"""What a run is told: options of the command line, and nothing else."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chat.rules.errors import InvalidInput
from chat.rules.rooms import Room


@dataclass(frozen=True, slots=True)
class Settings:
    """One run. `rooms` is `None` for all of them; `rate` is in items per second."""

    core_table: str
    guild_table: str
    region: str
    endpoint: str | None
    rooms: tuple[Room, ...] | None
    roster: Path | None
    members_only: bool
    dry_run: bool
    report: Path | None
    rate: float
    retention_days: int
    allow_expiry: bool


def read(arguments: Sequence[str]) -> Settings:
    """The settings in `arguments`. Bad ones end the program with status 2 and a sentence."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    if given["members_only"] and given["roster"] is None:
        parser.error("--members-only needs --roster")
    if given["endpoint"] and not given["endpoint"].startswith(("http://", "https://")):
        parser.error("--endpoint must start with http:// or https://")
    if given["report"] and not given["report"].parent.is_dir():
        parser.error(f"--report: there is no folder {given['report'].parent}")
    rooms, everything = given.pop("room"), given.pop("all")
    return Settings(rooms=None if everything else tuple(dict.fromkeys(rooms)), **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m migration",
        description="Give messages from before numbering their numbers, and their rooms a head: docs/adopting.md.",
        allow_abbrev=False,
    )
    parser.add_argument("--core-table", default="gg_core")
    parser.add_argument("--guild-table", default="gg_guild")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--endpoint", help="another DynamoDB than AWS's")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--room", action="append", type=_room, metavar="ID", help="may be repeated")
    which.add_argument(
        "--all", action="store_true", help="every room with such messages, and those of the roster"
    )
    parser.add_argument("--roster", type=Path, metavar="FILE", help="{roomId: {userId: role}}, or lines")
    parser.add_argument("--members-only", action="store_true", help="write memberships and nothing else")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument("--report", type=Path, metavar="FILE", help="where the report goes as JSON")
    parser.add_argument("--rate", type=_rate, default=200.0, metavar="N", help="items written per second")
    parser.add_argument("--retention-days", type=_days, default=365, metavar="N")
    parser.add_argument("--allow-expiry", action="store_true", help="let go what is past the retention")
    return parser


def _room(text: str) -> Room:
    try:
        return Room.parse(text)
    except InvalidInput:
        raise argparse.ArgumentTypeError(f"{text} is not a room id") from None


def _rate(text: str) -> float:
    return _number(text, 0.1, 10_000)


def _days(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("must be a whole number")
    return int(_number(text, 7, 36_500))


def _number(text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a number") from None
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"must be from {low} to {high}")
    return number
