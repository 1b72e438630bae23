"""The composition root of the authorizer, which has no store and does not import botocore for public keys."""

import time
from functools import cache

from chat.identity.discovery import key_sets
from chat.identity.models import Sources
from chat.identity.tokens import Verifier
from chat_lambda.secrets import read_key
from chat_lambda.settings import BadSettings, settings

FETCH_TIMEOUT_S = 2.0


@cache
def verifier() -> Verifier:
    """Whose tokens are accepted here. Raises `BadSettings` and `BadSecret`."""
    own = settings()
    if own.identity is None:
        return _of_one_issuer()
    sources = own.identity.verified_by("authorizer")
    if not sources:
        raise BadSettings("IDENTITY: must have a source that is verifiedBy authorizer, since there is one")
    return Verifier(sources, own.identity.prefixes, key_sets(sources, FETCH_TIMEOUT_S, time.monotonic))


def _of_one_issuer() -> Verifier:
    own = settings()
    if not own.jwt_issuer or not own.jwt_audience:
        raise BadSettings("IDENTITY, or JWT_ISSUER and JWT_AUDIENCE, must be set")
    has_keys = own.jwt_jwks is not None or own.jwt_jwks_url is not None
    secret = read_key("jwt_secret", own.jwt_secret, own.aws_region) if "HS256" in own.jwt_algorithms else None
    if not has_keys and secret is None:
        raise BadSettings("RS256 and ES256 need JWT_JWKS_URL or JWT_JWKS, HS256 needs JWT_SECRET")
    sources = Sources.jwt(
        own.jwt_issuer, own.jwt_audience, own.jwt_algorithms, own.jwt_jwks_url, own.jwt_jwks
    )
    keys = key_sets(sources.tokens if has_keys else (), FETCH_TIMEOUT_S, time.monotonic)
    return Verifier(sources.tokens, sources.prefixes, keys, secret)
