"""
The keys of the local API, made at their first use and kept in files that only their owner reads.

An ES256 key pair signs tokens (RFC 7519, RFC 7518 section 3.4); the functions get its public half as a JWKS
(RFC 7517).
"""

import base64
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "appsync-chat-local"
AUDIENCE = "appsync-chat"
JWKS_PATH = "/.well-known/jwks.json"
"""Where the API serves the public key."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where the functions' secrets are, as references: `file:<absolute path>`."""

    cursor_keys: str
    audit_key: str
    direct_key: str
    export_key: str


def local_secrets(folder: Path) -> Secrets:
    """The secrets in `folder`: the keys that seal cursors, the one that pseudonymises ids in the audit log, the
    one that makes the ids of direct rooms, and the one that signs exports."""
    cursor_keys = kept(
        folder / "cursor-keys.json", lambda: json.dumps({"current": "k1", "keys": {"k1": _random()}})
    )
    audit_key = kept(folder / "audit-key", _random)
    direct_key = kept(folder / "direct-key", _random)
    export_key = kept(folder / "export-key", _random)
    return Secrets(*(f"file:{path.resolve()}" for path in (cursor_keys, audit_key, direct_key, export_key)))


def taken_back_key(folder: Path) -> str:
    """The key in `folder` that wraps those of the log of what was taken back, as a reference."""
    return f"file:{kept(folder / 'taken-back-key', _random).resolve()}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An ES256 key pair."""

    private: ec.EllipticCurvePrivateKey

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half; its `kid` is its own thumbprint (RFC 7638)."""
        numbers = self.private.public_key().public_numbers()
        members = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
        thumbprint = sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()
        return {**members, "kid": base64url(thumbprint), "use": "sig", "alg": "ES256"}

    @property
    def jwks(self) -> bytes:
        """The key set as it is served."""
        return json.dumps({"keys": [self.public_jwk]}).encode()

    def mint(
        self, user: str, *, now: int, ttl: int, roles: Sequence[str] = (), locale: str | None = None
    ) -> str:
        """A token for `user`, valid from `now` (epoch seconds) for `ttl` seconds."""
        return self.sign(claims(user, now=now, ttl=ttl, roles=roles, locale=locale))

    def sign(self, payload: Mapping[str, Any], *, kid: str | None = None) -> str:
        """A token that says `payload`; `kid` names another key than the one that signs."""
        return jwt.encode(dict(payload), self.private, "ES256", {"kid": kid or self.public_jwk["kid"]})


def claims(
    user: str, *, now: int, ttl: int, roles: Sequence[str] = (), locale: str | None = None
) -> dict[str, Any]:
    """What a token for `user` says, valid from `now` (epoch seconds) for `ttl` seconds."""
    said: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": user, "iat": now, "exp": now + ttl}
    if roles:
        said["roles"] = list(roles)
    if locale:
        said["locale"] = locale
    return said


def new_signing_key() -> SigningKey:
    """A key pair that nobody else has or trusts."""
    return SigningKey(ec.generate_private_key(ec.SECP256R1()))


def signing_key(folder: Path) -> SigningKey:
    """The key pair in `folder`."""
    pem = kept(folder / "signing-key.pem", lambda: private_pem(new_signing_key().private)).read_bytes()
    private = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{folder} does not hold an ES256 key")
    return SigningKey(private)


def kept(path: Path, make: Callable[[], str]) -> Path:
    """`path`, after it was filled if it was not there. Of two processes that fill it at once, one is heard by
    both."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(make())
            os.link(draft, path)  # fails where the other process was faster
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
    return path


def private_pem(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """A private key as it is kept in a file."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _random() -> str:
    return base64url(secrets.token_bytes(32))


def _coordinate(number: int) -> str:
    return base64url(number.to_bytes(32))


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
