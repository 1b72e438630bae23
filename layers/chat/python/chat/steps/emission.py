"""Giving events to targets: the reader's of the stream, and the re-emitter's."""

from collections.abc import Callable, Sequence

from chat.rules.outgoing import LATE, Outcome, Outgoing, Target
from chat.rules.record import record
from chat.rules.tally import Tally

AT_ONCE = 10
"""How many events each target is given before the next target is: as many as one request of most may have."""


@record(frozen=True, slots=True)
class Emitter:
    """Where events go, in this order, and what they hold. `with_text`: the texts of messages and the names of files, too.
    `publishes`: whether subscribers are among the targets."""

    targets: Sequence[Target]
    with_text: bool
    publishes: bool
    monotonic: Callable[[], float]


def emit(emitter: Emitter, events: Sequence[Outgoing], tally: Tally, until: float) -> Outcome:
    """Give events to each target in turn, in their order, until an instant of `monotonic`.

    The first failure ends it, for events of other rooms, too. What fails here is a target, and so all rooms; and
    everything from the failed event on is sent again, so that going on would give the later ones twice.
    """
    refused: dict[int, str] = {}
    done = 0
    failure: str | None = None
    while done < len(events) and failure is None:
        some = events[done : done + AT_ONCE]
        for target in emitter.targets:
            if done and emitter.monotonic() >= until:
                # What the targets before this one have taken, they get again.
                return Outcome(done, _before(done, refused), LATE)
            outcome = target.send(some, lambda: emitter.monotonic() < until)
            tally.add(target.metric, outcome.done - len(outcome.refused))
            if outcome.trimmed:
                tally.add("EventsTrimmed", outcome.trimmed)
            for index, reason in outcome.refused.items():
                refused.setdefault(done + index, reason)
            failure = outcome.failure or failure
            some = some[: outcome.done]
            if not some:
                break
        done += len(some)
    return Outcome(done, _before(done, refused), failure)


def _before(done: int, refused: dict[int, str]) -> dict[int, str]:
    return {index: each for index, each in sorted(refused.items()) if index < done}
