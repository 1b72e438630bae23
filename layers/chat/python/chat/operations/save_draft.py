"""Keep what somebody is writing to a room, for their other devices."""

from collections.abc import Mapping
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import View, open_room
from chat.rules.arguments import LARGEST_INT, is_whole
from chat.rules.errors import InvalidInput, RateLimited
from chat.rules.models import Caller
from chat.rules.rate import to_ms
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.tally import Tally
from chat.rules.text import clean_text
from chat.steps.retry import until_committed
from chat.steps.saved_drafts import (
    SAVING,
    SavedDraft,
    draft_to_wire,
    draft_write,
    of_membership,
    present_draft,
)
from chat.steps.visible_messages import is_message_id
from chat.storage.aws import ConditionFailed
from chat.storage.places import draft_place, head_place, membership_place


@record(frozen=True, slots=True)
class _Asked:
    """A draft as it is asked for: without a text it is deleted. `rev` is that of the draft that the device has, 0 for
    none."""

    room: Room
    text: str | None
    reply_to: str | None
    rev: int


def save_draft(
    deployment: Deployment, caller: Caller, arguments: Mapping[str, Any], tally: Tally
) -> dict[str, Any]:
    """The schema's `Draft` of the caller in the room that `arguments` (`roomId`, `text`, `replyTo`, `rev`) name, as it
    stands then. Where another device has saved a newer one than `rev` nothing is written, and that one is answered.

    No rule of the deployment's own is asked: nobody else reads it. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`,
    `RateLimited` and `ServiceUnavailable`.
    """
    asked = _check(deployment, arguments)
    own = head_place(asked.room), membership_place(asked.room, caller.user_id)
    places = (*own, draft_place(asked.room, caller.user_id))

    def step() -> dict[str, Any] | None:
        found = deployment.store.tables.batch(places, consistent=True)
        head, member, stored = (found.get(place) for place in places)
        access, now = open_room(View.of(head, member), "saveDraft"), deployment.now()
        before = SavedDraft.found(stored)
        there = present_draft(before, now, deployment.draft_days)
        if not of_membership(there, access.member):
            there = SavedDraft(rev=there.rev)
        if (there.text, there.reply_to) == (asked.text, asked.reply_to):
            return draft_to_wire(asked.room, there, saved=True)  # also by a call whose answer was lost
        if asked.rev != (there.rev if there.text is not None or asked.rev else 0):
            return draft_to_wire(asked.room, there, saved=False)
        if wait := SAVING.wait(before.tat if before else 0, now * 1_000):
            raise RateLimited(to_ms(wait), "person", "draft.tooFast")
        draft, write = draft_write(
            asked.room,
            caller.user_id,
            before,
            access.member,
            asked.text,
            asked.reply_to,
            now,
            deployment.draft_days,
        )
        try:
            deployment.store.tables.update(write)
        except ConditionFailed:
            return None
        return draft_to_wire(asked.room, draft, saved=True)

    return until_committed(deployment, tally, step)


def _check(deployment: Deployment, arguments: Mapping[str, Any]) -> _Asked:
    """Raises `InvalidInput`; reads nothing."""
    room, raw = Room.parse(arguments.get("roomId")), arguments.get("text")
    is_empty = raw is None or (isinstance(raw, str) and not raw.strip())
    text = None if is_empty else clean_text(raw, deployment.text_limits)
    reply_to, rev = arguments.get("replyTo"), arguments.get("rev")
    if reply_to is not None and not is_message_id(reply_to):
        raise InvalidInput("message.notFound", argument="replyTo")
    if rev is not None and not is_whole(rev, 0, LARGEST_INT):
        raise InvalidInput("draft.rev", argument="rev")
    return _Asked(room, text, reply_to if text else None, rev or 0)
