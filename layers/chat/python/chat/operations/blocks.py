"""One page of the people whom the caller has blocked."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.arguments import check_limit
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.blocks import Block
from chat.steps.retry import retried
from chat.storage import keys


def blocks(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    """The schema's `BlockPage` for `arguments` (`limit`, `nextToken`), in one request, in the order of their keys.

    Raises `InvalidInput` and `ServiceUnavailable`.
    """
    limit, token, after = check_limit(arguments), arguments.get("nextToken"), None
    purpose = f"blocks/{caller.user_id}"
    if token is not None:
        (after,) = unseal_position(purpose, token, cursor_keys)
    with tally.timing("StoreMs"):
        items, further = retried(
            deployment,
            lambda: deployment.store.tables.query_page(
                "core",
                keys.user_partition(caller.user_id),
                keys.BLOCKS,
                keys.BLOCKS_END,
                forward=True,
                count=limit,
                consistent=True,
                start=after,
            ),
        )
    tally.add("PageSize", len(items))
    return {
        "items": [
            {"userId": keys.user_in(item["SK"]["S"]), "blockedAt": to_wire(Block.of(item).blocked_at)}
            for item in items
        ],
        "nextToken": seal_position(purpose, [further], cursor_keys) if further else None,
    }
