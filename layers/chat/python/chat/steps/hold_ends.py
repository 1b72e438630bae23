"""The end that a legal hold has of its own: an instant at which it is lifted by nobody."""

from chat.deployment import Deployment
from chat.rules.holds import Hold
from chat.steps.due_jobs import Due, due_write
from chat.steps.holds import LIFT, lifting_writes, read_holds, subject_of
from chat.storage.tables import Write


def end_set_writes(hold: Hold) -> list[Write]:
    """The write that has a hold end by itself, if it is to, for the transaction that sets it."""
    return [due_write(LIFT, subject_of(hold), hold.ends_at)] if hold.ends_at else []


def end_writes(deployment: Deployment, due: Due, _: str) -> list[Write]:
    """The writes that end a hold whose own end has come, unless somebody has lifted it. Raises `ServiceUnavailable`."""
    holds = read_holds(deployment)
    found = next((hold for hold in holds.standing if subject_of(hold) == due.subject), None)
    return [] if found is None else lifting_writes(holds, found, {}, deployment.now())
