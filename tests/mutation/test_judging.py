"""A test kills a mutant only where it passes without it."""

from collections.abc import Sequence

import pytest

from tests.mutation.generated import Mutant
from tests.mutation.judging import Killers, Outcome, Task, Verdict, in_two_steps

MUTANT = Mutant("rules/sample.py", 1, "key", "source", imported=False)
TESTS = ("first", "second", "third")


class Judge:
    """Tests of which some fail on every mutant, and some without one, too. `controls`: what was run without
    one."""

    def __init__(self, failing: Sequence[str], broken: Sequence[str]) -> None:
        self.failing = failing
        self.broken = broken
        self.controls: list[Sequence[str]] = []
        self.killers = Killers()

    def judged(self) -> Verdict:
        return self.killers.judged(Task(MUTANT, TESTS, 1.0), self._run, self._control)

    def _run(self, task: Task) -> Verdict:
        return self._first(task, self.failing)

    def _control(self, task: Task) -> Verdict:
        self.controls.append(task.tests)
        return self._first(task, self.broken)

    def _first(self, task: Task, failing: Sequence[str]) -> Verdict:
        failed = next((test for test in task.tests if test in failing), "")
        outcome: Outcome = "killed" if failed else "survived"
        return Verdict(task, outcome, failed)


def test_a_test_that_passes_without_the_mutant_kills_it_and_is_controlled_once() -> None:
    judge = Judge(failing=["second"], broken=[])
    for _ in range(2):
        verdict = judge.judged()
        assert (verdict.outcome, verdict.test, verdict.unsound) == ("killed", "second", [])
    assert judge.controls == [["second"]]


def test_a_test_that_fails_by_itself_kills_nothing_and_is_told_once() -> None:
    judge = Judge(failing=["first"], broken=["first"])
    told = [judge.judged() for _ in range(2)]
    assert [verdict.outcome for verdict in told] == ["survived", "survived"]
    assert [verdict.unsound for verdict in told] == [["first"], []]
    assert judge.controls == [["first"]]


def test_after_it_the_other_tests_still_judge() -> None:
    judge = Judge(failing=["first", "third"], broken=["first"])
    verdict = judge.judged()
    assert (verdict.outcome, verdict.test, verdict.unsound) == ("killed", "third", ["first"])


def test_where_every_test_fails_by_itself_the_mutant_survives() -> None:
    verdict = Judge(failing=TESTS, broken=TESTS).judged()
    assert (verdict.outcome, verdict.unsound) == ("survived", list(TESTS))


def test_a_mutant_that_cannot_be_imported_is_controlled_by_one_test_of_each_file() -> None:
    tests = ("a.py::one", "a.py::two", "b.py::one", "a.py::three")
    controls: list[Sequence[str]] = []

    def control(task: Task) -> Verdict:
        controls.append(task.tests)
        return Verdict(task, "survived")

    task = Task(MUTANT, tests, 1.0)
    verdict = Killers().judged(task, lambda task: Verdict(task, "killed"), control)
    assert (verdict.outcome, verdict.unsound) == ("killed", [])
    assert controls == [["a.py::one", "b.py::one"]]


@pytest.mark.parametrize(
    ("first", "others", "outcome"),
    [
        ("killed", "survived", "killed"),
        ("survived", "killed", "killed"),
        ("survived", "not applied", "survived"),
        ("not applied", "killed", "killed"),
        ("not applied", "survived", "survived"),
        ("not applied", "not applied", "not applied"),
    ],
)
def test_a_file_that_does_not_import_the_mutant_says_nothing_of_it(
    first: Outcome, others: Outcome, outcome: Outcome
) -> None:
    """As where two modules of one name have files of tests of one name."""
    task = Task(MUTANT, ("a.py::one", "b.py::one", "a.py::two", "c.py::one"), 1.0)
    run: list[Sequence[str]] = []

    def imported(task: Task) -> Verdict:
        run.append(task.tests)
        return Verdict(task, others if len(run) > 1 else first)

    assert in_two_steps(task, imported).outcome == outcome
    assert run[:1] == [["a.py::one", "a.py::two"]]
    assert run[1:] == ([] if first == "killed" else [["b.py::one", "c.py::one"]])
