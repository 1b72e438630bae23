"""Requests for export and erasure: they wait, become jobs, and end; nobody has two of a kind."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from chat.deployment import Deployment
from chat.operations.run_jobs import run_jobs
from chat.rules.data_requests import OPERATOR, SELF, WAIT_MS, DataRequest, RequestKind
from chat.rules.errors import ChatError, InvalidInput, NotAllowed, RateLimited
from chat.rules.tally import Tally
from chat.steps import data_requests
from chat.steps.data_requests import (
    ERASE,
    EXPORT,
    Asking,
    check_somebody,
    done_writes,
    list_erasures,
    list_requests,
    make_request,
    progress_write,
    read_request,
    refused_writes,
    withdraw_request,
)
from chat.steps.due_jobs import begin_due_jobs
from chat.steps.jobs import Failure, new_job_write
from chat.storage import keys
from chat.storage.aws import Cancelled
from tests.guarantees.support.fixtures import DAY_MS, Clock, new_room, partition, plain, process

KINDS = {kind: {"first": lambda *_: None} for kind in (ERASE, EXPORT)}
BEGINNINGS = dict.fromkeys((ERASE, EXPORT), data_requests.begin_writes)


class Desk:
    """Requests of one person, at a clock that only the test moves."""

    def __init__(self, client: Any) -> None:
        self.client, self.clock = client, Clock()
        self.user = f"u#%-{uuid4()}"
        self.deployment: Deployment = process(client, self.clock, pseudonym=lambda user: f"p-{user[-8:]}")

    def ask(self, kind: RequestKind, by: str = SELF) -> DataRequest:
        charged = None if by == OPERATOR else self.user
        return make_request(self.deployment, self.user, kind, Asking(by, charged), WAIT_MS[kind], Tally())

    def begin(self) -> tuple[list[str], list[Failure]]:
        run = begin_due_jobs(self.deployment, KINDS, BEGINNINGS)
        return [due.kind for due in run.left], list(run.failures)

    def jobs(self) -> list[dict[str, Any]]:
        subject = keys.person_request(self.user, "")
        return [
            job
            for job in map(plain, partition(self.client, "gg_core", "JOBS"))
            if str(job["subject"]).startswith(subject)
        ]

    def state(self, request: DataRequest) -> str | None:
        found = read_request(self.deployment, self.user, request.request_id)
        return found.state if found else None

    def own(self) -> list[str]:
        items = partition(self.client, "gg_core", keys.user_partition(self.user))
        return [item["SK"]["S"] for item in items]

    def run(self, request: DataRequest, *left: str) -> DataRequest:
        """`left`: the kinds that are due and cannot begin yet."""
        self.clock.jump(WAIT_MS[request.kind])
        assert self.begin() == ([*left], [])
        found = read_request(self.deployment, self.user, request.request_id)
        assert found is not None
        assert found.state == "RUNNING"
        return found


@pytest.fixture
def desk(client: Any) -> Iterator[Desk]:
    forget_jobs(client)
    yield Desk(client)
    forget_jobs(client)


def forget_jobs(client: Any) -> None:
    for name in ("DUE", "JOBS"):
        forget(client, name)


def forget(client: Any, partition_key: str) -> None:
    for item in partition(client, "gg_core", partition_key):
        client.delete_item(TableName="gg_core", Key={key: item[key] for key in ("PK", "SK")})


@pytest.mark.parametrize("kind", ["EXPORT", "ERASURE"])
def test_a_request_becomes_a_job_when_its_waiting_period_is_over(desk: Desk, kind: RequestKind) -> None:
    request = desk.ask(kind)
    desk.clock.jump(WAIT_MS[kind] - 1)
    assert desk.begin() == ([], [])
    assert (desk.state(request), desk.jobs()) == ("WAITING", [])
    desk.clock.jump(1)
    assert desk.begin() == ([], [])
    (job,) = desk.jobs()
    assert desk.state(request) == "RUNNING"
    assert (job["kind"], job["step"]) == (data_requests.JOBS[kind], "first")
    assert keys.person_request_parts(str(job["subject"])) == (desk.user, request.request_id)
    assert partition(desk.client, "gg_core", "DUE") == []


def test_whoever_asks_again_is_answered_the_open_request(desk: Desk) -> None:
    first = desk.ask("ERASURE")
    desk.clock.jump(DAY_MS)
    assert desk.ask("ERASURE", OPERATOR) == first
    assert [each.kind for each in list_requests(desk.deployment, desk.user)] == ["ERASURE"]
    desk.ask("EXPORT")
    assert [each.kind for each in list_requests(desk.deployment, desk.user)] == ["EXPORT", "ERASURE"]


def test_of_two_requests_at_once_one_is_stored(desk: Desk) -> None:
    """The other is made between the look and the commit of the first."""
    others: list[DataRequest] = []

    class Meanwhile:
        def __getattr__(self, name: str) -> Any:
            return getattr(desk.client, name)

        def transact_write_items(self, **request: Any) -> Any:
            if not others:
                others.append(desk.ask("ERASURE"))
            return desk.client.transact_write_items(**request)

    slow = process(Meanwhile(), desk.clock)
    answer = make_request(slow, desk.user, "ERASURE", Asking(OPERATOR, None), 0, Tally())
    assert [answer] == others == list_requests(desk.deployment, desk.user)


def test_what_was_withdrawn_does_not_begin(desk: Desk) -> None:
    request = desk.ask("ERASURE")
    withdrawn = withdraw_request(desk.deployment, desk.user, request.request_id, Tally())
    assert withdrawn.state == "WITHDRAWN"
    again = withdraw_request(desk.deployment, desk.user, request.request_id, Tally())
    assert again.state == "WITHDRAWN"
    desk.clock.jump(WAIT_MS["ERASURE"])
    assert desk.begin() == ([], [])
    assert (desk.state(request), desk.jobs()) == ("WITHDRAWN", [])
    assert desk.ask("ERASURE").request_id != request.request_id


def test_what_has_begun_is_not_withdrawn(desk: Desk) -> None:
    request = desk.run(desk.ask("EXPORT"))
    with pytest.raises(NotAllowed) as refusal:
        withdraw_request(desk.deployment, desk.user, request.request_id, Tally())
    assert refusal.value.values == {"reason": "begun"}
    with pytest.raises(InvalidInput):
        withdraw_request(desk.deployment, desk.user, "another", Tally())


def test_an_export_is_refused_by_name_and_holds_up_no_erasure(desk: Desk) -> None:
    export, erasure = desk.ask("EXPORT"), desk.ask("ERASURE")
    desk.clock.jump(WAIT_MS["ERASURE"])
    assert run_jobs(desk.deployment, 1_000.0, Tally()).failures == []
    found = read_request(desk.deployment, desk.user, export.request_id)
    assert found is not None
    assert (found.state, found.reason) == ("REFUSED", "attachmentsOff")
    run_jobs(desk.deployment, 1_000.0, Tally())
    assert desk.state(erasure) is None, "it is done"


def test_an_erasure_waits_for_an_export_and_takes_no_other(desk: Desk) -> None:
    erasure = desk.ask("ERASURE")
    desk.clock.jump(WAIT_MS["ERASURE"] - 1)
    export = desk.ask("EXPORT")
    desk.clock.jump(1)
    assert desk.begin() == ([ERASE], [])
    running = desk.run(export, ERASE)
    assert (desk.state(erasure), [job["kind"] for job in desk.jobs()]) == ("WAITING", [EXPORT])
    desk.deployment.store.tables.transact(done_writes(desk.deployment, running, {}, desk.clock.ms))
    with pytest.raises(NotAllowed) as refusal:
        desk.ask("EXPORT")
    assert refusal.value.values == {"reason": "erasing"}
    assert desk.begin() == ([], [])
    assert desk.state(erasure) == "RUNNING"
    with pytest.raises(NotAllowed):
        desk.ask("EXPORT", OPERATOR)


def test_an_erasure_that_is_done_leaves_what_came_of_it_under_a_pseudonym(desk: Desk) -> None:
    request = desk.run(desk.ask("ERASURE"))
    tables = desk.deployment.store.tables
    tables.transact([progress_write(request, {"messages": 1})])
    with pytest.raises(Cancelled):
        tables.transact([progress_write(request, {"messages": 2})])
    moved = read_request(desk.deployment, desk.user, request.request_id)
    assert moved is not None
    assert moved.counted() == {"messages": 1}
    tables.transact(done_writes(desk.deployment, moved, {"messages": 3}, desk.clock.ms))
    assert desk.own() == []
    (done,) = list_erasures(desk.deployment, desk.user)
    assert (done.state, done.counted(), done.request_id) == ("DONE", {"messages": 3}, request.request_id)
    (item,) = [
        item
        for item in partition(desk.client, "gg_core", "ERASURES")
        if request.request_id in item["SK"]["S"]
    ]
    assert desk.user not in str(item)
    assert done in list_erasures(desk.deployment)


def test_a_refused_one_says_why_and_leaves_room_for_the_next(desk: Desk) -> None:
    request = desk.run(desk.ask("ERASURE"))
    writes = refused_writes(request, "legalHold", desk.clock.ms)
    desk.deployment.store.tables.transact(writes)
    refused = read_request(desk.deployment, desk.user, request.request_id)
    assert refused is not None
    assert (refused.state, refused.reason) == ("REFUSED", "legalHold")
    assert desk.ask("ERASURE").state == "WAITING"
    assert desk.ask("EXPORT").state == "WAITING"


def test_asking_has_a_rate(desk: Desk) -> None:
    for _ in range(5):
        withdraw_request(desk.deployment, desk.user, desk.ask("EXPORT").request_id, Tally())
    with pytest.raises(RateLimited):
        desk.ask("EXPORT")
    desk.clock.jump(DAY_MS)
    assert desk.ask("EXPORT").state == "WAITING"


def test_a_kind_that_this_version_does_not_have_stays_due(desk: Desk) -> None:
    desk.ask("EXPORT")
    desk.clock.jump(WAIT_MS["EXPORT"])
    run = begin_due_jobs(desk.deployment, {}, BEGINNINGS)
    assert [due.kind for due in run.left] == [EXPORT]
    assert [(each.kind, each.step, each.error) for each in run.failures] == [(EXPORT, "due", "UnknownStep")]


def test_somebody_of_whom_nothing_is_stored_is_nobody(desk: Desk) -> None:
    desk.ask("EXPORT")
    with pytest.raises(ChatError) as refusal:
        check_somebody(desk.deployment, desk.user)
    assert refusal.value.values == {"reason": "nobody"}
    new_room(desk.client, desk.user, prefix="GUILD#")
    check_somebody(desk.deployment, desk.user)


def ages(desk: Desk) -> tuple[float, float]:
    """What a run tells of the oldest work, and of the oldest request."""
    tally = Tally()
    run_jobs(desk.deployment, 0.0, tally)
    return tally["OldestJobMs"], tally["OldestRequestMs"]


def test_the_age_of_what_is_open_is_told_from_when_it_was_due_and_asked_for(desk: Desk) -> None:
    assert ages(desk) == (0, 0)
    export = desk.ask("EXPORT")
    assert ages(desk) == (0, 0)  # nothing is due
    desk.ask("ERASURE")
    desk.run(export)
    desk.clock.jump(20 * DAY_MS)
    # The export's job is 20 days old; the erasure waits for it, and was due 14 days ago.
    assert ages(desk) == (20 * DAY_MS, 20 * DAY_MS + WAIT_MS["EXPORT"])
    running = read_request(desk.deployment, desk.user, export.request_id)
    assert running is not None
    desk.deployment.store.tables.transact(done_writes(desk.deployment, running, {}, desk.clock.now()))
    forget(desk.client, "JOBS")
    assert ages(desk) == (0, 20 * DAY_MS + WAIT_MS["EXPORT"])  # it begins now, a job that is new


def test_other_work_is_no_request(desk: Desk) -> None:
    write = new_job_write("core", "LATER", "x", "first", desk.clock.now())
    desk.deployment.store.tables.transact([write])
    desk.clock.jump(DAY_MS)
    assert ages(desk) == (DAY_MS, 0)
