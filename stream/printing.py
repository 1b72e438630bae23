"""Events to standard output instead of a deployment's targets, made again of the tables here."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

from chat.deployment import Deployment
from chat.operations.reemit_events import reemit_events
from chat.rules.errors import ChatError
from chat.rules.outgoing import Outcome, Outgoing
from chat.rules.tally import Tally
from chat.steps.emission import Emitter
from chat.storage.store import Store
from stream.reemission import Reemit, Refused

SECONDS = 60.0


class _Printer:
    metric = "EventsPrinted"

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def send(self, events: Sequence[Outgoing], go_on: Callable[[], bool]) -> Outcome:  # noqa: ARG002  as every target
        for each in events:
            if each.document is not None:
                print(each.document, file=self._file, flush=True)
        return Outcome(len(events))


def to_file(store: Store, file: TextIO, *, with_text: bool) -> Reemit:
    """Prints the events that are asked for, a line each."""
    deployment = Deployment(store, deadline_s=30.0)
    emitter = Emitter((_Printer(file),), with_text=with_text, publishes=False, monotonic=time.monotonic)

    def reemit(request: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return reemit_events(deployment, emitter, request, Tally(), SECONDS)
        except ChatError as refusal:
            raise Refused(str(refusal)) from None

    return reemit
