"""Derive from a batch of a table's stream what no send writes: each projection is given the batch, in its order, at least once.

Records that cannot be read, or that a projection will never take, are set aside as `read_stream` does, and a failure in
passing is reported in the same way.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chat.rules.event_shape import check_event
from chat.rules.events import RoomEvent
from chat.rules.outgoing import Outcome
from chat.rules.projections import Change, Projection
from chat.rules.record import record
from chat.rules.tally import Tally
from chat.steps.stream_batch import LETTERS_S, Batch, Reading, found_in
from chat.storage import keys
from chat.storage.dead_letters import DeadLetters
from chat.storage.event_items import event_of
from chat.storage.notification_items import is_setting, setting_of
from chat.storage.privacy_event_items import is_request, privacy_event_of
from chat.storage.taken_back_items import is_of_person


def project_stream(
    projections: Sequence[Projection],
    dead_letters: DeadLetters,
    records: Sequence[Any],
    now: int,
    tally: Tally,
    monotonic: Callable[[], float],
    until: float,
) -> Reading:
    """Deal with the records of one batch until an instant of `monotonic`, in seconds. `now` is in ms.

    Raises nothing for anything that a record may hold.
    """
    found = found_in(records, _tells)
    changes = [
        Change(each.record, each.record["dynamodb"]["NewImage"], each.value.event)
        for each in found
        if each.value
    ]
    tally.add("EventsRead", len(changes))
    ages = [now - each.event.ts for each in changes if each.event]
    if ages:
        tally.add("EventAgeMs", max(0, *ages))
    outcome = _projected(projections, changes, tally, lambda: monotonic() < until)
    return Batch(dead_letters, now, tally).end(found, outcome, lambda: monotonic() >= until + LETTERS_S)


@record(frozen=True, slots=True)
class _Told:
    """What an image tells: an event, or with none of them what a reaction's counter or an item of a person is."""

    event: RoomEvent | None


def _tells(image: Any) -> _Told | None:
    """`None` for an item that no projection is told of. Raises anything for one that is not what the contract says."""
    partition_key = image["PK"]["S"]
    if partition_key.startswith(keys.REACTION_SHARDS) or is_of_person(partition_key, image["SK"]["S"]):
        return _Told(None)
    if is_setting(partition_key, image["SK"]["S"]):
        setting_of(image)
        return _Told(None)
    if is_request(partition_key, image["SK"]["S"]):
        return None if privacy_event_of(image) is None else _Told(None)
    event = event_of(image)
    if event is None:
        return None
    check_event(event.to_wire(with_text=False))
    return _Told(event)


def _projected(
    projections: Sequence[Projection], changes: Sequence[Change], tally: Tally, go_on: Callable[[], bool]
) -> Outcome:
    """What became of the changes at all projections. One that fails holds up none of the others in this batch: what
    fails may be what it alone asks."""
    done, failure = len(changes), None
    refused: dict[int, str] = {}
    for each in projections:
        outcome = each.project(changes, go_on)
        tally.add(each.metric, outcome.done - len(outcome.refused))
        refused = {**outcome.refused, **refused}
        if outcome.done < done:
            done, failure = outcome.done, outcome.failure
    return Outcome(done, {index: why for index, why in sorted(refused.items()) if index < done}, failure)
