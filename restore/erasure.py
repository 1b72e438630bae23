"""Erase again whoever was erased since: what is known of them is back with the restored tables."""

from functools import partial

from chat.deployment import Deployment
from chat.operations.run_jobs import KINDS
from chat.rules.data_requests import OPERATOR
from chat.rules.tally import Tally
from chat.steps.data_requests import ERASE, Asking, begin_writes, make_request
from chat.steps.due_jobs import Due
from chat.steps.retry import retried, until_committed
from chat.storage import keys
from chat.storage.erased_items import Tombstone
from chat.storage.places import due_place, tombstone_place
from chat.storage.tables import Write
from restore.outcomes import Outcome


def erase_again(deployment: Deployment, user_id: str, at: int, *, dry_run: bool) -> Outcome:
    """Keep them out again, and begin their erasure anew, or hurry the one that is asked for already. The jobs that run after the
    replay carry it out: until then it is due. It is as long as an export of theirs is open, or a legal hold stands.

    `at` (ms): since when they are erased. Raises `ServiceUnavailable` and `StoreFailure`."""
    tables, place = deployment.store.tables, tombstone_place(user_id)
    found = Tombstone.found(retried(deployment, partial(tables.get, place)))
    if found is not None and found.state == "erased" and found.at >= at:
        return "stands"
    if dry_run:
        return "due"
    if found is None:
        kept_out = {"type": "Tombstone", "at": at, "state": "erasing"}
        retried(deployment, lambda: tables.transact([Write(place, set=kept_out, whole=True)]))
    until_committed(deployment, Tally(), partial(_begin, deployment, user_id))
    return "due"


def _begin(deployment: Deployment, user_id: str) -> bool:
    """One attempt to begin it, whenever it was due."""
    request = make_request(deployment, user_id, "ERASURE", Asking(OPERATOR, None), 0, Tally())
    subject = keys.person_request(user_id, request.request_id)
    due = Due(kind=ERASE, subject=subject)
    if writes := begin_writes(deployment, due, next(iter(KINDS[ERASE]))):
        place = due_place(request.due_at, ERASE, subject)
        gone = Write(place, condition="attribute_exists(PK)", delete=True)
        deployment.store.tables.transact([gone, *writes])
    return True
