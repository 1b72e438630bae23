"""Runs the function that an event is for, as Lambda would, and gives its answer.

Events that name rooms of `event_rooms.py` run on tables of their own, all others on what `make run` serves.
"""

import asyncio
import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from simulator import event_rooms
from simulator.composition import SERVED, Storage, composed
from simulator.event import Failure, read_event
from simulator.functions import FunctionError, functions_from_wiring
from simulator.keys import signing_key
from simulator.placeholders import filled
from simulator.settings import EVENT_BUCKET, EVENT_TABLES, WIRING, Settings


def main(settings: Settings, answers: TextIO) -> int:
    wiring = json.loads(WIRING.read_text(encoding="utf-8"))
    key = signing_key(settings.keys)
    name, event = read_event(settings.event or Path(), wiring)
    event = filled(event, key, now=int(time.time()))
    storage = storage_for(name, event)
    turn = nullcontext() if storage is SERVED else alone(settings.state / "events.lock")
    with turn, composed(settings, {"JWT_JWKS": key.jwks.decode()}, storage):
        answer, succeeded = invoke(name, event, wiring)
    print(json.dumps(answer, indent=2, ensure_ascii=False), file=answers)
    return 0 if succeeded else 1


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Waits for its turn: a room must not be made anew while another event is running in it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def storage_for(name: str, event: Mapping[str, Any]) -> Storage:
    """What the function called `name` is to see when it gets `event`."""
    if not event_rooms.is_here(event):
        return SERVED
    fill = partial(event_rooms.prepare, function=name, event=event)
    return Storage(EVENT_TABLES, EVENT_BUCKET, fill)


def invoke(name: str, event: Mapping[str, Any], wiring: Mapping[str, Any]) -> tuple[Any, bool]:
    """The answer and True; or, of a function that raised, {"errorType", "errorMessage"} and False."""
    functions = functions_from_wiring(wiring)
    try:
        return asyncio.run(functions.invoke(name, event)), True
    except FunctionError as error:
        failure = Failure(errorType=error.error_type, errorMessage=error.message)
        return failure.model_dump(by_alias=True), False
    finally:
        functions.close()
