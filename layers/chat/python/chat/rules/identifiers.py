"""Identifiers of messages."""

import os
import re

_UUID7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def uuid7(ms: int) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) for epoch milliseconds: it sorts by time, and nobody can guess it."""
    chance = int.from_bytes(os.urandom(10), "big")
    value = (
        (ms & (1 << 48) - 1) << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    )
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def id_at(message_id: str, ms: int) -> str:
    """The same UUIDv7 with another instant: a message's id tells where the message lies, so its stamp decides
    both."""
    digits = f"{ms & (1 << 48) - 1:012x}"
    return f"{digits[:8]}-{digits[8:]}{message_id[13:]}"


def chance_of(message_id: str) -> str:
    """The part of a UUIDv7 that does not depend on its instant."""
    return message_id[13:]


def was_composed_before(client_message_id: str, ms: int) -> bool:
    """Whether a send was made up before an instant, or does not say when it was: a UUIDv7 does."""
    at = uuid7_ms(client_message_id)
    return at is None or at <= ms


def uuid7_ms(message_id: str) -> int | None:
    """The epoch milliseconds in a UUIDv7; `None` for anything else."""
    found = _UUID7.fullmatch(message_id)
    return int(found[1] + found[2], 16) if found else None
