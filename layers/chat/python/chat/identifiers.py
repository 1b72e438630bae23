"""Identifiers of messages."""

import os


def uuid7(ms: int) -> str:
    """A UUIDv7 (RFC 9562, section 5.7) for epoch milliseconds: it sorts by time, and nobody can guess it."""
    chance = int.from_bytes(os.urandom(10), "big")
    value = (
        (ms & (1 << 48) - 1) << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
    )
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
