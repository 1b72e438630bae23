"""Mutates the rules, access, charging and the conditions of commits, and says which mutants no test kills.

    python -m tests.mutation.run [--module rules/access] [--sample 200] [--seed N] [--workers 2] [--listed] …

Ends with status 1 where a mutant survives that survivors.toml does not explain, and where a test that failed
on a mutant fails without it, too: that is no kill, and the mutant is judged by the others. A mutant's tests are those
that run its line, those that run the fewest others first, and for as long as `--budget` says; one that hangs
is killed, too. Of what is listed there nothing is tried, but with `--listed`.
"""

import argparse
import ast
import multiprocessing
import random
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path

from simulator.engine import embedded
from tests.conftest import choose_engine
from tests.mutation.coverage_map import CHAT, KEPT, CoverageMap, coverage_map
from tests.mutation.generated import Mutant, mutants
from tests.mutation.judging import Task, Verdict, judge

WHOLE = (
    "rules/*",
    "storage/charging.py",
    "storage/send_attempt.py",
    "storage/change_log.py",
    "storage/event_items.py",
    "storage/uploads.py",
    "storage/store.py",
    "storage/clock.py",
    "steps/roster.py",
    "steps/revision.py",
    "steps/message_change.py",
    "steps/new_room.py",
    "steps/newcomer.py",
    "steps/blocks.py",
    "steps/quota.py",
    "steps/presence_items.py",
    "steps/unread.py",
    "steps/subscription.py",
    "steps/repeat.py",
    "steps/receipt_items.py",
)
"""Where everything is mutated; elsewhere only the conditions of commits are."""
TESTS = (
    "tests/chat",
    "tests/resolvers",
    "tests/services",
    "tests/guarantees/exactly_once",
    "tests/guarantees/rooms",
    "tests/guarantees/events",
    "tests/guarantees/history",
    "tests/guarantees/catch_up",
    "tests/guarantees/revocation",
    "tests/guarantees/receipts",
    "tests/guarantees/costs",
)
SURVIVORS = Path(__file__).parent / "survivors.toml"
PER_FILE = 2
"""So many of the narrowest tests of each file come before all others."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that is known to survive, and why that does not matter."""

    module: str
    key: str
    reason: str


def survivors() -> list[Survivor]:
    table = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return [Survivor(**entry) for entry in table.get("survivor", ())]


def all_mutants() -> list[Mutant]:
    return [mutant for path in sorted(CHAT.rglob("*.py")) for mutant in mutants_of(path)]


def mutants_of(path: Path) -> list[Mutant]:
    module = path.relative_to(CHAT).as_posix()
    whole = any(fnmatch(module, pattern) for pattern in WHOLE)
    return mutants(module, path.read_text(encoding="utf-8"), conditions_only=not whole)


def tests_of(mutant: Mutant, measured: CoverageMap) -> set[str]:
    """The tests that may tell a mutant from its module: those that run its statement. Where that runs at
    import: those that run a line that names what it defines, or the body of the function that it begins, and
    those of the module's own file."""
    module, line = mutant.module, mutant.line
    if not mutant.imported:
        first, last = _statement(module, line)
        return measured.running(module, *range(first, last + 1))
    found = {test for test in measured.seconds if test.partition("::")[0].endswith(own_tests(mutant))}
    names = _defined(module, line)
    for other, uses in _uses().items():
        found |= measured.running(other, *(use for name in names for use in uses.get(name, ())))
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line < node.body[0].lineno:
            found |= measured.running(module, *range(line, (node.end_lineno or line) + 1))
    return found or measured.importing(module)


def own_tests(mutant: Mutant) -> str:
    """How the path of the file ends that tests a mutant's module alone."""
    return f"/test_{Path(mutant.module).stem}.py"


def _statement(module: str, line: int) -> tuple[int, int]:
    """The lines of the innermost statement there; of one that holds others, its head."""
    best = (line, line)
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or line
            if line <= last and node.lineno >= best[0] - (best[1] - best[0] or 10_000):
                best = (node.lineno, max(node.lineno, last))
    return best


def _defined(module: str, line: int) -> set[str]:
    """The names that the statements there define, and the classes that they stand in."""
    found: set[str] = set()
    for node in ast.walk(_tree(module)):
        if not isinstance(node, ast.stmt) or not node.lineno <= line <= (node.end_lineno or 0):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {
            name.id for target in targets if target for name in ast.walk(target) if isinstance(name, ast.Name)
        }
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


@cache
def _uses() -> Mapping[str, Mapping[str, Sequence[int]]]:
    """Where each name is used, by module."""
    found: dict[str, dict[str, list[int]]] = {}
    for path in sorted(CHAT.rglob("*.py")):
        module = path.relative_to(CHAT).as_posix()
        uses = found.setdefault(module, {})
        for node in ast.walk(_tree(module)):
            name = (
                node.id if isinstance(node, ast.Name) else getattr(node, "attr", getattr(node, "arg", None))
            )
            if isinstance(name, str) and hasattr(node, "lineno"):
                uses.setdefault(name, []).append(node.lineno)
    return found


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse((CHAT / module).read_text(encoding="utf-8"))


def ordered(tests: set[str], mutant: Mutant, measured: CoverageMap, budget: float) -> list[str]:
    """The tests in the order in which they are run, for `budget` seconds at the most: the module's own file
    first, then the narrowest of each file, then the narrowest of all, which are also the quickest."""
    row = sorted(
        tests & measured.seconds.keys(),
        key=lambda test: (measured.breadth[test], measured.seconds[test], test),
    )
    counts: Counter[str] = Counter()
    ranks: dict[str, int] = {}
    for test in row:
        file = test.partition("::")[0]
        counts[file] += 1
        ranks[test] = 0 if file.endswith(own_tests(mutant)) else 1 if counts[file] <= PER_FILE else 2
    chosen, left = [], budget
    for test in sorted(row, key=ranks.__getitem__):
        if measured.seconds[test] <= left:
            chosen.append(test)
            left -= measured.seconds[test]
    return chosen


def verdicts(shares: Sequence[Sequence[Task]], endpoints: Sequence[str], seed: int) -> Iterator[Verdict]:
    """Judge each share by a worker of its own, on an engine of its own. Raises `ValueError` where one ends
    early."""
    context = multiprocessing.get_context("fork")
    readers: list[Connection] = []
    workers = []
    for number, (share, endpoint) in enumerate(zip(shares, endpoints, strict=True)):
        reader, writer = context.Pipe(duplex=False)
        log = KEPT / f"worker-{number}.log"
        worker = context.Process(target=judge, args=(share, endpoint, log, writer.send, seed))
        worker.start()
        writer.close()
        readers.append(reader)
        workers.append(worker)
    left = sum(map(len, shares))
    while readers:
        for ready in wait(readers):
            assert isinstance(ready, Connection)
            try:
                verdict = ready.recv()
            except EOFError:
                readers.remove(ready)
            else:
                left -= 1
                yield verdict
    for worker in workers:
        worker.join()
    if left:
        raise ValueError(f"{left} mutants were not judged: see {KEPT}/worker-*.log")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate")
    parser.add_argument("--module", default="", help="only modules whose path has this in it")
    parser.add_argument("--line", type=int, help="only mutants of this line")
    parser.add_argument("--sample", type=int, help="so many mutants, chosen by the seed")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))  # noqa: S311  a sample
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--budget", type=float, default=40, help="seconds of tests for a mutant")
    parser.add_argument("--tests", nargs="+", default=list(TESTS))
    parser.add_argument(
        "--listed", action="store_true", help="only what survivors.toml lists: does it still survive?"
    )
    return parser.parse_args()


def main() -> int:
    given = options()
    listed = {(each.module, each.key): each for each in survivors()}
    chosen = [
        mutant
        for mutant in all_mutants()
        if given.module in mutant.module and given.line in (None, mutant.line)
        and ((mutant.module, mutant.key) in listed) == given.listed
    ]  # fmt: skip
    if given.sample is not None and given.sample < len(chosen):
        chosen = random.Random(given.seed).sample(chosen, given.sample)  # noqa: S311
    kind, why = choose_engine("auto")
    print(f"{len(chosen)} mutants, seed {given.seed}, on {kind}, {why}", flush=True)
    started = time.monotonic()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        endpoints = [
            stack.enter_context(embedded(kind, home / str(number), in_memory=True))
            for number in range(min(given.workers, len(chosen)) or 1)
        ]
        measured = coverage_map(given.tests, [f"--endpoint={endpoints[0]}"])
        print(f"{len(measured.seconds)} tests, measured after {time.monotonic() - started:.0f} s", flush=True)
        tasks = []
        for mutant in chosen:
            tests = ordered(tests_of(mutant, measured), mutant, measured, given.budget)
            tasks.append(Task(mutant, tests, sum(measured.seconds[test] for test in tests)))
        run = [task for task in tasks if task.tests]
        shares = [run[number :: len(endpoints)] for number in range(len(endpoints))]
        counts: Counter[str] = Counter({"not run": len(tasks) - len(run)})
        unsound: set[str] = set()
        for task in tasks:
            if not task.tests:
                print(_line("no test", task.mutant), flush=True)
        for verdict in verdicts(shares, endpoints, given.seed):
            counts[verdict.outcome] += 1
            for test in verdict.unsound:
                unsound.add(test)
                print(f"fails without a mutant, and is left out: {test}", flush=True)
            if verdict.outcome != "killed":
                print(
                    _line(verdict.outcome, verdict.task.mutant, f"{len(verdict.task.tests)} tests"),
                    flush=True,
                )
    seconds = time.monotonic() - started
    return _summary(counts, len(chosen), len(listed), seconds, listed_only=given.listed) or bool(unsound)


def _line(outcome: str, mutant: Mutant, more: str = "") -> str:
    return f"{outcome}: {mutant.module}:{mutant.line} ({more}) {mutant.key}"


def _summary(counts: Mapping[str, int], tried: int, listed: int, seconds: float, *, listed_only: bool) -> int:
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count), end="")
    print(f" of {tried} mutants in {seconds:.0f} s; {listed} survivors are explained in {SURVIVORS.name}")
    if listed_only:
        return 1 if counts["killed"] else 0
    return 1 if counts["survived"] + counts["not run"] + counts["not applied"] else 0


if __name__ == "__main__":
    sys.exit(main())
