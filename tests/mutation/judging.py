"""Runs tests on mutants, each in a fork of its own.

A mutant of a function's body is judged in a fork of one pytest session that has collected every test and
whose engine runs: the functions' code is exchanged. A mutant of what runs at import is judged in a fork that
imports everything anew. No test runs in a process that is forked later, so that no thread is missing in a
fork.

A control stands beside each kill: the test that failed is run without the mutant, in a fork of the same kind,
once in a session. One that fails then fails by itself, and judges nothing any more.
"""

import gc
import importlib
import importlib.machinery
import importlib.util
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.abc import InspectLoader, MetaPathFinder
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Literal

import hypothesis
import pytest
from botocore.httpsession import URLLib3Session

from tests.mutation.coverage_map import CHAT, OPTIONS
from tests.mutation.generated import Mutant

READY = "tests/mutation/ready.py"
"""The file of the test that makes what the tests of a session share."""
OURS = ("chat", "chat_lambda", "reference", "resolvers", "schema", "services", "simulator", "tests")
KILLERS_TRIED_FIRST = 4
GRACE_S = 30.0
"""How long the tests of a mutant may take beyond three times what they took when they were measured."""

Outcome = Literal["survived", "killed", "hung", "crashed", "not applied"]


@dataclass(frozen=True, slots=True)
class Task:
    """A mutant, and the tests that are to run on it, in this order; `seconds` is what they took when they
    were measured."""

    mutant: Mutant
    tests: Sequence[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`test`: the one that failed. `unsound`: those that failed without the mutant, too, and were left
    out."""

    task: Task
    outcome: Outcome
    test: str = ""
    unsound: Sequence[str] = ()


def judge(
    tasks: Sequence[Task], endpoint: str, log: Path, tell: Callable[[Verdict], None], seed: int
) -> None:
    """Tell each mutant's verdict. For a process that has no threads, and ends after this. What pytest says
    goes to `log`."""
    with log.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    parent = hypothesis.settings.get_profile("developer")
    hypothesis.settings.register_profile(  # known examples of one mutant would be tried on the next
        "mutation", parent, database=None, phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate]
    )
    os.environ["UNSHRUNK"] = "1"
    options = [
        *OPTIONS,
        "--hypothesis-profile=mutation",
        f"--hypothesis-seed={seed}",
        f"--endpoint={endpoint}",
    ]
    killers = Killers()
    called = [task for task in tasks if not task.mutant.imported]
    files = sorted({test.partition("::")[0] for task in called for test in task.tests})
    if called and (child := os.fork()):
        os.waitpid(child, 0)
    elif called:
        try:
            pytest.main([*files, READY, *options], plugins=[_Session(called, killers, tell)])
        finally:
            os._exit(0)
    for task in (task for task in tasks if task.mutant.imported):
        tell(
            killers.judged(
                task,
                lambda task: in_two_steps(task, lambda part: _imported_anew(part, options)),
                lambda task: _imported_anew(_unmutated(task), options),
            )
        )


class Killers:
    """The tests that killed the last mutants of a module are tried first on the next. What kills is known to
    pass without a mutant."""

    def __init__(self) -> None:
        self._last: dict[str, deque[str]] = {}
        self._sound: set[str] = set()
        self._unsound: set[str] = set()

    def judged(
        self, task: Task, run: Callable[[Task], Verdict], control: Callable[[Task], Verdict]
    ) -> Verdict:
        """What `run` says of a mutant; `control` runs tests without it."""
        last = self._last.setdefault(task.mutant.module, deque(maxlen=KILLERS_TRIED_FIRST))
        found: list[str] = []
        while True:
            known = [test for test in task.tests if test not in self._unsound]
            first = [test for test in last if test in known]
            tests = [*first, *(test for test in known if test not in first)]
            if not tests:
                return Verdict(task, "survived", unsound=found)
            verdict = run(Task(task.mutant, tests, task.seconds))
            if verdict.outcome != "killed":
                return replace(verdict, unsound=found)
            suspects = [verdict.test] if verdict.test else _first_of_each_file(tests)
            if self._sound.issuperset(suspects):
                break
            if control(Task(task.mutant, suspects, task.seconds)).outcome == "survived":
                self._sound.update(suspects)
                break
            self._unsound.update(suspects)
            found += suspects
        if verdict.test in last:
            last.remove(verdict.test)
        if verdict.test:
            last.appendleft(verdict.test)
        return replace(verdict, unsound=found)


def _first_of_each_file(tests: Sequence[str]) -> list[str]:
    """Where no test has failed, none ran: something could not be imported. Whether it can be without the mutant, one
    test of each file shows; to run all of them would take so long that a slow machine says they hang."""
    found: dict[str, str] = {}
    for test in tests:
        found.setdefault(test.partition("::")[0], test)
    return list(found.values())


class _Failures:
    """A plugin of pytest that keeps in mind which test failed first."""

    def __init__(self) -> None:
        self.first = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.first:
            self.first = report.nodeid


class _Session:
    """A plugin of pytest that collects once, and judges mutants instead of running what was collected."""

    def __init__(self, tasks: Sequence[Task], killers: Killers, tell: Callable[[Verdict], None]) -> None:
        self.tasks = tasks
        self.killers = killers
        self.tell = tell

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors while collecting")
        ready = [item for item in session.items if item.nodeid.startswith(READY)]
        items = {item.nodeid: item for item in session.items if item not in ready}
        for item in ready:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=next(iter(items.values())))
        for task in self.tasks:
            importlib.import_module(
                _name(task.mutant)
            )  # a handler imports its operation when it is first called
        gc.unfreeze()
        for found in [each for each in gc.get_objects() if isinstance(each, URLLib3Session)]:
            found.close()  # no two forks may speak on one connection
        functions = _functions()
        gc.freeze()
        for task in self.tasks:
            self.tell(
                self.killers.judged(
                    task,
                    lambda task: self._with_code(task, items, functions),
                    lambda task: self._with_code(task, items, None),
                )
            )
        return True

    def _with_code(
        self, task: Task, items: Mapping[str, pytest.Item], functions: Sequence[FunctionType] | None
    ) -> Verdict:
        """Without `functions`, whose code is exchanged, the tests run on what is there."""

        def run() -> tuple[Outcome, str]:
            if functions is not None and not _exchanged(task.mutant, functions):
                return "not applied", ""
            chosen = [items[test] for test in task.tests if test in items]
            manager, failures = chosen[0].config.pluginmanager, _Failures()
            manager.register(failures)
            for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if failures.first:
                    return "killed", failures.first
            return "survived", ""

        return _forked(task, run)


def _name(mutant: Mutant) -> str:
    return "chat." + mutant.module.removesuffix(".py").replace("/", ".")


def _functions() -> list[FunctionType]:
    """Every function of `chat` that lives in this process."""
    found = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
    return [each for each in found if Path(each.__code__.co_filename).is_relative_to(CHAT)]


def _exchanged(mutant: Mutant, functions: Sequence[FunctionType]) -> bool:
    """Whether a living function has another code now."""
    path = CHAT / mutant.module
    codes = _codes(compile(mutant.source, str(path), "exec", dont_inherit=True))
    changed = False
    for function in functions:
        old = function.__code__
        new = codes.get((old.co_qualname, old.co_firstlineno)) if Path(old.co_filename) == path else None
        if new is not None and new != old:
            function.__code__ = new
            changed = True
    return changed


def _codes(code: CodeType) -> dict[tuple[str, int], CodeType]:
    found = {(code.co_qualname, code.co_firstlineno): code}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _codes(constant)
    return found


def in_two_steps(task: Task, imported: Callable[[Task], Verdict]) -> Verdict:
    """Most mutants are killed by the first file, which is soon imported; the others are only imported where
    it kills none. Files that do not import the mutant say nothing of it."""
    first = task.tests[0].partition("::")[0]
    own = [test for test in task.tests if test.partition("::")[0] == first]
    others = [test for test in task.tests if test not in own]
    verdict = imported(Task(task.mutant, own, task.seconds))
    if verdict.outcome in ("survived", "not applied") and others:
        further = imported(Task(task.mutant, others, task.seconds))
        verdict = verdict if further.outcome == "not applied" else further
    return Verdict(task, verdict.outcome, verdict.test)


def _unmutated(task: Task) -> Task:
    """The same tests on the module as it is."""
    source = (CHAT / task.mutant.module).read_text(encoding="utf-8")
    return replace(task, mutant=replace(task.mutant, source=source))


def _imported_anew(task: Task, options: Sequence[str]) -> Verdict:
    def run() -> tuple[Outcome, str]:
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        finder = _Finder(task.mutant)
        sys.meta_path.insert(0, finder)
        failures = _Failures()
        files = list(dict.fromkeys(test.partition("::")[0] for test in task.tests))
        arguments = [*files, *options, "--maxfail=1"]
        status = pytest.main(arguments, plugins=[failures, _Chosen(task.tests)])
        if not finder.found:
            return "not applied", ""
        if status == pytest.ExitCode.OK:
            return "survived", ""
        return "killed", failures.first

    return _forked(task, run)


class _Chosen:
    """A plugin of pytest that leaves the tests that are wanted, in their order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.places = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.places),
            key=lambda item: self.places[item.nodeid],
        )


class _Finder(MetaPathFinder, InspectLoader):
    """Imports a mutant where its module is asked for."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.path = CHAT / mutant.module
        self.name = _name(mutant)
        self.found = False

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        self.found = True
        return importlib.util.spec_from_loader(fullname, self, origin=str(self.path))

    def get_source(self, fullname: str) -> str:  # noqa: ARG002  the signature of `InspectLoader`
        return self.mutant.source

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self.path)
        super().exec_module(module)


def _forked(task: Task, run: Callable[[], tuple[Outcome, str]]) -> Verdict:
    """What `run` answers in a fork, which is ended with all that it started."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            outcome, test = run()
            os.write(writer, f"{outcome}\n{test}".encode()[: select.PIPE_BUF])
        finally:
            os._exit(0)
    os.close(writer)
    try:
        ready, _, _ = select.select([reader], [], [], GRACE_S + 3 * task.seconds)
        answer = os.read(reader, select.PIPE_BUF).decode(errors="replace") if ready else "hung\n"
    finally:
        _end(child)
        os.close(reader)
    word, _, test = answer.partition("\n")
    return Verdict(task, next((each for each in _OUTCOMES if each == word), "crashed"), test)


_OUTCOMES: tuple[Outcome, ...] = ("survived", "killed", "hung", "not applied")


def _end(child: int) -> None:
    deadline = time.monotonic() + 5
    while True:
        try:
            os.killpg(child, signal.SIGKILL)
            break
        except (ProcessLookupError, PermissionError):  # it has no group of its own yet, or is gone
            if time.monotonic() > deadline:
                break
            time.sleep(0.001)
    os.waitpid(child, 0)
