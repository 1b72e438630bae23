"""JSON as AppSync reads it: RFC 8259, without what Python adds to it and without text that is not Unicode."""

import json
from typing import Any, NoReturn


class NotJson(ValueError):
    """The text is not JSON, too deeply nested, or holds a lone surrogate such as `\\ud800`."""


def _refuse(constant: str) -> NoReturn:
    raise NotJson(f"{constant} is not JSON")


def loads(text: str | bytes) -> Any:
    """Parses a text. Bytes must be UTF-8. Raises `NotJson`."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse)
        if "\\u" in text or not text.isascii():
            # A lone surrogate passes Python's parser but cannot be encoded: it would fail later, far from its cause.
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise NotJson("too deeply nested") from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    return value


def dumps(value: Any) -> str:
    """The shortest text of a value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
