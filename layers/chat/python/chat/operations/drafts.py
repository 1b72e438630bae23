"""One page of what the caller is writing, in all of their rooms."""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, is_in
from chat.rules.arguments import check_limit
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.models import Caller, Item
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.retry import deadline_of, retried
from chat.steps.saved_drafts import SavedDraft, draft_to_wire, of_membership, present_draft
from chat.storage import keys
from chat.storage.places import head_place, membership_place


def drafts(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
) -> dict[str, Any]:
    """The schema's `DraftPage` for `arguments` (`limit`, `nextToken`), in the order of the rooms' ids, general ones'
    after guilds': of rooms that the caller is in, written since they came there. A page may have fewer than `limit`.

    Raises `InvalidInput` and `ServiceUnavailable`.
    """
    limit, token, after = check_limit(arguments), arguments.get("nextToken"), None
    purpose, deadline = f"drafts/{caller.user_id}", deadline_of(deployment)
    if token is not None:
        (after,) = unseal_position(purpose, token, cursor_keys)
    with tally.timing("StoreMs"):
        items, further = retried(
            deployment,
            lambda: deployment.store.tables.query_page(
                "core",
                keys.user_partition(caller.user_id),
                keys.DRAFTS,
                keys.DRAFTS_END,
                forward=True,
                count=limit,
                consistent=True,
                start=after,
            ),
            deadline,
        )
        shown = _shown(deployment, caller, items, deadline)
    tally.add("PageSize", len(shown))
    return {
        "items": shown,
        "nextToken": seal_position(purpose, [further], cursor_keys) if further else None,
    }


def _shown(
    deployment: Deployment, caller: Caller, items: Sequence[Item], deadline: float
) -> list[dict[str, Any]]:
    now = deployment.now()
    found = {Room.lying_in(item["SK"]["S"].removeprefix(keys.DRAFTS)): SavedDraft.of(item) for item in items}
    there = {room: draft for room, draft in found.items() if present_draft(draft, now).text is not None}
    heads = {room: head_place(room) for room in there}
    members = {room: membership_place(room, caller.user_id) for room in there}
    seen = found_at(deployment, [*heads.values(), *members.values()], deadline, consistent=False)
    views = {room: View.of(seen.get(heads[room]), seen.get(members[room])) for room in there}
    return [
        draft_to_wire(room, draft)
        for room, draft in there.items()
        if (view := views[room]).member is not None and is_in(view) and of_membership(draft, view.member)
    ]
