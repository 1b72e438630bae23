"""Erase again whoever was erased since: what is known of them is back with the restored tables."""

from chat.deployment import Deployment
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import personal_place
from chat.storage.tables import Write
from restore.outcomes import Outcome


def erase_again(deployment: Deployment, user_id: str, at: int, *, dry_run: bool) -> Outcome:
    """Keep them out again: nothing more of theirs is written while their tombstone says so. Their erasure itself is asked for
    anew, and until it is done it is due: who is erased again only after the switch could be read meanwhile.

    `at` (ms): since when they are erased."""
    item = retried(deployment, lambda: deployment.store.tables.get(personal_place(user_id, keys.ERASED)))
    if item is not None and item.get("state") == {"S": "erased"} and int(item["at"]["N"]) >= at:
        return "stands"
    if dry_run:
        return "due"
    tombstone = {"type": "Erased", "at": at, "state": "erasing"}
    place = personal_place(user_id, keys.ERASED)
    if item is None:
        retried(
            deployment, lambda: deployment.store.tables.transact([Write(place, set=tombstone, whole=True)])
        )
    return "due"
