"""Why a token was refused stands on the console, in a sentence and without the token."""

import io
import time

import jwt
import pytest

from simulator.keys import claims, new_signing_key
from simulator.refused_tokens import QUIET_S, WHY, RefusedTokens

KEY, OTHER = new_signing_key(), new_signing_key()
NOW = int(time.time())
TTL = 86_400
"""Seconds: the tokens are made when the tests are collected, and must outlast the longest run."""


def token(user: str = "alice", ttl: int = TTL, **changes: object) -> str:
    said = claims(user, now=NOW, ttl=ttl) | changes
    return KEY.sign({name: value for name, value in said.items() if value is not None})


REFUSED = {
    "subject": token("al\x00ice"),
    "roles": token(roles={"admin": True}),
    "malformed": "x" * 10_000,
    "DecodeError": "no-token",
    "algorithm": jwt.encode(claims("alice", now=NOW, ttl=TTL), "", "none"),
    "unknown key": OTHER.sign(claims("alice", now=NOW, ttl=TTL)),
    "InvalidSignatureError": OTHER.sign(claims("alice", now=NOW, ttl=TTL), kid=KEY.public_jwk["kid"]),
    "ExpiredSignatureError": token(ttl=-60),
    "InvalidAudienceError": token(aud="somebody"),
    "InvalidIssuerError": token(iss="somebody"),
    "MissingRequiredClaimError": token(exp=None),
}


def said(*tokens: str, seconds: float = 0.0) -> str:
    """What stands on the console after these, `seconds` apart."""
    console, now = io.StringIO(), [0.0]
    refused = RefusedTokens(KEY.jwks, console, lambda: now[0])
    for each in tokens:
        refused.explain(each)
        now[0] += seconds
    return console.getvalue()


@pytest.mark.parametrize("reason", WHY)
def test_each_reason_is_said_in_a_sentence(reason: str) -> None:
    assert said(REFUSED[reason]) == f"A token was refused (401): {WHY[reason]}.\n"


def test_any_other_reason_is_said_by_its_name() -> None:
    early = token(nbf=NOW + 3_600)
    assert said(early) == "A token was refused (401): ImmatureSignatureError.\n"


def test_the_token_itself_is_not_shown() -> None:
    for each in REFUSED.values():
        assert each not in said(each)


def test_a_client_that_comes_back_at_once_is_said_once() -> None:
    expired, unknown = REFUSED["ExpiredSignatureError"], REFUSED["unknown key"]
    assert len(said(*[expired] * 100).splitlines()) == 1
    assert len(said(*[expired, unknown] * 100).splitlines()) == 2
    assert len(said(*[expired] * 3, seconds=QUIET_S).splitlines()) == 3


def test_a_token_that_is_good_by_now_is_no_word_worth() -> None:
    assert said(token()) == ""
