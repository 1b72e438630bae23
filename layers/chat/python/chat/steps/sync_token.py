"""The token of `sync`: what somebody holds of each of their rooms, packed into some 30 characters a room.

A room is named by a hash of its partition key and of whose token it is, so that nobody can prepare a room
that is mistaken for another one. Numbers are varints (seven bits a byte, the lowest first).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import field

from chat.rules.cursor import CursorKeys, seal_bytes, unseal_bytes
from chat.rules.models import DAY_MS
from chat.rules.record import record
from chat.steps.catch_up import Held
from chat.steps.memberships import MembershipCursor

LONGEST = 100_000
"""In characters; a thousand rooms take a third of it."""

KEPT_MS = 60 * DAY_MS
"""How long a token is good. Memberships that have ended are kept longer, so that whoever left a room hears of
it."""

_VERSION, _WITH_PARTS = 1, 2
"""The second has one number more for each room: the first is what functions from before read, and said wherever it can be."""

_HASH_BYTES = 8


@record(frozen=True, slots=True)
class Token:
    """`issued_at` is in ms; `position` is where the round through the rooms goes on; `held` is by
    `room_hash`."""

    issued_at: int
    position: MembershipCursor = field(default_factory=MembershipCursor)
    held: dict[bytes, Held] = field(default_factory=dict)


def room_hash(user_id: str, partition_key: str) -> bytes:
    return hashlib.sha256(f"{user_id}\n{partition_key}".encode()).digest()[:_HASH_BYTES]


def seal_token(user_id: str, token: Token, cursor_keys: CursorKeys) -> str:
    after = (token.position.after or "").encode()
    has_parts = any(held.part for held in token.held.values())
    version = _WITH_PARTS if has_parts else _VERSION
    packed = bytes([version, token.position.table == "guild", *_varints([token.issued_at, len(after)])])
    packed += after
    for name, held in token.held.items():
        number = 0 if held.seq is None else held.seq + 1
        packed += name + bytes(_varints([number, held.ts, held.rev, *([held.part] if has_parts else [])]))
    return seal_bytes(_purpose(user_id), packed, cursor_keys)


def unseal_token(user_id: str, sealed: object, cursor_keys: CursorKeys) -> Token:
    """Raises `InvalidInput` for what was not sealed for this person."""
    packed = unseal_bytes(_purpose(user_id), sealed, cursor_keys, "since", LONGEST)
    numbers = iter(packed)
    version, is_guild = next(numbers), next(numbers)
    issued_at, length = _varint(numbers), _varint(numbers)
    after = bytes(next(numbers) for _ in range(length)).decode()
    held: dict[bytes, Held] = {}
    while name := bytes(byte for _, byte in zip(range(_HASH_BYTES), numbers, strict=False)):
        number, ts, rev = _varint(numbers), _varint(numbers), _varint(numbers)
        part = _varint(numbers) if version == _WITH_PARTS else 0
        held[name] = Held(number - 1 if number else None, ts, rev, part=part)
    return Token(issued_at, MembershipCursor("guild" if is_guild else "core", after or None), held)


def _purpose(user_id: str) -> str:
    return f"sync/{user_id}"


def _varints(numbers: Iterable[int]) -> Iterator[int]:
    for number in numbers:
        rest = number
        while rest >= 128:
            yield rest & 127 | 128
            rest >>= 7
        yield rest


def _varint(packed: Iterator[int]) -> int:
    number = shift = 0
    while (byte := next(packed)) & 128:
        number |= (byte & 127) << shift
        shift += 7
    return number | byte << shift
