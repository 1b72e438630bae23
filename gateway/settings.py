"""The gateway's settings: the only reader of its environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

Algorithm = Literal["RS256", "ES256"]


class BadSettings(Exception):
    """A setting is missing or wrong; the text is one line that names it."""


def _list(text: object) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


def _reference(text: str) -> str:
    if not text.startswith(("file:", "env:")):
        raise ValueError("must be file: and a path, or env: and a variable; secrets are given by reference")
    return text


class Settings(BaseModel):
    """One process. Each field is the environment variable of the same name in upper case; empty is absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    appsync_url: AnyHttpUrl
    service_token: Annotated[str, AfterValidator(_reference)]
    """Where the service's own token is: it names the role `gateway`. A file is read again before the token
    ends."""
    host: str = "127.0.0.1"
    port: int = Field(4100, ge=0, le=65_535)
    jwt_issuer: str = Field(min_length=1)
    jwt_audience: str = Field(min_length=1)
    jwt_algorithms: tuple[Algorithm, ...] = ("RS256", "ES256")
    jwt_jwks_url: AnyHttpUrl
    allowed_origins: tuple[str, ...] = ()
    """Origins whose pages may connect; a client that sends no Origin is no browser, and may."""
    max_frame_bytes: int = Field(65_536, ge=1_024, le=1_048_576)
    max_buffer_bytes: int = Field(262_144, ge=16_384, le=16_777_216)
    """What may wait for one client before it is closed as too slow."""
    max_connections: int = Field(20_000, ge=1, le=1_000_000)
    """Connections with an accepted token."""
    connections_per_user: int = Field(100, ge=1)
    connections_per_address: int = Field(10_000, ge=1)
    """Connections that brought a token, from one IPv4 address or one /64 of IPv6. Behind a proxy or load
    balancer everybody has its address unless `trusted_proxies` says so."""
    max_unauthenticated: int = Field(5_000, ge=1, le=1_000_000)
    """Connections that have not brought a token yet. Whoever comes above it displaces the oldest of them."""
    unauthenticated_per_address: int = Field(2_500, ge=1)
    handshake_seconds: float = Field(5.0, gt=0, le=60)
    """How long a connection may take to bring a token, beginning when it was made."""
    trusted_proxies: int = Field(0, ge=0, le=10)
    """How many proxies are in front, each of which appends to `X-Forwarded-For` where it was connected from.
    Nobody else may be able to connect then."""
    frames_per_second: float = Field(20.0, gt=0, le=1_000)
    frames_burst: int = Field(100, ge=1, le=10_000)
    rooms_per_connection: int = Field(100, ge=1, le=1_000)
    replay_events: int = Field(1_000, ge=10, le=100_000)
    """How many events of a room are buffered for clients that come back."""
    replay_bytes: int = Field(67_108_864, ge=0)
    """What the buffers of all rooms together may take in memory."""
    compare_seconds: float = Field(45.0, ge=1, le=600)
    tick_ms: int = Field(15, ge=0, le=200)
    """Frames of a busy room that come within a tick are written together."""
    drain_seconds: float = Field(10.0, ge=0, le=300)
    ping_seconds: float = Field(45.0, ge=1, le=300)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, given: dict[str, object]) -> dict[str, object]:
        return {
            name: _list(value) if name in ("jwt_algorithms", "allowed_origins") else value
            for name, value in given.items()
        }


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`. Raises `BadSettings`."""
    names = {name: name.upper() for name in Settings.model_fields}
    given = {name: environment[upper] for name, upper in names.items() if environment.get(upper)}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        raise BadSettings(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def service_token(settings: Settings) -> str:
    """The service's own token as it is now. Raises `BadSettings`."""
    scheme, _, place = settings.service_token.partition(":")
    try:
        found = Path(place).read_text(encoding="utf-8") if scheme == "file" else os.environ[place]
    except (OSError, UnicodeDecodeError, KeyError):
        raise BadSettings("SERVICE_TOKEN cannot be read") from None
    return found.strip()


def of_this_process() -> Settings:
    """The settings of this process. Raises `BadSettings`."""
    return read(os.environ)
