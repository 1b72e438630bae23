"""Work on the jobs that wait in the background. A schedule calls this, and on one machine `make run`."""

from collections.abc import Mapping
from dataclasses import replace

from chat.deployment import Deployment
from chat.rules.tally import Tally
from chat.steps import avatars, data_requests, erasure, export, hold_moves, name_index, room_removal
from chat.steps.due_jobs import Beginning, begin_due_jobs
from chat.steps.jobs import Kinds, Run
from chat.steps.jobs import run_jobs as work

KINDS: Kinds = {
    room_removal.KIND: room_removal.STEPS,
    avatars.KIND: avatars.STEPS,
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
}
"""How the kinds that may wait for an instant begin."""


def run_jobs(deployment: Deployment, seconds: float, tally: Tally) -> Run:
    """Begin what is due, and work for so many seconds, or until nothing is left to do. Raises `ServiceUnavailable`."""
    left, failures = begin_due_jobs(deployment, KINDS, BEGINNINGS)
    run = work(deployment, KINDS, seconds)
    run = replace(run, failures=[*failures, *run.failures])
    tally.add("JobsEnded", run.ended)
    tally.add("JobsWaiting", run.waiting)
    tally.add("JobsStuck", run.stuck)
    tally.add("JobsOverdue", len(left))
    tally.add("JobFailures", len(run.failures))
    return run
