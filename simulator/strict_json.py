"""JSON by RFC 8259, without what Python adds to it.

Half of a UTF-16 pair (`"\\ud800"`) is JSON by its grammar (section 8.2), so it is read, and refused by name
where it matters.
"""

import json
from typing import Any, NoReturn


class NotJson(ValueError):
    """The text is not JSON, or too deeply nested."""


def _refuse(constant: str) -> NoReturn:
    raise NotJson(f"{constant} is not JSON")


def loads(text: str | bytes) -> Any:
    """Parses a text. Bytes must be UTF-8. Raises `NotJson`."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise NotJson("too deeply nested") from None
    except ValueError as error:
        raise NotJson(str(error)) from None


def dumps(value: Any) -> str:
    """The shortest text of a value, in ASCII only where it holds what UTF-8 cannot write."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text
