"""One page of the people whom the caller has blocked."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.cursor import CursorKeys
from chat.rules.instants import to_wire
from chat.rules.models import Caller
from chat.rules.tally import Tally
from chat.steps.blocks import Block
from chat.steps.personal_page import Kind, personal_page
from chat.storage import keys

BLOCKS = Kind("blocks", keys.BLOCKS, keys.BLOCKS_END)


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
    with tally.timing("StoreMs"):
        page = personal_page(deployment, cursor_keys, caller, arguments, BLOCKS)
    tally.add("PageSize", len(page.items))
    return {
        "items": [
            {"userId": keys.user_in(item["SK"]["S"]), "blockedAt": to_wire(Block.of(item).blocked_at)}
            for item in page.items
        ],
        "nextToken": page.next_token,
    }
