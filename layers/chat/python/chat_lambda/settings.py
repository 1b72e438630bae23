"""The functions' settings: the only reader of their environment. Names equal those in
`resolvers/wiring.json`."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from chat.rules.record import record

if TYPE_CHECKING:
    from chat.identity.models import RoleKey, Sources
    from chat.rules.models import HistoryFrom

Algorithm = Literal["RS256", "ES256", "HS256"]
Publish = Literal["sender", "stream"]

UPLOAD_TYPES = (
    *(f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "avif", "heic")),
    *(f"audio/{kind}" for kind in ("mpeg", "mp4", "ogg", "wav", "webm")),
    *(f"video/{kind}" for kind in ("mp4", "webm", "quicktime")),
    "application/pdf",
    "text/plain",
)
"""What a deployment takes as attachments unless it says otherwise."""


VISIBLE_MS = 2_000
"""How long what was committed may take to be visible to everybody, and what a comparison of clocks may be wrong by."""


class BadSettings(Exception):
    """A setting is missing or wrong; the text names it and does not show its value."""


def _algorithms(text: str) -> tuple[Algorithm, ...]:
    names = tuple(part.strip() for part in text.split(","))
    if not set(names) <= {"RS256", "ES256", "HS256"}:
        raise ValueError("must be a list of RS256, ES256 and HS256, with commas")
    return cast("tuple[Algorithm, ...]", names)


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return text


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return text.lower() == "true"


def _sources(text: str) -> "Sources":
    # Only here: a function without IDENTITY spares the import.
    from chat.identity.sources import parse_sources  # noqa: PLC0415

    return parse_sources(text)


def _publish(text: str) -> Publish:
    if text not in ("sender", "stream"):
        raise ValueError("must be sender or stream")
    return cast("Publish", text)


def _history_from(text: str) -> "HistoryFrom | None":
    if text not in ("beginning", "joining"):
        raise ValueError("must be beginning or joining")
    return "joining" if text == "joining" else None


def _role(text: str) -> "RoleKey":
    # Only here, as above.
    from chat.identity.sources import role_key  # noqa: PLC0415

    if (key := role_key(text)) is None:
        raise ValueError("must be the ARN of an IAM role")
    return key


def _hosts(text: str) -> tuple[str, ...]:
    # Only here: a function without AVATAR_HOSTS spares the import.
    from chat.rules.avatar_address import is_host  # noqa: PLC0415

    hosts = tuple(part.strip() for part in text.split(","))
    if not all(map(is_host, hosts)):
        raise ValueError(
            "must be a list of hosts such as pictures.example.com, in small letters, with commas"
        )
    return hosts


def _marker(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.~-]{1,32}", text):
        raise ValueError("must be 1 to 32 letters, digits or _ . ~ -")
    return text


def _module(text: str) -> str:
    if not text.startswith("file:") and not all(part.isidentifier() for part in text.split(".")):
        raise ValueError("must be a module such as acme.chat, or file: and the path of one")
    return text


def _failure(text: str) -> str:
    if text not in ("closed", "open"):
        raise ValueError("must be closed or open")
    return text


def _source(text: str) -> str:
    """EventBridge keeps what begins with `aws.` for itself:
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html"""
    if not re.fullmatch(r"[A-Za-z0-9_./-]{1,256}", text) or text.startswith("aws."):
        raise ValueError("must be 1 to 256 letters, digits or . _ / -, and not begin with aws.")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]{0,31}", text):
        raise ValueError("must be up to 32 letters and digits, the first a capital letter")
    return text


def _queue_or_file(text: str) -> str:
    return text if text.startswith("file:") else _address(text)


def _flags(text: str) -> str:
    if not re.fullmatch(r"file:.+|appconfig:[A-Za-z0-9_.-]{1,64}(?:/[A-Za-z0-9_.-]{1,128}){2}", text):
        raise ValueError("must be file: and a path, or appconfig:APPLICATION/ENVIRONMENT/PROFILE")
    if text.startswith("file:"):
        return text
    application, environment, profile = text.removeprefix("appconfig:").split("/")
    return f"/applications/{application}/environments/{environment}/configurations/{profile}"


def _wrapping_key(text: str) -> str:
    if not re.match(r"file:.|arn:aws[a-z-]*:kms:", text):
        raise ValueError("must be the ARN of a KMS key, or file: and a path")
    return text


RUN_BY_BROWSERS = ("html", "xml", "svg", "script")


MOST_SHORT_CODES = 100


def _short_codes(text: str) -> tuple[str, ...]:
    codes = tuple(part.strip() for part in text.split(","))
    if len(codes) > MOST_SHORT_CODES or not all(re.fullmatch(r":[a-z0-9_+-]{1,32}:", each) for each in codes):
        raise ValueError(
            f"must be a list of up to {MOST_SHORT_CODES} codes such as :party_parrot:, with commas: 1 to 32 of a-z 0-9 _ + -"
            " between colons"
        )
    return codes


def _media_types(text: str) -> tuple[str, ...]:
    """Types that a browser could run are refused: an attachment would act with the rights of the bucket's
    address."""
    types = tuple(part.strip().lower() for part in text.split(","))
    if not all(re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", each) for each in types):
        raise ValueError("must be a list of media types such as image/png, with commas")
    if any(word in each for each in types for word in RUN_BY_BROWSERS):
        raise ValueError("must have no types that a browser would run, such as text/html and image/svg+xml")
    return types


def _number(default: float | None, kind: type[int] | type[float], low: float, high: float) -> Any:
    """A field that holds a number from `low` up to `high`."""

    def parse(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            raise ValueError(f"must be {'a whole number' if kind is int else 'a number'}") from None
        if not low <= number <= high:
            raise ValueError(f"must be from {low} to {high}")
        return number

    return _parsed(default, parse)


def _parsed(default: object, parse: Callable[[str], object]) -> Any:
    """A field whose text `parse` reads; it raises `ValueError` with what the text must be."""
    return field(default=default, metadata={"parse": parse})


@record(frozen=True, slots=True)
class Settings:
    """One deployment's settings. A field is the environment variable of the same name in upper case; empty is
    absent.

    Secrets are references: `file:` and a path, or the ARN of a Secrets Manager secret or an SSM parameter.
    """

    aws_region: str = "us-east-1"
    dynamodb_endpoint: str | None = None
    core_table: str = "gg_core"
    guild_table: str = "gg_guild"
    generation: int = _number(1, int, 1, 1_024)
    """The tables' (`chat/rules/generations.py`): raised by one after each restore, and never lowered."""
    identity: "Sources | None" = _parsed(None, _sources)
    """Who may call, by which claims: docs/identity.md. Without it, whom our own authorizer lets in."""
    publish: Publish = _parsed("sender", _publish)
    """What subscribers of `onMessage` are given: what the caller of a mutation selects, or what the stream's reader
    publishes: docs/publishing.md."""
    projections: bool = _parsed(False, _flag)
    """Whether anything is derived from the tables' streams: `services/project_stream.py`. Without it, what needs that is
    refused."""
    publisher_role: "RoleKey | None" = _parsed(None, _role)
    """The IAM role of the stream's reader, which alone may call `publishMessage`."""
    projector_role: "RoleKey | None" = _parsed(None, _role)
    """The IAM role of `services/project_stream.py`, which alone may call `publishMine`."""
    moved_every_seconds: int = _number(10, int, 5, 300)
    """At most how often a person is told by `onMine` that something has moved in one of their rooms."""
    notify_after_s: int = _number(30, int, 0, 300)
    """How long a message waits before somebody is notified of it, who may read it meanwhile; 0: nobody ever is."""
    token_marker: str = _parsed("", _marker)
    """What comes before each token for our authorizer, where the API has Cognito or OpenID Connect beside it."""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_algorithms: tuple[Algorithm, ...] = _parsed(("RS256", "ES256"), _algorithms)
    jwt_jwks_url: str | None = _parsed(None, _address)
    jwt_jwks: str | None = None
    jwt_secret: str | None = None
    authorizer_ttl_seconds: int = _number(300, int, 0, 3600)
    cursor_keys: str | None = None
    audit_key: str | None = None
    direct_key: str | None = None
    """Makes the ids of direct rooms, and is never rotated: with another one nobody finds the room that they have."""
    export_key: str | None = None
    """Signs exports. With another one, those from before are verified by the old public key."""
    allow_unfenced_subscriptions: bool = _parsed(False, _flag)
    trace_messages: bool = _parsed(False, _flag)
    """Whether a message's item has the id of the trace in which it was sent, with which its publishing goes on."""
    person_per_second: float = _number(1.0, float, 0.001, 1_000)
    person_burst: int = _number(10, int, 1, 10_000)
    room_per_second: float = _number(50.0, float, 0.001, 1_000)
    room_burst: int = _number(100, int, 1, 10_000)
    owner_max_person_per_second: float | None = _number(None, float, 0.001, 1_000)
    owner_max_person_burst: int | None = _number(None, int, 1, 10_000)
    owner_max_room_per_second: float | None = _number(None, float, 0.001, 1_000)
    owner_max_room_burst: int | None = _number(None, int, 1, 10_000)
    retention_days: int = _number(365, int, 7, 36_500)
    file_days: int = _number(0, int, 0, 36_500)
    """For how long attachments are kept, in days, where their messages stay longer; 0: as long as these."""
    draft_days: int = _number(90, int, 1, 365)
    """For how long after it was saved a draft is kept."""
    presence_days: int = _number(30, int, 1, 365)
    """For how long it is kept when somebody was there last."""
    slow_mode_seconds: int = _number(0, int, 0, 21_600)
    adding_needs_consent: bool = _parsed(False, _flag)
    history_from: "HistoryFrom | None" = _parsed(None, _history_from)
    """From when on members of rooms that are made see their history: its beginning, or when they joined."""
    additions_per_hour: int = _number(100, int, 40, 10_000)
    max_code_points: int = _number(4_000, int, 1, 40_000)
    max_bytes: int = _number(16_384, int, 1, 163_840)
    export_wait_hours: int = _number(24, int, 0, 336)
    erasure_wait_days: int = _number(7, int, 0, 14)
    """For how long a request for somebody's data can be withdrawn before it begins: docs/privacy.md."""
    erasure_keeps_bans: bool = _parsed(True, _flag)
    """Whether rooms keep out whom they have banned after an erasure, too, under a keyed pseudonym."""
    recent_sign_in_seconds: int = _number(900, int, 60, 86_400)
    """How long ago somebody may have signed in who asks that their data be erased."""
    deployment_name: str = "local"
    s3_endpoint: str | None = _parsed(None, _address)
    uploads_bucket: str = ""
    upload_types: tuple[str, ...] = _parsed(UPLOAD_TYPES, _media_types)
    max_upload_bytes: int = _number(10_485_760, int, 1, 104_857_600)
    taken_back_bucket: str = ""
    """Of the log of what was taken back, which a restore replays: docs/privacy.md. Without one there is no log."""
    taken_back_key: str | None = _parsed(None, _wrapping_key)
    """What wraps its data keys: the ARN of a KMS key, or `file:` and the path of 32 bytes as base64url."""
    short_codes: tuple[str, ...] = _parsed((), _short_codes)
    """What may be reacted with besides Unicode's emoji, such as `:party_parrot:`."""
    max_clock_skew_ms: int = _number(3_000, int, 1_000, 60_000)
    gap_patience_ms: int = _number(10_000, int, 1_000, 300_000)
    chat_hooks: str | None = _parsed(None, _module)
    """The module of the deployment's own rules: docs/hooks.md. `file:` and a path on one machine."""
    chat_hooks_timeout_ms: int = _number(500, int, 10, 3_000)
    chat_hooks_on_failure: Literal["closed", "open"] = _parsed("closed", _failure)
    flags: str | None = _parsed(None, _flags)
    """Where it is said what is switched off (`chat/rules/flags.py`): `file:` and a path, or the path at AppConfig's extension.
    Without it everything is on."""
    flags_seconds: int = _number(30, int, 1, 300)
    """How long what was read there holds."""
    people_directory: str | None = _parsed(None, _module)
    """The module whose function `people` says what people are called, in place of themselves: docs/people.md. `file:` and a
    path on one machine."""
    people_directory_timeout_ms: int = _number(1_000, int, 10, 3_000)
    avatar_hosts: tuple[str, ...] = _parsed((), _hosts)
    """Where pictures of people and rooms may lie, beside those that are uploaded."""
    event_text: bool = _parsed(False, _flag)
    """Whether events that go out hold the texts of messages and the names of files."""
    event_bus: str = ""
    event_source: str = _parsed("chat", _source)
    event_queue_url: str | None = _parsed(None, _address)
    dead_letter_queue_url: str | None = _parsed(None, _queue_or_file)
    appsync_url: str | None = _parsed(None, _address)
    """The API that the reader publishes by, where the deployment publishes by the stream."""
    appsync_profile: str | None = None
    """Of the shared credentials file: on one machine, where the process's own credentials are not the reader's."""
    projector_profile: str | None = None
    """The same of the function that derives things."""
    schema_prefix: str = _parsed("", _prefix)
    """Of that API's fields and types."""


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`. Raises `BadSettings`, which names the variable."""
    given: dict[str, Any] = {}
    for each in fields(Settings):
        text = environment.get(each.name.upper(), "")
        if text:
            try:
                given[each.name] = each.metadata.get("parse", str)(text)
            except ValueError as error:
                raise BadSettings(f"{each.name.upper()}: {error}") from None
    _check_patience(own := Settings(**given))
    if own.taken_back_bucket and own.taken_back_key is None:
        raise BadSettings("TAKEN_BACK_KEY: must stand beside TAKEN_BACK_BUCKET")
    if own.identity is not None and own.jwt_issuer:
        raise BadSettings("IDENTITY: must not stand beside JWT_ISSUER, whose place it takes")
    callers = own.identity.roles.callers if own.identity and own.identity.roles else {}
    for name, calls in (("PUBLISHER_ROLE", "publishMessage"), ("PROJECTOR_ROLE", "publishMine")):
        if getattr(own, name.lower()) in callers:
            raise BadSettings(f"{name}: must be none of the roles of IDENTITY: it calls nothing but {calls}")
    return own


def _check_patience(own: Settings) -> None:
    """What two processes stamped a moment ago has to be recent for each other, as far as their clocks may differ.
    Raises `BadSettings`."""
    least = 2 * own.max_clock_skew_ms + VISIBLE_MS
    if own.gap_patience_ms <= least:
        raise BadSettings(
            f"GAP_PATIENCE_MS: must be above {least}, twice MAX_CLOCK_SKEW_MS and two seconds"
        ) from None


@cache
def settings() -> Settings:
    """The settings of this process. Raises `BadSettings`."""
    return read(os.environ)
