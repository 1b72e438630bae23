"""What is left in the bucket of the exports of somebody who is erased."""

from functools import partial

from chat.deployment import Deployment
from chat.steps.data_requests import list_requests
from chat.steps.erasure_subject import person_in
from chat.steps.retry import retried
from chat.storage.export_objects import keys_of

_AT_ONCE = 1_000


def delete_exports(deployment: Deployment, subject: str, _: str | None) -> None:
    """A step: the archives of the person that can still be fetched, and what they were made of. Of an export that was refused
    the bucket's lifecycle deletes what there is."""
    uploads, now = deployment.uploads(), deployment.now()
    if uploads is None:
        return
    for request in list_requests(deployment, person_in(subject)):
        receipt = request.counted()
        if request.kind != "EXPORT" or int(receipt.get("endsAt", 0)) <= now:
            continue
        names = keys_of(request.request_id, int(receipt["pieces"]))
        for first in range(0, len(names), _AT_ONCE):
            retried(deployment, partial(uploads.objects.delete, names[first : first + _AT_ONCE]))
