"""Security-relevant decisions as structured events: who, what, where, outcome, reason. Never text or
tokens."""

import hashlib
import hmac

from chat.rules.errors import (
    ChatError,
    IdempotencyMismatch,
    IdentityRefused,
    Muted,
    NotAllowed,
    NotRoomMember,
    RateLimited,
    StaleEpoch,
)

AUDITED = (IdentityRefused, NotRoomMember, NotAllowed, Muted, RateLimited, IdempotencyMismatch, StaleEpoch)
"""The refusals that are decisions about a person; the others are mistakes or weather."""


def is_audited(refusal: ChatError) -> bool:
    return isinstance(refusal, AUDITED)


def pseudonym(user_id: str, key: bytes) -> str:
    """The same person gives the same sixteen characters under one key, and nobody without the key can tell
    who."""
    return hmac.digest(key, user_id.encode(), hashlib.sha256).hex()[:16]
