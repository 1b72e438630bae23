"""Erase again whoever was erased since: what is known of them is back with the restored tables."""

from chat.deployment import Deployment
from chat.steps.retry import retried
from chat.storage import keys
from chat.storage.places import personal_place
from restore.outcomes import Outcome


def erase_again(deployment: Deployment, user_id: str, at: int, *, dry_run: bool) -> Outcome:
    """Set their erasure up, whose job then runs with the others. `at` (ms): since when they are erased."""
    item = retried(deployment, lambda: deployment.store.tables.get(personal_place(user_id, keys.ERASED)))
    if item is not None and item.get("state") == {"S": "erased"} and int(item["at"]["N"]) >= at:
        return "stands"
    if dry_run:
        return "due"
    raise NotImplementedError
