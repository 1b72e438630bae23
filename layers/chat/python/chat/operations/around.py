"""The history on both sides of a message."""

from collections.abc import Mapping
from typing import Any, Protocol

from chat.deployment import Deployment
from chat.rules.arguments import check_limit
from chat.rules.cursor import Cursor, CursorKeys, seal
from chat.rules.instants import to_wire
from chat.rules.models import Caller, Head, Message
from chat.rules.tally import Tally
from chat.steps.message_change import check_target
from chat.storage import keys


class Page(Protocol):
    """A page of history, as `messages` reads it."""

    @property
    def items(self) -> list[Message]: ...
    @property
    def next_token(self) -> str | None: ...
    @property
    def head(self) -> Head: ...


class ReadPage(Protocol):
    """`messages` itself, which the caller of `around` hands in: so its tokens are those of `messages`, and whatever that
    judges holds here, too."""

    def __call__(
        self,
        deployment: Deployment,
        cursor_keys: CursorKeys,
        caller: Caller,
        arguments: Mapping[str, Any],
        tally: Tally,
        /,
    ) -> Page: ...


def around(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    read: ReadPage,
) -> dict[str, Any]:
    """The schema's `MessagesAround` for the message that `arguments` (`roomId`, `id`, `ts`, `limit`) name: half of the
    messages from before it, and it with those after it, oldest first. Of a message that is gone it is the place where it was.

    No two messages of a room have one instant, so the two pages meet at that of the message, with nothing between them and
    nothing in both. Raises `InvalidInput`, `NotRoomMember` and `ServiceUnavailable`.
    """
    target, limit = check_target(arguments), check_limit(arguments)
    at, room_id, older = keys.instant(target.sort_key), target.room.id, limit // 2

    def page(**asked: Any) -> Page:
        return read(deployment, cursor_keys, caller, {"roomId": room_id, **asked}, tally)

    before = page(before=to_wire(at), order="NEWEST_FIRST", limit=older) if older else None
    after = page(after=to_wire(max(0, at - 1)), order="OLDEST_FIRST", limit=limit - older)
    head = before.head if before else after.head
    older_token = before.next_token if before else _unread(room_id, at, head, cursor_keys)
    items = [*(before.items[::-1] if before else ()), *after.items]
    return {
        "items": [message.to_wire() for message in items],
        "olderToken": older_token,
        "newerToken": after.next_token,
        "head": head.to_wire(),
    }


def _unread(room_id: str, before: int, head: Head, cursor_keys: CursorKeys) -> str:
    """The token of a page of which nothing has been read: where no message from before was asked for."""
    return seal(Cursor(room_id, False, None, before, "", None, head.generation), cursor_keys)
