"""Look for somebody where their data may still be: `make privacy ARGS="scan USER"`. docs/privacy.md, "Proof of erasure"."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from chat.deployment import Deployment
from chat.rules.errors import InvalidInput
from chat.rules.instants import to_wire
from chat.rules.traces import Traces
from chat.steps.data_requests import note_scan
from chat.storage import keys
from chat.storage.aws import StoreFailure
from privacy.audit_keys import under_each_key
from privacy.client import client
from privacy.places import Finding, Place
from privacy.scan_buckets import Bucket
from privacy.scan_gateway import GatewayMemory
from privacy.scan_logs import LogFile, LogGroups
from privacy.scan_tables import TOMBSTONE, Table
from privacy.settings import Settings

KINDS = ("tables", "buckets", "logs", "gateway")


class SomethingFound(Exception):
    """A scan has found what is there on no purpose."""


class BadTexts(Exception):
    """The file of texts is not in its form. Says which file, and nothing of what is in it."""


def traces_of(user_id: str, texts: Iterable[str] = (), people: Sequence[str] = ()) -> Traces:
    """What a scan looks for. `people` are keyed pseudonyms. Raises `ValueError`."""
    picture_folder = hashlib.sha256(user_id.encode()).hexdigest()[:32]  # `chat/storage/uploads.py:avatar_key`
    in_keys = keys.user_partition(user_id).removeprefix("USER#")
    return Traces.of(user_id, [*texts], also=(in_keys, picture_folder), pseudonyms=people)


def kept_of(user_id: str) -> dict[tuple[str, str], str]:
    """The keys that name somebody after their erasure, on purpose."""
    return {(keys.user_partition(user_id), keys.ERASED): TOMBSTONE}


def scan(places: Iterable[Place], traces: Traces) -> Iterator[Mapping[str, Any]]:
    """The findings of each place and a line of how much was looked at; at last their counts, and the SHA-256 of the lines
    before it as `line_of` writes them. Raises `StoreFailure` and `OSError`: a scan without its last line proves nothing."""
    found, kept, looked, hashed = 0, 0, set(), hashlib.sha256()
    for place in places:
        looked.add(place.kind)
        for each in place.look(traces):
            if isinstance(each, Finding):
                found, kept = found + (each.kept is None), kept + (each.kept is not None)
            line = each.to_json(traces)
            hashed.update(line_of(line))
            yield line
    left_out = [kind for kind in KINDS if kind not in looked]
    yield {"found": found, "kept": kept, "notLooked": left_out, "sha256": hashed.hexdigest()}


def line_of(line: Mapping[str, Any]) -> bytes:
    """A line as it is printed."""
    return json.dumps(line, sort_keys=True).encode() + b"\n"


def findings(places: Iterable[Place], traces: Traces) -> list[str]:
    """Where something is that ought not to be: `where: key (attribute)`."""
    lines = [line for line in scan(places, traces) if "what" in line and "kept" not in line]
    return [f"{line['where']}: {line['key']} ({line['attribute']})" for line in lines]


def of_settings(deployment: Deployment, own: Settings) -> Iterator[Mapping[str, Any]]:
    """What `scan` says, with when it began before it. Raises `SomethingFound` after the last line, `InvalidInput` for a request
    that is none of this person's erasures, `BadSecret`, `StoreFailure`, and `BadTexts` for a file of texts that is not in its form."""
    user_id = own.user or ""
    keyed = list(under_each_key(deployment, own))
    try:
        traces = traces_of(user_id, _texts(own.text_file), [each.pseudonym(user_id) for each in keyed])
    except ValueError as error:
        raise BadTexts(f"{own.text_file} is not a text a line, or {error}") from None
    began = {"scan": to_wire(deployment.now()), "texts": len(traces.texts)}
    last: Mapping[str, Any] = {}
    yield began
    try:
        for last in scan(_places(own, user_id), traces):
            yield last
    except OSError as error:
        raise StoreFailure(f"not looked at to the end: {error}") from None
    if own.receipt:
        _note(keyed, user_id, own.receipt, {**began, **last})
    if last["found"]:
        raise SomethingFound(f"{last['found']} found")


def _note(keyed: Sequence[Deployment], user_id: str, request_id: str, result: Mapping[str, Any]) -> None:
    """In the receipt under whichever key there is one. Raises `InvalidInput` where there is none."""
    *earlier, last = keyed
    for each in earlier:
        with suppress(InvalidInput):
            return note_scan(each, user_id, request_id, result)
    return note_scan(last, user_id, request_id, result)


def _places(own: Settings, user_id: str) -> Iterator[Place]:
    dynamodb = client("dynamodb", own.region, str(own.endpoint).rstrip("/") if own.endpoint else None)
    for name in (own.core_table, own.guild_table):
        yield Table(dynamodb, name, own.segments, kept_of(user_id))
    at = own.s3_endpoint or own.endpoint
    s3 = partial(client, "s3", own.region, str(at).rstrip("/") if at else None)
    for name in own.buckets:
        yield Bucket(s3(), name)
    for prefix in own.log_groups:
        yield LogGroups(client("logs", own.region), prefix)
    for path in own.log_files:
        yield LogFile(path)
    for path in own.gateways:
        yield GatewayMemory(path, user_id)


def _texts(path: Path | None) -> list[str]:
    """One text a line; what has line feeds itself is a JSON string."""
    if path is None:
        return []
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [json.loads(line) if line.startswith('"') else line for line in lines]
