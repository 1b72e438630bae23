"""The composition root of the authorizer, which has no store and does not import botocore for public keys."""

import time
import urllib.request
from functools import cache
from http.client import HTTPException

from chat.identity.jwks import MAX_KEY_SET_BYTES, KeySet
from chat.identity.tokens import TokenRules
from chat_lambda.secrets import read_key
from chat_lambda.settings import BadSettings, settings

FETCH_TIMEOUT_S = 2.0


@cache
def token_rules() -> TokenRules:
    """What a token must be here. Raises `BadSettings` and `BadSecret`."""
    own = settings()
    if not own.jwt_issuer or not own.jwt_audience:
        raise BadSettings("JWT_ISSUER and JWT_AUDIENCE must be set")
    keys = _key_set()
    secret = read_key("jwt_secret", own.jwt_secret, own.aws_region) if "HS256" in own.jwt_algorithms else None
    if keys is None and secret is None:
        raise BadSettings("RS256 and ES256 need JWT_JWKS_URL or JWT_JWKS, HS256 needs JWT_SECRET")
    return TokenRules(own.jwt_issuer, own.jwt_audience, own.jwt_algorithms, keys, secret)


def _key_set() -> KeySet | None:
    own = settings()
    if own.jwt_jwks is not None:
        text = own.jwt_jwks.encode()
        return KeySet(lambda: text, time.monotonic)
    if own.jwt_jwks_url is not None:
        url = own.jwt_jwks_url
        return KeySet(lambda: _fetch(url), time.monotonic)
    return None


def _fetch(url: str) -> bytes:
    """The document at `url`. Raises `OSError`."""
    try:
        with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as answer:  # noqa: S310  settings allow http and https only
            document: bytes = answer.read(MAX_KEY_SET_BYTES + 1)
    except (HTTPException, ValueError) as error:
        raise OSError(type(error).__name__) from None
    return document
