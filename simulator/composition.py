"""What the functions stand on, locally: a DynamoDB with the demo data, secrets in files, and their
environment."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chat.rules.flags import BadFlags
from chat.rules.generations import MOST_GENERATIONS
from chat_lambda import compose
from chat_lambda.flags import read_file
from chat_lambda.settings import BadSettings as FunctionSettingsBad
from simulator import demo
from simulator.engine import EngineFailed, answers, embedded, home_of
from simulator.engine_state import note_told, unclean_stops, untold
from simulator.keys import local_secrets, taken_back_key
from simulator.settings import (
    BUCKET,
    BadSettings,
    Settings,
    become,
    functions_environment,
    with_flags,
    with_hooks,
    with_identity,
)


@dataclass(frozen=True, slots=True)
class Storage:
    """The tables and the bucket of one chat. `tables`: those of the settings, where none are named. `fill` makes what is to be
    in them, at the addresses of a DynamoDB and, unless there are to be no attachments, of an S3."""

    tables: Mapping[str, str] | None
    bucket: str
    fill: Callable[[str, str | None], None]


SERVED = Storage(None, BUCKET, demo.fill)
"""What `make run` serves."""


@contextmanager
def composed(
    settings: Settings,
    jwks: Mapping[str, str],
    storage: Storage = SERVED,
    told: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Everything that the functions need, for as long as the block lasts. `jwks`: see `functions_environment`;
    `told`: see `with_identity`; `more`: what they are told besides."""
    tables = storage.tables or settings.tables
    if settings.flags:
        _check_flags(settings.flags)
    with _dynamodb(settings) as endpoint:
        objects = _objects(settings, endpoint)
        environment = functions_environment(
            endpoint=endpoint,
            secrets=local_secrets(settings.secrets),
            jwks=jwks,
            log_level=settings.log.upper(),
            objects=objects,
            tables=tables,
            bucket=storage.bucket,
            generation=generation_of(settings),
        ) | {"PUBLISH": settings.publish, **(more or {})}
        log = f"{storage.bucket}-taken-back"
        if objects:
            environment |= {"TAKEN_BACK_BUCKET": log, "TAKEN_BACK_KEY": taken_back_key(settings.secrets)}
        environment = with_flags(with_hooks(environment, settings.hooks), settings.flags)
        become(with_identity(environment, told) if told else environment)
        if objects:
            demo.make_bucket(objects, log)
        if settings.suffix:  # of restored tables, which are not to be made empty where they are not found
            demo.check_tables(endpoint, tables)
        else:
            storage.fill(endpoint, objects)
        if settings.hooks:
            _load_hooks()
        yield


def _load_hooks() -> None:
    """Begin with the functions' parts: elsewhere they are made at the first call, which would be the first to hear that
    the rules do not load. Raises `BadSettings`."""
    try:
        compose.deployment()
    except FunctionSettingsBad as error:
        raise BadSettings(str(error).removeprefix("CHAT_").replace("file:", "")) from None


def _check_flags(path: Path) -> None:
    """Begin with a document that is in its form: later one that is not leaves what is switched off as it was. Raises
    `BadSettings`."""
    try:
        read_file(path)
    except BadFlags as error:
        raise BadSettings(f"FLAGS: {path}: {error}") from None


def generation_of(settings: Settings) -> int:
    """The tables' generation: one more than the settings' for each unclean stop of an engine of our own, which may have lost
    what it acknowledged last."""
    if settings.dynamodb_endpoint is not None:
        return settings.generation
    return min(
        settings.generation + unclean_stops(home_of(settings.engine, settings.state)), MOST_GENERATIONS
    )


def _objects(settings: Settings, endpoint: str) -> str | None:
    """Where attachments lie: in MiniStack, where it is the engine, else where S3_ENDPOINT says; else there
    are none."""
    if settings.s3_endpoint is not None:
        return str(settings.s3_endpoint).rstrip("/")
    return endpoint if settings.engine == "ministack" and settings.dynamodb_endpoint is None else None


@contextmanager
def _dynamodb(settings: Settings) -> Iterator[str]:
    if settings.dynamodb_endpoint is not None:
        endpoint = str(settings.dynamodb_endpoint).rstrip("/")
        if not answers(endpoint):
            raise EngineFailed(f"DYNAMODB_ENDPOINT: no DynamoDB answers at {endpoint}.")
        yield endpoint
        return
    if settings.engine == "dynamodb-local":
        print(
            "DynamoDB Local listens on every network interface, and has no option for less.", file=sys.stderr
        )
    home = home_of(settings.engine, settings.state)
    with embedded(settings.engine, settings.state) as endpoint:
        if (stop := untold(home)) is not None:
            print(stop.sentence(), file=sys.stderr, flush=True)
            note_told(home, stop)
        yield endpoint
