"""A file that nothing refers to any more, deleted by a job that the same commit sets up."""

from collections.abc import Mapping

from chat.deployment import Deployment
from chat.rules.rooms import Table
from chat.steps.jobs import Step, new_job_write
from chat.steps.retry import retried
from chat.storage.tables import Write

KIND = "REMOVE_FILE"


def removal_write(deployment: Deployment, table: Table, key: str) -> Write:
    """Has the object at `key` deleted."""
    return new_job_write(table, KIND, key, next(iter(STEPS)), deployment.now())


def _remove(deployment: Deployment, subject: str, _: str | None) -> None:
    """Where files are off by now, there is no bucket to delete from."""
    uploads = deployment.uploads()
    if uploads is not None:
        retried(deployment, lambda: uploads.objects.delete([subject]))


STEPS: Mapping[str, Step] = {"file": _remove}
