"""No export is made yet: a request whose waiting period is over is refused by name, so that an erasure does not wait for it
and nobody takes it for done."""

from collections.abc import Mapping

from chat.deployment import Deployment
from chat.rules.tally import Tally
from chat.steps.data_requests import EXPORT, read_request, refused_writes
from chat.steps.jobs import Step
from chat.steps.retry import until_committed
from chat.storage import keys

KIND = EXPORT
NO_EXPORT = "noExport"


def _refuse(deployment: Deployment, subject: str, _: str | None) -> None:
    user_id, request_id = keys.person_request_parts(subject)

    def step() -> bool:
        request = read_request(deployment, user_id, request_id)
        if request is not None and request.state == "RUNNING":
            deployment.store.tables.transact(refused_writes(request, NO_EXPORT, deployment.now()))
        return True

    until_committed(deployment, Tally(), step)


STEPS: Mapping[str, Step] = {"refuse": _refuse}
