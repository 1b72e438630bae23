"""The services behind the targets, which fail at random, as a whole and in parts."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import botocore.exceptions

from chat.storage.aws import TransientFailure
from chat.storage.dead_letters import DeadLetter

CODES = ["ThrottlingException", "InternalFailure", "AccessDeniedException"]
NEVER = "MalformedDetail"


class Failing:
    """Fails as often as `rate` says; `heal` ends that. Keeps what it has taken, in `taken`."""

    def __init__(self, random: Random, rate: float) -> None:
        self.random, self.rate = random, rate
        self.taken: list[str] = []

    def heal(self) -> None:
        self.rate = 0.0

    def fails(self) -> bool:
        return self.random.random() < self.rate

    def break_call(self, operation: str) -> None:
        if self.fails():
            if self.fails():
                raise botocore.exceptions.ReadTimeoutError(endpoint_url="https://example.com")
            response: Any = {
                "Error": {"Code": self.random.choice(CODES)},
                "ResponseMetadata": {"HTTPStatusCode": self.random.choice([400, 500, 503])},
            }
            raise botocore.exceptions.ClientError(response, operation)


class Bus(Failing):
    """Of EventBridge. What `is_hopeless` says it never takes."""

    def __init__(self, random: Random, rate: float, is_hopeless: Callable[[str], bool]) -> None:
        super().__init__(random, rate)
        self.is_hopeless = is_hopeless

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  as AWS has it
        assert 0 < len(Entries) <= 10
        assert sum(len(each["Detail"].encode()) for each in Entries) <= 262_144
        self.break_call("PutEvents")
        answers: list[dict[str, str]] = []
        for entry in Entries:
            if self.is_hopeless(json.loads(entry["Detail"])["id"]):
                answers.append({"ErrorCode": NEVER, "ErrorMessage": "Detail is malformed."})
            elif self.fails():
                answers.append({"ErrorCode": self.random.choice(CODES), "ErrorMessage": "…"})
            else:
                self.taken.append(entry["Detail"])
                answers.append({"EventId": "1"})
        return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}


class Queue(Failing):
    """Of SQS FIFO: what it has taken under a deduplication id it takes no second time."""

    def __init__(self, random: Random, rate: float) -> None:
        super().__init__(random, rate)
        self.seen: set[str] = set()

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl
        assert 0 < len(Entries) <= 10
        assert len({each["Id"] for each in Entries}) == len(Entries)
        assert len({each["MessageGroupId"] for each in Entries}) == len(Entries)
        self.break_call("SendMessageBatch")
        failed = []
        for entry in Entries:
            if self.fails():
                failed.append({"Id": entry["Id"], "Code": "InternalFailure", "SenderFault": False})
            elif entry["MessageDeduplicationId"] not in self.seen:
                self.seen.add(entry["MessageDeduplicationId"])
                self.taken.append(entry["MessageBody"])
        return {"Failed": failed} if failed else {}


class Api(Failing):
    """Of AppSync: posts of the internal mutation, with the trace that each goes on with."""

    def __init__(self, random: Random, rate: float) -> None:
        super().__init__(random, rate)
        self.traces: list[str | None] = []

    def post(self, body: bytes, traceparent: str | None = None, /) -> tuple[int, bytes]:
        self.traces.append(traceparent)
        if self.fails():
            kind = self.random.randrange(4)
            if kind == 0:
                raise TransientFailure("ConnectTimeoutError")
            answers = [
                (503, b"no"),
                (200, b"{"),
                (200, b'{"errors": [{"errorType": "UnauthorizedException"}]}'),
            ]
            return answers[kind - 1]
        message = json.loads(json.loads(body)["variables"]["message"])
        self.taken.append(message["id"])
        return 200, b'{"data": {"publishMessage": {"id": "1"}}}'


class Letters(Failing):
    """Of dead letters."""

    def __init__(self, random: Random, rate: float) -> None:
        super().__init__(random, rate)
        self.letters: list[DeadLetter] = []

    def put(self, letter: DeadLetter) -> None:
        if self.fails():
            raise TransientFailure("ServiceUnavailable")
        self.letters.append(letter)
