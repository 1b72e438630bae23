"""Which test runs which line of `chat`, and how long each takes: measured once, and kept in .cache/ while no source changes."""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import coverage
import pytest

from simulator.engine import PROJECT

CHAT = PROJECT / "layers" / "chat" / "python" / "chat"
KEPT = PROJECT / ".cache" / "mutation"
OPTIONS = ("-q", "-n0", "-pno:cacheprovider", "-Wignore::pytest.PytestAssertRewriteWarning")
"""Of pytest, which finds Hypothesis imported already here."""
SOURCES = ("layers/chat/python", "resolvers", "services", "simulator", "events")
"""Whatever of these changes, all tests are measured anew; of a change of tests, its own folder is."""


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """`seconds` of each test that passed, by its id; `lines`: the tests that run a line, by module and line."""

    seconds: Mapping[str, float]
    failed: Sequence[str]
    lines: Mapping[str, Mapping[str, Sequence[str]]]

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
    """The map of these files or folders of tests; `options` are pytest's. Raises `ValueError` where tests could not be run."""
    maps = [_kept_or_measured(folder, options) for folder in tests]
    seconds = {test: took for each in maps for test, took in each.seconds.items()}
    lines: dict[str, dict[str, list[str]]] = {}
    for each in maps:
        for module, found in each.lines.items():
            for line, running in found.items():
                lines.setdefault(module, {}).setdefault(line, []).extend(running)
    return CoverageMap(seconds, [test for each in maps for test in each.failed], lines)


def _kept_or_measured(folder: str, options: Sequence[str]) -> CoverageMap:
    kept = KEPT / f"{folder.replace('/', '-')}.{_digest(folder)}.json"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        child = os.fork()  # so that what is measured, and imported for it, is nobody else's
        if child == 0:
            status = 1
            try:
                measured = _measured([folder], options)
                partial = kept.with_suffix(f".{os.getpid()}")
                partial.write_text(json.dumps(asdict(measured)), encoding="utf-8")
                partial.replace(kept)
                status = 0
            finally:
                os._exit(status)
        if os.waitpid(child, 0)[1]:
            raise ValueError(f"{folder} could not be measured")
    return CoverageMap(**json.loads(kept.read_text(encoding="utf-8")))


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


def _digest(folder: str) -> str:
    digest = hashlib.sha256()
    roots = [PROJECT / name for name in (*SOURCES, folder)]
    files = {path for root in roots for path in (root.rglob("*.*") if root.is_dir() else [root])}
    for path in sorted(files | set((PROJECT / "tests").rglob("conftest.py"))):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
