"""Requests that somebody's data be exported or erased: made, withdrawn, begun when their waiting period is over, ended.

A request waits, so that whoever has stolen a token neither gets the data nor destroys it: the person is told and can
withdraw it. Of each kind somebody has one open request at the most; who asks again is answered that one. An erasure does not
begin before an open export has ended, and once it may begin no other export is taken.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from chat.deployment import Deployment
from chat.rules.data_requests import (
    ASKING,
    ASKING_FOR_OTHERS,
    KEPT_MS,
    NOTHING_OPEN,
    OPEN_AS,
    SELF,
    DataRequest,
    OpenRequests,
    RequestKind,
)
from chat.rules.errors import InvalidInput, NotAllowed, RateLimited
from chat.rules.models import Item
from chat.rules.rate import to_ms
from chat.rules.record import record
from chat.rules.tally import Tally
from chat.steps.due_jobs import Due, due_write
from chat.steps.holds import check_may_be_erased
from chat.steps.jobs import TABLES, new_job_write
from chat.steps.retry import retried, until_committed
from chat.storage import keys
from chat.storage.places import Place, due_place, erasure_place, open_requests_place, request_place
from chat.storage.privacy_event_items import STATE_REV
from chat.storage.tables import NEW, Write

ERASE, EXPORT = "ERASE_PERSON", "EXPORT_PERSON"
JOBS: Mapping[RequestKind, str] = {"ERASURE": ERASE, "EXPORT": EXPORT}
"""The kind of job that does what a request asks for. Its subject is `keys.person_request`, its table `core`."""

MOST_LISTED = 100
ERASURES_BETWEEN = (" ", "~")


@record(frozen=True, slots=True)
class Asking:
    """Who asks. `by` is what is stored of them; `charged` is the id of whom it costs a share of their rate, `None` for an
    operator."""

    by: str
    charged: str | None


def make_request(
    deployment: Deployment, user_id: str, kind: RequestKind, asking: Asking, wait_ms: int, tally: Tally
) -> DataRequest:
    """The new request, which begins `wait_ms` from now, or the one of its kind that is open already.

    Raises `NotAllowed` (`erasing`), `RateLimited` and `ServiceUnavailable`.
    """

    def step() -> DataRequest | None:
        opened, charged = _read_open(deployment, user_id, asking.charged)
        if (open_id := opened.id_of(kind)) is not None:
            return read_request(deployment, user_id, open_id)  # `None` where it has just ended: look again
        now = deployment.now()
        if opened.erasing_since or (kind == "EXPORT" and opened.erasure and opened.erasure_due_at <= now):
            raise NotAllowed("privacy.erasing", reason="erasing")
        request = DataRequest(
            user_id=user_id,
            request_id=deployment.new_id(now),
            kind=kind,
            requested_at=now,
            due_at=now + wait_ms,
            requested_by=asking.by,
        )
        writes = _new_writes(request, opened, _charge(asking, user_id, charged, now))
        deployment.store.tables.transact(writes)
        return request

    return until_committed(deployment, tally, step)


def read_request(deployment: Deployment, user_id: str, request_id: str) -> DataRequest | None:
    """A request as it is now; `None` where there is none, and once an erasure is done."""
    tables = deployment.store.tables
    return DataRequest.found(retried(deployment, lambda: tables.get(request_place(user_id, request_id))))


def list_requests(deployment: Deployment, user_id: str) -> list[DataRequest]:
    """Somebody's requests, the newest first, as far as they are kept. Not their erasures that are done: see
    `list_erasures`."""
    found, _ = retried(
        deployment,
        lambda: deployment.store.tables.query_page(
            "core",
            keys.user_partition(user_id),
            keys.REQUESTS,
            keys.REQUESTS_END,
            forward=False,
            count=MOST_LISTED,
            consistent=True,
        ),
    )
    return [DataRequest.of(item) for item in found]


def list_erasures(deployment: Deployment, user_id: str | None = None) -> list[DataRequest]:
    """What came of erasures that are done: somebody's, the newest first, or everybody's, as far as they are kept."""
    low, high = ERASURES_BETWEEN if user_id is None else keys.erasures_of(deployment.pseudonym(user_id))
    found, start = [], None
    while True:
        page, start = retried(deployment, partial(_erasures_page, deployment, low, high, start))
        found += [DataRequest.of(item) for item in page]
        if start is None:
            return sorted(found, key=lambda each: each.ended_at, reverse=True)


def check_somebody(deployment: Deployment, user_id: str) -> None:
    """Whether anything is stored in somebody's partitions but requests: an id that was mistyped is nobody's. Raises
    `NotAllowed` (`nobody`)."""
    tables, partition_key = deployment.store.tables, keys.user_partition(user_id)
    if not any(
        retried(deployment, partial(tables.count, table, partition_key, low, high, most=1))
        for table in TABLES
        for low, high in keys.BESIDE_REQUESTS
    ):
        raise NotAllowed("privacy.nobody", reason="nobody")


def withdraw_request(deployment: Deployment, user_id: str, request_id: str, tally: Tally) -> DataRequest:
    """The request, withdrawn. Raises `InvalidInput` where there is none, `NotAllowed` (`begun`) once it has begun, and
    `ServiceUnavailable`."""

    def step() -> DataRequest:
        request = read_request(deployment, user_id, request_id)
        if request is None:
            raise InvalidInput("privacy.unknown", argument="id")
        if request.state == "WITHDRAWN":
            return request
        if request.state != "WAITING":
            raise NotAllowed("privacy.begun", reason="begun")
        now, gone = (
            deployment.now(),
            Write(_due_place(request), condition="attribute_exists(PK)", delete=True),
        )
        deployment.store.tables.transact([gone, *_ended_writes(request, {"state": "WITHDRAWN"}, now)])
        return replace(request, state="WITHDRAWN", ended_at=now, rev=request.rev + 1)

    return until_committed(deployment, tally, step)


def begin_writes(deployment: Deployment, due: Due, first_step: str) -> list[Write] | None:
    """What makes a job of a request that is due, for the transaction that takes `due` away; `None` while it has to wait for
    something else. An erasure that a legal hold forbids is refused."""
    user_id, request_id = keys.person_request_parts(due.subject)
    request, now = read_request(deployment, user_id, request_id), deployment.now()
    if request is None or request.state != "WAITING":
        return []
    if request.kind == "ERASURE" and (reason := _held(deployment, user_id)):
        return refused_writes(request, reason, now)
    begun = {"state": "RUNNING", "begunAt": now, **_next_state(request)}
    writes = [
        new_job_write("core", due.kind, due.subject, first_step, now),
        Write(request_place(user_id, request_id), "#rev = :rev", {":rev": request.rev}, set=begun),
    ]
    if request.kind == "EXPORT":
        return writes
    opened, _ = _read_open(deployment, user_id, None)
    if opened.export is not None:
        return None
    alone = "attribute_not_exists(#export) AND #erasure = :erasure"
    erasing = Write(open_requests_place(user_id), alone, {":erasure": request_id}, set={"erasingSince": now})
    return [*writes, erasing]


def _held(deployment: Deployment, user_id: str) -> str | None:
    """Why an erasure is not to begin, in a word. Raises `ServiceUnavailable`."""
    try:
        check_may_be_erased(deployment, user_id)
    except NotAllowed as refusal:
        return str(refusal.values["reason"])
    return None


def progress_write(request: DataRequest, receipt: Mapping[str, Any]) -> Write:
    """The write of what a job has come to so far, if the request is as it was read: for the transaction of the work, or so
    that doing it twice comes to the same."""
    return Write(
        request_place(request.user_id, request.request_id),
        condition="#rev = :rev",
        given={":rev": request.rev},
        set={"receipt": json.dumps(receipt, sort_keys=True), "rev": request.rev + 1},
    )


def done_writes(
    deployment: Deployment, request: DataRequest, receipt: Mapping[str, Any], now: int
) -> list[Write]:
    """The transaction that ends a job whose work is done. An erasure's request goes out of the person's partition, with
    what else there is of their requests but for other `REQUEST#…`; what came of it stays, under a pseudonym."""
    ended = {"state": "DONE", "receipt": json.dumps(receipt, sort_keys=True)}
    if request.kind == "EXPORT":
        return _ended_writes(request, ended, now)
    kept = {
        "type": "Erasure",
        "requestId": request.request_id,
        "kind": request.kind,
        "person": deployment.pseudonym(request.user_id),
        "requestedAt": request.requested_at,
        "dueAt": request.due_at,
        "begunAt": request.begun_at,
        "requestedBy": request.requested_by,
        **_next_state(request),
        **ended,
        **_end(now),
    }
    place = request_place(request.user_id, request.request_id)
    return [
        Write(erasure_place(str(kept["person"]), request.request_id), set=kept, whole=True),
        Write(place, "#rev = :rev", {":rev": request.rev}, delete=True),
        Write(open_requests_place(request.user_id), delete=True),
    ]


def note_scan(deployment: Deployment, user_id: str, request_id: str, result: Mapping[str, Any]) -> None:
    """Write the result of a scan into the receipt of somebody's erasure, in place of an earlier one. Raises `InvalidInput` where
    there is no such erasure that is done, and `ServiceUnavailable`."""

    def step() -> bool:
        place = erasure_place(deployment.pseudonym(user_id), request_id)
        request = DataRequest.found(deployment.store.tables.get(place))
        if request is None:
            raise InvalidInput("privacy.unknown", argument="id")
        receipt = json.dumps({**request.counted(), "scan": result}, sort_keys=True)
        was = {":rev": request.rev}
        deployment.store.tables.transact(
            [Write(place, "#rev = :rev", was, set={"receipt": receipt, "rev": request.rev + 1})]
        )
        return True

    until_committed(deployment, Tally(), step)


def refused_writes(request: DataRequest, reason: str, now: int) -> list[Write]:
    """The transaction that ends a job which cannot be done; `reason` is a word such as `legalHold`."""
    return _ended_writes(request, {"state": "REFUSED", "reason": reason}, now)


def _erasures_page(
    deployment: Deployment, low: str, high: str, start: str | None
) -> tuple[list[Item], str | None]:
    return deployment.store.tables.query_page(
        "core", keys.ERASURES, low, high, forward=True, count=MOST_LISTED, consistent=True, start=start
    )


def _read_open(deployment: Deployment, user_id: str, other: str | None) -> tuple[OpenRequests, OpenRequests]:
    """What somebody has open, and what somebody else has (whose rates are charged)."""
    own, others = open_requests_place(user_id), open_requests_place(other or user_id)
    found = retried(deployment, lambda: deployment.store.tables.batch([own, others], consistent=True))
    return (
        OpenRequests.found(found.get(own)) or NOTHING_OPEN,
        OpenRequests.found(found.get(others)) or NOTHING_OPEN,
    )


def _due_place(request: DataRequest) -> Place:
    subject = keys.person_request(request.user_id, request.request_id)
    return due_place(request.due_at, JOBS[request.kind], subject)


def _new_writes(request: DataRequest, opened: OpenRequests, charge: Mapping[Place, Write]) -> list[Write]:
    """The transaction that makes a request, if nobody has made one of its kind since `opened` was read."""
    stored = {
        "type": "DataRequest",
        "userId": request.user_id,
        "requestId": request.request_id,
        "kind": request.kind,
        "state": request.state,
        "requestedAt": request.requested_at,
        "dueAt": request.due_at,
        "requestedBy": request.requested_by,
        "receipt": request.receipt,
        "rev": request.rev,
        STATE_REV: request.rev,
    }
    subject = keys.person_request(request.user_id, request.request_id)
    place = open_requests_place(request.user_id)
    own = charge.get(place, Write(place))
    opening: dict[str, Any] = {OPEN_AS[request.kind]: request.request_id, "type": "DataRequests"}
    if request.kind == "ERASURE":
        opening["erasureDueAt"] = request.due_at
    free = f"attribute_not_exists(#{OPEN_AS[request.kind]}) AND attribute_not_exists(#erasingSince)"
    marked = Write(
        place,
        condition=" AND ".join(filter(None, [free, own.condition])),
        given=own.given,
        set={**own.set, **opening},
    )
    return [
        Write(request_place(request.user_id, request.request_id), NEW, set=stored, whole=True),
        due_write(JOBS[request.kind], subject, request.due_at),
        marked,
        *(write for where, write in charge.items() if where != place),
    ]


def _charge(asking: Asking, user_id: str, charged: OpenRequests, now: int) -> dict[Place, Write]:
    """The write that charges whoever asks, by where it is. `now` is in ms. Raises `RateLimited`."""
    if asking.charged is None:
        return {}
    is_self = asking.by == SELF
    rate, name = (ASKING, "tat") if is_self else (ASKING_FOR_OTHERS, "othersTat")
    tat = charged.tat if is_self else charged.others_tat
    if wait := rate.wait(tat, now * 1_000):
        raise RateLimited(to_ms(wait), "person", "privacy.askingTooFast")
    place = open_requests_place(asking.charged)
    return {
        place: Write(
            place,
            condition=f"#{name} = :tat" if tat else f"attribute_not_exists(#{name})",
            given={":tat": tat} if tat else {},
            set={"type": "DataRequests", name: rate.taken(tat, now * 1_000)},
        )
    }


def _ended_writes(request: DataRequest, ended: Mapping[str, Any], now: int) -> list[Write]:
    """The writes that end a request which stays where it is, if it is as it was read, and leave room for the next of its
    kind."""
    name = OPEN_AS[request.kind]
    others = ("erasureDueAt", "erasingSince") if request.kind == "ERASURE" else ()
    return [
        Write(
            request_place(request.user_id, request.request_id),
            condition="#rev = :rev",
            given={":rev": request.rev},
            set={**ended, **_end(now), **_next_state(request)},
        ),
        Write(
            open_requests_place(request.user_id),
            condition=f"#{name} = :id",
            given={":id": request.request_id},
            remove=(name, *others),
        ),
    ]


def _next_state(request: DataRequest) -> dict[str, int]:
    """The revision that gives a request another state, which is an event: `chat/storage/privacy_event_items.py`."""
    return {"rev": request.rev + 1, STATE_REV: request.rev + 1}


def _end(now: int) -> dict[str, int]:
    return {"endedAt": now, "expiresAt": (now + KEPT_MS) // 1_000}
