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
    field_validator,
    model_validator,
)

from chat.rules.rooms import is_user_id

Command = Literal[
    "export", "erase", "withdraw", "list", "show", "fetch", "erasures", "scan", "retention", "texts"
]

MOST_WAIT_HOURS = 14 * 24
"""A request is answered within a month: what it may wait of that."""


def _user_id(text: str) -> str:
    if not is_user_id(text):
        raise ValueError(f"{text} is not a user id")
    return text


AuditKey = Annotated[str, Field(pattern=r"^(arn:aws[a-z-]*:(secretsmanager|ssm):|file:)")]


class Settings(BaseModel):
    """One run. Each field is an option (`--core-table`) or an argument (`command`, `user`, `id`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Command
    user: Annotated[str, PlainValidator(_user_id)] | None = None
    id: str | None = Field(None, max_length=64)
    core_table: str = Field("gg_core", min_length=3)
    guild_table: str = Field("gg_guild", min_length=3)
    region: str = Field("us-east-1", min_length=1)
    endpoint: AnyHttpUrl | None = None
    now: bool = False
    wait_hours: float | None = Field(None, ge=0, le=MOST_WAIT_HOURS)
    unknown: bool = False
    deployment: Path | None = None
    into: Path | None = None
    to: Path | None = None
    bucket: str = Field("chat-uploads", min_length=3)
    s3_endpoint: AnyHttpUrl | None = None
    text_file: Path | None = None
    receipt: str | None = Field(None, max_length=64)
    audit_keys: tuple[AuditKey, ...] = Field((), max_length=10)
    segments: int = Field(4, ge=1, le=64)
    buckets: tuple[str, ...] = ()
    log_groups: tuple[str, ...] = ()
    log_files: tuple[Path, ...] = ()
    gateways: tuple[Path, ...] = ()

    @model_validator(mode="after")
    def _whose_receipt(self) -> "Settings":
        if self.receipt is not None and not self.audit_keys:
            raise ValueError("--receipt needs --audit-key: the receipt names the person by that alone")
        return self

    @model_validator(mode="after")
    def _whose_erasures(self) -> "Settings":
        if self.command == "erasures" and (self.user is None) != (not self.audit_keys):
            raise ValueError("a user and --audit-key go together: receipts name people by that alone")
        return self

    @model_validator(mode="after")
    def _one_wait(self) -> "Settings":
        if self.now and self.wait_hours is not None:
            raise ValueError("--now and --wait-hours exclude each other")
        return self

    @field_validator("to")
    @classmethod
    def _folder_exists(cls, to: Path | None) -> Path | None:
        if to and not to.is_dir():
            raise ValueError(f"there is no folder {to}")
        return to


def read(arguments: Sequence[str]) -> Settings:
    """The settings in `arguments`. Bad ones end the program with status 2 and a sentence."""
    parser = _parser()
    given: dict[str, Any] = vars(parser.parse_args(arguments))
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{str(first['loc'][0]).replace('_', '-')}: " if first["loc"] else ""
        parser.error(name + first["msg"].removeprefix("Value error, "))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m privacy",
        description="Requests that somebody's data be exported or erased: docs/privacy.md.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,  # what is not given is left to Settings
    )
    parser.add_argument("--core-table", metavar="NAME")
    parser.add_argument("--guild-table", metavar="NAME")
    parser.add_argument("--region", metavar="NAME")
    parser.add_argument("--endpoint", metavar="URL", help="another DynamoDB than AWS's")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_ in (("export", "ask for an export"), ("erase", "ask for an erasure")):
        making = _command(commands, name, help_)
        making.add_argument("user", metavar="USER")
        making.add_argument("--now", action="store_true", help="without a waiting period")
        making.add_argument("--wait-hours", metavar="N")
        making.add_argument(
            "--unknown", action="store_true", help="also for somebody of whom no item is found"
        )
        if name == "export":
            _add_target(making, "wait until it is done, and fetch its archive into this folder")
    for name, help_ in (("withdraw", "take a request back"), ("show", "one request, with its receipt")):
        one = _command(commands, name, help_)
        one.add_argument("user", metavar="USER")
        one.add_argument("id", metavar="ID")
    fetching = _command(commands, "fetch", "the archive of an export that is done")
    fetching.add_argument("user", metavar="USER")
    fetching.add_argument("id", metavar="ID")
    _add_target(fetching, "the folder that it goes into", is_required=True)
    _command(commands, "list", "somebody's requests").add_argument("user", metavar="USER")
    ended = _command(
        commands, "erasures", "what came of erasures: everybody's, or a person's, the newest first"
    )
    ended.add_argument("user", metavar="USER", nargs="?")
    _add_keys(ended)
    _scan(_command(commands, "scan", "where an id and texts still are; the status is 1 where they are"))
    keeping = _command(commands, "retention", "what is kept for how long, from configuration")
    writing = _command(commands, "texts", "the templates of policy and records, with its figures")
    writing.add_argument("--into", metavar="FOLDER", required=True)
    for each in (keeping, writing):
        each.add_argument(
            "--deployment",
            metavar="FILE",
            help="what `terraform output -json retention` says of a deployment",
        )
    return parser


def _scan(scan: argparse.ArgumentParser) -> None:
    scan.add_argument("user", metavar="USER")
    scan.add_argument("--text-file", metavar="FILE", help="a text a line, or a JSON string")
    scan.add_argument("--receipt", metavar="ID", help="note the result in the receipt of this erasure")
    _add_keys(scan)
    scan.add_argument("--segments", metavar="N", help="how many parts of a table are read at once")
    scan.add_argument("--bucket", dest="buckets", metavar="NAME", action="append")
    scan.add_argument("--s3-endpoint", metavar="URL", help="another S3 than AWS's, or that of --endpoint")
    scan.add_argument(
        "--log-group", dest="log_groups", metavar="PREFIX", action="append", help="of CloudWatch Logs"
    )
    scan.add_argument("--log-file", dest="log_files", metavar="PATH", action="append")
    scan.add_argument(
        "--gateway", dest="gateways", metavar="SOCKET", action="append", help="a gateway's ADMIN_SOCKET"
    )


def _add_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--audit-key",
        dest="audit_keys",
        metavar="ARN",
        action="append",
        help="the secret AUDIT_KEY, or file:PATH; again for each that was it before",
    )


def _add_target(parser: argparse.ArgumentParser, help_: str, *, is_required: bool = False) -> None:
    parser.add_argument("--to", metavar="FOLDER", help=help_, required=is_required)
    parser.add_argument("--bucket", metavar="NAME", help="of attachments and exports")
    parser.add_argument("--s3-endpoint", metavar="URL", help="another S3 than AWS's, or that of --endpoint")


def _command(commands: Any, name: str, help_: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=help_, allow_abbrev=False, argument_default=argparse.SUPPRESS
    )
    return made
