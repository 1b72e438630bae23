"""Read a batch of a table's stream: each event in it goes to every target, at least once.

A record that cannot be read, or that a target will never take, is set aside as a pointer, and those behind it go on. A
target that fails in passing ends the batch: the first record that is not done is reported, and Lambda sends it and all
behind it again. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.rules.event_shape import Unsound
from chat.rules.events import RoomEvent
from chat.rules.outgoing import LATE, Outgoing
from chat.rules.record import record
from chat.rules.tally import Tally
from chat.steps.emission import Emitter, emit
from chat.storage.aws import StoreFailure
from chat.storage.dead_letters import DeadLetter, DeadLetters
from chat.storage.event_items import event_of

ALL_FAILED = ""
"""As a sequence number: the whole batch is to be sent again."""

LONGEST_REASON = 64

LETTERS_S = 4.0
"""How long after the end of the time for targets one dead letter more may be put."""


@record(frozen=True, slots=True)
class Reading:
    """What came of a batch. `failed`: the sequence number from which on it is to be sent again, `None` where all is done;
    `failure`: why, in a word. `set_aside`: pointers to what never will be done."""

    failed: str | None
    failure: str | None
    set_aside: Sequence[DeadLetter]


@record(frozen=True, slots=True)
class _Read:
    """A record that is to be dealt with: an event that goes out, or why it does not."""

    record: Any
    outgoing: Outgoing | None
    reason: str = ""


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
    found = [each for each in (_read(emitter, record) for record in records) if each is not None]
    tally.add("EventsRead", sum(each.outgoing is not None for each in found))
    ages = [now - each.outgoing.event.ts for each in found if each.outgoing]
    if ages:
        tally.add("EventAgeMs", max(0, *ages))
    outgoing = [each.outgoing for each in found if each.outgoing]
    outcome = emit(emitter, outgoing, tally, until)
    batch = _Batch(dead_letters, now, tally)
    number = 0  # of the event
    for each in found:
        if each.outgoing is None:
            reason: str | None = each.reason
        elif number == outcome.done:
            tally.add("EventsLate" if outcome.failure == LATE else "EventsFailed")
            return Reading(_sequence_number(each.record), outcome.failure, batch.set_aside)
        else:
            reason = outcome.refused.get(number)
            number += 1
        if reason is None:
            continue
        if batch.set_aside and emitter.monotonic() >= until + LETTERS_S:
            tally.add("EventsLate")
            return Reading(_sequence_number(each.record), LATE, batch.set_aside)
        if failure := batch.put(each.record, reason):
            tally.add("DeadLettersFailed")
            return Reading(_sequence_number(each.record), failure, batch.set_aside)
    return Reading(None, None, batch.set_aside)


def _read(emitter: Emitter, change: Any) -> _Read | None:
    """`None` for a record that tells no event. Whatever another one raises is why it is set aside: an item may hold
    anything, and no shard is to end with it."""
    try:
        image = change["dynamodb"].get("NewImage")
        if image is None:
            # A removal has none. Where a stream has no images, none of its records can be read.
            return None if change.get("eventName") == "REMOVE" else _Read(change, None, "image")
        event: RoomEvent | None = event_of(image)
        if event is None:
            return None
        outgoing = Outgoing.of(event, with_text=emitter.with_text, publishes=emitter.publishes)
    except Exception as error:  # noqa: BLE001  as said above
        named = str(error) if isinstance(error, Unsound) else ""
        return _Read(change, None, (named or type(error).__name__)[:LONGEST_REASON])
    return _Read(change, outgoing)


class _Batch:
    """The pointers of one batch."""

    def __init__(self, dead_letters: DeadLetters, now: int, tally: Tally) -> None:
        self._dead_letters = dead_letters
        self._now = now
        self._tally = tally
        self.set_aside: list[DeadLetter] = []

    def put(self, change: Any, reason: str) -> str | None:
        """Set a record aside; why that failed, in a word."""
        number = _sequence_number(change)
        letter = DeadLetter(_table(change), _keys(change), number or None, reason, self._now)
        try:
            self._dead_letters.put(letter)
        except StoreFailure as failure:
            return str(failure)
        self._tally.add("EventsPoisoned")
        self.set_aside.append(letter)
        return None


def _sequence_number(change: Any) -> str:
    number = _part(change, "SequenceNumber")
    return number if isinstance(number, str) else ALL_FAILED


def _keys(change: Any) -> dict[str, str] | None:
    """Partition and sort key, in as far as they are texts."""
    keys = _part(change, "Keys")
    if not isinstance(keys, Mapping):
        return None
    named = {name: keys[name] for name in ("PK", "SK") if isinstance(keys.get(name), Mapping)}
    return {name: key["S"] for name, key in named.items() if isinstance(key.get("S"), str)}


def _part(change: Any, name: str) -> Any:
    inner = change.get("dynamodb") if isinstance(change, Mapping) else None
    return inner.get(name) if isinstance(inner, Mapping) else None


def _table(change: Any) -> str | None:
    """The table's name in the ARN of its stream: `arn:aws:dynamodb:eu-west-1:123456789012:table/gg_core/stream/…`."""
    arn = change.get("eventSourceARN") if isinstance(change, Mapping) else None
    parts = arn.split("/") if isinstance(arn, str) else []
    return parts[1] if len(parts) > 1 else None
