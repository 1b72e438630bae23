"""Events in requests of a few, and what became of them in the terms of all."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from chat.rules.outgoing import MOST_BYTES, Outcome, Outgoing


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


def alone(
    put: Callable[[Sequence[Outgoing]], Mapping[int, str]], events: Sequence[Outgoing]
) -> dict[int, str]:
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
