"""GraphQL over HTTP as AppSync answers it, without I/O.

https://docs.aws.amazon.com/appsync/latest/devguide/troubleshooting-and-common-mistakes.html and
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-mapping-template-reference-lambda.html: what a resolver
refuses comes with status 200 and `errors[]`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RETRY_AFTER = re.compile(r"retryAfterMs=(\d{1,7})\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first entry of `errors[]`. `type` is empty where AppSync gives none."""

    type: str
    message: str

    @property
    def retry_after_s(self) -> float | None:
        """How long to wait, where the message says it."""
        found = RETRY_AFTER.search(self.message)
        return int(found[1]) / 1_000 if found else None

    def __str__(self) -> str:
        return f"{self.type or 'no errorType'}: {self.message[:300]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """`body`: the JSON, or None where it was none."""

    status: int
    body: Any

    @property
    def data(self) -> Any:
        return self.body.get("data") if isinstance(self.body, dict) else None

    @property
    def errors(self) -> list[Any]:
        found = self.body.get("errors") if isinstance(self.body, dict) else None
        return found if isinstance(found, list) else []

    @property
    def refusal(self) -> Refusal | None:
        return first_refusal(self.errors)

    def __str__(self) -> str:
        return f"HTTP {self.status}, {json.dumps(self.body)[:500]}"


def first_refusal(errors: object) -> Refusal | None:
    """Of a list of errors, or of the one object that some realtime frames have in its place."""
    first = errors[0] if isinstance(errors, list) and errors else errors
    if not isinstance(first, dict):
        return None
    return Refusal(str(first.get("errorType") or ""), str(first.get("message") or ""))


def request_body(document: str, variables: Mapping[str, Any]) -> bytes:
    return json.dumps({"query": document, "variables": variables}).encode()


def read_answer(status: int, body: bytes) -> Answer:
    try:
        return Answer(status, json.loads(body))
    except ValueError:
        return Answer(status, None)


def at(value: object, path: str) -> Any:
    """What lies at a path such as `messages.items`; None where there is nothing."""
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
