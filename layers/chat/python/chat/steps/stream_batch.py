"""What the functions that read the tables' streams have in common: which records of a batch are theirs, what becomes of those
that nobody can read, and from which record on a batch is to be sent again.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chat.rules.event_shape import Unsound
from chat.rules.outgoing import LATE, Outcome
from chat.rules.record import record
from chat.rules.tally import Tally
from chat.storage.aws import StoreFailure
from chat.storage.dead_letters import DeadLetter, DeadLetters

ALL_FAILED = ""
"""As a sequence number: the whole batch is to be sent again."""

LONGEST_REASON = 64

LETTERS_S = 4.0
"""How long after the end of the time for the work one dead letter more may be put."""


@record(frozen=True, slots=True)
class Reading:
    """What came of a batch. `failed`: the sequence number from which on it is to be sent again, `None` where all is done;
    `failure`: why, in a word. `set_aside`: pointers to what never will be done."""

    failed: str | None
    failure: str | None
    set_aside: Sequence[DeadLetter]


@record(frozen=True, slots=True)
class Found:
    """A record that is to be dealt with: what was read of it, or why it cannot be read."""

    record: Any
    value: Any
    reason: str = ""


def found_in(records: Sequence[Any], read: Callable[[Any], Any]) -> list[Found]:
    """The records of a batch that are to be dealt with, in their order. `read` gives what a new image tells, `None` where it
    tells nothing; whatever it raises is why that record is set aside: an item may hold anything, and no shard is to end
    with it."""
    return [each for each in (_found(record, read) for record in records) if each is not None]


def _found(change: Any, read: Callable[[Any], Any]) -> Found | None:
    try:
        image = change["dynamodb"].get("NewImage")
        if image is None:
            # A removal has none. Where a stream has no images, none of its records can be read.
            return None if change.get("eventName") == "REMOVE" else Found(change, None, "image")
        value = read(image)
    except Exception as error:  # noqa: BLE001  as said above
        named = str(error) if isinstance(error, Unsound) else ""
        return Found(change, None, (named or type(error).__name__)[:LONGEST_REASON])
    return None if value is None else Found(change, value)


class Batch:
    """One batch on its way: its dead letters, and what it ends with. `now` is in ms."""

    def __init__(self, dead_letters: DeadLetters, now: int, tally: Tally) -> None:
        self._dead_letters = dead_letters
        self._now = now
        self._tally = tally
        self.set_aside: list[DeadLetter] = []

    def end(self, found: Sequence[Found], outcome: Outcome, late: Callable[[], bool]) -> Reading:
        """Set aside what cannot be read and what was refused, up to the first record that is not done. `outcome` is about
        those that were read, by their index among these. `late`: whether no dead letter more may be put."""
        number = 0  # among those that were read
        for each in found:
            if each.value is None:
                reason: str | None = each.reason
            elif number == outcome.done:
                self._tally.add("EventsLate" if outcome.failure == LATE else "EventsFailed")
                return Reading(sequence_number(each.record), outcome.failure, self.set_aside)
            else:
                reason = outcome.refused.get(number)
                number += 1
            if reason is None:
                continue
            if self.set_aside and late():
                self._tally.add("EventsLate")
                return Reading(sequence_number(each.record), LATE, self.set_aside)
            if failure := self._put(each.record, reason):
                self._tally.add("DeadLettersFailed")
                return Reading(sequence_number(each.record), failure, self.set_aside)
        return Reading(None, None, self.set_aside)

    def _put(self, change: Any, reason: str) -> str | None:
        """Set a record aside; why that failed, in a word."""
        number = sequence_number(change)
        letter = DeadLetter(table_of(change), _keys(change), number or None, reason, self._now)
        try:
            self._dead_letters.put(letter)
        except StoreFailure as failure:
            return str(failure)
        self._tally.add("EventsPoisoned")
        self.set_aside.append(letter)
        return None


def sequence_number(change: Any) -> str:
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


def table_of(change: Any) -> str | None:
    """The table's name in the ARN of its stream: `arn:aws:dynamodb:eu-west-1:123456789012:table/gg_core/stream/…`."""
    arn = change.get("eventSourceARN") if isinstance(change, Mapping) else None
    parts = arn.split("/") if isinstance(arn, str) else []
    return parts[1] if len(parts) > 1 else None
