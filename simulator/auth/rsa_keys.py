"""RSA keys of issuers on this machine, made at their first use and kept in files that only their owner reads.

Cognito, Auth0, Keycloak and Entra all sign with RS256 (RFC 7518 section 3.3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from simulator.keys import base64url, kept, private_pem

ALGORITHM = "RS256"
BITS = 2_048


@dataclass(frozen=True, slots=True)
class RsaKey:
    """A key pair. `key_id` is the `kid` of what it signs."""

    private: rsa.RSAPrivateKey
    key_id: str

    @classmethod
    def of(cls, private: rsa.RSAPrivateKey) -> "RsaKey":
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return cls(private, base64url(sha256(public).digest()))

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half (RFC 7517)."""
        numbers = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        members = {name: numbers[name] for name in ("kty", "n", "e")}
        return {**members, "kid": self.key_id, "use": "sig", "alg": ALGORITHM}

    def sign(self, claims: Mapping[str, Any], typ: str = "JWT") -> str:
        """A token that says `claims`; without a `typ` if that is empty."""
        return jwt.encode(dict(claims), self.private, ALGORITHM, {"kid": self.key_id, "typ": typ})


def new_rsa_key() -> RsaKey:
    """A key pair that nobody else has or trusts."""
    return RsaKey.of(rsa.generate_private_key(public_exponent=65_537, key_size=BITS))


def rsa_key(folder: Path, name: str) -> RsaKey:
    """The key pair called `name` in `folder`."""
    pem = kept(folder / f"{name}.pem", lambda: private_pem(new_rsa_key().private)).read_bytes()
    private = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError(f"{folder} does not hold an RSA key called {name}")
    return RsaKey.of(private)
