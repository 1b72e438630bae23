"""Events in requests of a few, and what became of them in the terms of all."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from chat.rules.outgoing import LATE, MOST_BYTES, TOO_LARGE, Outcome, Outgoing

Put = Callable[[Sequence[Outgoing]], Mapping[int, str]]
"""Gives a target some events in one request, and says what failed: by its position, with which code."""


def batches(
    events: Sequence[Outgoing], count: int, *, apart: Callable[[Outgoing], object] | None = None
) -> Iterator[list[int]]:
    """The indices of `events`, in their order, in lists of up to `count` whose documents are no larger together than one
    may be. No two events for which `apart` gives the same are in one list."""
    batch: list[int] = []
    size, keys = 0, set[object]()
    for index, each in enumerate(events):
        length = len((each.document or "").encode())
        key = apart(each) if apart else index
        if batch and (len(batch) == count or size + length > MOST_BYTES or key in keys):
            yield batch
            batch, size, keys = [], 0, set()
        batch.append(index)
        size += length
        keys.add(key)
    if batch:
        yield batch


def send_batches(
    events: Sequence[Outgoing],
    together: Iterable[Sequence[int]],
    put: Put,
    hopeless: Collection[str],
    go_on: Callable[[], bool],
) -> Outcome:
    """Send `events`, each of `together` (indices) in one request, until one fails that may pass. `hopeless`: the codes of those
    that a target will never take. `go_on` is asked before each request but the first."""
    refused: dict[int, str] = {}
    for batch in together:
        if batch[0] and not go_on():
            return prefix(events, batch[0], refused, LATE)
        given = [index for index in batch if events[index].document is not None]
        refused |= {index: TOO_LARGE for index in batch if index not in given}
        failed = put([events[index] for index in given]) if given else {}
        codes = {given[position]: code for position, code in failed.items()}
        refused |= {index: code for index, code in codes.items() if code in hopeless}
        waiting = [index for index in codes if index not in refused]
        if waiting:
            return prefix(events, min(waiting), refused, codes[min(waiting)])
    return prefix(events, len(events), refused)


def alone(put: Put, events: Sequence[Outgoing]) -> dict[int, str]:
    """What `put` says of each event by itself, by its position."""
    return {position: code for position, each in enumerate(events) for code in put([each]).values()}


def prefix(
    events: Sequence[Outgoing], done: int, refused: Mapping[int, str], failure: str | None = None
) -> Outcome:
    """The outcome where the events before `done` are dealt with. What was refused behind these is tried again."""
    return Outcome(
        done,
        {index: reason for index, reason in sorted(refused.items()) if index < done},
        failure,
        sum(each.is_trimmed and each.document is not None for each in events[:done]),
    )
