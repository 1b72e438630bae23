"""Rules of a deployment's own within the test's process: what they are asked is written down, and what they say is a
function of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chat.rules.hooks import Answer, HookFailed, Name, Question, Runner
from chat.steps.hooks import BeforeText, MayAdd, Refusals

PASS: Answer = {}


def refusal(code: str = "unwanted", sentences: object = None) -> Answer:
    return {"refused": {"code": code, "sentences": sentences}}


@dataclass
class OwnRules:
    """`says` answers each question, or raises `HookFailed`."""

    says: Callable[[Question], Answer] = lambda _: PASS
    opens: bool = False
    asked: list[Question] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def parts(self, refusals: Refusals | None = None) -> Mapping[str, Any]:
        """A process's parts."""
        given = Runner(self._ask, self._report, self.opens), refusals or Refusals()
        return {"before_text": partial(BeforeText, *given), "may_add": partial(MayAdd, *given)}

    def texts(self) -> list[str]:
        return [each["text"] for each in self.asked]

    def _ask(self, _: Name, questions: Sequence[Question]) -> Sequence[Answer]:
        self.asked += questions
        return [self.says(each) for each in questions]

    def _report(self, name: Name, failure: HookFailed) -> None:
        self.failures.append((name, failure.error))
