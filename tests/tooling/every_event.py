"""Runs event files one after the other, each as `make invoke` does: in a process of its own, forked from this
one.

    python -m tests.tooling.every_event served|own ENDPOINT STATE NAME...

`own` are those that run on the tables of events, `served` the others; a name of the other kind is passed
over. ENDPOINT is a MiniStack with the demo data, STATE the folder of keys. Prints a line of JSON for each
event: its name and outcome, which is "answer" or the class of what was raised.
"""

import gc
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from chat.storage.aws import client
from chat_lambda import compose
from simulator import event_rooms
from simulator.composition import SERVED
from simulator.demo import create_tables
from simulator.engine import PROJECT
from simulator.event import read_event
from simulator.functions import functions_from_wiring
from simulator.invoke import invoke, storage_for
from simulator.keys import local_secrets, signing_key
from simulator.placeholders import filled
from simulator.settings import (
    BUCKET,
    EVENT_BUCKET,
    EVENT_TABLES,
    REGION,
    TABLES,
    WIRING,
    become,
    functions_environment,
)


def main(kind: str, endpoint: str, state: Path, names: list[str]) -> None:
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    key = signing_key(state / "keys")
    own = kind == "own"
    become(
        functions_environment(
            endpoint=endpoint,
            secrets=local_secrets(state / "secrets"),
            jwks={"JWT_JWKS": key.jwks.decode()},
            log_level="CRITICAL",
            objects=endpoint,
            tables=EVENT_TABLES if own else TABLES,
            bucket=EVENT_BUCKET if own else BUCKET,
        )
    )
    # What takes long is done once, and asks nothing yet: no connection is shared by processes.
    functions_from_wiring(wiring).close()
    compose.deployment()
    compose.uploads()
    rooms = event_rooms.EventRooms(_client(endpoint), endpoint)
    if own:
        create_tables(_client(endpoint), EVENT_TABLES)
    gc.freeze()
    for name in names:
        function, event = read_event(PROJECT / "events" / f"{name}.json", wiring)
        event = filled(event, key, now=int(time.time()))
        if (storage_for(function, event) is SERVED) is own:
            continue
        _in_a_process_of_its_own(partial(_run, name, function, event, wiring, rooms if own else None))


def _client(endpoint: str) -> Any:
    return client("dynamodb", region=REGION, endpoint=endpoint, timeout=20)


def _in_a_process_of_its_own(run: "partial[None]") -> None:
    child = os.fork()
    if child == 0:
        run()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(f"{run.args[0]}: the process ended with {status}")


def _run(
    name: str,
    function: str,
    event: dict[str, Any],
    wiring: dict[str, Any],
    rooms: "event_rooms.EventRooms | None",
) -> None:
    sys.stdout, lines = sys.stderr, sys.stdout
    if rooms:
        rooms.prepare(function, event)
    answer, succeeded = invoke(function, event, wiring)
    print(json.dumps([name, "answer" if succeeded else answer["errorType"]]), file=lines, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
