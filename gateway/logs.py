"""Log lines: one JSON object each, constant text with fields beside it."""

import json
import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType


def is_worth_logging(record: logging.LogRecord) -> bool:
    """All of uvicorn's lines but one: it takes a connection that was turned away for a fault."""
    return not record.getMessage().startswith("ASGI callable returned without completing handshake")


QUIET = ("botocore", "urllib3")
"""At DEBUG they write down what is signed, the session token with it, and where credentials come from."""


def configure(level: str) -> None:
    """Lines of this process from `level` on, on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.getLogger("uvicorn.error").addFilter(is_worth_logging)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.basicConfig(level=level, handlers=[handler])


PLACES = 5
"""How many of the innermost calls a line names."""


class JsonLines(logging.Formatter):
    """What was logged, and the class of what was raised and where, the innermost call last; never its text."""

    STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}

    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in self.STANDARD}
        line = {
            "level": record.levelname,
            "message": record.getMessage(),
            "at": round(record.created, 3),
            **fields,
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = _where(record.exc_info[2])
        return json.dumps(line)


def _where(raised: TracebackType | None) -> list[str]:
    calls = traceback.extract_tb(raised)[-PLACES:]
    return [f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in calls]
