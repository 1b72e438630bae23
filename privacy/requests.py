"""Make, list, show and withdraw requests."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from chat.deployment import Deployment
from chat.rules.data_requests import HOUR_MS, OPERATOR, WAIT_MS, RequestKind, request_to_json
from chat.rules.errors import InvalidInput
from chat.rules.tally import Tally
from chat.steps.data_requests import (
    Asking,
    check_somebody,
    list_erasures,
    list_requests,
    make_request,
    read_request,
    withdraw_request,
)
from privacy import retention, texts
from privacy.audit_keys import under_each_key
from privacy.settings import Command, Settings

Lines = Iterable[Mapping[str, Any]]


def _make(kind: RequestKind, deployment: Deployment, own: Settings) -> Lines:
    """Raises `NotAllowed` and `ServiceUnavailable`."""
    if not own.unknown:
        check_somebody(deployment, own.user or "")
    wait_ms = WAIT_MS[kind] if own.wait_hours is None else round(own.wait_hours * HOUR_MS)
    asking, tally = Asking(OPERATOR, None), Tally()
    yield request_to_json(
        make_request(deployment, own.user or "", kind, asking, 0 if own.now else wait_ms, tally)
    )


def _withdraw(deployment: Deployment, own: Settings) -> Lines:
    """Raises `InvalidInput`, `NotAllowed` and `ServiceUnavailable`."""
    yield request_to_json(withdraw_request(deployment, own.user or "", own.id or "", Tally()))


def _show(deployment: Deployment, own: Settings) -> Lines:
    """Raises `InvalidInput` and `ServiceUnavailable`."""
    request = read_request(deployment, own.user or "", own.id or "")
    if request is None:
        raise InvalidInput("privacy.unknown", argument="id")
    yield request_to_json(request)


def _list(deployment: Deployment, own: Settings) -> Lines:
    """Raises `ServiceUnavailable`."""
    yield from map(request_to_json, list_requests(deployment, own.user or ""))


def _erasures(deployment: Deployment, own: Settings) -> Lines:
    """Everybody's, or somebody's under each key. Raises `BadSecret` and `ServiceUnavailable`."""
    if own.user is None:
        yield from map(request_to_json, list_erasures(deployment))
    for each in under_each_key(deployment, own):
        yield from map(request_to_json, list_erasures(each, own.user))


COMMANDS: Mapping[Command, Callable[[Deployment, Settings], Lines]] = {
    "retention": retention.lines,
    "texts": texts.lines,
    "export": partial(_make, "EXPORT"),
    "erase": partial(_make, "ERASURE"),
    "withdraw": _withdraw,
    "show": _show,
    "list": _list,
    "erasures": _erasures,
}
