"""Prints what the tables' streams tell from now on, a line of the contract's JSON for each event, until Ctrl-C: the stream's
reader with the terminal for a target."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from chat.rules.outgoing import Outcome, Outgoing
from chat.steps.emission import Emitter
from chat.storage.dead_letters import NoDeadLetters
from services.read_stream import reading
from simulator.composition import composed
from simulator.functions import Functions
from simulator.keys import signing_key
from simulator.settings import TABLES, Settings
from simulator.streams import Checkpoints, StreamPoller, enable_streams, following, invoking

NAME = "read_stream"


class Printer:
    """Prints the events of a room, or of all."""

    metric = "EventsPrinted"

    def __init__(self, answers: TextIO, room_id: str | None) -> None:
        self._answers, self._room_id = answers, room_id

    def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Outcome:  # noqa: ARG002  as every target has it
        for each in events:
            if self._room_id in (None, each.event.group) and each.document is not None:
                print(each.document, file=self._answers, flush=True)
        return Outcome(len(events))


def main(settings: Settings, answers: TextIO) -> int:
    room_id = settings.room if "room" in settings.model_fields_set else None
    printer = Printer(answers, room_id)
    emitter = Emitter((printer,), with_text=settings.text, publishes=False, monotonic=time.monotonic)
    key = signing_key(settings.keys)
    with composed(settings, {"JWT_JWKS": key.jwks.decode()}):
        functions = Functions({NAME: reading(lambda: emitter, NoDeadLetters)})

        endpoint, stopped = os.environ["DYNAMODB_ENDPOINT"], threading.Event()
        pollers = [
            StreamPoller(endpoint, arn, invoking(functions, NAME), Checkpoints(None), stopped, start="LATEST")
            for arn in enable_streams(endpoint, TABLES).values()
        ]
        for poller in pollers:
            poller.prepare()
        rooms = f"events of {room_id}" if room_id else "events of all rooms"
        print(f"{rooms}, from now on; Ctrl-C ends it", file=sys.stderr, flush=True)
        try:
            with following(pollers, stopped):
                threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0
