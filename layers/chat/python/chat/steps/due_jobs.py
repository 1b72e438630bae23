"""Jobs that begin at an instant: until then an item waits in their place, in the order of these instants."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Self

from chat.deployment import Deployment
from chat.rules.models import Item, Stored
from chat.rules.record import record
from chat.steps.jobs import Failure, Kinds, UnknownStep
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.aws import Cancelled
from chat.storage.places import Place, due_place
from chat.storage.tables import NEW, Write

MOST_DUE = 100
"""How many are looked at in one run, the longest due first. The next minute's run goes on."""

STEP = "due"
"""In the place of a step's name, in what is logged of a job that could not begin."""


@record(frozen=True, slots=True, kw_only=True)
class Due(Stored):
    """A job that has not begun."""

    kind: str
    subject: str

    @classmethod
    def read(cls, item: Item) -> Self:
        """Raises `TypeError` or `KeyError` for an item that is not as we write it."""
        due = cls.of(item)
        if not all(isinstance(text, str) for text in (due.kind, due.subject)):
            raise TypeError
        return due


@record(frozen=True, slots=True)
class Overdue:
    """A job that is due and has not begun. `at` is when it was due, in ms; `subject` is empty where it cannot be read."""

    kind: str
    subject: str
    at: int


@record(frozen=True, slots=True)
class DueRun:
    """What has begun, what is due and has not, and why not where that is a failure."""

    begun: Sequence[Due]
    left: Sequence[Overdue]
    failures: Sequence[Failure]


Beginning = Callable[[Deployment, Due, str], list[Write] | None]
"""Gives the writes that begin a job at the step that is named, `None` while it cannot begin yet, and none where there is
nothing to do any more."""


def due_write(kind: str, subject: str, at: int) -> Write:
    """The write that has a job begin at an instant (ms), for the transaction whose consequence it is."""
    item = {"type": "Due", "kind": kind, "subject": subject}
    return Write(due_place(at, kind, subject), NEW, set=item, whole=True)


def begin_due_jobs(deployment: Deployment, kinds: Kinds, beginnings: Mapping[str, Beginning]) -> DueRun:
    """Make jobs of what is due, each in one transaction. Raises `StoreFailure` and `ServiceUnavailable` where it cannot be listed."""
    begun: list[Due] = []
    left: list[Overdue] = []
    failures: list[Failure] = []
    items, _ = retried(deployment, partial(_listed, deployment))
    for item in items:
        place = Place("core", keys.DUE, item["SK"]["S"])
        overdue = Overdue(keys.due_kind(place.sort_key), "", keys.due_ms(place.sort_key))
        try:
            due = Due.read(item)
            overdue = replace(overdue, subject=due.subject)
            if _begin(deployment, kinds, beginnings, due, place):
                begun.append(due)
            else:
                left.append(overdue)
        except Cancelled:
            left.append(overdue)  # another runner has begun it, or it was withdrawn: the next run knows
        except Exception as error:  # noqa: BLE001  a fault in one beginning is not to keep the others from theirs
            left.append(overdue)
            failures.append(Failure.of(overdue.kind, STEP, error))
    return DueRun(begun, left, failures)


def _begin(
    deployment: Deployment, kinds: Kinds, beginnings: Mapping[str, Beginning], due: Due, place: Place
) -> bool:
    """Whether it has begun, or is over. Raises `UnknownStep` for a kind that this version does not have."""
    steps = kinds.get(due.kind)
    if not steps or due.kind not in beginnings:
        raise UnknownStep
    writes = beginnings[due.kind](deployment, due, next(iter(steps)))
    if writes is None:
        return False
    gone = Write(place, condition="attribute_exists(PK)", delete=True)
    retried(deployment, lambda: deployment.store.tables.transact([gone, *writes]))
    return True


def _listed(deployment: Deployment) -> tuple[list[Item], str | None]:
    return deployment.store.tables.query_page(
        "core",
        keys.DUE,
        " ",
        keys.due_floor(deployment.now() + 1),
        forward=True,
        count=MOST_DUE,
        consistent=True,
    )
