"""The gateway's settings: the only reader of its environment."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    model_validator,
)

from chat.identity.sources import BadSources, Sources, parse_sources

Algorithm = Literal["RS256", "ES256"]

REGION = re.compile(r"\.appsync-api\.([a-z0-9-]+)\.")
"""In an API's own address: https://docs.aws.amazon.com/general/latest/gr/appsync.html"""


class BadSettings(Exception):
    """A setting is missing or wrong; the text is one line that names it."""


def _list(text: object) -> object:
    return tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text


def _endpoint(url: AnyHttpUrl) -> AnyHttpUrl:
    """Its text is what is signed, and what the realtime address is made of."""
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("must be an address without user, query and fragment")
    if not url.path or url.path.endswith("/"):
        raise ValueError("must have the path of the GraphQL endpoint, and no slash at its end")
    return url


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2}(-[a-z0-9]+)+", text):
        raise ValueError("must be the name of an AWS region, such as eu-central-1")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{0,31}", text):
        raise ValueError("must be up to 32 letters and digits, the first a capital letter")
    return text


def _sources(text: str) -> Sources:
    sources = parse_sources(text)
    if not sources.tokens:
        raise BadSources("has no source of type cognito or oidc: the gateway verifies no other tokens")
    return sources


def _marker(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.~-]{1,32}", text):
        raise ValueError("must be up to 32 letters, digits or _ . ~ -")
    return text


def _reference(text: str) -> str:
    if not text.startswith(("file:", "env:")):
        raise ValueError("must be file: and a path, or env: and a variable; secrets are given by reference")
    return text


class Settings(BaseModel):
    """One process. Each field is the environment variable of the same name in upper case; empty is absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    appsync_url: Annotated[AnyHttpUrl, AfterValidator(_endpoint)]
    appsync_region: Annotated[str, AfterValidator(_region)] | None = None
    """The API's AWS region; for `iam`, where the API's address is a domain name of one's own."""
    schema_prefix: Annotated[str, AfterValidator(_prefix)] = ""
    """Of the API's fields and types, where the chat's schema is part of a larger one."""
    service_auth: Literal["token", "iam"] = "token"
    """How the service itself is known to the API: by `service_token`, or by the role of the process."""
    service_token: Annotated[str, AfterValidator(_reference)] | None = None
    """Where the service's own token is: it names the role `gateway`. A file is read again before the token
    ends."""
    host: str = "127.0.0.1"
    port: int = Field(4100, ge=0, le=65_535)
    identity: Annotated[Sources, PlainValidator(_sources)] | None = None
    """Whose tokens clients may bring, as the API's functions have it. The four below are its short form, for one
    issuer whose tokens the API's authorizer verifies."""
    token_marker: Annotated[str, AfterValidator(_marker)] = ""
    """What a token for the API's authorizer begins with, where AppSync verifies others itself."""
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    jwt_algorithms: tuple[Algorithm, ...] = ("RS256", "ES256")
    jwt_jwks_url: AnyHttpUrl | None = None
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
    heartbeat_seconds: int = Field(30, ge=10, le=60)
    """How often the chat is told, about, that a client is there and what it has: at 60, what fails once is repeated just
    before the person counts as gone."""
    personal_events: bool = True
    """Whether clients are told what happens to their people (`onMine`), where the API publishes that."""
    replay_events: int = Field(1_000, ge=10, le=100_000)
    """How many events of a room are buffered for clients that come back."""
    replay_bytes: int = Field(67_108_864, ge=0)
    """What the buffers of all rooms together may take in memory."""
    compare_seconds: float = Field(45.0, ge=1, le=600)
    tick_ms: int = Field(15, ge=0, le=200)
    """Frames of a busy room that come within a tick are written together."""
    drain_seconds: float = Field(10.0, ge=0, le=300)
    ping_seconds: float = Field(45.0, ge=1, le=300)
    admin_socket: Path | None = None
    """Where an operator on this machine asks what is in memory: a Unix socket, none by default."""
    deployment_name: str = Field("local", min_length=1, max_length=64)
    """By which its metrics are counted in CloudWatch."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, given: dict[str, object]) -> dict[str, object]:
        return {
            name: _list(value) if name in ("jwt_algorithms", "allowed_origins") else value
            for name, value in given.items()
        }

    @model_validator(mode="after")
    def _service(self) -> "Settings":
        if self.service_auth == "token" and self.service_token is None:
            raise ValueError("SERVICE_TOKEN: is missing; or set SERVICE_AUTH to iam")
        if self.service_auth == "iam" and self.service_token is not None:
            raise ValueError("SERVICE_TOKEN: must be absent where SERVICE_AUTH is iam")
        if self.service_auth == "iam" and self.region is None:
            raise ValueError("APPSYNC_REGION: is missing, and APPSYNC_URL does not name the region")
        return self

    @model_validator(mode="after")
    def _tokens(self) -> "Settings":
        short = {
            "JWT_ISSUER": self.jwt_issuer,
            "JWT_AUDIENCE": self.jwt_audience,
            "JWT_JWKS_URL": self.jwt_jwks_url,
        }
        for name, value in short.items():
            if self.identity is None and value is None:
                raise ValueError(f"{name}: is missing; or set IDENTITY")
            if self.identity is not None and value is not None:
                raise ValueError(f"{name}: must be absent where IDENTITY is set")
        verified_by = [source.verified_by for source in self.sources.tokens]
        if (
            not self.token_marker
            and {"authorizer"} in verified_by
            and any("appsync" in each for each in verified_by)
        ):
            raise ValueError(
                "TOKEN_MARKER: is missing; AppSync takes a plain JWT for one that it verifies itself"
            )
        roles = self.sources.roles
        callers = roles.callers.values() if roles else ()
        if (
            self.service_auth == "iam"
            and self.identity
            and not any("gateway" in each.roles for each in callers)
        ):
            raise ValueError(
                "IDENTITY: has no caller of type iam with the role gateway, as SERVICE_AUTH says"
            )
        return self

    @property
    def sources(self) -> Sources:
        """Whose tokens clients may bring."""
        if self.identity is not None:
            return self.identity
        issuer, audience = self.jwt_issuer or "", self.jwt_audience or ""
        return Sources.jwt(issuer, audience, self.jwt_algorithms, str(self.jwt_jwks_url))

    @property
    def region(self) -> str | None:
        """The API's AWS region, by its setting or by its address."""
        named = REGION.search(self.appsync_url.host or "")
        return self.appsync_region or (named[1] if named else None)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`. Raises `BadSettings`."""
    names = {name: name.upper() for name in Settings.model_fields}
    given = {name: environment[upper] for name, upper in names.items() if environment.get(upper)}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        text = first["msg"].removeprefix("Value error, ")
        raise BadSettings(f"{str(first['loc'][0]).upper()}: {text}" if first["loc"] else text) from None


def service_token(settings: Settings) -> str:
    """The service's own token as it is now. Raises `BadSettings`."""
    scheme, _, place = (settings.service_token or "").partition(":")
    try:
        found = Path(place).read_text(encoding="utf-8") if scheme == "file" else os.environ[place]
    except (OSError, UnicodeDecodeError, KeyError):
        raise BadSettings("SERVICE_TOKEN cannot be read") from None
    return found.strip()


def of_this_process() -> Settings:
    """The settings of this process. Raises `BadSettings`."""
    return read(os.environ)
