"""Which test runs which line of `chat`, and how long each takes: measured once, and kept in .cache/ while no
source changes and no test of a file has failed."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import coverage
import pytest

from simulator.engine import PROJECT

CHAT = PROJECT / "layers" / "chat" / "python" / "chat"
KEPT = PROJECT / ".cache" / "mutation"
OPTIONS = ("-q", "-n0", "-pno:cacheprovider", "-Wignore::pytest.PytestAssertRewriteWarning")
"""Of pytest, which finds Hypothesis imported already here."""
SOURCES = ("layers/chat/python", "resolvers", "services", "simulator", "events")
"""Whatever of these or of a conftest.py changes, all tests are measured anew; else those of a file that has
changed."""


@dataclass(frozen=True)
class CoverageMap:
    """`seconds` of each test that passed, by its id; `lines`: the tests that run a line, by module and
    line."""

    seconds: Mapping[str, float]
    failed: Sequence[str]
    lines: Mapping[str, Mapping[str, Sequence[str]]]

    @cached_property
    def breadth(self) -> Mapping[str, int]:
        """How many lines of `chat` each test runs."""
        return Counter(test for found in self.lines.values() for tests in found.values() for test in tests)

    def keep(self, file: str, path: Path) -> None:
        """Write down what is known of the tests of one file."""

        def own(tests: Iterable[str]) -> list[str]:
            return [test for test in tests if test.partition("::")[0] == file]

        lines = {
            module: {line: chosen for line, tests in found.items() if (chosen := own(tests))}
            for module, found in self.lines.items()
        }
        part = CoverageMap({test: self.seconds[test] for test in own(self.seconds)}, own(self.failed), lines)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(asdict(part)), encoding="utf-8")
        partial.replace(path)

    def running(self, module: str, *lines: int) -> set[str]:
        """The tests that run one of these lines of a module."""
        found = self.lines.get(module, {})
        return {test for line in lines for test in found.get(str(line), ())}

    def importing(self, module: str) -> set[str]:
        """The tests that run any line of a module."""
        return {test for tests in self.lines.get(module, {}).values() for test in tests}


class Measuring:
    """A plugin of pytest: what each test runs, its fixtures included."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        started = time.monotonic()
        self.measured.switch_context(item.nodeid)
        outcome = yield
        self.measured.switch_context("")
        self.seconds[item.nodeid] = time.monotonic() - started
        return outcome

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self.failed.append(report.nodeid)


def coverage_map(tests: Sequence[str], options: Sequence[str]) -> CoverageMap:
    """The map of these files or folders of tests; `options` are pytest's. Raises `ValueError` where tests
    could not be run."""
    kept = {
        file: KEPT / f"{file.replace('/', '-')}.{digest}.json" for file, digest in _digests(tests).items()
    }
    if missing := [file for file, path in kept.items() if not path.exists()]:
        KEPT.mkdir(parents=True, exist_ok=True)
        child = os.fork()  # so that what is measured, and imported for it, is nobody else's
        if child == 0:
            status = 1
            try:
                measured = _measured(missing, options)
                for file in missing:
                    measured.keep(file, kept[file])
                status = 0
            finally:
                os._exit(status)
        if os.waitpid(child, 0)[1]:
            raise ValueError("the tests could not be measured")
    maps = [CoverageMap(**json.loads(path.read_text(encoding="utf-8"))) for path in kept.values()]
    for path, each in zip(kept.values(), maps, strict=True):
        if each.failed:  # it may have been the machine's fault: measured anew by the next run
            path.unlink(missing_ok=True)
    seconds = {test: took for each in maps for test, took in each.seconds.items()}
    lines: dict[str, dict[str, list[str]]] = {}
    for each in maps:
        for module, found in each.lines.items():
            for line, running in found.items():
                lines.setdefault(module, {}).setdefault(line, []).extend(running)
    return CoverageMap(seconds, [test for each in maps for test in each.failed], lines)


def _measured(tests: Sequence[str], options: Sequence[str]) -> CoverageMap:
    os.environ["COVERAGE_CORE"] = "ctrace"  # the one that knows contexts and threads
    measured = coverage.Coverage(data_file=None, config_file=False, source=[str(CHAT)])
    plugin = Measuring(measured)
    measured.start()
    status = pytest.main([*tests, *OPTIONS, *options], plugins=[plugin])
    measured.stop()
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise ValueError(f"pytest ended with {status}")
    data = measured.get_data()
    failed = set(plugin.failed)
    lines = {
        str(path.relative_to(CHAT)): {
            str(line): sorted(set(contexts) - failed - {""})
            for line, contexts in data.contexts_by_lineno(str(path)).items()
        }
        for path in sorted(CHAT.rglob("*.py"))
    }
    seconds = {test: took for test, took in plugin.seconds.items() if test not in failed}
    return CoverageMap(seconds, sorted(failed), lines)


def _digests(tests: Sequence[str]) -> dict[str, str]:
    """A digest of each file of tests, and of whatever a change of which makes it necessary to measure
    anew."""
    shared = {path for folder in SOURCES for path in (PROJECT / folder).rglob("*.*")}
    common = hashlib.sha256()
    for path in sorted(shared | set((PROJECT / "tests").rglob("conftest.py"))):
        if path.is_file() and "__pycache__" not in path.parts:
            common.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    files: dict[str, str] = {}
    for root in map(PROJECT.joinpath, tests):
        for path in sorted(root.rglob("test_*.py")) if root.is_dir() else [root]:
            digest = common.copy()
            digest.update(path.read_bytes())
            files[path.relative_to(PROJECT).as_posix()] = digest.hexdigest()[:16]
    return files
