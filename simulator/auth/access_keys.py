"""Access keys of this machine: each belongs to a session of an assumed role, as a caller in AWS has them.

They are made at the first start and kept like the other secrets. The session token, which names the role and says
until when it is good, is signed here, where AWS's is sealed
(https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html).
"""

import json
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import jwt

from simulator.keys import SigningKey, kept

ACCOUNT = "000000000000"
CALLERS: Mapping[str, tuple[str, ...]] = {
    "alice": (),
    "bob": (),
    "carol": (),
    "admin": ("admin",),
    "gateway": ("gateway",),
}
"""Who may call with AUTH=iam, and with which platform roles: a role of IAM stands for each."""
STRANGER = "stranger"
"""Has credentials of a role that the chat does not know."""
PUBLISHER = "publisher"
"""Whose role may call `publishMessage`, and nothing else: the stream's reader."""
PROJECTOR = "projector"
"""Whose role may call `publishMine`, and nothing else: what derives things from the streams."""
SESSION = "local"
_AUDIENCE = "sts.local"
_ID_CHARACTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A session of a role. `role_id` is the role's unique id (`AROA…`)."""

    user: str
    key_id: str
    secret: str
    role_id: str

    @property
    def role_arn(self) -> str:
        return role_arn(self.user)

    @property
    def session_arn(self) -> str:
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/chat-{self.user}/{SESSION}"


def role_arn(user: str) -> str:
    """The role that stands for a caller."""
    return f"arn:aws:iam::{ACCOUNT}:role/chat-{user}"


class AccessKeys:
    """The keys in `folder`, and the session tokens that `signer` signs."""

    def __init__(self, folder: Path, signer: SigningKey) -> None:
        files = {
            "access-keys.json": (*CALLERS, STRANGER),
            "publisher-key.json": (PUBLISHER,),
            "projector-key.json": (PROJECTOR,),
        }
        self._keys = {
            key_id: AccessKey(key_id=key_id, **rest)
            for name, users in files.items()
            for key_id, rest in json.loads(
                kept(folder / name, partial(_new_keys, users)).read_bytes()
            ).items()
        }
        self._signer = signer

    def find(self, key_id: str) -> AccessKey | None:
        return self._keys.get(key_id)

    def credentials(self, user: str, *, now: int, ttl: int) -> dict[str, str | int]:
        """What a credential process prints
        (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html). Raises `KeyError` for
        somebody who has no key."""
        key = {each.user: each for each in self._keys.values()}[user]
        session = {"aud": _AUDIENCE, "sub": key.key_id, "iat": now, "exp": now + ttl}
        return {
            "Version": 1,
            "AccessKeyId": key.key_id,
            "SecretAccessKey": key.secret,
            "SessionToken": self._signer.sign(session),
            "Expiration": datetime.fromtimestamp(now + ttl, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def session_ends(self, key: AccessKey, token: str) -> float | None:
        """When a session ends (epoch seconds), by its token; None for a token that is not this key's."""
        try:
            session = jwt.decode(
                token,
                self._signer.private.public_key(),
                algorithms=["ES256"],
                audience=_AUDIENCE,
                subject=key.key_id,
                options={"verify_exp": False, "verify_iat": False, "require": ["exp"]},
            )
        except (jwt.PyJWTError, RecursionError):
            return None
        return float(session["exp"])


def _new_keys(users: Iterable[str]) -> str:
    keys = {
        "ASIA" + _random(_ID_CHARACTERS, 16): {
            "user": user,
            "secret": _random(string.ascii_letters + string.digits + "+/", 40),
            "role_id": "AROA" + _random(_ID_CHARACTERS, 17),
        }
        for user in users
    }
    return json.dumps(keys)


def _random(characters: str, count: int) -> str:
    return "".join(secrets.choice(characters) for _ in range(count))
