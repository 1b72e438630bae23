"""What is left in the bucket of the exports of somebody who is erased."""

from chat.deployment import Deployment
from chat.steps.data_requests import list_requests
from chat.steps.erasure_subject import person_in
from chat.steps.export_context import delete_export


def delete_exports(deployment: Deployment, subject: str, _: str | None) -> None:
    """A step: the archives of the person that can still be fetched, and what they were made of. What may be
    left of one that was refused, the bucket's lifecycle deletes."""
    uploads, now = deployment.uploads(), deployment.now()
    if uploads is None:
        return
    for request in list_requests(deployment, person_in(subject)):
        receipt = request.counted()
        if request.kind != "EXPORT" or int(receipt.get("endsAt", 0)) <= now:
            continue
        delete_export(deployment, uploads.objects, request.request_id, int(receipt["pieces"]))
