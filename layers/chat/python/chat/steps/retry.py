"""Trying again: full jitter within a deadline.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from chat.deployment import Deployment
from chat.rules.errors import ServiceUnavailable
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.storage.aws import Cancelled, TransientFailure

FIRST_PAUSE_S = 0.010
LONGEST_PAUSE_S = 0.250
ROOM_PATIENCE = 3
"""How many deadlines a change of a room or of its people may take: of all that come at the same moment one is the next
revision, and many may come at once."""

Answer = TypeVar("Answer")


def attempts(
    deployment: Deployment, deadline: float | None = None, at_once: Callable[[], bool] = lambda: False
) -> Iterator[int]:
    """Numbers of attempts, 0 first, with a pause before each further one. Raises `ServiceUnavailable` at the
    deadline.

    `deadline` is an instant of `deployment.monotonic`, for a call that makes several requests: else each
    would bring a deadline of its own, and they would add up. `at_once` says whether the next attempt needs no
    pause.
    """
    if deadline is None:
        deadline = deadline_of(deployment)
    attempt = 0
    while True:
        yield attempt
        longest = 0.0 if at_once() else min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
        pause = deployment.chance() * longest
        if deployment.monotonic() + pause >= deadline:
            raise ServiceUnavailable
        deployment.sleep(pause)
        attempt += 1


def until_committed(
    deployment: Deployment, tally: Tally, step: Callable[[], Answer | None], deadline: float | None = None
) -> Answer:
    """What `step` answers: it looks, judges and commits, and is called again when others came first (`None`,
    or its transaction was refused) or the store failed in passing. It must find by looking what an earlier
    call of it has done. `deadline`: see `attempts`.
    """
    for _ in attempts(deployment, deadline):
        tally.add("Attempts")
        try:
            answer = step()
        except Cancelled:
            continue
        except TransientFailure:
            tally.add("TransientFailures")
            continue
        if answer is not None:
            return answer
    raise AssertionError("attempts end by raising")


def until_room_is_changed(
    deployment: Deployment, tally: Tally, room: Room, step: Callable[[], Answer | None]
) -> Answer:
    """The same for a step that makes the room's next revision. Those of one process wait for each other: at once they
    would only refuse each other."""

    def in_turn() -> Answer | None:
        with deployment.memory.turn(room.partition_key):
            return step()

    deadline = deployment.monotonic() + ROOM_PATIENCE * deployment.deadline_s
    return until_committed(deployment, tally, in_turn, deadline)


def deadline_of(deployment: Deployment) -> float:
    """When a call that begins now has to give up."""
    return deployment.monotonic() + deployment.deadline_s


def retried(deployment: Deployment, call: Callable[[], Answer], deadline: float | None = None) -> Answer:
    """What `call` answers, called again after each transient failure."""
    for _ in attempts(deployment, deadline):
        try:
            return call()
        except TransientFailure:
            continue
    raise AssertionError("attempts end by raising")
