"""Issuers of tokens on this machine: what they publish, what they sign, and how AppSync verifies that.

AppSync finds the keys of a Cognito pool and of an OIDC provider below the issuer
(https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html#openid-connect-authorization), and so does
whoever verifies these tokens locally: `/.well-known/openid-configuration` names the key set.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import jwt

from simulator.auth.forms import OIDC, Form, Moment, cognito
from simulator.auth.modes import FormName, Mode
from simulator.auth.people import Person
from simulator.auth.rsa_keys import ALGORITHM, RsaKey, rsa_key

MAX_TOKEN_CHARACTERS = 16_384
"""Longer ones are not looked at."""
MAX_TIME = 2**53
"""Seconds."""
UNREADABLE = (jwt.PyJWTError, RecursionError)
"""What PyJWT raises: JSON can be nested deeper than it is parsed."""


class TokenRefused(Exception):
    """A token is not accepted. The text says why, for the developer: AppSync's answer does not."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """`address`: what serves it, such as http://127.0.0.1:4000. `keys`: by the use of the tokens that they
    sign."""

    mode: Mode
    form: Form
    address: str
    keys: Mapping[str, RsaKey]

    @property
    def url(self) -> str:
        """The claim `iss` of its tokens."""
        return self.address + self.form.path

    @property
    def sign_in_path(self) -> str:
        """Below it are the endpoints of the authorization code flow."""
        return f"/oauth2/{self.mode}"

    @property
    def documents(self) -> dict[str, bytes]:
        """What it publishes, by path: its discovery (OpenID Connect Discovery 1.0 section 3) and its keys. People sign in
        where the page is served (`simulator.page.code_flow`)."""
        discovery = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.address}{self.sign_in_path}/authorize",
            "token_endpoint": f"{self.address}{self.sign_in_path}/token",
            "code_challenge_methods_supported": ["S256"],
            "jwks_uri": self.address + self.form.jwks_path,
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        }
        published = self.form.path.rstrip("/") + "/.well-known/openid-configuration"
        jwks = {"keys": [key.public_jwk for key in self.keys.values()]}
        return {published: json.dumps(discovery).encode(), self.form.jwks_path: json.dumps(jwks).encode()}

    def token(self, person: Person, *, now: int, ttl: int, use: str = "access") -> str:
        """Raises `KeyError` for a use of which it has no tokens."""
        return self.sign({**self.form.claims[use](person, Moment(now, ttl)), "iss": self.url}, use)

    def sign(self, claims: Mapping[str, Any], use: str = "access") -> str:
        """A token that says `claims`. Cognito's have no `typ`."""
        return self.keys[use].sign(claims, typ="" if self.mode is Mode.COGNITO else "JWT")

    def verify(self, token: str, now: Callable[[], float]) -> Mapping[str, Any]:
        """The claims of a token. Raises `TokenRefused`.

        As far as is known AppSync verifies signature, issuer and times, and of clients only what it is told to;
        whom the chat accepts is judged by its functions.
        """
        keys = {key.key_id: key for key in self.keys.values()}
        key = keys.get(str(_header(token).get("kid")))
        if key is None:
            raise TokenRefused("it is signed with a key that its issuer does not have")
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        try:
            claims = jwt.decode(
                token, key.private.public_key(), algorithms=[ALGORITHM], issuer=self.url, options=options
            )
        except UNREADABLE:
            raise TokenRefused("it was changed, or signed with another key") from None
        _check_times(claims, now())
        if not isinstance(claims.get("sub"), str):
            raise TokenRefused("it has no subject")
        return claims


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    """Without leeway: none is documented."""
    ends, begins = claims.get("exp"), claims.get("nbf", 0)
    if not _is_time(ends) or not _is_time(begins):
        raise TokenRefused("it does not say until when it is good")
    if ends <= now:
        raise TokenRefused("it has expired")
    if begins > now:
        raise TokenRefused("it is not yet good")


def _is_time(value: Any) -> TypeGuard[float]:
    """Whether it is a NumericDate (RFC 7519 section 2): NaN is none, which PyJWT reads from what is no JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MAX_TIME


def _header(token: str) -> Mapping[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except UNREADABLE:
        raise TokenRefused("it is no JSON Web Token") from None


def is_jwt(token: str) -> bool:
    """Whether AppSync takes a token for a JSON Web Token: three parts, of which the first is a header."""
    if token.count(".") != 2 or not token.isascii() or len(token) > MAX_TOKEN_CHARACTERS:
        return False
    try:
        return "alg" in jwt.get_unverified_header(token)
    except UNREADABLE:
        return False


def issuer_of(token: str) -> str | None:
    """Whom a token claims to be of. It is not verified."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except UNREADABLE:
        return None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else None


def local_issuer(mode: Mode, form: FormName, *, folder: Path, address: str, region: str) -> Issuer:
    """The issuer for `mode`, cognito or oidc, with its keys in `folder`."""
    if mode is Mode.COGNITO:
        keys = {use: rsa_key(folder, f"cognito-{use}") for use in ("access", "id")}
        return Issuer(mode, cognito(region), address, keys)
    return Issuer(mode, OIDC[form], address, {"access": rsa_key(folder, "oidc")})
