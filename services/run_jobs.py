"""run_jobs: what has to be done in the background, a piece at a time. A schedule invokes this function; AppSync does
not."""

from typing import Any

import chat_lambda.init  # noqa: F401  first: see there
from chat.operations.run_jobs import run_jobs
from chat.steps.holds import named_in
from chat_lambda.compose import deployment
from chat_lambda.function import Call, service
from chat_lambda.telemetry import actor, audit, logger

WORKING_S = 20.0
"""The function has nine seconds more, for the piece that it is at."""


@service("run_jobs", deployment, background=True)
def handler(call: Call) -> dict[str, Any]:
    """Answers how many jobs ended and how many wait, and logs why one did not go on. That a legal hold has ended by itself is
    an audit event, as its lifting is."""
    run = run_jobs(deployment(), WORKING_S, call.tally)
    for failure in run.failures:
        fields = {"job": failure.kind, "step": failure.step, "error": failure.error, "at": failure.at}
        logger().warning("Job failed", extra=fields)
    for subject in run.ended_holds:
        audit(action="Mutation.liftHold", outcome="done", reason="endsAt", fields=_ended(subject))
    return {"ended": run.ended, "waiting": run.waiting, "failed": len(run.failures)}


def _ended(subject: str) -> dict[str, str | None]:
    """Which hold has ended by itself, and whom or what it covered."""
    covered, hold_id = named_in(subject)
    whom = {"target": actor(covered.user_id)} if covered.user_id else {}
    return {"actor": "service", "room": covered.room.id if covered.room else None, "hold_id": hold_id, **whom}
