"""What follows both tables' streams on one machine: `make run` calls `project_stream` for them, and with PUBLISH=stream
`read_stream` beside it, which publishes through the API's own wire."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from simulator.auth.access_keys import PROJECTOR, PUBLISHER, AccessKeys
from simulator.functions import Functions
from simulator.keys import signing_key
from simulator.settings import Settings
from simulator.stream_mapping import Filter, is_projected, tells_event
from simulator.streams import (
    Checkpoints,
    MappingOptions,
    StreamPoller,
    enable_streams,
    following,
    invoking,
    write_pointer,
)

FOLLOWERS: Mapping[str, Filter] = {"read_stream": tells_event, "project_stream": is_projected}
"""The functions that follow streams, each with what it takes of them."""
SESSION_S = 30 * 86_400
"""How long the reader's credentials are good: longer than anybody runs this."""


def reader_environment(settings: Settings, address: str) -> dict[str, str]:
    """What the functions are told. `address`: where the API will be, which is published by with PUBLISH=stream."""
    folder = settings.state / "events"
    folder.mkdir(parents=True, exist_ok=True)
    told = {"DEAD_LETTER_QUEUE_URL": f"file:{dead_letters_of(settings)}"}
    if settings.publish == "stream":
        told |= {
            "APPSYNC_URL": f"{address}/graphql",
            "APPSYNC_PROFILE": PUBLISHER,
            "PROJECTOR_PROFILE": PROJECTOR,
            "AWS_SHARED_CREDENTIALS_FILE": str(_credentials_file(folder, settings.keys)),
        }
    return told


def dead_letters_of(settings: Settings) -> Path:
    """The file that stands for the queues of dead letters: ours, and Lambda's."""
    return settings.state / "events" / "dead_letters.jsonl"


def _credentials_file(folder: Path, keys: Path) -> Path:
    """A shared credentials file with the keys of the two roles that publish, and no other."""
    access_keys, lines = AccessKeys(keys, signing_key(keys)), []
    names = {
        "aws_access_key_id": "AccessKeyId",
        "aws_secret_access_key": "SecretAccessKey",
        "aws_session_token": "SessionToken",
    }
    for role in (PUBLISHER, PROJECTOR):
        credentials = access_keys.credentials(role, now=int(time.time()), ttl=SESSION_S)
        lines += [f"[{role}]", *(f"{name} = {credentials[value]}" for name, value in names.items())]
    path = folder / "credentials"
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextmanager
def reading_streams(settings: Settings, endpoint: str, functions: Functions) -> Iterator[None]:
    """Both streams are followed while the block lasts, by each function from where its last run was."""
    if settings.streams == "off":
        yield
        return
    stopped, streams = threading.Event(), enable_streams(endpoint, settings.tables)
    names = ("read_stream", "project_stream") if settings.publish == "stream" else ("project_stream",)
    give_up = write_pointer(dead_letters_of(settings))
    pollers = [
        StreamPoller(
            endpoint,
            arn,
            invoking(functions, name),
            Checkpoints.read(_checkpoints_file(settings, table, name)),
            stopped,
            give_up=give_up,
            options=MappingOptions(wanted=FOLLOWERS[name]),
        )
        for table, arn in streams.items()
        for name in names
    ]
    with following(pollers, stopped):
        yield


def _checkpoints_file(settings: Settings, table: str, name: str) -> Path:
    """The reader's has the name that it had before there was another."""
    beside = "" if name == "read_stream" else f".{name}"
    return settings.state / "events" / f"{settings.engine}.{table}{beside}.json"
