"""The composition root of the fields' functions: settings become parts, once for a process."""

from contextlib import suppress
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

from chat.deployment import Deployment
from chat.rules.cursor import CursorKeys
from chat.rules.models import Defaults
from chat.rules.rooms import Room
from chat.rules.text import TextLimits
from chat.storage.aws import StoreFailure, client
from chat.storage.clock import StoreClock
from chat.storage.store import Store
from chat_lambda.init import in_lambda
from chat_lambda.secrets import BadSecret, read_cursor_keys, read_key
from chat_lambda.settings import settings
from chat_lambda.telemetry import actor
from chat_lambda.xray import subsegments

if TYPE_CHECKING:
    from chat.rules.hooks import Runner
    from chat.steps.directory import Directory
    from chat.storage.uploads import Uploads
    from chat_lambda.hooks import HookProcesses


COPYING_S = 5.0
"""How long S3 may take for one request, in seconds: it answers a copy when the whole file is copied."""


@cache
def deployment() -> Deployment:
    """The chat over this process's DynamoDB. Raises `BadSettings` where the deployment's own rules do not load."""
    own = settings()
    starting = hooks()
    clock = StoreClock(own.max_clock_skew_ms)
    dynamodb = client(
        "dynamodb",
        region=own.aws_region,
        endpoint=own.dynamodb_endpoint,
        connections=50,
        lean=True,
        clock=clock,
        watch=traced.request if (traced := subsegments()) else None,
    )
    store = Store(
        dynamodb, {"core": own.core_table, "guild": own.guild_table}, own.generation, clock.in_doubt
    )
    if in_lambda() and own.dynamodb_endpoint is None:
        _prime(store)
    return Deployment(
        store=store,
        defaults=Defaults(*(getattr(own, each.name) for each in fields(Defaults))),
        text_limits=TextLimits(own.max_code_points, own.max_bytes),
        uploads=uploads,
        direct_key=direct_key,
        export_key=export_key,
        pseudonym=actor,
        file_days=own.file_days,
        draft_days=own.draft_days,
        presence_days=own.presence_days,
        additions_per_hour=own.additions_per_hour,
        adding_needs_consent=own.adding_needs_consent,
        erasure_keeps_bans=own.erasure_keeps_bans,
        history_from=own.history_from,
        projections=own.projections,
        now=clock.now,
        clock_in_doubt=clock.in_doubt,
        max_clock_skew_ms=own.max_clock_skew_ms,
        gap_patience_ms=own.gap_patience_ms,
        avatar_hosts=frozenset(own.avatar_hosts),
        directory=directory(),
        **(starting.asked(opens=own.chat_hooks_on_failure == "open") if starting else {}),
    )


def directory() -> "Directory | None":
    """Who says what people are called, in place of themselves; `None` where they do. The process that is asked starts when
    it is first asked, or with `directory_runner`."""
    own = settings()
    if not own.people_directory:
        return None
    from chat.steps.directory import Directory  # noqa: PLC0415  only who has one is to pay for it

    return Directory(directory_runner, frozenset(own.avatar_hosts))


@cache
def directory_runner() -> "Runner":
    """What asks the team's directory. Raises `BadSettings` where that does not load."""
    from chat_lambda.hooks import HookProcesses  # noqa: PLC0415  as above

    own = settings()
    seconds = own.people_directory_timeout_ms / 1_000
    return HookProcesses(str(own.people_directory), seconds, "PEOPLE_DIRECTORY").directory()


def directory_part() -> None:
    """The directory, for the functions that ask it: during init, so that one that does not load shows at once. Raises
    `BadSettings`."""
    if settings().people_directory:
        directory_runner()


@cache
def hooks() -> "HookProcesses | None":
    """The deployment's own rules, in a process beside this one, which starts while the rest is composed; `None` without
    any. Raises `BadSettings`."""
    own = settings()
    if not own.chat_hooks:
        return None
    from chat_lambda.hooks import HookProcesses  # noqa: PLC0415  only who has hooks is to pay for them

    return HookProcesses(own.chat_hooks, own.chat_hooks_timeout_ms / 1_000)


@cache
def uploads() -> "Uploads | None":
    """What attachments take; `None` where the deployment has no bucket for them.

    The functions that are for them make it during init, `sendMessage` when first asked for one: botocore's
    description of S3 takes as long to read as everything else of init.
    """
    own = settings()
    if not own.uploads_bucket:
        return None
    from chat.storage.objects import Objects  # noqa: PLC0415  only who has attachments is to pay for it
    from chat.storage.uploads import Uploads  # noqa: PLC0415  the same

    s3 = client("s3", region=own.aws_region, endpoint=own.s3_endpoint, timeout=COPYING_S)
    return Uploads(Objects(s3, own.uploads_bucket), frozenset(own.upload_types), own.max_upload_bytes)


@cache
def direct_key() -> bytes:
    """The secret that the ids of direct rooms are made with. Raises `BadSecret`."""
    return read_key("direct_key", settings().direct_key, settings().aws_region)


def export_key() -> bytes:
    """The secret that exports are signed with. Raises `StoreFailure`: one job waits for it, and the others go on."""
    try:
        return read_key("export_key", settings().export_key, settings().aws_region)
    except BadSecret as bad:
        raise StoreFailure("NoExportKey") from bad


def _prime(store: Store) -> None:
    """Look at a room that cannot be, so that init pays for TLS, credentials and the first of everything: 1
    read unit.

    Init has a whole CPU to itself; the first caller would wait ten times as long as the second. If it fails,
    the first call says why.
    """
    with suppress(StoreFailure):
        store.view(Room.parse("-"), "-", consistent=False)


@cache
def cursor_keys() -> CursorKeys:
    """The keys that cursors are sealed with. Raises `BadSecret`."""
    return read_cursor_keys(settings().cursor_keys, settings().aws_region)
