"""Fetch the archive of an export into a folder."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from chat.deployment import Deployment
from chat.rules.data_requests import DataRequest, request_to_json
from chat.rules.errors import InvalidInput, NotAllowed
from chat.steps.data_requests import read_request
from chat.storage.export_objects import archive_key
from chat.storage.objects import MOST_READ, Objects
from privacy.client import client
from privacy.requests import COMMANDS, Lines
from privacy.settings import Settings

LOOK_S = 2.0
"""How long it waits before it looks again whether an export has ended; jobs are worked on once a minute."""


def made_and_fetched(
    deployment: Deployment, own: Settings, sleep: Callable[[float], None] = time.sleep
) -> Lines:
    """Make a request, wait until it has ended, and fetch its archive. Raises as `fetch`."""
    (made,) = COMMANDS["export"](deployment, own)
    yield made
    named = own.model_copy(update={"id": made["id"]})
    while _read(deployment, named).is_open:
        sleep(LOOK_S)
    yield from fetch(deployment, named)


def fetch(deployment: Deployment, own: Settings) -> Lines:
    """Raises `InvalidInput` where there is no such request, `NotAllowed` where it is no export that is done, and
    `StoreFailure`."""
    request = _read(deployment, own)
    if request.kind != "EXPORT" or request.state != "DONE":
        raise NotAllowed("privacy.notExported", reason=request.reason or "notDone")
    endpoint = own.s3_endpoint or own.endpoint
    s3 = client("s3", own.region, str(endpoint).rstrip("/") if endpoint else None)
    path = (own.to or Path()) / f"export-{request.request_id}.zip"
    with path.open("xb") as file:
        _copy(Objects(s3, own.bucket), archive_key(request.request_id), int(request.counted()["bytes"]), file)
    yield {**request_to_json(request), "file": str(path)}


def _copy(objects: Objects, key: str, size: int, file: IO[bytes]) -> None:
    for start in range(0, size, MOST_READ):
        file.write(objects.read(key, start, MOST_READ))


def _read(deployment: Deployment, own: Settings) -> DataRequest:
    request = read_request(deployment, own.user or "", own.id or "")
    if request is None:
        raise InvalidInput("privacy.unknown", argument="id")
    return request
