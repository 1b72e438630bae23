"""Where events are set aside that could not be read or were refused: pointers in a queue, never what is in them."""

import json
from pathlib import Path
from typing import Any, Protocol

from chat.rules.record import record
from chat.storage.aws import failures

VERSION = 1


@record(frozen=True, slots=True)
class DeadLetter:
    """A pointer to a change that was set aside.

    `table`: its name, `None` where the record does not say. `keys`: the item's, as DynamoDB writes them. `reason`: one
    word, or a name of an attribute. `at`: epoch milliseconds.
    """

    table: str | None
    keys: Any
    sequence_number: str | None
    reason: str
    at: int

    def to_json(self) -> str:
        """In ASCII: keys may be what is no text."""
        return json.dumps(
            {
                "version": VERSION,
                "table": self.table,
                "keys": self.keys,
                "sequenceNumber": self.sequence_number,
                "reason": self.reason,
                "at": self.at,
            },
            separators=(",", ":"),
        )


class DeadLetters(Protocol):
    def put(self, letter: DeadLetter) -> None:
        """Raises `StoreFailure` where it cannot be kept."""
        ...


class DeadLetterQueue:
    """An SQS queue (not FIFO) by its address. `client` is botocore's for `sqs`."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def put(self, letter: DeadLetter) -> None:
        with failures():
            self._client.send_message(QueueUrl=self._url, MessageBody=letter.to_json())


class DeadLetterFile:
    """A file on one machine, a line for each."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, letter: DeadLetter) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(letter.to_json() + "\n")


class NoDeadLetters:
    """A deployment without a queue for them: what was set aside is in the log alone."""

    def put(self, letter: DeadLetter) -> None:
        pass
