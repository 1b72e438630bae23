"""What happened in a room since a head that was read before: edits and removals, then new messages."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chat.deployment import Deployment
from chat.rules.access import enter_room
from chat.rules.arguments import check_bound, check_limit, is_whole
from chat.rules.cursor import CursorKeys, seal_position, unseal_position
from chat.rules.erasure import to_wire
from chat.rules.errors import InvalidInput
from chat.rules.models import Caller, Head
from chat.rules.record import record
from chat.rules.rooms import Room
from chat.rules.selection import may_select
from chat.rules.tally import Tally
from chat.rules.visibility import Sight, judged_member
from chat.steps.catch_up import CaughtUp, Held, catch_up
from chat.steps.quotes import QuotingPage, with_quotes
from chat.steps.retry import deadline_of, retried


@record(frozen=True, slots=True)
class _ChangesRequest:
    """What is asked for. `since` and `after` (ms) are the head that was read before; `held` is where a cursor
    goes on from."""

    room: Room
    limit: int
    since: int
    after: int | None
    held: Held
    is_first: bool


def changes(
    deployment: Deployment,
    cursor_keys: CursorKeys,
    caller: Caller,
    arguments: Mapping[str, Any],
    tally: Tally,
    selection: str | None = None,
) -> dict[str, Any]:
    """The schema's `ChangePage` for `arguments` (`roomId`, `since`, `after`, `limit`, `nextToken`).

    `selection` is `info.selectionSetGraphQL`. Where nothing happened it is one request (2 read units). Raises `InvalidInput`, `NotRoomMember`,
    `NotAllowed` and `ServiceUnavailable`.
    """
    request = _check(arguments, cursor_keys)
    room, deadline = request.room, deadline_of(deployment)
    with tally.timing("StoreMs"):
        view = retried(
            deployment, lambda: deployment.store.view(room, caller.user_id, consistent=True), deadline
        )
    entry = enter_room(view, caller, "read")
    head, sight = entry.head, Sight(entry.head, judged_member(caller, entry.member))
    deployment.memory.see_head(room.partition_key, head, deployment.monotonic())
    caught = catch_up(
        deployment, room, sight, request.held, request.limit, tally, deadline, far=request.is_first
    )
    caught = caught.as_selected(head, erased=may_select(selection, "erased", of_object=True))
    tally.add("PageSize", len(caught.messages))
    with tally.timing("StoreMs"):
        page = QuotingPage(room, entry, caught.messages)
        caught = replace(caught, messages=with_quotes(deployment, page, selection, deadline))
    return _to_wire(request, caught, head, cursor_keys)


def _check(arguments: Mapping[str, Any], cursor_keys: CursorKeys) -> _ChangesRequest:
    """Raises `InvalidInput`; reads nothing."""
    room, limit = Room.parse(arguments.get("roomId")), check_limit(arguments)
    since = arguments.get("since")
    if not is_whole(since, 0):
        raise InvalidInput("changes.since", argument="since")
    after, token = check_bound(arguments, "after"), arguments.get("nextToken")
    if token is None:
        held = Held(0, 0, since) if after is None else Held(None, max(after, 0), since)
        return _ChangesRequest(room, limit, since, after, held, is_first=True)
    was_since, was_after, seq, ts, rev, *issued = unseal_position(_purpose(room), token, cursor_keys)
    if since != was_since or after not in (None, was_after):
        raise InvalidInput("history.cursorConflict", argument="nextToken")
    generation = issued[0] if issued else 1
    part = issued[1] if issued[1:] else 0
    held = Held(seq, ts, rev, generation=generation, part=part)
    return _ChangesRequest(room, limit, since, was_after, held, is_first=False)


def _purpose(room: Room) -> str:
    return f"changes/{room.id}"


def _to_wire(
    request: _ChangesRequest, caught: CaughtUp, head: Head, cursor_keys: CursorKeys
) -> dict[str, Any]:
    token = None
    if not caught.complete:
        held = caught.held
        position = [request.since, request.after, held.seq, held.ts, held.rev]
        if head.generation > 1 or held.part:  # the first says nothing: functions from before read it, too
            position += [head.generation, held.part] if held.part else [head.generation]
        token = seal_position(_purpose(request.room), position, cursor_keys)
    return {
        "items": [message.to_wire() for message in caught.messages],
        "nextToken": token,
        "head": head.to_wire(),
        "reset": caught.reset,
        "erased": to_wire(caught.erased),
    }
