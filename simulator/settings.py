"""What this program is told, and what it tells the functions: the only reader and writer of the process's
environment."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    ValidationError,
    model_validator,
)

from chat.rules.generations import MOST_GENERATIONS
from chat.rules.rooms import is_user_id
from simulator.auth.access_keys import CALLERS, PROJECTOR, PUBLISHER, STRANGER, role_arn
from simulator.auth.modes import Auth, FormName, Mode, Modes, Source, TokenUse
from simulator.engine import PROJECT, Kind
from simulator.engine_host import CREDENTIALS
from simulator.keys import AUDIENCE, ISSUER, Secrets

SCHEMA = PROJECT / "resolvers" / "schema.graphql"
WIRING = PROJECT / "resolvers" / "wiring.json"
REGION = "us-east-1"
DEFAULT_PORT = 4000
BUCKET, EVENT_BUCKET = "chat-uploads", "chat-uploads-events"
TABLES = {"CORE_TABLE": "gg_core", "GUILD_TABLE": "gg_guild"}
EVENT_TABLES = {"CORE_TABLE": "gg_core_events", "GUILD_TABLE": "gg_guild_events"}  # see event_rooms.py
LOG_WORDS = {"0": "error", "1": "info"}
Log = Annotated[
    Literal["error", "warning", "info", "debug"],
    BeforeValidator(lambda word: LOG_WORDS.get(word, str(word).lower())),
]
Roles = tuple[Annotated[str, Field(pattern=r"^[^,\s]+$")], ...]
IDENTITY = ("IDENTITY", "TOKEN_MARKER")  # how the functions are told whom to trust
OWN = (
    *("AWS_", "JWT_", "POWERTOOLS_", "S3_ENDPOINT", "UPLOADS_BUCKET"),
    *(
        "APPSYNC_",
        "EVENT_",
        "DEAD_LETTER_",
        "PROJECT",
        "PUBLISH",
        "SCHEMA_PREFIX",
        "SHORT_CODES",
        "TAKEN_BACK_",
        "CHAT_HOOKS",
        "FLAGS",
        *IDENTITY,
    ),
)  # how variables begin that a developer may have, and the functions are not to read
LISTS = ("roles", "groups", "auth")  # with commas


def _user_id(text: str) -> str:
    if not is_user_id(text):
        raise ValueError("no user id")
    return text


UserId = Annotated[str, AfterValidator(_user_id)]
Flags = Annotated[FilePath, BeforeValidator(lambda text: str(text).removeprefix("file:"))]


class BadSettings(Exception):
    """A setting is missing or wrong; the text is one line that names it."""


class Settings(BaseModel):
    """One run of `python -m simulator`. Each field is an option (--tls-port) and a variable (TLS_PORT); empty
    is absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Literal["run", "token", "invoke", "subscribe", "identity", "events", "address"]
    state: Path = PROJECT / ".local"  # keys, secrets and the embedded engines' data
    port: int = Field(DEFAULT_PORT, ge=0, le=65535)  # 0: any free port
    engine: Kind = "ministack"
    dynamodb_endpoint: AnyHttpUrl | None = None  # another DynamoDB instead of an embedded one
    s3_endpoint: AnyHttpUrl | None = None  # an S3 for attachments, where MiniStack is not the engine
    tls_cert: FilePath | None = None
    tls_key: FilePath | None = None
    tls_port: int = Field(4443, ge=0, le=65535)
    unset_variables: Literal["null", "absent"] = "null"  # what an argument is whose variable is not set
    schedules: Literal["on", "off"] = "on"  # whether what has a schedule is called
    streams: Literal["on", "off"] = "on"  # whether the tables' streams are followed
    page: Literal["build", "serve", "off"] = (
        "serve"  # the chat's page: built if that is needed, as it is, or none
    )
    page_ttl: int = Field(3_600, gt=0, le=86_400)  # seconds that a token for the page is good
    hooks: FilePath | None = None  # a module of rules of one's own, or none
    flags: Flags | None = None  # what is switched off, looked up every second
    log: Log = "error"  # what the functions log, and from "info" on their metrics and each request
    auth: Auth = ()  # whom the API lets in, the default mode first; none: our own authorizer alone
    form: FormName | None = None  # whose tokens those of the OIDC provider are like
    token_use: TokenUse | None = None  # which of Cognito's tokens
    publish: Literal["sender", "stream"] = "sender"  # what subscribers of onMessage are given
    suffix: str = Field(
        "", pattern=r"^[A-Za-z0-9_.-]{0,64}$"
    )  # of the tables' names, as `make restore` ends them
    generation: int = Field(
        1, ge=1, le=MOST_GENERATIONS
    )  # of the tables, where none of their engine's stops counts
    jwks_url: AnyHttpUrl | None = None  # where the keys of another issuer are, in the place of our own
    user: UserId = ""
    roles: Roles = ()
    groups: Roles = ()  # of Cognito, by their names there
    locale: Literal["en", "es", "fr"] | None = None
    ttl: int = Field(43_200, gt=0, le=10 * 365 * 86_400)  # seconds
    event: Path | None = None
    setting: Literal["IDENTITY", "TOKEN_MARKER"] = "IDENTITY"  # which is asked for
    room: str = "lobby"
    text: bool = False  # whether events are shown with texts

    @property
    def tables(self) -> dict[str, str]:
        return {name: table + self.suffix for name, table in TABLES.items()}

    @property
    def keys(self) -> Path:
        return self.state / "keys"

    @property
    def secrets(self) -> Path:
        return self.state / "secrets"

    @property
    def modes(self) -> Modes:
        """AppSync's, by which people come: of AUTH, else our own authorizer's."""
        return tuple(source.mode for source in self.auth) or (Mode.LAMBDA,)

    @property
    def api_modes(self) -> Modes:
        """What the API lets in: people, and where it publishes by the stream the reader, which comes by IAM."""
        added = (Mode.IAM,) if self.publish == "stream" and Mode.IAM not in self.modes else ()
        return self.modes + added

    @property
    def is_talkative(self) -> bool:
        """Whether what happens is logged, and not only what went wrong."""
        return self.log in ("info", "debug")

    @model_validator(mode="after")
    def _tls_is_a_pair(self) -> "Settings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("TLS_CERT and TLS_KEY go together")
        return self

    @model_validator(mode="after")
    def _modes_fit(self) -> "Settings":
        twice = [source for source in self.auth if self.auth.count(source) > 1]
        if twice:
            raise ValueError(f"AUTH: {twice[0]} is there twice")
        if {Source.LAMBDA, Source.AUTHORIZER} <= set(self.auth):
            raise ValueError("AUTH: lambda excludes authorizer: an API has one Lambda authorizer")
        if self.form and Source.OIDC not in self.auth:
            raise ValueError("FORM goes with AUTH=oidc")
        if self.command in ("token", "subscribe"):
            check_token(self)
        return self


def check_token(settings: Settings) -> None:
    """Whether there can be such a token. Raises `ValueError`."""
    if len(settings.auth) > 1:
        raise ValueError(f"AUTH: a token is for one mode, for example AUTH={settings.auth[0]}")
    source = settings.auth[0] if settings.auth else None
    callers = (*CALLERS, STRANGER)
    if settings.token_use and source is not Source.COGNITO:
        raise ValueError("TOKEN_USE goes with AUTH=cognito")
    if settings.groups and source is not Source.COGNITO:
        raise ValueError("GROUPS goes with AUTH=cognito: elsewhere it is ROLES")
    if settings.locale and source is Source.COGNITO and settings.token_use in (None, "access"):
        raise ValueError("LOCALE: an access token of Cognito does not say it, so add TOKEN_USE=id")
    if source is not Source.IAM:
        return
    if settings.roles or settings.locale:
        raise ValueError("ROLES and LOCALE: an access key says neither; USER=admin is an administrator")
    if settings.user not in callers:
        raise ValueError(f"USER: access keys are those of {', '.join(callers[:-1])} and {callers[-1]}")


EXAMPLES = {"user": "USER=alice", "event": "EVENT=events/Query.messages.json"}
HINTS = {
    "USER: ": "an id has 1 to 128 characters, at most 256 bytes in UTF-8, and no control characters",
    "LOG: ": "error, warning, info (or 1) or debug",
    "UNSET_VARIABLES: ": "null or absent",
    "SCHEDULES: ": "on or off",
    "PAGE: ": "build, serve or off",
    "HOOKS: ": "the path of a Python file, whose functions are in docs/hooks.md",
    "FLAGS: ": "the path of a document of flags, such as terraform/flags.json",
    "AUTH: ": "cognito, oidc, lambda, authorizer or iam, or several of them with commas",
    "FORM: ": "auth0, keycloak or entra",
    "TOKEN_USE: ": "access or id",
    "PUBLISH: ": "sender or stream",
    "TEXT: ": "true or false",
}
STORE = ("engine", "dynamodb_endpoint", "s3_endpoint", "hooks", "flags", "log")
OPTIONS = {
    "run": (
        "state",
        "port",
        *STORE,
        "tls_cert",
        "tls_key",
        "tls_port",
        "unset_variables",
        "schedules",
        "streams",
        "page",
        "page_ttl",
        "auth",
        "form",
        "publish",
        "suffix",
        "generation",
        "jwks_url",
    ),
    "token": ("state", "port", "user", "roles", "groups", "locale", "ttl", "auth", "form", "token_use"),
    "invoke": ("state", "event", *STORE, "publish"),
    "subscribe": ("state", "port", "room", "user", "auth", "form", "token_use"),
    "identity": ("state", "port", "auth", "form", "setting"),
    "events": ("state", "room", "text", *STORE),
    "address": ("state", "engine", "dynamodb_endpoint"),
}
REQUIRED = {
    "run": (),
    "token": ("user",),
    "invoke": ("event",),
    "subscribe": ("user",),
    "identity": (),
    "events": (),
    "address": (),
}
FLAG_ONLY = {
    *("user", "groups", "state", "setting"),  # a shell's USER and GROUPS are the developer's own
    *("suffix", "generation", "jwks_url"),  # of rehearsals
}


def of_this_process() -> Settings:
    """The settings of this process. Raises BadSettings; an unknown option ends the program with status 2."""
    return read(sys.argv[1:], os.environ)


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """The settings in `arguments` and, where these are silent, in `environment`."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description="The chat API on one machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, names in OPTIONS.items():
        subparser = commands.add_parser(command)
        for name in names:
            default = "" if name in FLAG_ONLY else environment.get(name.upper(), "")
            subparser.add_argument(f"--{name.replace('_', '-')}", default=default)
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value != ""}
    for name in REQUIRED[given["command"]]:
        if name not in given:
            raise BadSettings(
                f"{name.upper()} is missing, for example: make {given['command']} {EXAMPLES[name]}"
            )
    for name in LISTS:
        if name in given:
            given[name] = given[name].split(",")
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() + ": " if first["loc"] else ""
        raise BadSettings(name + HINTS.get(name, first["msg"].removeprefix("Value error, "))) from None


def functions_environment(
    *,
    endpoint: str,
    secrets: Secrets,
    jwks: Mapping[str, str],
    log_level: str = "INFO",
    objects: str | None = None,
    tables: Mapping[str, str] = TABLES,
    bucket: str = BUCKET,
    generation: int = 1,
) -> dict[str, str]:
    """The functions' environment. `jwks` is either {"JWT_JWKS_URL": address} or {"JWT_JWKS": the key set
    itself}.

    `objects` is the address of the S3 that holds attachments, in `bucket`; without one there are none.
    `generation` is the tables'.
    """
    return {
        **tables,
        "GENERATION": str(generation),
        "DYNAMODB_ENDPOINT": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **CREDENTIALS,
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "JWT_ALGORITHMS": "ES256",
        **jwks,
        "CURSOR_KEYS": secrets.cursor_keys,
        "AUDIT_KEY": secrets.audit_key,
        "DIRECT_KEY": secrets.direct_key,
        "EXPORT_KEY": secrets.export_key,
        "ALLOW_UNFENCED_SUBSCRIPTIONS": "false",
        "PROJECTIONS": "true",
        "SHORT_CODES": ":party_parrot:",
        "AUTHORIZER_TTL_SECONDS": "300",
        "PUBLISHER_ROLE": role_arn(PUBLISHER),
        "PROJECTOR_ROLE": role_arn(PROJECTOR),
        "LOG_LEVEL": log_level,
        **({"S3_ENDPOINT": objects, "UPLOADS_BUCKET": bucket} if objects else {}),
    }


def with_hooks(environment: Mapping[str, str], hooks: Path | None) -> dict[str, str]:
    """The same functions' environment, with the rules of one's own in this file, if there are any."""
    return {**environment, **({"CHAT_HOOKS": f"file:{hooks.absolute()}"} if hooks else {})}


def with_flags(environment: Mapping[str, str], flags: Path | None) -> dict[str, str]:
    """The same functions' environment, with what this file says is switched off, if there is one."""
    told = {"FLAGS": f"file:{flags.absolute()}", "FLAGS_SECONDS": "1"} if flags else {}
    return {**environment, **told}


def with_identity(environment: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """The same functions' environment, with IDENTITY, and TOKEN_MARKER if there is one, in the place of our own
    issuer."""
    others = {name: value for name, value in environment.items() if not name.startswith("JWT_")}
    return {**others, **told}


def become(functions: Mapping[str, str]) -> None:
    """Makes `functions` the environment of this process, in which nothing of the developer's own AWS set-up
    stays."""
    for name in [name for name in os.environ if name.startswith(OWN)]:
        del os.environ[name]
    loopback = ",".join(
        filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost"])
    )
    os.environ.update(
        {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": loopback,
            "no_proxy": loopback,
            **functions,
        }
    )
