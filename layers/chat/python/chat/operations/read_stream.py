"""Read a batch of a table's stream: each event in it goes to every target, at least once.

A record that cannot be read, or that a target will never take, is set aside as a pointer, and those behind it go on. A
target that fails in passing ends the batch: the first record that is not done is reported, and Lambda sends it and all
behind it again.
"""

from collections.abc import Sequence
from typing import Any

from chat.rules.outgoing import Outgoing
from chat.rules.tally import Tally
from chat.steps.emission import Emitter, emit
from chat.steps.stream_batch import LETTERS_S, Batch, Reading, found_in
from chat.storage.dead_letters import DeadLetters
from chat.storage.due_notification_items import is_notified, notification_event_of
from chat.storage.event_items import event_of
from chat.storage.privacy_event_items import may_tell_privacy_event, privacy_event_of


def read_stream(
    emitter: Emitter,
    dead_letters: DeadLetters,
    records: Sequence[Any],
    now: int,
    tally: Tally,
    until: float,
) -> Reading:
    """Deal with the records of one batch, in their order, until an instant of `emitter.monotonic`. `now` is in ms.

    Raises nothing for anything that a record may hold.
    """

    def read(image: Any) -> Outgoing | None:
        if may_tell_privacy_event(image):
            told = privacy_event_of(image)
            return None if told is None else Outgoing.of_privacy(told)
        if is_notified(image["PK"]["S"], image["SK"]["S"]):
            due = notification_event_of(image)
            return None if due is None else Outgoing.of_notification(due)
        event = event_of(image)
        if event is None:
            return None
        return Outgoing.of(event, with_text=emitter.with_text, publishes=emitter.publishes)

    found = found_in(records, read)
    outgoing = [each.value for each in found if each.value]
    tally.add("EventsRead", len(outgoing))
    ages = [now - each.event.ts for each in outgoing]
    if ages:
        tally.add("EventAgeMs", max(0, *ages))
    outcome = emit(emitter, outgoing, tally, until)
    return Batch(dead_letters, now, tally).end(
        found, outcome, lambda: emitter.monotonic() >= until + LETTERS_S
    )
