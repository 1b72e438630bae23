"""A deployment's own rules in a process of their own: started with the function, asked within a time budget, and ended
and started again when one does not answer.

A thread cannot be ended from outside, and a pattern that runs away in `re` lets no other thread run meanwhile. The
process of the function cannot be ended either without a caller who pays for it: Lambda sends the next event as soon as
it has the answer. A process beside it can be killed at any instant, and nobody else's call notices.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from threading import BoundedSemaphore
from typing import Any

from chat.rules.hooks import Answer, HookFailed, Name, Question, Runner
from chat.steps.hooks import BeforeText, MayAdd, Refusals
from chat_lambda.settings import BadSettings
from chat_lambda.telemetry import logger

START_S = 8.0
"""How long a process may take to import its module: Lambda gives the whole init phase ten seconds."""
RESTART_S = 2.0
"""How long the call whose hook failed waits for the next process, so that the next caller does not have to."""
MOST_PROCESSES = 4
"""How many calls of one process are asked about at once. In Lambda there is one call, elsewhere there are threads."""
MOST_BYTES = 4_194_304
"""Of one answer. What `hook_process.py` sends is far below."""

BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[3]); "
    "from chat_lambda.hook_process import main; main(int(sys.argv[1]), sys.argv[2], float(sys.argv[4]))"
)
"""The process imports from where this one does."""


class _NoAnswer(Exception):
    """The process ended (`Ended`), did not answer in time (`TimedOut`), or not in its form (`BadAnswer`)."""


class _Process:
    """One process, which answers a line for each line, and to each question under its number: a hook may fork, or write to
    its socket itself, and nobody's text is to be taken for another's."""

    def __init__(self, module: str, budget_s: float) -> None:
        """Raises `HookFailed` where it cannot be started."""
        self._channel, theirs = socket.socketpair()
        self._numbers = count(1)
        self._started: Mapping[str, Any] | None = None
        arguments = [str(theirs.fileno()), module, json.dumps(sys.path), str(budget_s)]
        # Standard output is the function's answer in `make invoke`: what a hook prints goes to standard error.
        try:
            self._process = subprocess.Popen(  # noqa: S603  our own module, with no shell between
                [sys.executable, "-c", BOOT, *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,
                start_new_session=True,  # so that what a hook starts ends with it
            )
        except OSError:
            self._channel.close()
            raise HookFailed("NotStarted") from None
        finally:
            theirs.close()

    def started(self, seconds: float) -> Mapping[str, Any]:
        """What it says of its module once it has imported it. Raises `_NoAnswer`."""
        if self._started is None:
            self._started = self._read(time.monotonic() + seconds)
        return self._started

    def ask(self, name: Name, questions: Sequence[Question], seconds: float) -> Sequence[Answer]:
        """Raises `_NoAnswer`."""
        deadline, number = time.monotonic() + seconds, next(self._numbers)
        asked = {"number": number, "hook": name, "questions": list(questions)}
        self._channel.settimeout(seconds)
        try:
            self._channel.sendall(json.dumps(asked).encode() + b"\n")
        except OSError as error:
            raise _NoAnswer("TimedOut" if isinstance(error, TimeoutError) else "Ended") from None
        said = self._read(deadline)
        answers: Any = said.get("answers")
        if (
            said.get("number") != number
            or not isinstance(answers, list)
            or [type(each) for each in answers] != [dict] * len(questions)
        ):
            raise _NoAnswer("BadAnswer")
        return [*answers]

    def _read(self, deadline: float) -> Mapping[str, Any]:
        line = b""
        while not line.endswith(b"\n"):
            self._channel.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                chunk = self._channel.recv(65_536)
            except OSError as error:
                raise _NoAnswer("TimedOut" if isinstance(error, TimeoutError) else "Ended") from None
            line += chunk
            if not chunk or len(line) > MOST_BYTES:
                raise _NoAnswer("BadAnswer" if chunk else "Ended")
        try:
            said = json.loads(line)  # of two lines it is an error as well
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise _NoAnswer("BadAnswer")
        return said

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # what a hook has started is in its group
        self._process.wait()
        self._channel.close()


class HookProcesses:
    """The processes of one module. One starts at once."""

    def __init__(self, module: str, budget_s: float, setting: str = "CHAT_HOOKS") -> None:
        """`setting`: what names the module, for sentences."""
        self._module = module
        self._setting = setting
        self._budget_s = budget_s
        self._turns = BoundedSemaphore(MOST_PROCESSES)
        self._idle = [_Process(module, budget_s)]
        atexit.register(self.close)

    def asked(self, *, opens: bool) -> dict[str, Any]:
        """The deployment's parts: what asks each rule that the module has. Raises `BadSettings` for a module that does
        not load."""
        kinds = {"before_text": BeforeText, "may_add": MayAdd}
        names = self._load(tuple(kinds))
        runner, refusals = Runner(self.ask, report, opens), Refusals()
        return {name: partial(kind, runner, refusals) for name, kind in kinds.items() if name in names}

    def directory(self) -> Runner:
        """What asks the module what people are called. Raises `BadSettings` for one that does not load, or does not say."""
        self._load(("people",))
        return Runner(self.ask, report)

    def ask(self, name: Name, questions: Sequence[Question]) -> Sequence[Answer]:
        """The answers to all questions, within one time budget. Raises `HookFailed`."""
        with self._turns:
            process = self._taken()
            try:
                process.started(START_S)
                answers = process.ask(name, questions, self._budget_s)
            except _NoAnswer as failure:
                process.end()
                with suppress(HookFailed):  # the next caller tries to start one, too
                    self._idle.append(self._another())
                raise HookFailed(str(failure), replaced=True) from None
            self._idle.append(process)
            return answers

    def close(self) -> None:
        """End the processes that nobody waits for."""
        while self._idle:
            self._idle.pop().end()
        atexit.unregister(self.close)

    def _taken(self) -> _Process:
        """One that is idle, else a new one. Raises `HookFailed`."""
        try:
            return self._idle.pop()
        except IndexError:
            return _Process(self._module, self._budget_s)

    def _another(self) -> _Process:
        process = _Process(self._module, self._budget_s)
        with suppress(_NoAnswer):
            process.started(RESTART_S)
        return process

    def _load(self, wanted: Sequence[str]) -> Sequence[str]:
        """The names of the hooks that the module has, one of `wanted` at least. Raises `BadSettings`."""
        (process,) = self._idle
        try:
            started = process.started(START_S)
        except _NoAnswer as failure:
            what = "took too long" if str(failure) == "TimedOut" else "ended its process"
            started = {"bad": f"{self._module} {what} while it was imported"}
        names: Sequence[str] = started.get("hooks", ())
        bad = started.get("bad")
        if not bad and not set(names) & set(wanted):
            none = f"neither {' nor '.join(wanted)}" if wanted[1:] else f"no {wanted[0]}"
            bad = f"{self._module} has {none}"
        if bad:
            self.close()
            raise BadSettings(f"{self._setting}: {bad}")
        logger().info("Hooks", extra={"rules": self._module, "hooks": names})
        return names


def report(name: Name, failure: HookFailed) -> None:
    """One log line: what was asked about is never in it."""
    logger().error("Hook failed", extra={"hook": name, "error": failure.error, "at": failure.at})
