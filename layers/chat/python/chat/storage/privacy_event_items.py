"""The events `chat.privacy.*`, read from the items of requests, of erasures that are done, and of legal holds.

A stream has the new image of an item alone, and a job writes to these items often. So a request's `stateRev` is the `rev`
of the write that gave it its state: while the two are equal, the image tells that. A hold's image tells what was done to it
until its job writes to it. The same image tells an event of the same `id`.
"""

from collections.abc import Mapping

from chat.rules.data_requests import DataRequest, RequestState
from chat.rules.holds import Hold
from chat.rules.models import Item
from chat.rules.privacy_events import PrivacyEvent, PrivacyEventKind
from chat.storage import keys

STATE_REV = "stateRev"

_KINDS: Mapping[RequestState, PrivacyEventKind] = {
    "WAITING": "chat.privacy.requested",
    "WITHDRAWN": "chat.privacy.withdrawn",
    "RUNNING": "chat.privacy.begun",
    "DONE": "chat.privacy.done",
    "REFUSED": "chat.privacy.refused",
}


def may_tell_privacy_event(item: Item) -> bool:
    """Whether an item lies where these events are read from."""
    partition_key, sort_key = item["PK"]["S"], item["SK"]["S"]
    return partition_key in (keys.ERASURES, keys.HOLDS) or is_request(partition_key, sort_key)


def is_request(partition_key: str, sort_key: str) -> bool:
    """Whether a person's request lies there."""
    return partition_key.startswith("USER#") and sort_key.startswith(keys.REQUESTS)


def privacy_event_of(item: Item) -> PrivacyEvent | None:
    """The event that an item tells for which `may_tell_privacy_event` holds; `None` where the write told nothing.

    Raises `KeyError`, `TypeError` or `ValueError` for one of ours that cannot be read.
    """
    if item.get("type") in ({"S": "DataRequest"}, {"S": "Erasure"}):
        return _of_request(item)
    return _of_hold(item) if item.get("type") == {"S": "LegalHold"} else None


def _of_request(item: Item) -> PrivacyEvent | None:
    if item.get(STATE_REV) != item["rev"]:
        return None
    request = DataRequest.of(item)
    instant = request.ended_at or request.begun_at or request.requested_at
    return PrivacyEvent(
        id=f"{request.request_id}.{request.rev}",
        kind=_KINDS[request.state],
        ts=instant,
        request_id=request.request_id,
        request_kind=request.kind,
        requested_by=request.requested_by,
        due_at=request.due_at if request.state == "WAITING" else None,
        user_id=request.user_id or None,
        person=request.person,
        reason=request.reason,
    )


def _of_hold(item: Item) -> PrivacyEvent | None:
    hold = Hold.of(item)
    if hold.moved or hold.through is not None or hold.state not in ("PENDING", "LIFTING"):
        return None
    is_set = hold.state == "PENDING"
    return PrivacyEvent(
        id=f"{hold.id}.{'held' if is_set else 'released'}",
        kind="chat.privacy.held" if is_set else "chat.privacy.released",
        ts=hold.created_at if is_set else hold.lifted_at or 0,
        hold_id=hold.id,
        user_id=hold.user_id,
        room_id=hold.room_id,
    )
