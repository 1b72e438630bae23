"""An error that nobody foresaw is the failure of the job that it happened in: the others go on, and the run says of what class
it was and where, never its text."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from chat.deployment import Deployment
from chat.operations.run_jobs import run_jobs as run_all
from chat.rules.tally import Tally
from chat.steps.due_jobs import begin_due_jobs, due_write
from chat.steps.jobs import STUCK_TRIES, Kinds, job_place, new_job_write, run_jobs
from chat.storage.places import Place, due_place
from chat.storage.tables import Write
from tests.guarantees.support.fixtures import Clock, partition, plain, process

BROKEN, SOUND = f"BROKEN_{uuid4().hex}", f"SOUND_{uuid4().hex}"


@pytest.fixture
def ours(client: Any) -> Iterator[Deployment]:
    yield process(client, Clock())
    for name in ("JOBS", "DUE"):
        for item in partition(client, "gg_core", name):
            if item["SK"]["S"].partition("#")[0] in {BROKEN, SOUND} or BROKEN in item["SK"]["S"]:
                client.delete_item(TableName="gg_core", Key={key: item[key] for key in ("PK", "SK")})


def broken(*_: Any) -> None:
    """As a fault of ours raises it, with what somebody wrote in its text."""
    raise KeyError("a private text")


def put(ours: Deployment, *kinds: str) -> None:
    ours.store.tables.transact([new_job_write("core", kind, "x", "first", ours.now()) for kind in kinds])


def tries_of(client: Any, kind: str) -> list[int]:
    return [job["tries"] for job in map(plain, partition(client, "gg_core", "JOBS")) if job["kind"] == kind]


def test_the_others_go_on(client: Any, ours: Deployment) -> None:
    done: list[str] = []
    step: Callable[..., None] = lambda _, subject, __: done.append(subject)  # noqa: E731
    kinds: Kinds = {BROKEN: {"first": broken}, SOUND: {"first": step}}
    put(ours, BROKEN, SOUND)
    run = run_jobs(ours, kinds, 1_000.0)
    assert done == ["x"]
    assert tries_of(client, SOUND) == []
    (failure,) = [each for each in run.failures if each.kind == BROKEN]
    assert (failure.step, failure.error) == ("first", "KeyError")
    assert failure.at.startswith("test_failing_jobs.py:")
    assert "private" not in str(run.failures)


def test_it_stays_for_the_next_run_and_is_told_of_as_stuck(client: Any, ours: Deployment) -> None:
    put(ours, BROKEN)
    runs = [run_jobs(ours, {BROKEN: {"first": broken}}, 1_000.0) for _ in range(STUCK_TRIES)]
    assert tries_of(client, BROKEN) == [STUCK_TRIES]
    assert runs[-1].stuck >= 1
    assert run_jobs(ours, {BROKEN: {"first": lambda *_: None}}, 1_000.0).ended == 1
    assert tries_of(client, BROKEN) == []


def test_what_is_due_begins_although_something_before_it_cannot(ours: Deployment) -> None:
    ours.store.tables.transact([due_write(BROKEN, "x", 1), due_write(SOUND, BROKEN, 2)])
    begun: list[str] = []

    def begin(_: Deployment, due: Any, __: str) -> list[Any]:
        begun.append(due.kind)
        return []

    kinds: Kinds = {kind: {"first": lambda *_: None} for kind in (BROKEN, SOUND)}
    run = begin_due_jobs(ours, kinds, {BROKEN: broken, SOUND: begin})
    assert begun == [SOUND]
    assert BROKEN in {due.kind for due in run.left}
    (failure,) = [each for each in run.failures if each.kind == BROKEN]
    assert (failure.step, failure.error) == ("due", "KeyError")


DAMAGES: dict[str, dict[str, Any]] = {
    "no step": {"kind": BROKEN, "subject": "x", "rev": 1, "tries": 0},
    "subject is a number": {"kind": BROKEN, "subject": 5, "step": "first", "rev": 1, "tries": 0},
    "rev is a text": {"kind": BROKEN, "subject": "x", "step": "first", "rev": "1", "tries": 0},
    "tries is a text": {"kind": BROKEN, "subject": "x", "step": "first", "rev": 1, "tries": "no"},
    "nothing at all": {},
}


def damaged(ours: Deployment, place: Place, damage: dict[str, Any]) -> None:
    ours.store.tables.transact([Write(place, set={"type": "Damaged", **damage}, whole=True)])


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_job_that_cannot_be_read_is_told_of_and_the_others_go_on(
    ours: Deployment, damage: dict[str, Any]
) -> None:
    put(ours, SOUND)
    damaged(ours, job_place("core", BROKEN, "x"), damage)
    done: list[str] = []
    run = run_jobs(ours, {SOUND: {"first": lambda _, subject, __: done.append(subject)}}, 1_000.0)
    assert done == ["x"]
    (failure,) = [each for each in run.failures if each.kind == BROKEN]
    assert failure.step == "unreadable"
    assert run.stuck >= 1


@pytest.mark.parametrize(
    "damage",
    [{}, {"kind": BROKEN}, {"kind": BROKEN, "subject": 5}],
    ids=["nothing", "no subject", "a number"],
)
def test_what_is_due_and_cannot_be_read_is_told_of_and_the_others_begin(
    ours: Deployment, damage: dict[str, Any]
) -> None:
    damaged(ours, due_place(1, BROKEN, "x"), damage)
    ours.store.tables.transact([due_write(SOUND, BROKEN, 2)])
    begun: list[str] = []

    def begin(_: Deployment, due: Any, __: str) -> list[Any]:
        begun.append(due.kind)
        return []

    run = begin_due_jobs(ours, {SOUND: {"first": lambda *_: None}}, {SOUND: begin})
    assert begun == [SOUND]
    assert [each.at for each in run.left if each.kind == BROKEN] == [1]
    (failure,) = [each for each in run.failures if each.kind == BROKEN]
    assert failure.step == "due"


def test_a_whole_run_outlives_what_cannot_be_read(ours: Deployment) -> None:
    damaged(ours, job_place("core", BROKEN, "x"), {})
    damaged(ours, due_place(1, BROKEN, "x"), {})
    tally = Tally()
    run = run_all(ours, 1_000.0, tally)
    assert {each.step for each in run.failures if each.kind == BROKEN} == {"unreadable", "due"}
