"""Jobs that run in the background, each a chain of steps with a checkpoint, so that it goes on wherever it was
interrupted.

    waiting ──claimed──▶ working ──checkpoint──▶ … ──last step done──▶ deleted
       ▲                    └─failed, killed, overtaken─┐
       └────────────────────────────────────────────────┘

A job is an item. A step does a bounded piece of work from a position on, and what it did is written down
afterwards: so a piece that was interrupted is done again, and must come to the same when it is done twice, also by
two runners at once. Each checkpoint holds only on the `rev` that was read, so one of two runners goes on and the
other one finds another job. No clock decides anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Self

from chat.deployment import Deployment
from chat.rules.errors import raised_at
from chat.rules.models import Item, Stored
from chat.rules.record import record
from chat.rules.rooms import Table
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.aws import Cancelled, StoreFailure
from chat.storage.places import Place
from chat.storage.tables import Write

SLICE_S = 5.0
"""For how long a job runs before the next one has its turn, in seconds: a large one does not hold up the others."""

STUCK_TRIES = 5
"""A job that was begun so often since its last checkpoint needs somebody to look."""

TABLES: tuple[Table, ...] = ("core", "guild")

UNREADABLE = "unreadable"
"""In the place of a step's name, in what is logged of a job whose item is not as we write it."""

_MOST_LISTED = 1_000
_AS_READ = "#rev = :rev"

Step = Callable[[Deployment, str, str | None], str | None]
"""One piece of work on a subject, from a position on; `None` is the beginning, and as an answer the end. It raises
`StoreFailure` or `ServiceUnavailable` where it cannot be done now; whatever else it raises is a fault, and the job's alone."""

Kinds = Mapping[str, Mapping[str, Step]]
"""The steps of each kind of job, by name and in order. Names are stored: a name in use stays what it is."""


@record(frozen=True, slots=True, kw_only=True)
class Job(Stored):
    """A job and its checkpoint: `step` goes on at `position`. `tries` counts how often it was begun since the
    checkpoint moved; `rev` moves with the checkpoint. `started_at` is in ms."""

    kind: str
    subject: str
    step: str
    position: str | None = None
    rev: int = 1
    tries: int = 0
    started_at: int = 0

    @classmethod
    def read(cls, item: Item) -> Self:
        """Raises `TypeError` or `KeyError` for an item that is not as we write it."""
        job = cls.of(item)
        texts, numbers = (job.kind, job.subject, job.step), (job.rev, job.tries, job.started_at)
        if not all(isinstance(text, str) for text in texts) or any(isinstance(each, str) for each in numbers):
            raise TypeError
        return job


class UnknownStep(Exception):
    """A job is of a kind, or at a step, that this version does not have: a later one has left it."""


@record(frozen=True, slots=True)
class Failure:
    """Why a job did not go on: the class of what was raised, or its AWS code, and the `file:line` at which; no text of
    anybody's, which the error's own may hold."""

    kind: str
    step: str
    error: str
    at: str = "unknown"

    @classmethod
    def of(cls, kind: str, step: str, error: Exception) -> "Failure":
        named = str(error) if isinstance(error, StoreFailure) else type(error).__name__
        return cls(kind, step, named, raised_at(error))


@record(frozen=True, slots=True)
class Run:
    """What came of a run: how many jobs ended, how many there still are, how many of these nobody could go on with
    for `STUCK_TRIES` or can read, and what failed. `left`: those that there still are and can be read. `ended_holds`: the
    subjects of legal holds whose own end has come."""

    ended: int
    waiting: int
    stuck: int
    failures: Sequence[Failure]
    left: Sequence[Job] = ()
    ended_holds: Sequence[str] = ()


def job_place(table: Table, kind: str, subject: str) -> Place:
    return Place(table, keys.JOBS, keys.job(kind, subject))


def new_job_write(table: Table, kind: str, subject: str, first_step: str, now: int) -> Write:
    """The write that sets a job up, for the transaction whose consequence it is. `now` is in milliseconds."""
    item = {"type": "Job", "kind": kind, "subject": subject, "step": first_step, "rev": 1, "tries": 0}
    return Write(job_place(table, kind, subject), set={**item, "startedAt": now}, whole=True)


def run_jobs(deployment: Deployment, kinds: Kinds, seconds: float) -> Run:
    """Work on the jobs of both tables for so many seconds, or until none is left that can go on.

    Raises `StoreFailure` and `ServiceUnavailable` where they cannot be listed.
    """
    until = deployment.monotonic() + seconds
    runner = _Runner(deployment, kinds)
    while (jobs := runner.waiting()) and deployment.monotonic() < until:
        for place, job in jobs:
            if deployment.monotonic() < until:
                runner.work(place, job, min(until, deployment.monotonic() + SLICE_S))
    left, unreadable = [job for _, job in runner.listed], runner.unreadable
    stuck = sum(job.tries >= STUCK_TRIES for job in left) + len(unreadable)
    failures = [*runner.failures.values(), *unreadable.values()]
    return Run(runner.ended, len(left) + len(unreadable), stuck, failures, left)


def list_jobs(deployment: Deployment) -> list[tuple[Place, Job]]:
    """The jobs that there are and can be read, in the order of their turns."""
    return _read_jobs(deployment)[0]


def _read_jobs(deployment: Deployment) -> tuple[list[tuple[Place, Job]], dict[Place, Failure]]:
    """The same, and those that cannot be read. What was begun in vain comes last, so that a job that
    ends its runner does not keep the others from their turn; and what has just begun comes before what has long
    been going on."""
    found: list[tuple[Place, Job]] = []
    unreadable: dict[Place, Failure] = {}
    for table in TABLES:
        for item in retried(deployment, partial(_listed, deployment, table)):
            place = Place(table, keys.JOBS, item["SK"]["S"])
            try:
                found.append((place, Job.read(item)))
            except (KeyError, TypeError) as error:
                unreadable[place] = Failure.of(keys.job_kind(place.sort_key), UNREADABLE, error)
    return sorted(found, key=lambda each: (each[1].tries, each[1].rev)), unreadable


def _listed(deployment: Deployment, table: Table) -> list[Item]:
    """The first thousand: those behind come when these are done."""
    items, _ = deployment.store.tables.query_page(
        table, keys.JOBS, " ", keys.JOBS_END, forward=True, count=_MOST_LISTED, consistent=True
    )
    return items


class _Runner:
    """What one run has come to so far. A job that failed, or that another runner goes on with, is left alone for
    the rest of the run."""

    def __init__(self, deployment: Deployment, kinds: Kinds) -> None:
        self._deployment = deployment
        self._kinds = kinds
        self._left_alone: set[Place] = set()
        self.listed: list[tuple[Place, Job]] = []
        self.failures: dict[Place, Failure] = {}
        self.unreadable: dict[Place, Failure] = {}
        self.ended = 0

    def waiting(self) -> list[tuple[Place, Job]]:
        """List the jobs anew; those that this run may go on with."""
        self.listed, self.unreadable = _read_jobs(self._deployment)
        return [each for each in self.listed if each[0] not in self._left_alone]

    def work(self, place: Place, job: Job, until: float) -> None:
        """Go on with a job, a piece at the least, until an instant of `deployment.monotonic`."""
        try:
            self._store(begun_write(place, job))
            while True:
                after = self._advanced(job)
                self._store(ended_write(place, job) if after is None else moved_write(place, job, after))
                if after is None:
                    self.ended += 1
                    return
                job = after
                if self._deployment.monotonic() >= until:
                    return
        except Cancelled:
            self._left_alone.add(place)  # another runner has it
        except Exception as error:  # noqa: BLE001  a fault in one job's step is not to keep the others from their turn
            self._left_alone.add(place)
            self.failures[place] = Failure.of(job.kind, job.step, error)

    def _advanced(self, job: Job) -> Job | None:
        """The job after one piece of work; `None` when that was the last. Raises `UnknownStep`."""
        steps = self._kinds.get(job.kind, {})
        if job.step not in steps:
            raise UnknownStep
        position = steps[job.step](self._deployment, job.subject, job.position)
        if position is not None:
            return replace(job, position=position, rev=job.rev + 1, tries=0)
        names = list(steps)
        following = names[names.index(job.step) + 1 :]
        return replace(job, step=following[0], position=None, rev=job.rev + 1, tries=0) if following else None

    def _store(self, write: Write) -> None:
        """Raises `Cancelled` where somebody else has moved the job, or this write was done and its answer lost."""
        retried(self._deployment, lambda: self._deployment.store.tables.transact([write]))


def begun_write(place: Place, job: Job) -> Write:
    """One more try. It leaves the job to whoever moves it first."""
    return Write(place, condition=_AS_READ, given={":rev": job.rev}, add={"tries": 1})


def moved_write(place: Place, before: Job, after: Job) -> Write:
    """The checkpoint."""
    moved = {"step": after.step, "rev": after.rev, "tries": 0}
    position: Mapping[str, str] = {} if after.position is None else {"position": after.position}
    remove = ("position",) if after.position is None else ()
    return Write(
        place, condition=_AS_READ, given={":rev": before.rev}, set={**moved, **position}, remove=remove
    )


def ended_write(place: Place, job: Job) -> Write:
    return Write(place, condition=_AS_READ, given={":rev": job.rev}, delete=True)
