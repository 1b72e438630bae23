"""The keyed pseudonyms of the deployment, for an operator who has their key (`AUDIT_KEY`) in a file."""

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path

from chat.rules.audit import pseudonym

LEAST_BYTES = 32


class BadFile(Exception):
    """A file that an option names is not in its form. The text names the file, and nothing of what is in it."""


def of_key_file(path: Path) -> Callable[[str], str]:
    """What gives the pseudonym of a user id. The file has the key as base64url. Raises `BadFile` and `OSError`."""
    try:
        text = path.read_text(encoding="ascii").strip()
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadFile(f"{path} is not base64url") from None
    if len(key) < LEAST_BYTES:
        raise BadFile(f"{path} has less than {LEAST_BYTES} bytes")
    return partial(_pseudonym, key)


def _pseudonym(key: bytes, user_id: str) -> str:
    return pseudonym(user_id, key)
