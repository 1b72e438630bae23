"""One page of what the caller is writing, in all of their rooms."""

from collections.abc import Mapping, Sequence
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, is_in
from chat.rules.cursor import CursorKeys
from chat.rules.models import Caller, Item
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.steps.batches import found_at
from chat.steps.personal_page import Kind, personal_page
from chat.steps.retry import deadline_of
from chat.steps.saved_drafts import SavedDraft, draft_to_wire, of_membership, present_draft
from chat.storage import keys
from chat.storage.places import head_place, membership_place

DRAFTS = Kind("drafts", keys.DRAFTS, keys.DRAFTS_END)


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
    deadline = deadline_of(deployment)
    with tally.timing("StoreMs"):
        page = personal_page(deployment, cursor_keys, caller, arguments, DRAFTS, deadline)
        shown = _shown(deployment, caller, page.items, deadline)
    tally.add("PageSize", len(shown))
    return {"items": shown, "nextToken": page.next_token}


def _shown(
    deployment: Deployment, caller: Caller, items: Sequence[Item], deadline: float
) -> list[dict[str, Any]]:
    now, kept_days = deployment.now(), deployment.draft_days
    found = {Room.lying_in(item["SK"]["S"].removeprefix(keys.DRAFTS)): SavedDraft.of(item) for item in items}
    there = {
        room: draft for room, draft in found.items() if present_draft(draft, now, kept_days).text is not None
    }
    heads = {room: head_place(room) for room in there}
    members = {room: membership_place(room, caller.user_id) for room in there}
    seen = found_at(deployment, [*heads.values(), *members.values()], deadline, consistent=False)
    views = {room: View.of(seen.get(heads[room]), seen.get(members[room])) for room in there}
    return [
        draft_to_wire(room, draft)
        for room, draft in there.items()
        if (view := views[room]).member is not None and is_in(view) and of_membership(draft, view.member)
    ]
