"""Another text for a message, which AppSync then publishes to `onMessage`.

One transaction charges the member, moves the head and logs the change beside the message itself.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import Access, enter_room, open_room
from chat.rules.errors import NotAllowed
from chat.rules.models import Caller, Item, Message
from chat.rules.tally import Tally
from chat.rules.text import clean_text
from chat.rules.visibility import first_visible_to
from chat.steps.mention_change import MentionChange, NewMentions, check_new_mentions
from chat.steps.message_change import (
    Target,
    change_writes,
    check_target,
    keeping_original,
    marked,
    read_target,
    remember_change,
)
from chat.steps.retry import until_committed
from chat.storage.aws import OutcomeUnknown
from chat.storage.change_log import LogEntry, changed_at, entry_place
from chat.storage.charging import charge, member_refusal
from chat.storage.event_items import traced


def edit_message(
    deployment: Deployment,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    trace_id: str | None = None,
) -> Message:
    """The message that `arguments` (`roomId`, `id`, `ts`) name, with their `text`, and with their `mentions` and
    `mentionsAll` where these are given. `trace_id` is stored with it.

    A message that has all this already is answered as it is, and nothing is written: so a repeat whose first
    answer was lost is a success. Raises `InvalidInput`, `NotRoomMember`, `NotAllowed`, `Muted`, `RateLimited`
    and `ServiceUnavailable`, judged in that order; what a rule of the deployment's own says comes after all of these.
    """
    target = check_target(arguments)
    text = clean_text(arguments.get("text"), deployment.text_limits)
    mentions = check_new_mentions(target.room, arguments)
    edit = _Edit(deployment, caller, target, text, mentions, tally, trace_id)
    return until_committed(deployment, tally, edit.attempt)


class _Edit:
    """One edit on its way."""

    def __init__(
        self,
        deployment: Deployment,
        caller: Caller,
        target: Target,
        text: str,
        mentions: NewMentions,
        tally: Tally,
        trace_id: str | None,
    ) -> None:
        self._deployment = deployment
        self._caller = caller
        self._target = target
        self._text = text
        self._mentions = mentions
        self._tally = tally
        self._trace_id = trace_id
        self._hook = deployment.before_text(tally)
        self._change_id = deployment.new_id(deployment.now())
        self._uncertain_rev: int | None = None

    def attempt(self) -> Message | None:
        """Look, judge and commit. Raises the refusal, and what `until_committed` tries again after."""
        with self._deployment.memory.turn(self._target.room.partition_key):
            access, message = self._attempt()
            return replace(message, history_from=access.head.history_from)

    def _attempt(self) -> tuple[Access, Message]:
        """The room, and the message as it is then."""
        with self._tally.timing("StoreMs"):
            places = self._mentions.places
            seen = read_target(self._deployment, self._target, self._caller.user_id, places)
        access = open_room(seen.view, "send")
        first = first_visible_to(enter_room(seen.view, self._caller, "read"))
        message = seen.seen_from(first)
        if message.sender_id != self._caller.user_id:
            raise NotAllowed("message.notYours", reason="notYours")
        if self._is_done():
            return access, message
        if message.removed_at is not None:
            raise NotAllowed("message.removed", reason="removed")
        change = self._mentions.of(self._deployment, message, access, seen.others, seen.expires_at)
        is_so = message.text == self._text and not change
        return access, message if is_so else self._commit(access, message, change, seen.held)

    def _is_done(self) -> bool:
        """Whether an attempt whose answer was lost did it after all, though others may have changed the
        message since."""
        if self._uncertain_rev is None:
            return False
        item = self._deployment.store.tables.get(entry_place(self._target.room, self._uncertain_rev))
        return item is not None and LogEntry.of(item).id == self._change_id

    def _commit(self, access: Access, message: Message, change: MentionChange, held: Item | None) -> Message:
        deployment, head, user_id = self._deployment, access.head, self._caller.user_id
        now, settings = deployment.now(), access.head.settings(deployment.defaults)
        if refusal := member_refusal(access, settings, now):
            raise refusal
        text = message.text if message.text == self._text else self._judged(access)
        if text == message.text and not change:
            return message
        at, version = changed_at(head, now), (message.version or 1) + 1
        by = {"changedBy": user_id, **traced(self._trace_id)}
        attributes = {"text": text, "editedAt": at, "version": version, **by, **change.set}
        changed = change_writes(
            self._target,
            head,
            message,
            kind="edited",
            now=now,
            change_id=self._change_id,
            attributes=attributes,
            remove=change.remove,
        )
        writes = [
            charge(self._target.room, user_id, access, settings, now),
            *keeping_original(self._target, held, head, now, marked(changed, change.marks)),
            *change.writes,
        ]
        try:
            with self._tally.timing("StoreMs"):
                deployment.store.tables.transact(writes)
        except OutcomeUnknown:
            self._uncertain_rev = head.rev + 1
            raise
        remember_change(deployment, self._target.room, head, now, change.marks)
        self._tally.add("Edits")
        edited = replace(message, text=text, edited_at=at, version=version, **change.applied())
        return replace(edited, rev=head.rev + 1, epoch=head.epoch)

    def _judged(self, access: Access) -> str:
        """The text as it is stored, when the deployment's own rules have seen it."""
        if self._hook is None:
            return self._text
        clean = partial(clean_text, limits=self._deployment.text_limits)
        return self._hook("edit", self._text, clean, self._target.room, access, self._caller)
