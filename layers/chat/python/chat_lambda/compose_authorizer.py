"""The composition root of the authorizer, which has no store and does not import botocore for public keys."""

import time
from functools import cache

from chat.identity.jwks import KeySet, fetch_key_set
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
        return KeySet(lambda: fetch_key_set(url, FETCH_TIMEOUT_S), time.monotonic)
    return None
