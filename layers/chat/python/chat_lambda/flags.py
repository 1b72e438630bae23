"""Flags as a function reads them: of a file, or of AppConfig's extension beside it. Imported only where there are any.

https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-integration-lambda-extensions.html
"""

import time
from collections.abc import Callable
from functools import cache, partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Lock

from chat.rules.flags import BadFlags, fields_off, parse_document, parse_retrieved, refusal
from chat.rules.tally import Tally
from chat_lambda.settings import Settings, settings
from chat_lambda.telemetry import logger

HOST, PORT = "127.0.0.1", 2772
"""Where the extension listens."""
TIMEOUT_S = 1.0
"""How long a call waits for it: it answers from memory, and from AppConfig the first time."""
MAX_BYTES = 65_536

Read = Callable[[], dict[str, bool]]
"""Gives which flags are on. Raises `BadFlags`, `OSError` and `HTTPException`."""


class Switches:
    """What is switched off, looked up at most once in a period. Where that fails what was known last stays, and at first
    everything is on: flags shed load, and are no barrier."""

    def __init__(self, read: Read, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._read, self._seconds, self._now = read, seconds, now
        self._lock = Lock()
        self._until: float | None = None
        self._off: frozenset[str] = frozenset()

    def check(self, field: str, tally: Tally) -> None:
        """Raises the refusal of a field that is switched off. Counts in `tally` where flags could not be read."""
        with self._lock:
            if self._until is None or self._now() >= self._until:
                self._look(tally)
        if field in self._off:
            raise refusal(field)

    def _look(self, tally: Tally) -> None:
        try:
            self._off = fields_off(self._read())
        except (BadFlags, OSError, HTTPException) as error:
            why = str(error) if isinstance(error, BadFlags) else None
            logger().error("Flags cannot be read", extra={"error": type(error).__name__, "why": why})
            tally.add("FlagsUnreadable")
        self._until = self._now() + self._seconds


@cache
def of_this_process() -> Switches:
    """Of the setting FLAGS."""
    return Switches(reader(settings()), settings().flags_seconds)


def reader(own: Settings) -> Read:
    place = own.flags or ""
    if place.startswith("file:"):
        return partial(read_file, Path(place.removeprefix("file:")))
    return partial(retrieve, place)


def read_file(path: Path) -> dict[str, bool]:
    """Raises `BadFlags` and `OSError`."""
    with path.open("rb") as file:
        flags = parse_document(_text(file.read(MAX_BYTES + 1)))
    return {name: flag.enabled for name, flag in flags.items()}


def retrieve(path: str, port: int = PORT) -> dict[str, bool]:
    """`path`: as the settings have it. Raises `BadFlags`, `OSError` and `HTTPException`."""
    connection = HTTPConnection(HOST, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise BadFlags(f"the extension answers {answer.status}")
        return parse_retrieved(_text(answer.read(MAX_BYTES + 1)))
    finally:
        connection.close()


def _text(document: bytes) -> str:
    if len(document) > MAX_BYTES:
        raise BadFlags(f"the document has more than {MAX_BYTES} bytes")
    try:
        return document.decode()
    except UnicodeDecodeError:
        raise BadFlags("the document must be UTF-8") from None
