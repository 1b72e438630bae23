"""What a run is told: options of the command line, and nothing else."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import AnyHttpUrl, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from chat.rules.rooms import Table


class Settings(BaseModel):
    """One run. Each field is an option (`--core-table`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instant: AwareDatetime
    generation: int = Field(ge=2, le=1_024)
    """The one that begins with the restored tables: one more than the deployment's."""
    core_table: str = Field("gg_core", min_length=3)
    guild_table: str = Field("gg_guild", min_length=3)
    suffix: str = Field("", pattern=r"^[A-Za-z0-9_.-]{0,64}$")
    log_bucket: str = Field(min_length=3)
    log_key: str = Field(pattern=r"^(arn:aws[a-z-]*:kms:|file:)")
    """The KMS key that wraps the log's data keys, or `file:` and the path of one of our own."""
    audit_key: str | None = Field(None, pattern=r"^(arn:aws[a-z-]*:(secretsmanager|ssm):|file:)")
    """The deployment's `AUDIT_KEY`, as its functions name it: what comes of an erasure stands under its pseudonym."""
    forget_bans: bool = False
    """Whether erasures that are carried out again end bans, as where the deployment's `ERASURE_KEEPS_BANS` is false."""
    uploads_bucket: str | None = None
    region: str = Field("us-east-1", min_length=1)
    endpoint: AnyHttpUrl | None = None
    s3_endpoint: AnyHttpUrl | None = None
    retention_days: int = Field(365, ge=7, le=36_500)
    """The deployment's, for rooms without their own."""
    recovery_days: int = Field(28, ge=1, le=35)
    count: bool = False
    apply: bool = False

    @property
    def instant_ms(self) -> int:
        return round(self.instant.timestamp() * 1_000)

    @property
    def sources(self) -> dict[Table, str]:
        return {"core": self.core_table, "guild": self.guild_table}

    @property
    def targets(self) -> dict[Table, str]:
        """The restored tables' names: the same for the same instant, so that a second start finds them."""
        suffix = self.suffix or f"-{self.instant.astimezone(UTC):%Y%m%dT%H%M%S}"
        return {table: f"{name}{suffix}" for table, name in self.sources.items()}

    @model_validator(mode="after")
    def _instant_has_passed(self) -> "Settings":
        if self.instant > datetime.now(UTC):
            raise ValueError("--instant is still to come")
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
        prog="python -m restore",
        description="Restore both tables to an instant and take back again what was taken back since: docs/privacy.md.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,  # what is not given is left to Settings
    )
    parser.add_argument("--instant", metavar="TIME", required=True, help="such as 2026-01-31T12:00:00Z")
    parser.add_argument("--generation", metavar="N", required=True, help="the deployment's, and one more")
    parser.add_argument("--core-table", metavar="NAME")
    parser.add_argument("--guild-table", metavar="NAME")
    parser.add_argument("--suffix", metavar="TEXT", help="what the restored tables' names end with")
    parser.add_argument("--log-bucket", metavar="NAME", required=True, help="of what was taken back")
    parser.add_argument("--log-key", metavar="ARN", required=True, help="the KMS key, or file:PATH")
    parser.add_argument(
        "--audit-key",
        metavar="ARN",
        help="the secret AUDIT_KEY, or file:PATH: where people were erased since",
    )
    parser.add_argument("--uploads-bucket", metavar="NAME", help="of attachments")
    parser.add_argument("--region", metavar="NAME")
    parser.add_argument("--endpoint", metavar="URL", help="another DynamoDB than AWS's")
    parser.add_argument("--s3-endpoint", metavar="URL", help="another S3 than AWS's")
    parser.add_argument("--retention-days", metavar="N", help="the deployment's")
    parser.add_argument("--recovery-days", metavar="N", help="of the restored tables' point-in-time recovery")
    parser.add_argument(
        "--count", action="store_true", help="compare how many items both have: reads both whole"
    )
    parser.add_argument("--apply", action="store_true", help="without it nothing is written")
    return parser
