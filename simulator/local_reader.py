"""The stream's reader on one machine: `make run PUBLISH=stream` follows both tables' streams and calls `read_stream`, which
publishes through the API's own wire."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.auth.access_keys import PUBLISHER, AccessKeys
from simulator.functions import Functions
from simulator.keys import signing_key
from simulator.settings import TABLES, Settings
from simulator.streams import Checkpoints, StreamPoller, enable_streams, following, invoking, write_pointer

NAME = "read_stream"
SESSION_S = 30 * 86_400
"""How long the reader's credentials are good: longer than anybody runs this."""


def reader_environment(settings: Settings, address: str) -> dict[str, str]:
    """What the functions are told where the reader publishes. `address`: where the API will be."""
    folder = settings.state / "events"
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "APPSYNC_URL": f"{address}/graphql",
        "APPSYNC_PROFILE": PUBLISHER,
        "AWS_SHARED_CREDENTIALS_FILE": str(_credentials_file(folder, settings.keys)),
        "DEAD_LETTER_QUEUE_URL": f"file:{dead_letters_of(settings)}",
    }


def dead_letters_of(settings: Settings) -> Path:
    """The file that stands for the queues of dead letters: ours, and Lambda's."""
    return settings.state / "events" / "dead_letters.jsonl"


def _credentials_file(folder: Path, keys: Path) -> Path:
    """A shared credentials file with the key of the reader's role alone."""
    credentials = AccessKeys(keys, signing_key(keys)).credentials(
        PUBLISHER, now=int(time.time()), ttl=SESSION_S
    )
    names = {
        "aws_access_key_id": "AccessKeyId",
        "aws_secret_access_key": "SecretAccessKey",
        "aws_session_token": "SessionToken",
    }
    path = folder / "credentials"
    path.touch(mode=0o600)
    lines = [f"[{PUBLISHER}]", *(f"{name} = {credentials[value]}" for name, value in names.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextmanager
def reading_streams(settings: Settings, endpoint: str, functions: Functions) -> Iterator[None]:
    """Both streams are followed while the block lasts, from where the last run was."""

    stopped, pollers = threading.Event(), []
    for table, arn in enable_streams(endpoint, TABLES).items():
        checkpoints = Checkpoints.read(settings.state / "events" / f"{settings.engine}.{table}.json")
        give_up = write_pointer(dead_letters_of(settings))
        pollers.append(
            StreamPoller(endpoint, arn, invoking(functions, NAME), checkpoints, stopped, give_up=give_up)
        )
    with following(pollers, stopped):
        yield
