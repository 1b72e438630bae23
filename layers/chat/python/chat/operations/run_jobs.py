"""Work on the jobs that wait in the background. A schedule calls this, and on one machine `make run`."""

from chat.deployment import Deployment
from chat.rules.tally import Tally
from chat.steps import avatars, hold_moves, name_index, room_removal
from chat.steps.jobs import Kinds, Run
from chat.steps.jobs import run_jobs as work

KINDS: Kinds = {
    room_removal.KIND: room_removal.STEPS,
    avatars.KIND: avatars.STEPS,
    name_index.PERSON: name_index.PERSON_STEPS,
    name_index.ROOM: name_index.ROOM_STEPS,
    hold_moves.SET: hold_moves.STEPS,
    hold_moves.LIFT: hold_moves.STEPS,
}


def run_jobs(deployment: Deployment, seconds: float, tally: Tally) -> Run:
    """Work for so many seconds, or until nothing is left to do. Raises `ServiceUnavailable`."""
    run = work(deployment, KINDS, seconds)
    tally.add("JobsEnded", run.ended)
    tally.add("JobsWaiting", run.waiting)
    tally.add("JobsStuck", run.stuck)
    tally.add("JobFailures", len(run.failures))
    return run
