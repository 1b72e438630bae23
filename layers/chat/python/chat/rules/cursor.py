"""The cursor of a page: a position in a room's history, opaque to clients and tamper-evident."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from chat.rules.errors import InvalidInput
from chat.rules.record import record

_VERSION = 1
_SIGNATURE_BYTES = 16
_LONGEST = 1_000


@record(frozen=True, slots=True)
class CursorKeys:
    """Secret keys by id. New cursors are signed with `current`; the others are still accepted, so keys can
    rotate."""

    current: str
    keys: Mapping[str, bytes]


@record(frozen=True, slots=True)
class Cursor:
    """Where reading goes on, and what it was reading: room, order and bounds (sort keys, exclusive position).

    `position` is the sort key of the last message answered, empty when there was none yet; `seq` is its
    number. `generation` is the tables' in which it was issued.
    """

    room: str
    forward: bool
    after: int | None
    before: int | None
    position: str
    seq: int | None
    generation: int = 1


def seal(cursor: Cursor, keys: CursorKeys) -> str:
    """The token for `cursor`: key id, signature and content, in base64url."""
    fields = astuple(
        cursor
    )  # the first generation says nothing: functions from before there were any read it, too
    body = _json([_VERSION, *(fields if cursor.generation > 1 else fields[:-1])])
    signed = keys.current.encode() + b"." + body
    signature = _signature(keys.keys[keys.current], signed)
    return _encode(signature + signed)


def unseal(token: object, keys: CursorKeys) -> Cursor:
    """The cursor in `token`. Raises `InvalidInput` for anything that was not sealed with one of `keys`."""
    body = _opened(token, keys) if isinstance(token, str) and len(token) <= _LONGEST else None
    version, *fields = (_list_in(body) if body else None) or (None,)
    if version != _VERSION:
        raise InvalidInput("history.cursor", argument="nextToken")
    return Cursor(*fields)


def seal_position(purpose: str, position: Sequence[str | int | None], keys: CursorKeys) -> str:
    """A token for a position in any other list. `purpose` names the list and what it is bound to
    (`members/lobby/active`)."""
    body = _json([purpose, *position])
    signed = keys.current.encode() + b"." + body
    return _encode(_signature(keys.keys[keys.current], signed) + signed)


def unseal_position(
    purpose: str, token: object, keys: CursorKeys, argument: str = "nextToken", longest: int = _LONGEST
) -> list[Any]:
    """The position in a token of `seal_position`. Raises `InvalidInput` for any other, and for another
    purpose's."""
    body = _opened(token, keys) if isinstance(token, str) and len(token) <= longest else None
    if not body:
        raise InvalidInput("history.cursor", argument=argument)
    found = _list_in(body)
    if not found or found[0] != purpose:
        raise InvalidInput("history.cursorConflict", argument=argument)
    return found[1:]


def seal_bytes(purpose: str, content: bytes, keys: CursorKeys) -> str:
    """A token for something packed small, a third longer than it; `purpose` as in `seal_position`."""
    signed = b".".join([keys.current.encode(), purpose.encode() + b"\n" + content])
    return _encode(_signature(keys.keys[keys.current], signed) + signed)


def unseal_bytes(purpose: str, token: object, keys: CursorKeys, argument: str, longest: int) -> bytes:
    """The content of a token of `seal_bytes`. Raises `InvalidInput` for any other, and for another
    purpose's."""
    body = _opened(token, keys) if isinstance(token, str) and len(token) <= longest else None
    if not body:
        raise InvalidInput("history.cursor", argument=argument)
    named, _, content = body.partition(b"\n")
    if named != purpose.encode():
        raise InvalidInput("history.cursorConflict", argument=argument)
    return content


def _json(content: list[Any]) -> bytes:
    """Characters as they are: written in ASCII, a user id may take six times its length."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _list_in(body: bytes) -> list[Any] | None:
    """What a token of `seal` or `seal_position` holds; `None` for one of `seal_bytes`."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def _opened(token: str, keys: CursorKeys) -> bytes | None:
    """What was signed with one of `keys`, or `None`."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    signature, signed = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    key_id, _, body = signed.partition(b".")
    key = keys.keys.get(key_id.decode(errors="replace"))
    if key is None or not hmac.compare_digest(signature, _signature(key, signed)):
        return None
    # Spare bits of the last character could otherwise be changed unseen.
    return body if _encode(raw) == token else None


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _signature(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)[:_SIGNATURE_BYTES]
