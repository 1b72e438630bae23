"""The projection that writes down what was taken back, outside the tables: `chat/rules/taken_back.py`.

What was withdrawn with a reaction is not among it: its removal leaves no image on the stream, and it says nothing that a
person has written.
"""

from collections.abc import Callable, Sequence

from chat.rules.outgoing import Outcome
from chat.rules.projections import Change
from chat.rules.taken_back import TakenBack
from chat.steps.stream_batch import sequence_number, table_of
from chat.storage.aws import StoreFailure
from chat.storage.taken_back_items import taken_back_by
from chat.storage.taken_back_log import TakenBackLog, object_name

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)
"""What an item raises that is not as we write it."""


class TakenBackLogged:
    """Appends to the log: one request for a batch that takes anything back, none for any other."""

    metric = "TakenBackLogged"

    def __init__(self, log: Callable[[], TakenBackLog]) -> None:
        self._log = log

    def project(self, changes: Sequence[Change], go_on: Callable[[], bool]) -> Outcome:  # noqa: ARG002  one request
        """As `Projection` says. What fails is told to be done up to the first change that takes anything back."""
        entries: list[TakenBack] = []
        telling: list[int] = []
        refused: dict[int, str] = {}
        for index, change in enumerate(changes):
            try:
                found = taken_back_by(change.event, change.image)
            except UNREADABLE as unreadable:
                refused[index] = type(unreadable).__name__
                continue
            if found:
                telling.append(index)
                entries += found
        if not telling:
            return Outcome(len(changes), refused)
        try:
            self._log().append(_name(changes[telling[0]], changes[telling[-1]], entries[0]), entries)
        except StoreFailure as failure:
            done = telling[0]
            return Outcome(done, {index: why for index, why in refused.items() if index < done}, str(failure))
        return Outcome(len(changes), refused)


def _name(first: Change, last: Change, entry: TakenBack) -> str:
    written = first.record["dynamodb"].get("ApproximateCreationDateTime")
    at_s = int(written) if isinstance(written, (int, float)) else entry.at // 1_000
    numbers = sequence_number(first.record), sequence_number(last.record)
    return object_name(at_s, table_of(first.record) or "table", *numbers)
