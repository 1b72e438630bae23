"""What people ask of their data: that it be exported (GDPR, articles 15 and 20) or erased (article 17). Reads nothing.

    WAITING ──its instant has come──▶ RUNNING ──▶ DONE
       │                                 └──────▶ REFUSED
       └──withdrawn──▶ WITHDRAWN

https://eur-lex.europa.eu/eli/reg/2016/679/oj
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from chat.rules.arguments import check_user
from chat.rules.errors import InvalidInput, NotAllowed
from chat.rules.identifiers import uuid7_ms
from chat.rules.instants import to_wire
from chat.rules.models import DAY_MS, Caller, Stored
from chat.rules.rate import Rate
from chat.rules.record import record

RequestKind = Literal["EXPORT", "ERASURE"]
RequestState = Literal["WAITING", "RUNNING", "DONE", "WITHDRAWN", "REFUSED"]

KEPT_MS = 1_095 * DAY_MS
"""For how long it is kept what came of a request, so that it can be shown: three years."""
HOUR_MS = 3_600_000
WAIT_MS: Mapping[RequestKind, int] = {"EXPORT": DAY_MS, "ERASURE": 7 * DAY_MS}
"""How long a request waits, unless the deployment says otherwise."""
SIGN_IN_SKEW_S = 60
"""By how much the clock of whoever signs tokens may be ahead."""
MONTH_DAYS = 30
"""Within a month a request is answered (article 12, paragraph 3)."""

SELF, OPERATOR = "SELF", "OPERATOR"
"""By whom a request was made, beside the pseudonyms of people with the role `privacy`: by whose data it is about, or by
whoever runs `make privacy`."""

ASKING = Rate(5 / 86_400, 5)
"""How often somebody may ask for their own data: five times at once, and in a day."""
ASKING_FOR_OTHERS = Rate(100 / 3_600, 100)
"""How often somebody with the role `privacy` may, for others."""


@record(frozen=True, slots=True, kw_only=True)
class DataRequest(Stored):
    """A request. Instants are in ms. `user_id` is whose data it is about, once an erasure is done `person` is their keyed
    pseudonym in its place. `requested_by` is `SELF`, `OPERATOR` or a keyed pseudonym. `receipt` is a JSON object:
    what the job has come to so far. `rev` moves with each write."""

    request_id: str
    kind: RequestKind
    user_id: str = ""
    person: str | None = None
    state: RequestState = "WAITING"
    requested_at: int
    due_at: int
    requested_by: str
    begun_at: int = 0
    ended_at: int = 0
    reason: str | None = None
    receipt: str = "{}"
    rev: int = 1
    expires_at: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in ("WAITING", "RUNNING")

    def counted(self) -> dict[str, Any]:
        """The receipt."""
        found: dict[str, Any] = json.loads(self.receipt)
        return found


@record(frozen=True, slots=True, kw_only=True)
class OpenRequests(Stored):
    """The ids of somebody's open requests, one of each kind at the most. `erasure_due_at` (ms) is when their erasure may
    begin, `erasing_since` (ms) when it has begun. `tat` is the rate state (µs) of asking for themself, `others_tat` that of
    asking for others."""

    export: str | None = None
    erasure: str | None = None
    erasure_due_at: int = 0
    erasing_since: int = 0
    tat: int = 0
    others_tat: int = 0

    def id_of(self, kind: RequestKind) -> str | None:
        return self.export if kind == "EXPORT" else self.erasure


NOTHING_OPEN = OpenRequests()

OPEN_AS: Mapping[RequestKind, str] = {"EXPORT": "export", "ERASURE": "erasure"}
"""The attribute of `OpenRequests` that has the id."""


PRIVACY = frozenset({"privacy", "admin"})
"""The roles of the token that ask for others."""


def check_privacy(caller: Caller) -> None:
    """Raises `NotAllowed` (`role`) for somebody who asks for themself alone."""
    if PRIVACY.isdisjoint(caller.roles):
        raise NotAllowed("room.role", reason="role")


def person_of(caller: Caller, arguments: Mapping[str, Any]) -> str:
    """Whose requests these are: of the person whom `userId` names, or of the caller. Raises `InvalidInput`, and `NotAllowed`
    (`role`)."""
    user_id = caller.user_id if arguments.get("userId") is None else check_user(arguments)
    if user_id != caller.user_id:
        check_privacy(caller)
    return user_id


def check_request_id(arguments: Mapping[str, Any]) -> str:
    """The id of a request, in its form. Raises `InvalidInput`."""
    request_id = arguments.get("id")
    if not isinstance(request_id, str) or uuid7_ms(request_id) is None:
        raise InvalidInput("privacy.id", argument="id")
    return request_id


def check_recent(caller: Caller, now_ms: int, recent_s: int) -> None:
    """Whether the caller has signed in within `recent_s`; clocks may differ by `SIGN_IN_SKEW_S`. Raises `NotAllowed`
    (`notRecent`), also where it is not known."""
    at = caller.signed_in_at
    if at is None or not -SIGN_IN_SKEW_S <= now_ms / 1_000 - at <= recent_s:
        raise NotAllowed("privacy.notRecent", reason="notRecent")


def request_to_wire(request: DataRequest) -> dict[str, Any]:
    """The schema's `DataRequest`."""
    return {
        "id": request.request_id,
        "kind": request.kind,
        "state": request.state,
        "requestedAt": to_wire(request.requested_at),
        "dueAt": to_wire(request.due_at),
        "begunAt": to_wire(request.begun_at) if request.begun_at else None,
        "endedAt": to_wire(request.ended_at) if request.ended_at else None,
        "requestedBy": request.requested_by,
        "reason": request.reason,
        "receipt": request.receipt,
        "address": None,
    }


def request_to_json(request: DataRequest) -> dict[str, Any]:
    """What an operator is shown, instants as RFC 3339 has them."""
    instants = {
        "requestedAt": request.requested_at,
        "dueAt": request.due_at,
        "begunAt": request.begun_at,
        "endedAt": request.ended_at,
    }
    whose = {"person": request.person} if request.person else {"userId": request.user_id}
    return {
        "id": request.request_id,
        **whose,
        "kind": request.kind,
        "state": request.state,
        **{name: to_wire(ms) for name, ms in instants.items() if ms},
        "requestedBy": request.requested_by,
        "reason": request.reason,
        "receipt": request.counted(),
    }
