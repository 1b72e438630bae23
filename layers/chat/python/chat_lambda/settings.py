"""What the functions are told: the only reader of their environment. Names equal those in `resolvers/wiring.json`."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

Algorithm = Literal["RS256", "ES256", "HS256"]


class BadSettings(Exception):
    """A setting is missing or wrong; the text names it and does not show its value."""


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


class Settings(BaseModel):
    """One deployment's settings. A field is the environment variable of the same name in upper case; empty is absent.

    Secrets are references: `file:` and a path, or the ARN of a Secrets Manager secret or an SSM parameter.
    """

    model_config = ConfigDict(frozen=True)

    aws_region: str = "us-east-1"
    dynamodb_endpoint: str | None = None
    core_table: str = "gg_core"
    guild_table: str = "gg_guild"
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_algorithms: Annotated[tuple[Algorithm, ...], BeforeValidator(_listed)] = ("RS256", "ES256")
    jwt_jwks_url: str | None = Field(None, pattern="^https?://")
    jwt_jwks: str | None = None
    jwt_secret: str | None = None
    authorizer_ttl_seconds: int = Field(300, ge=0, le=3600)
    cursor_keys: str | None = None
    audit_key: str | None = None
    allow_unfenced_subscriptions: bool = False
    person_per_second: float = Field(1.0, gt=0, le=1_000)
    person_burst: int = Field(10, ge=1, le=10_000)
    room_per_second: float = Field(50.0, gt=0, le=1_000)
    room_burst: int = Field(100, ge=1, le=10_000)
    retention_days: int = Field(365, ge=7, le=36_500)
    max_code_points: int = Field(4_000, ge=1, le=40_000)
    max_bytes: int = Field(16_384, ge=1, le=163_840)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`. Raises `BadSettings`, which names the variable."""
    given = {
        name: environment[name.upper()]
        for name in Settings.model_fields
        if environment.get(name.upper(), "") != ""
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        raise BadSettings(f"{str(first['loc'][0]).upper()}: {first['msg']}") from None


@cache
def settings() -> Settings:
    """The settings of this process. Raises `BadSettings`."""
    return read(os.environ)
