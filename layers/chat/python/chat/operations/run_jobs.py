"""Work on the jobs that wait in the background. A schedule calls this, and on one machine `make run`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.identifiers import uuid7_ms
from chat.rules.tally import Tally
from chat.steps import (
    data_requests,
    erasure,
    export,
    file_removal,
    hold_ends,
    hold_moves,
    name_index,
    room_removal,
)
from chat.steps.due_jobs import Beginning, Overdue, begin_due_jobs
from chat.steps.due_notifications import notify_due
from chat.steps.jobs import Job, Kinds, Run
from chat.steps.jobs import run_jobs as work
from chat.storage import keys

KINDS: Kinds = {
    room_removal.KIND: room_removal.STEPS,
    file_removal.KIND: file_removal.STEPS,
    erasure.KIND: erasure.STEPS,
    export.KIND: export.STEPS,
    name_index.PERSON: name_index.PERSON_STEPS,
    name_index.ROOM: name_index.ROOM_STEPS,
    hold_moves.SET: hold_moves.STEPS,
    hold_moves.LIFT: hold_moves.STEPS,
}

BEGINNINGS: Mapping[str, Beginning] = {
    data_requests.ERASE: data_requests.begin_writes,
    data_requests.EXPORT: data_requests.begin_writes,
    hold_moves.LIFT: hold_ends.end_writes,
}
"""How the kinds that may wait for an instant begin."""

NOTIFYING_S = 8.0
"""How much of each run notifications may take, in seconds: what is left is due in the next one."""


def run_jobs(deployment: Deployment, seconds: float, tally: Tally) -> Run:
    """Notify whom messages are due to, begin what is due, and work for so many seconds, or until nothing is left to do. Raises
    `ServiceUnavailable`."""
    untold = notify_due(deployment, min(NOTIFYING_S, seconds), tally)
    due = begin_due_jobs(deployment, KINDS, BEGINNINGS)
    run = work(deployment, KINDS, seconds)
    ended_holds = [each.subject for each in due.begun if each.kind == hold_moves.LIFT]
    run = replace(run, failures=[*untold, *due.failures, *run.failures], ended_holds=ended_holds)
    tally.add("JobsEnded", run.ended)
    tally.add("JobsWaiting", run.waiting)
    tally.add("JobsStuck", run.stuck)
    tally.add("JobsOverdue", len(due.left))
    tally.add("JobFailures", len(run.failures))
    now = deployment.now()
    tally.add(
        "OldestJobMs", _age([*(job.started_at for job in run.left), *(each.at for each in due.left)], now)
    )
    tally.add("OldestRequestMs", _age([*map(_asked_at, run.left), *map(_asked_at, due.left)], now))
    return run


def _age(instants: Iterable[int], now: int) -> int:
    """For how many ms the oldest of some has been open; 0 where there is none. An instant of 0 is not known."""
    return max(0, *(now - each for each in instants if each), 0)


def _asked_at(each: Job | Overdue) -> int:
    """When a request was made that a job does, or that is due, in ms: the month begins then. 0 for other jobs."""
    if each.kind not in data_requests.JOBS.values():
        return 0
    _, request_id = keys.person_request_parts(each.subject)
    return uuid7_ms(request_id) or 0
